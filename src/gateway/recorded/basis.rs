//! Under what a recording was made, and how that differs from what it is decided by now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::credential::Accepts;
use super::super::key::Algorithm;
use super::super::policy::{ClaimCondition, ExpectedValue, IssuerPolicy, LimitStore, Policy};
use super::super::revocation::RevocationList;
use super::super::rules::scope_name;
use super::super::trust::IssuerId;
use super::{Lack, TokenProof};

/// Under what a recording was made.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The policy of then.
    pub policy: Policy,
    /// The names of the claims that were kept.
    pub kept: BTreeSet<String>,
    /// True where users are recorded as hashes.
    pub redacts_users: bool,
    /// The keys that the policy of now has in force, by issuer, `[jwt]`'s under none; an issuer that is
    /// not named has the same as then.
    pub keys: BTreeMap<Option<String>, KeysNow>,
    /// True where opaque tokens are asked about elsewhere now.
    pub other_introspection: bool,
}

/// Keys in force, beside those of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum KeysNow {
    /// They are known to be these.
    Known(Vec<KnownKey>),
    /// Nobody can say.
    Unknown,
}

/// A key, as far as a recording can tell it from others.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownKey {
    /// Its `kid`.
    pub name: Option<String>,
    /// Its thumbprint (RFC 7638); none of a secret.
    pub thumbprint: Option<String>,
    /// What it may verify.
    pub algorithms: Vec<Algorithm>,
}

impl Recording {
    /// Of a policy of which everything is still the same.
    pub fn of(policy: Policy, kept: BTreeSet<String>) -> Self {
        Self { policy, kept, ..Self::default() }
    }

    /// What a condition asks for that is not there, or not in a form that could be compared.
    pub(super) fn lack_of(&self, condition: &ClaimCondition) -> Option<Lack> {
        let compares_text = |value: &ExpectedValue| {
            matches!(value, ExpectedValue::Text(_) | ExpectedValue::Parameter(_))
        };
        if !self.kept.contains(&condition.claim) {
            return Some(Lack::Claim(condition.claim.clone()));
        }
        let is_compared = self.redacts_users && condition.values.iter().any(compares_text);
        is_compared.then_some(Lack::User)
    }
}

/// What of two policies must be told apart for judging a credential again.
pub(super) struct Compared {
    pub(super) accepts: Accepts,
    pub(super) opaque_tokens: bool,
    pub(super) other_introspection: bool,
    pub(super) shared_store: bool,
    /// Tokens are verified in exactly the same way.
    pub(super) same_signatures: bool,
    /// What was not verified then is not now.
    pub(super) no_more_verified: bool,
    /// No issuer accepts another `typ` than then.
    pub(super) no_more_types: bool,
    pub(super) same_claims: bool,
    /// Nothing expires sooner than then.
    pub(super) expires_no_sooner: bool,
    pub(super) no_more_api_keys: bool,
    /// Users are hashes, and others of them are revoked now.
    pub(super) revokes_unknown_users: bool,
    pub(super) revoked: RevocationList,
    /// By the routes of then: those of now with the same windows.
    routes: Vec<Option<usize>>,
    issuers: BTreeSet<String>,
    kept: BTreeSet<String>,
    keys: Vec<Option<KeysNow>>,
}

/// What becomes of the signature of a token that was good then.
pub(super) enum Signature {
    Good,
    Bad,
    Unknown,
}

