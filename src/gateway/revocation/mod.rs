//! Revocations: what was good and is not any more.
//!
//! A [`RevocationList`] unites what the tree, the file and the operator's messages revoke. Its version
//! grows with every change, so that a verdict that was remembered can be told to be older. The lines of
//! the file are read and written here too; reading the file itself is for a face.

mod line;
mod list;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use self::line::{FileFault, LineFault, parse_file, parse_line, write_line};
pub use self::list::{RevocationList, RevokedBy, TokenFacts};
use super::time::Timestamp;

/// What is revoked, as plain data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revocations {
    /// Tokens, by `jti`.
    pub jtis: BTreeSet<String>,
    /// Users: every token issued before the instant.
    pub users: BTreeMap<String, Timestamp>,
    /// Keys, by `kid`: every token that they verified.
    pub kids: BTreeSet<String>,
    /// API keys, by `id`.
    pub api_keys: BTreeSet<String>,
}

/// One thing that is revoked.
#[derive(Clone, Debug, PartialEq)]
pub struct Revocation {
    /// What.
    pub target: RevocationTarget,
    /// The instant after which it need not be known any more.
    pub expires: Option<Timestamp>,
}

/// What can be revoked.
#[derive(Clone, Debug, PartialEq)]
pub enum RevocationTarget {
    /// The token with this `jti`.
    Jti(String),
    /// A user's tokens.
    User {
        /// The user.
        user: String,
        /// Those issued before this instant.
        before: Timestamp,
    },
    /// Every token that a key of this name verifies.
    Kid(String),
    /// The API key with this `id`.
    ApiKey(String),
}

impl RevocationTarget {
    /// All of a user's tokens so far: the next whole second, since `iat` most often is one.
    pub fn user_until_now(user: &str, now: Timestamp) -> Self {
        let next = Timestamp::from_seconds(now.seconds().floor() + 1.0);
        Self::User { user: user.to_owned(), before: next.unwrap_or(now) }
    }
}

impl Revocations {
    /// Each of them by itself.
    pub fn iter(&self) -> impl Iterator<Item = Revocation> {
        let users = self
            .users
            .iter()
            .map(|(user, before)| RevocationTarget::User { user: user.clone(), before: *before });
        let jtis = self.jtis.iter().cloned().map(RevocationTarget::Jti);
        let kids = self.kids.iter().cloned().map(RevocationTarget::Kid);
        let api_keys = self.api_keys.iter().cloned().map(RevocationTarget::ApiKey);
        let all = jtis.chain(users).chain(kids).chain(api_keys);
        all.map(|target| Revocation { target, expires: None })
    }
}
