//! Whose tokens are believed: issuers, the keys of each, and what their claims come to.
//!
//! The outcome of verifying a token depends on this and the token's bytes alone, so that it can be
//! remembered until this changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use smallvec::SmallVec;

use super::grant::Grant;
use super::identity::{Draft, Identity};
use super::key::{Algorithm, KeySet};
use super::limit::RateLimit;
use super::policy::{Access, Ceiling, IssuerPolicy, Policy};

/// Which issuer: `[jwt]`, or one of the further issuers in the order of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(pub(super) usize);

impl IssuerId {
    /// `[jwt]`.
    pub const JWT: Self = Self(0);

    /// The further issuer at a place in the order of their names, counted from 0.
    pub fn further(place: usize) -> Self {
        Self(place + 1)
    }

    /// Its place among all, `[jwt]` being 0.
    pub fn place(self) -> usize {
        self.0
    }
}

/// All that verifying a token depends on, besides its bytes.
#[derive(Clone, Debug)]
pub struct Trust {
    issuers: Vec<Issuer>,
    further: HashMap<Box<str>, IssuerId>,
    roles: HashMap<Box<str>, Vec<Grant>>,
    rates: HashMap<Box<str>, RateLimit>,
    default_rate: Option<RateLimit>,
    pub(super) claims: ClaimsWanted,
}

/// An issuer whose tokens are believed.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// What its tokens must say in `iss`; none for `[jwt]`.
    pub(super) name: Option<Arc<str>>,
    pub(super) policy: IssuerPolicy,
    pub(super) ceiling: Option<Ceiling>,
    pub(super) keys: Arc<KeySet>,
    /// A key that is not among them may be had by asking.
    pub(super) asks_for_keys: bool,
}

/// The claims that must be kept, besides those that every token is judged by.
#[derive(Clone, Debug, Default)]
pub(super) struct ClaimsWanted {
    /// Names that are none of those every token is judged by.
    pub(super) others: Vec<Box<str>>,
    /// What conditions of routes and identity headers look at.
    pub(super) bound: Vec<Box<str>>,
    /// What goes into the record; none where nothing is recorded.
    pub(super) recorded: Option<Vec<Box<str>>>,
}

/// The claims that every token is judged by.
pub(super) const JUDGED: [&str; 15] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "nbf",
    "iat",
    "jti",
    "acr",
    "amr",
    "auth_time",
    "role",
    "roles",
    "permissions",
    "scope",
    "scp",
];

impl Default for Trust {
    fn default() -> Self {
        Self::new(&Policy::default())
    }
}

impl Trust {
    /// Under a policy, with no key yet.
    pub fn new(policy: &Policy) -> Self {
        let jwt = Issuer {
            name: None,
            policy: policy.jwt.clone(),
            ceiling: None,
            keys: Arc::default(),
            asks_for_keys: false,
        };
        let further = policy.issuers.iter().map(|(name, issuer)| Issuer {
            name: Some(name.as_str().into()),
            policy: issuer.policy.clone(),
            ceiling: Some(issuer.ceiling.clone()),
            keys: Arc::default(),
            asks_for_keys: false,
        });
        let ids = policy.issuers.keys().enumerate();
        let boxed = |name: &String| Box::from(name.as_str());
        Self {
            further: ids.map(|(place, name)| (boxed(name), IssuerId::further(place))).collect(),
            issuers: std::iter::once(jwt).chain(further).collect(),
            roles: policy.roles.iter().map(|(role, held)| (boxed(role), held.clone())).collect(),
            rates: policy.limits.roles.iter().map(|(role, rate)| (boxed(role), *rate)).collect(),
            default_rate: policy.limits.default,
            claims: ClaimsWanted::of(policy),
        }
    }

    /// Of these keys alone, without any configuration.
    pub fn of_keys(keys: Arc<KeySet>) -> Self {
        Self::default().with_keys(IssuerId::JWT, keys, false)
    }

