//! The keys in force.

use std::collections::HashSet;

use super::{Algorithm, KeyFault, KeyWarning, VerifyingKey, jwk};

/// One or more usable keys, either all secrets or all public; no name stands twice.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

/// Why sets of keys cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnionFault {
    /// Two keys of one name.
    #[error("two keys have the `kid` {0:?}")]
    DuplicateKid(String),
    /// Secrets and public keys.
    #[error("secrets and public keys cannot stand side by side")]
    Mixed,
}

impl KeySet {
    /// The keys of several sets, in order, as one set.
    ///
    /// # Errors
    /// Where a name would stand twice, or secrets beside public keys.
    pub fn union<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Result<Self, UnionFault> {
        let keys: Vec<VerifyingKey> = sets.into_iter().flat_map(|set| &set.keys).cloned().collect();
        let mut names = HashSet::new();
        if let Some(name) =
            keys.iter().filter_map(VerifyingKey::name).find(|name| !names.insert(*name))
        {
            return Err(UnionFault::DuplicateKid(name.to_owned()));
        }
        let secrets = keys.iter().filter(|key| key.is_secret()).count();
        match secrets == 0 || secrets == keys.len() {
            true => Ok(Self { keys }),
            false => Err(UnionFault::Mixed),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::key::KeyText;

    fn set(text: &str) -> KeySet {
        KeyText::Text(text).read().expect(text).0
    }

    #[test]
    fn sets_are_one_where_their_keys_go_together() {
        let plain = set("a secret that has no name and bytes enough");
        let named = set(r#"{"kty":"oct","kid":"a","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#);
        let other = set(r#"{"kty":"oct","kid":"b","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#);
        let public = set(
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        );
        let names = |sets: &[&KeySet]| {
            let union = KeySet::union(sets.iter().copied());
            union.map(|set| {
                set.keys.iter().map(|key| key.name.as_deref().map(str::to_owned)).collect()
            })
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(names(&[]), Ok(vec![]));
        assert_eq!(names(&[&plain, &other, &named]), Ok(vec![None, some("b"), some("a")]));
        assert_eq!(names(&[&plain, &plain]), Ok(vec![None, None]));
        assert_eq!(names(&[&named, &other, &named]), Err(UnionFault::DuplicateKid("a".into())));
        assert_eq!(names(&[&plain, &public]), Err(UnionFault::Mixed));
    }
}
