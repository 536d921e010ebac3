//! Who calls, as a verified token says it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use smallvec::SmallVec;

/// A caller's name, roles and permissions. Made only from the claims of a token whose signature
/// was good; no caller can be made up from loose strings.
#[derive(Debug)]
pub struct Identity {
    /// The user, then each role, then each permission, in one piece of memory.
    text: String,
    user: usize,
    roles: SmallVec<[Span; 2]>,
    permissions: SmallVec<[Span; 6]>,
    rendered: OnceLock<Box<[u8]>>,
}

/// A part of the text (bytes). Tokens are far shorter than 4 GiB.
type Span = Range<u32>;

impl Identity {
    /// From claims: every role in order, the first being the role, and the permissions in order;
    /// what is empty or stands there already is left out.
    pub(super) fn from_claims<'c>(
        user: &str,
        roles: impl Iterator<Item = &'c str>,
        permissions: impl Iterator<Item = &'c str>,
    ) -> Self {
        let mut text = String::with_capacity(user.len() + 64);
        text.push_str(user);
        let roles = append_distinct(&mut text, roles);
        let permissions = append_distinct(&mut text, permissions);
        Self { text, user: user.len(), roles, permissions, rendered: OnceLock::new() }
    }

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

    /// True where the permission is held, to the letter: a `*` in a token is only a letter.
    pub fn holds(&self, permission: &str) -> bool {
        self.permissions().any(|held| held == permission)
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

/// Appends each text once, leaving empty ones out. Long lists are compared through a set.
fn append_distinct<'c, const N: usize>(
    all: &mut String,
    texts: impl Iterator<Item = &'c str>,
) -> SmallVec<[Span; N]>
where
    [Span; N]: smallvec::Array<Item = Span>,
{
    const FEW: usize = 16;
    let mut kept: SmallVec<[Span; N]> = SmallVec::new();
    let mut seen: Option<HashSet<String>> = None;
    for text in texts.filter(|text| !text.is_empty()) {
        let new = if kept.len() < FEW {
            kept.iter().all(|span| part(all, span) != text)
        } else {
            let known = || kept.iter().map(|span| part(all, span).to_owned()).collect();
            seen.get_or_insert_with(known).insert(text.to_owned())
        };
        if new {
            let start = all.len();
            all.push_str(text);
            kept.push(offset(start)..offset(all.len()));
        }
    }
    kept
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
        let given: Vec<String> = (0..40).map(|i| format!("p{}", i % 20)).collect();
        let given = given.iter().map(String::as_str).chain([""]);
        let identity = Identity::from_claims("ada", ["", "b", "b"].into_iter(), given);
        let kept: Vec<_> = identity.permissions().map(str::to_owned).collect();
        assert_eq!(kept, (0..20).map(|i| format!("p{i}")).collect::<Vec<_>>());
        assert_eq!(identity.user(), "ada");
        assert_eq!((identity.role(), identity.roles().count()), (Some("b"), 1));
    }
}
