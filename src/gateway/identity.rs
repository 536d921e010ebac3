//! Who calls, as a verified token says it.

use std::borrow::Cow;
use std::sync::OnceLock;

/// A caller's name, roles and permissions. Made only from the claims of a token whose signature
/// was good; no caller can be made up from loose strings.
#[derive(Debug)]
pub struct Identity {
    user: Box<str>,
    role: Option<Box<str>>,
    roles: Vec<Box<str>>,
    permissions: Vec<Box<str>>,
    rendered: OnceLock<Box<[u8]>>,
}

impl Identity {
    /// From claims: every role in order, the first being the role, and the permissions in order;
    /// what is empty or stands there already is left out.
    pub(super) fn from_claims(
        user: &str,
        roles: Vec<Cow<'_, str>>,
        permissions: Vec<&str>,
    ) -> Self {
        let roles = distinct(roles.iter().map(AsRef::as_ref));
        Self {
            user: user.into(),
            role: roles.first().cloned(),
            roles,
            permissions: distinct(permissions.into_iter()),
            rendered: OnceLock::new(),
        }
    }

    /// The claim `sub`.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The role shown to services.
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Every role the token names; all of them count.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(AsRef::as_ref)
    }

    /// Every permission held, in the order of the claims.
    pub fn permissions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.permissions.iter().map(AsRef::as_ref)
    }

    /// True where the permission is held, to the letter: a `*` in a token is only a letter.
    pub fn holds(&self, permission: &str) -> bool {
        self.permissions().any(|held| held == permission)
    }

    /// What a face renders the identity to, kept with it so that it is rendered once.
    pub fn rendered(&self, render: impl FnOnce(&Self) -> Vec<u8>) -> &[u8] {
        self.rendered.get_or_init(|| render(self).into_boxed_slice())
    }

    /// Bytes of memory held, about.
    pub(super) fn weight(&self) -> usize {
        let each = |text: &str| text.len() + 2 * size_of::<Box<str>>();
        let texts = self.roles().chain(self.permissions()).map(each).sum::<usize>();
        // Rendered, every text stands there once more.
        size_of::<Self>() + 2 * (texts + each(&self.user)) + 128
    }
}

/// Each text once, empty ones left out, in order. Long lists are compared through a set.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Box<str>> {
    let mut kept: Vec<Box<str>> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in texts.filter(|text| !text.is_empty()) {
        let new = if kept.len() < 16 {
            kept.iter().all(|known| **known != *text)
        } else {
            if seen.is_empty() {
                seen.extend(kept.iter().map(|known| known.to_string()));
            }
            seen.insert(text.to_owned())
        };
        if new {
            kept.push(text.into());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_counts_once_in_the_order_given() {
        let given: Vec<String> = (0..40).map(|i| format!("p{}", i % 20)).collect();
        let mut given: Vec<&str> = given.iter().map(String::as_str).collect();
        given.push("");
        let identity = Identity::from_claims("ada", vec!["".into(), "b".into(), "b".into()], given);
        let kept: Vec<_> = identity.permissions().map(str::to_owned).collect();
        assert_eq!(kept, (0..20).map(|i| format!("p{i}")).collect::<Vec<_>>());
        assert_eq!((identity.role(), identity.roles().count()), (Some("b"), 1));
    }
}
