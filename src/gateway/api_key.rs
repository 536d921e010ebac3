//! API keys: found by their digest, never kept themselves.

use std::sync::{Arc, OnceLock};

use ring::digest;
use subtle::ConstantTimeEq;

use super::bound::BoundClaims;
use super::claims::TokenId;
use super::identity::Draft;
use super::policy::ApiKey;
use super::step_up::Authentication;
use super::trust::{IssuerId, Trust};
use super::verified::{Kind, Times, Verified};

/// Every API key there is, as the caller that it names.
#[derive(Debug, Default)]
pub(super) struct ApiKeys(Vec<([u8; 32], Arc<Verified>)>);

impl ApiKeys {
    pub(super) fn new(keys: &[ApiKey], trust: &Trust) -> Self {
        Self(keys.iter().map(|key| (key.sha256, Arc::new(verified(key, trust)))).collect())
    }

    /// The caller that a key names. Every digest is compared, each in constant time, so that how
    /// long it takes says nothing about any of them.
    pub(super) fn find(&self, key: &str) -> Option<&Arc<Verified>> {
        let digest = digest::digest(&digest::SHA256, key.as_bytes());
        let mut found = None;
        for (known, verified) in &self.0 {
            if bool::from(known.as_slice().ct_eq(digest.as_ref())) {
                found = Some(verified);
            }
        }
        found
    }

    /// The caller named by the key with this `id`.
    pub(super) fn named(&self, id: &str) -> Option<&Arc<Verified>> {
        let has_id = |verified: &Verified| matches!(&verified.kind, Kind::ApiKey { id: known } if **known == *id);
        self.0.iter().map(|(_, verified)| verified).find(|verified| has_id(verified))
    }
}

fn verified(key: &ApiKey, trust: &Trust) -> Verified {
    let mut draft = Draft::new(&key.user);
    key.role.iter().for_each(|role| draft.add_role(role));
    key.permissions.iter().for_each(|permission| draft.add_permission(permission));
    let identity = trust.with_grants(draft, None);
    let expiry = key.expires.map(super::Timestamp::seconds);
    Verified {
        kind: Kind::ApiKey { id: key.id.as_str().into() },
        issuer: IssuerId::JWT,
        iss: None,
        times: Times { expiry, start: None, leeway: 0.0 },
        issued_at: None,
        jti: TokenId::Absent,
        authentication: Authentication::default(),
        bound: BoundClaims::default(),
        counted_as: OnceLock::new(),
        rate: trust.rate_of(identity.roles()),
        identity,
        evidence: None,
        rendered_evidence: OnceLock::new(),
        clear_at: Default::default(),
    }
}
