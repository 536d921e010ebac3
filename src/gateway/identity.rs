//! Who calls, as a verified credential says it, and what roles grant.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use smallvec::SmallVec;

use super::grant::Grant;
use super::policy::Ceiling;

/// A caller's name, roles and permissions. Made only from a credential that was verified; no
/// caller can be made up from loose strings.
#[derive(Debug)]
pub struct Identity {
    /// The user, then each role, then each permission, in one piece of memory.
    text: String,
    user: usize,
    roles: SmallVec<[Span; 2]>,
    permissions: SmallVec<[Span; 6]>,
    /// Those of the permissions that cover others, since a role granted them.
    patterns: SmallVec<[Span; 1]>,
    rendered: OnceLock<Box<[u8]>>,
}

/// A part of the text (bytes). Tokens are far shorter than 4 GiB.
type Span = Range<u32>;

impl Identity {
    /// The claim `sub`.
    pub fn user(&self) -> &str {
        self.text.get(..self.user).unwrap_or_default()
    }

    /// The role shown to services.
    pub fn role(&self) -> Option<&str> {
        self.roles().next()
    }

    /// Every role the token names; all of them count.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|span| part(&self.text, span))
    }

    /// Every permission held, in the order of the claims.
    pub fn permissions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.permissions.iter().map(|span| part(&self.text, span))
    }

    /// True where the permission is held: to the letter, or covered by a pattern that a role grants.
    /// A `*` in a token is only a letter.
    pub fn holds(&self, permission: &str) -> bool {
        self.permissions().any(|held| held == permission) || self.is_covered(permission)
    }

    /// True where a pattern that a role grants covers the permission.
    pub(super) fn is_covered(&self, permission: &str) -> bool {
        self.patterns().any(|pattern| {
            pattern.strip_suffix('*').is_some_and(|prefix| permission.starts_with(prefix))
        })
    }

    /// True for one of the permissions that is a pattern, since a role granted it.
    pub fn is_pattern(&self, permission: &str) -> bool {
        self.patterns().any(|pattern| pattern == permission)
    }

    /// True where the caller has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|has| has == role)
    }

    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|span| part(&self.text, span))
    }

    /// What a face renders the identity to, kept with it so that it is rendered once.
    pub fn rendered(&self, render: impl FnOnce(&Self) -> Vec<u8>) -> &[u8] {
        self.rendered.get_or_init(|| render(self).into_boxed_slice())
    }

    /// Bytes of memory held, about, once it is rendered.
    pub(super) fn weight(&self) -> usize {
        let spans = (self.roles.len() + self.permissions.len()) * (size_of::<Span>() + 4);
        size_of::<Self>() + self.text.capacity() + self.text.len() + spans + 128
    }
}

/// An identity under way, while the claims are read.
pub(super) struct Draft {
    identity: Identity,
    /// Every role so far, or every permission, once there are too many to compare one by one.
    seen: Option<HashSet<String>>,
}

impl Draft {
    pub(super) fn new(user: &str) -> Self {
        let mut text = String::with_capacity(user.len() + 64);
        text.push_str(user);
        let identity = Identity {
            text,
            user: user.len(),
            roles: SmallVec::new(),
            permissions: SmallVec::new(),
            patterns: SmallVec::new(),
            rendered: OnceLock::new(),
        };
        Self { identity, seen: None }
    }

    /// Adds a role, unless it is empty or stands there already. Roles come first.
    pub(super) fn add_role(&mut self, role: &str) {
        let Identity { text, roles, .. } = &mut self.identity;
        append_distinct(text, roles, &mut self.seen, role);
    }

    /// The roles so far.
    pub(super) fn roles(&self) -> impl Iterator<Item = &str> {
        self.identity.roles()
    }

    /// Adds a permission, unless it is empty or stands there already.
    pub(super) fn add_permission(&mut self, permission: &str) {
        let Identity { text, permissions, .. } = &mut self.identity;
        if permissions.is_empty() {
            self.seen = None;
        }
        append_distinct(text, permissions, &mut self.seen, permission);
    }

    /// Adds what a role grants.
    pub(super) fn add_grant(&mut self, grant: &Grant) {
        match grant {
            Grant::Exact(permission) => self.add_permission(permission),
            Grant::Prefix(_) | Grant::All => {
                let pattern = grant.to_string();
                self.add_permission(&pattern);
                let Identity { text, permissions, patterns, .. } = &mut self.identity;
                let stands = permissions.iter().find(|span| part(text, span) == pattern);
                if let Some(span) = stands.filter(|span| !patterns.contains(span)) {
                    patterns.push(span.clone());
                }
            }
        }
    }

    /// The identity, all of whose claims have been read.
    pub(super) fn finish(self) -> Identity {
        self.identity
    }

