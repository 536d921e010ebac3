//! Revocations: what was good and is not any more.

use std::collections::{BTreeMap, BTreeSet};

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