    /// The same with other keys for one issuer.
    #[must_use]
    pub(super) fn with_keys(&self, id: IssuerId, keys: Arc<KeySet>, asks_for_keys: bool) -> Self {
        let mut trust = self.clone();
        if let Some(issuer) = trust.issuers.get_mut(id.0) {
            issuer.keys = keys;
            issuer.asks_for_keys = asks_for_keys;
        }
        trust
    }

    /// Every issuer's keys, `[jwt]`'s first.
    pub fn key_sets(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        self.issuers.iter().map(|issuer| &issuer.keys)
    }

    /// Every issuer with its keys; `[jwt]` comes first and has no name.
    pub fn issuers(&self) -> impl Iterator<Item = (Option<&str>, &Arc<KeySet>)> {
        self.issuers.iter().map(|issuer| (issuer.name.as_deref(), &issuer.keys))
    }

    /// The names of the claims that are kept with a verified token for the record, where anything is
    /// recorded.
    pub fn recorded_claims(&self) -> Option<&[Box<str>]> {
        self.claims.recorded.as_deref()
    }

    /// The keys of an issuer.
    pub fn keys(&self, id: IssuerId) -> Option<&Arc<KeySet>> {
        self.issuers.get(id.0).map(|issuer| &issuer.keys)
    }

    pub(super) fn issuer(&self, id: IssuerId) -> Option<&Issuer> {
        self.issuers.get(id.0)
    }

    /// True where there are issuers beside `[jwt]`, so that `iss` picks the keys.
    pub(super) fn has_further(&self) -> bool {
        !self.further.is_empty()
    }

    /// The issuer that a value of `iss` names; `[jwt]` speaks for every other.
    pub(super) fn issuer_named(&self, iss: Option<&str>) -> IssuerId {
        iss.and_then(|iss| self.further.get(iss)).copied().unwrap_or_default()
    }

    /// Every role, and what it grants, in no order.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&str, &[Grant])> {
        self.roles.iter().map(|(role, grants)| (&**role, grants.as_slice()))
    }

    /// What a role grants.
    pub(super) fn grants(&self, role: &str) -> &[Grant] {
        self.roles.get(role).map_or(&[], Vec::as_slice)
    }

    /// An identity whose own claims have been read, with what its roles grant, under a ceiling where
    /// there is one.
    pub(super) fn with_grants(&self, mut draft: Draft, ceiling: Option<&Ceiling>) -> Identity {
        let grants: SmallVec<[&Grant; 4]> =
            draft.roles().flat_map(|role| self.grants(role)).collect();
        grants.into_iter().for_each(|grant| draft.add_grant(grant));
        match ceiling {
            Some(ceiling) => draft.finish_under(ceiling),
            None => draft.finish(),
        }
    }

    /// The limit of a caller with these roles: the one with the most requests a second, else the
    /// default.
    pub(super) fn rate_of<'r>(&self, roles: impl Iterator<Item = &'r str>) -> Option<RateLimit> {
        let rates = roles.filter_map(|role| self.rates.get(role)).copied();
        let highest = rates.reduce(|one, other| if is_higher(other, one) { other } else { one });
        highest.or(self.default_rate)
    }

    /// The limit of one role, where it has one.
    pub(super) fn rate_of_role(&self, role: &str) -> Option<RateLimit> {
        self.rates.get(role).copied()
    }

    /// True where any key's signatures are worth checking on several cores.
    pub fn is_costly(&self) -> bool {
        self.key_sets().any(|keys| keys.is_costly())
    }
}

/// Compares requests a second, exactly.
fn is_higher(one: RateLimit, other: RateLimit) -> bool {
    let scaled = |rate: RateLimit, by: RateLimit| {
        u128::from(rate.requests.get()) * u128::from(by.window.as_secs())
    };
    scaled(one, other) > scaled(other, one)
}

