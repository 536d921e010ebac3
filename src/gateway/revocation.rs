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
#[derive(Debug, Default)]
pub struct RevocationList;
impl RevocationList {
    pub fn version(&self) -> u64 {
        0
    }
    pub fn has_jti(&self, _: &str) -> bool {
        false
    }
    pub fn names_tokens(&self) -> bool {
        false
    }
    pub fn has_api_key(&self, _: &str) -> bool {
        false
    }
    pub fn has_user(&self, _: &str) -> bool {
        false
    }
    pub fn has_kid(&self, _: &str) -> bool {
        false
    }
    pub fn revokes_user(&self, _: &str, _: Option<f64>, _: Timestamp) -> bool {
        false
    }
    pub fn add(&mut self, _: &Revocations) {}
}