    /// The identity, cut to what an issuer's tokens can hold at the most. A pattern broader than
    /// the ceiling shrinks to the ceiling's own entries.
    pub(super) fn finish_under(self, ceiling: &Ceiling) -> Identity {
        let all = self.identity;
        let mut cut = Self::new(all.user());
        all.roles().for_each(|role| cut.add_role(role));
        for held in all.permissions() {
            match held.parse::<Grant>() {
                Ok(pattern) if all.is_pattern(held) => {
                    if ceiling.permissions.iter().any(|most| most.covers_grant(&pattern)) {
                        cut.add_grant(&pattern);
                    } else {
                        let within = |most: &&Grant| pattern.covers_grant(most);
                        ceiling
                            .permissions
                            .iter()
                            .filter(within)
                            .for_each(|most| cut.add_grant(most));
                    }
                }
                _ if ceiling.permissions.iter().any(|most| most.covers(held)) => {
                    cut.add_permission(held);
                }
                _ => {}
            }
        }
        cut.finish()
    }
}

/// Appends a text to those of its kind, unless it is empty or stands there already.
fn append_distinct<const N: usize>(
    all: &mut String,
    kept: &mut SmallVec<[Span; N]>,
    seen: &mut Option<HashSet<String>>,
    text: &str,
) where
    [Span; N]: smallvec::Array<Item = Span>,
{
    const FEW: usize = 16;
    let known = if kept.len() < FEW {
        kept.iter().any(|span| part(all, span) == text)
    } else {
        let known = || kept.iter().map(|span| part(all, span).to_owned()).collect();
        !seen.get_or_insert_with(known).insert(text.to_owned())
    };
    if !known && !text.is_empty() {
        let start = offset(all.len());
        all.push_str(text);
        kept.push(start..offset(all.len()));
    }
}

fn part<'t>(text: &'t str, span: &Span) -> &'t str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_counts_once_in_the_order_given() {
        let mut draft = Draft::new("ada");
        ["", "b", "b"].into_iter().for_each(|role| draft.add_role(role));
        (0..20).for_each(|i| draft.add_role(&format!("r{i}")));
        (0..40).for_each(|i| draft.add_permission(&format!("p{}", i % 20)));
        draft.add_permission("");
        let identity = draft.finish();
        let kept: Vec<_> = identity.permissions().map(str::to_owned).collect();
        assert_eq!(kept, (0..20).map(|i| format!("p{i}")).collect::<Vec<_>>());
        assert_eq!(identity.user(), "ada");
        assert_eq!((identity.role(), identity.roles().count()), (Some("b"), 21));
    }

    /// What is held in the end; a pattern in angle brackets.
    fn held(identity: &Identity) -> Vec<String> {
        let shown = |held: &str| match identity.is_pattern(held) {
            true => format!("<{held}>"),
            false => held.to_owned(),
        };
        identity.permissions().map(shown).collect()
    }

    fn grants(texts: &[&str]) -> Vec<Grant> {
        texts.iter().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn a_star_covers_only_where_a_role_granted_it() {
        let mut draft = Draft::new("ada");
        ["*", "a:*", "b:read"].into_iter().for_each(|letter| draft.add_permission(letter));
        grants(&["b:*", "a:*", "c"]).iter().for_each(|grant| draft.add_grant(grant));
        let identity = draft.finish();
        assert_eq!(held(&identity), ["*", "<a:*>", "b:read", "<b:*>", "c"]);
        for (permission, is_held) in [
            ("*", true),
            ("a:x:y", true),
            ("a:", true),
            ("a", false),
            ("b:read", true),
            ("b:write", true),
            ("bb:write", false),
            ("c", true),
            ("c:x", false),
            ("d", false),
        ] {
            assert_eq!(identity.holds(permission), is_held, "{permission}");
        }
    }

    #[test]
    fn a_ceiling_cuts_and_shrinks() {
        for (letters, granted, most, left) in [
            (
                &["orders:read", "orders:write"][..],
                &[][..],
                &["orders:read"][..],
                &["orders:read"][..],
            ),
            (&["*"], &[], &["orders:read"], &[]),
            (&["*", "x"], &[], &["*"], &["*", "x"]),
            (&["orders:*"], &[], &["orders:*"], &["orders:*"]),
            (&[], &["*"], &["orders:read", "users:*"], &["orders:read", "<users:*>"]),
            (&[], &["orders:*"], &["orders:read", "users:read"], &["orders:read"]),
            (&[], &["orders:in:*"], &["orders:*"], &["<orders:in:*>"]),
            (&[], &["orders:*", "orders:read"], &["orders:read"], &["orders:read"]),
            (&["orders:read"], &["users:*"], &["*"], &["orders:read", "<users:*>"]),
            (&["orders:read"], &["users:*"], &[], &[]),
        ] {
            let mut draft = Draft::new("ada");
            letters.iter().for_each(|letter| draft.add_permission(letter));
            grants(granted).iter().for_each(|grant| draft.add_grant(grant));
            let ceiling = Ceiling { permissions: grants(most), ..Ceiling::default() };
            let cut = draft.finish_under(&ceiling);
            assert_eq!(held(&cut), left, "{letters:?} {granted:?} under {most:?}");
        }
    }
}
