//! What a credential proved, kept so that a decision can be made again without the credential.
//!
//! Claims alone, those that decide and those that somebody asked to keep; nothing here can be
//! presented to anybody.

use std::sync::Arc;

use super::claims::RawClaims;
use super::key::Algorithm;

/// What a token proved.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The algorithm of its signature; none of an opaque token, which has none.
    pub algorithm: Option<Algorithm>,
    /// The header's `typ`.
    pub typ: Option<Box<str>>,
    /// The name of the key that verified it.
    pub key: Option<Arc<str>>,
    /// The thumbprint (RFC 7638) of the key that verified it, where it is public.
    pub thumbprint: Option<Arc<str>>,
    /// Claims by name, as JSON.
    pub claims: Vec<(Box<str>, Box<str>)>,
}

impl Evidence {
    pub(super) fn claims_of(
        claims: &RawClaims<'_, '_>,
        names: &[Box<str>],
    ) -> Vec<(Box<str>, Box<str>)> {
        let kept = |name: &str| Some((Box::from(name), claims.get(name)?.to_json()));
        names.iter().filter_map(|name| kept(name)).collect()
    }

    pub(super) fn weight(&self) -> usize {
        self.claims.iter().map(|(name, json)| name.len() + json.len() + 48).sum::<usize>() + 64
    }
}