impl Issuer {
    pub(super) fn allows(&self, algorithm: Algorithm) -> bool {
        self.policy.algorithms.as_ref().is_none_or(|allowed| allowed.contains(&algorithm))
    }

    /// RFC 7515 §4.1.9: media types have no case, and `application/` may be left out. A missing
    /// `typ` counts as `JWT`.
    pub(super) fn accepts_type(&self, typ: Option<&str>) -> bool {
        let typ = without_prefix(typ.unwrap_or("jwt"));
        self.policy.types.iter().any(|good| good.eq_ignore_ascii_case(typ))
    }

    /// A role that an issuer's ceiling does not name does not exist for it.
    pub(super) fn knows_role(&self, role: &str) -> bool {
        self.ceiling.as_ref().is_none_or(|ceiling| ceiling.roles.contains(role))
    }
}

/// A media type without `application/`.
fn without_prefix(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => {
            typ.get(PREFIX.len()..).unwrap_or_default()
        }
        _ => typ,
    }
}

impl ClaimsWanted {
    fn of(policy: &Policy) -> Self {
        let mut bound = BTreeSet::new();
        for route in policy.routes.iter().flatten() {
            if let Access::Protected(conditions) = &route.access {
                bound.extend(conditions.claims.iter().map(|condition| condition.claim.as_str()));
            }
        }
        bound.extend(policy.identity_headers.claims.values().map(String::as_str));
        let mut named = bound.clone();
        let issuers = policy.issuers.values().map(|issuer| &issuer.policy);
        for issuer in std::iter::once(&policy.jwt).chain(issuers) {
            named.extend(issuer.required_claims.iter().map(String::as_str));
            let names = &issuer.claim_names;
            let paths = [&names.user, &names.role, &names.permissions];
            named.extend(paths.into_iter().flatten().map(|path| path.claim.as_str()));
        }
        if policy.recorded {
            named.extend(policy.recorded_claims.iter().map(String::as_str));
        }
        let boxed = |names: &BTreeSet<&str>| names.iter().map(|name| Box::from(*name)).collect();
        let recorded = policy.recorded.then(|| {
            let mut all = named.clone();
            all.extend(JUDGED);
            boxed(&all)
        });
        let is_other = |name: &&&str| !JUDGED.contains(*name);
        let others = named.iter().filter(is_other).map(|name| Box::from(*name)).collect();
        Self { others, bound: boxed(&bound), recorded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_no_case_and_may_be_short() {
        for (typ, is_good) in [
            (None, true),
            (Some("JWT"), true),
            (Some("at+jwt"), true),
            (Some("Application/AT+jwt"), true),
            (Some("logout+jwt"), false),
            (Some(""), false),
            (Some("text/JWT"), false),
            (Some("application/"), false),
            (Some("JW\u{212a}"), false),
        ] {
            let trust = Trust::default();
            let issuer = trust.issuer(IssuerId::JWT).unwrap();
            assert_eq!(issuer.accepts_type(typ), is_good, "{typ:?}");
        }
    }

    #[test]
    fn of_several_roles_the_one_with_the_most_requests_a_second_counts() {
        let mut policy = Policy::default();
        let rate = |text: &str| text.parse::<RateLimit>().unwrap();
        policy.limits.default = Some(rate("7/s"));
        let rates = [("slow", "59/min"), ("one", "1/s"), ("same", "60/min"), ("fast", "3601/h")];
        policy.limits.roles =
            rates.iter().map(|(role, text)| ((*role).to_owned(), rate(text))).collect();
        let trust = Trust::new(&policy);
        for (roles, expected) in [
            (&[][..], "7/s"),
            (&["unknown"], "7/s"),
            (&["slow"], "59/min"),
            (&["slow", "one"], "1/s"),
            (&["one", "same"], "1/s"),
            (&["same", "one", "fast", "slow"], "3601/h"),
        ] {
            assert_eq!(trust.rate_of(roles.iter().copied()), Some(rate(expected)), "{roles:?}");
        }
    }
}
