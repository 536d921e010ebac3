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
        let (roles, permissions) = (SmallVec::new(), SmallVec::new());
        let user = user.len();
        let identity = Identity { text, user, roles, permissions, rendered: OnceLock::new() };
        Self { identity, seen: None }
    }

    /// Adds a role, unless it is empty or stands there already. Roles come first.
    pub(super) fn add_role(&mut self, role: &str) {
        let Identity { text, roles, .. } = &mut self.identity;
        append_distinct(text, roles, &mut self.seen, role);
    }

    /// Adds a permission, unless it is empty or stands there already.
    pub(super) fn add_permission(&mut self, permission: &str) {
        let Identity { text, permissions, .. } = &mut self.identity;
        if permissions.is_empty() {
            self.seen = None;
        }
        append_distinct(text, permissions, &mut self.seen, permission);
    }

    /// The identity, all of whose claims have been read.
    pub(super) fn finish(self) -> Identity {
        self.identity
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
}