impl Compared {
    pub(super) fn of(now: &Policy, then: &Recording) -> Self {
        let old = &then.policy;
        let pairs: Option<Vec<_>> =
            all_issuers(now).map(|(name, new)| Some((issuer_of(old, name)?, new))).collect();
        let same_issuers = now.issuers.keys().eq(old.issuers.keys());
        let every = |holds: fn(&IssuerPolicy, &IssuerPolicy) -> bool| {
            same_issuers
                && pairs
                    .as_ref()
                    .is_some_and(|pairs| pairs.iter().all(|(old, new)| holds(old, new)))
        };
        let keys: Vec<_> = all_issuers(now)
            .map(|(name, _)| then.keys.get(&name.map(str::to_owned)).cloned())
            .collect();
        let same_keys = keys.iter().all(Option::is_none);
        let no_more_types = every(|old, new| new.types.iter().all(|typ| old.types.contains(typ)));
        let no_more_algorithms = every(|old, new| match (&old.algorithms, &new.algorithms) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => new.iter().all(|algorithm| old.contains(algorithm)),
        });
        let same_headers =
            every(|old, new| old.types == new.types && old.algorithms == new.algorithms);
        let mut revoked = RevocationList::default();
        revoked.add(old.revoked.iter());
        let ids = |policy: &Policy| -> BTreeSet<String> {
            policy.api_keys.iter().map(|key| key.id.clone()).collect()
        };
        Self {
            accepts: match old.api_keys.is_empty() {
                true => Accepts::Tokens,
                false => Accepts::TokensAndApiKeys,
            },
            opaque_tokens: old.opaque_tokens,
            other_introspection: then.other_introspection,
            shared_store: matches!(old.limits.store, LimitStore::Shared(_)),
            same_signatures: same_keys && same_headers,
            no_more_verified: same_keys && no_more_types && no_more_algorithms,
            no_more_types,
            same_claims: every(|old, new| {
                let claims = |policy: &IssuerPolicy| IssuerPolicy {
                    algorithms: None,
                    types: Vec::new(),
                    ..policy.clone()
                };
                claims(old) == claims(new)
            }),
            expires_no_sooner: every(|old, new| old.leeway <= new.leeway),
            no_more_api_keys: ids(now).is_subset(&ids(old)),
            revokes_unknown_users: then.redacts_users && now.revoked.users != old.revoked.users,
            revoked,
            routes: same_routes(old, now),
            issuers: old.issuers.keys().cloned().collect(),
            kept: then.kept.clone(),
            keys,
        }
    }

    /// True where a route of now has the windows that one of then had.
    pub(super) fn is_same_route(&self, then: Option<usize>, now: Option<usize>) -> bool {
        let same = then.and_then(|then| self.routes.get(then).copied().flatten());
        same.is_some() && same == now
    }

    pub(super) fn is_kept(&self, claim: &str) -> bool {
        self.kept.contains(claim)
    }

    /// Whether a token that was verified then would be by the keys that an issuer has now.
    pub(super) fn signature(
        &self,
        (id, name): (IssuerId, Option<&str>),
        iss: Option<&str>,
        proof: &TokenProof<'_>,
    ) -> Signature {
        let was = iss.filter(|iss| self.issuers.contains(*iss));
        match self.keys.get(id.place()) {
            Some(None) if was == name => Signature::Good,
            Some(Some(KeysNow::Known(keys))) => verifies(keys, proof),
            _ => Signature::Unknown,
        }
    }
}

/// Whether the key that verified a token then is among these, and would be tried.
fn verifies(keys: &[KnownKey], proof: &TokenProof<'_>) -> Signature {
    let Some(thumbprint) = proof.thumbprint else {
        // One secret cannot be told from another.
        let is_secret = |key: &KnownKey| key.thumbprint.is_none();
        return if keys.iter().any(is_secret) { Signature::Unknown } else { Signature::Bad };
    };
    let is_it = |key: &&KnownKey| key.thumbprint.as_deref() == Some(thumbprint);
    let Some(key) = keys.iter().find(is_it) else { return Signature::Bad };
    if proof.algorithm.is_some_and(|algorithm| !key.algorithms.contains(&algorithm)) {
        return Signature::Bad;
    }
    let any_named = keys.iter().any(|key| key.name.is_some());
    match (key.name.as_deref(), proof.key) {
        _ if !any_named => Signature::Good,
        // Named then as now: the token names it, or names none.
        (Some(now), Some(then)) if now == then => Signature::Good,
        // The token's own `kid` is not recorded.
        _ => Signature::Unknown,
    }
}

fn same_routes(old: &Policy, now: &Policy) -> Vec<Option<usize>> {
    let names = |policy: &Policy| -> Vec<String> {
        policy.routes.iter().flatten().map(scope_name).collect()
    };
    let now: HashMap<String, usize> =
        names(now).into_iter().enumerate().map(|(place, name)| (name, place)).collect();
    names(old).iter().map(|name| now.get(name).copied()).collect()
}

fn all_issuers(policy: &Policy) -> impl Iterator<Item = (Option<&str>, &IssuerPolicy)> {
    let further = policy.issuers.iter().map(|(name, issuer)| (Some(name.as_str()), &issuer.policy));
    std::iter::once((None, &policy.jwt)).chain(further)
}

fn issuer_of<'p>(policy: &'p Policy, name: Option<&str>) -> Option<&'p IssuerPolicy> {
    match name {
        None => Some(&policy.jwt),
        Some(name) => policy.issuers.get(name).map(|issuer| &issuer.policy),
    }
}
