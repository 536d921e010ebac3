//! The keys in force.

use super::{Algorithm, VerifyingKey};

/// One or more usable keys, either all secrets or all public; no name stands twice.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    pub(super) fn of_one(key: VerifyingKey) -> Self {
        Self { keys: vec![key] }
    }

    pub(super) fn of(keys: Vec<VerifyingKey>) -> Self {
        Self { keys }
    }

    /// Every key, in the order given.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The keys that a token may be checked with. Where any key has a name and the token gives
    /// one, only the key of that name; else every key that fits the algorithm.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &VerifyingKey> {
        let kid = kid.filter(|_| self.keys.iter().any(|key| key.name().is_some()));
        self.keys
            .iter()
            .filter(move |key| kid.is_none() || key.name() == kid)
            .filter(move |key| key.algorithms().contains(&algorithm))
    }

    /// True where any key's signatures are worth checking on several cores.
    pub fn is_costly(&self) -> bool {
        self.keys.iter().any(|key| !key.is_secret())
    }
}
