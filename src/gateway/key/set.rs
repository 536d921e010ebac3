//! The keys in force.

use super::{Algorithm, KeyFault, KeyWarning, VerifyingKey, jwk};

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

    /// Reads a JWK Set that was fetched from elsewhere. It is held to more than a set that
    /// somebody gives: it is a set, of public keys alone, and of at most
    /// [`MOST_FETCHED_KEYS`](super::MOST_FETCHED_KEYS).
    ///
    /// # Errors
    /// Where it is anything else, or would be refused wherever it came from.
    pub fn read_fetched(json: &str) -> Result<(Self, Vec<KeyWarning>), KeyFault> {
        jwk::read_fetched(json)
    }

    /// True where a key has this name.
    pub fn holds(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.name() == Some(kid))
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
