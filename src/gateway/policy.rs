//! What the gateway decides by, as plain data.
//!
//! Whoever builds one has judged the parts: a [`Grant`], a [`RoutePattern`], a [`RateLimit`] exist
//! only well formed. [`Policy::default`] is what holds without any configuration. Keys are no part of
//! it, since they change on their own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::breaker::BreakerSettings;
use super::grant::Grant;
use super::key::Algorithm;
use super::limit::RateLimit;
use super::revocation::Revocations;
use super::route::{Rewrite, RoutePattern};
use super::time::Timestamp;

/// All that a decision depends on besides keys, request, time and what was decided before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// `[jwt]`: for every token whose `iss` is none of the further issuers'.
    pub jwt: IssuerPolicy,
    /// Further issuers, by the `iss` of their tokens.
    pub issuers: BTreeMap<String, FurtherIssuer>,
    /// What each role grants.
    pub roles: BTreeMap<String, Vec<Grant>>,
    /// The services that routes may name. Others exist only by the convention of paths.
    pub services: BTreeMap<String, ServicePolicy>,
    /// The routes, where any are configured, be it none at all; else the convention holds.
    pub routes: Option<Vec<Route>>,
    /// How often a caller may ask.
    pub limits: LimitPolicy,
    /// Keys that name their caller by themselves.
    pub api_keys: Vec<ApiKey>,
    /// True where what is no JWT is asked about at an introspection endpoint.
    pub opaque_tokens: bool,
    /// What the tree itself revokes.
    pub revoked: Revocations,
    /// How a forwarded request names its caller.
    pub identity_headers: IdentityHeaders,
    /// Claims that are kept with a verified token for the record, beside those that decide.
    pub recorded_claims: Vec<String>,
    /// True where decisions are recorded, so that what a credential proved must be kept.
    pub recorded: bool,
}

/// How the tokens of one issuer are judged.
#[derive(Clone, Debug, PartialEq)]
pub struct IssuerPolicy {
    /// The values of `iss` that are good; where there are none, `iss` is not judged. Not used of a
    /// further issuer, whose name stands above it.
    pub names: Vec<String>,
    /// The audiences we answer to; where there are none, a token must not carry any.
    pub audience: Vec<String>,
    /// What is left of the algorithms that the keys allow.
    pub algorithms: Option<Vec<Algorithm>>,
    /// The values of `typ` that are good, without `application/` and in small letters. A missing
    /// `typ` counts as `jwt`.
    pub types: Vec<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Option<Duration>,
    /// Claims that must be there, beside `sub` and `exp`.
    pub required_claims: Vec<String>,
    /// Where the caller's name, roles and permissions stand.
    pub claim_names: ClaimNames,
}

/// An issuer beside `[jwt]`.
#[derive(Clone, Debug, PartialEq)]
pub struct FurtherIssuer {
    /// How its tokens are judged.
    pub policy: IssuerPolicy,
    /// The most that its tokens can hold.
    pub ceiling: Ceiling,
}

/// The most that an issuer's tokens can ever hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ceiling {
    /// Permissions.
    pub permissions: Vec<Grant>,
    /// The only roles that exist for it.
    pub roles: BTreeSet<String>,
}

/// Where identities stand in the claims; none: as PROTOCOL §6 has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimNames {
    /// In place of `sub`, which must be there all the same.
    pub user: Option<ClaimPath>,
    /// In place of `role` and `roles`.
    pub role: Option<ClaimPath>,
    /// In place of `permissions`, `scope` and `scp`.
    pub permissions: Option<ClaimPath>,
}

/// A claim, and where it is an object the member of it, and so on; never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimPath {
    /// The claim.
    pub claim: String,
    /// The members below it.
    pub below: Vec<String>,
}

/// A service, as far as decisions go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServicePolicy {
    /// When it is given a rest.
    pub breaker: BreakerSettings,
    /// How long it may take to answer.
    pub timeout: ServiceTimeout,
}

/// How long a service may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceTimeout(pub Duration);

impl Default for ServiceTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

/// One route.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The paths it is for.
    pub pattern: RoutePattern,
    /// The methods it is for; none: every one that no other route of the same pattern lists.
    pub methods: Option<Vec<String>>,
    /// Where its requests belong.
    pub service: String,
    /// What a caller needs.
    pub access: Access,
    /// A limit of its own, in a window of its own.
    pub rate_limit: Option<RateLimit>,
    /// The path that the service sees.
    pub rewrite: Option<Rewrite>,
}

/// What a route asks of its caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// Nothing, not even a credential.
    Public,
    /// A credential that is good, and all of this.
    Protected(Conditions),
}

/// Conditions, all of which must be met.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Permissions, all of which must be held.
    pub permissions: Vec<String>,
    /// Permissions, one of which must be held where there are any.
    pub any_permissions: Vec<String>,
    /// Roles, one of which the caller must have where there are any.
    pub roles: Vec<String>,
    /// Claims, by name.
    pub claims: Vec<ClaimCondition>,
    /// Issuers, beside `[jwt]`, to whose tokens it is open.
    pub issuers: Vec<String>,
    /// Step-up (RFC 9470): values of `acr`, one of which must be there where there are any.
    pub acr: Vec<String>,
    /// Values of `amr`, one of which must be there where there are any.
    pub amr: Vec<String>,
    /// The longest time since `auth_time`.
    pub max_age: Option<Duration>,
}

/// A claim and the values, one of which it must have.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimCondition {
    /// The claim's name.
    pub claim: String,
    /// Its values.
    pub values: Vec<ExpectedValue>,
}

/// A value that a claim must have.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedValue {
    /// This string, or a list that holds it.
    Text(String),
    /// This number.
    Number(serde_json::Number),
    /// This truth.
    Boolean(bool),
    /// What a parameter of the path stands for, percent-decoded once.
    Parameter(String),
}

/// How often callers may ask.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitPolicy {
    /// For a caller for whom nothing else is said.
    pub default: Option<RateLimit>,
    /// For callers of a role; of several the one with the highest rate counts.
    pub roles: BTreeMap<String, RateLimit>,
    /// For an address whose requests are refused before their caller is known.
    pub per_address: Option<RateLimit>,
    /// The most callers that are counted each for itself.
    pub max_callers: usize,
    /// Who counts.
    pub store: LimitStore,
}

/// Who counts how often callers ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitStore {
    /// This gateway, for itself.
    Memory,
    /// A store that several gateways share.
    Shared(OnStoreFailure),
}

/// What happens where the shared store cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStoreFailure {
    /// This gateway's own count decides.
    Local,
    /// The request is refused with row 9.
    Deny,
    /// The request passes.
    Allow,
}

/// A key that names its caller.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Its name, which is no secret.
    pub id: String,
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// Who calls.
    pub user: String,
    /// The caller's role.
    pub role: Option<String>,
    /// What the caller holds besides what the role grants.
    pub permissions: Vec<String>,
    /// The instant from which it is expired.
    pub expires: Option<Timestamp>,
}

/// The headers that name the caller of a forwarded request.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityHeaders {
    /// For the user.
    pub user: String,
    /// For the role.
    pub role: String,
    /// For the permissions.
    pub permissions: String,
    /// For the issuer.
    pub issuer: Option<String>,
    /// For claims of `[jwt]`'s tokens: header, then claim.
    pub claims: BTreeMap<String, String>,
}

impl Default for IssuerPolicy {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            audience: Vec::new(),
            algorithms: None,
            types: vec!["jwt".to_owned(), "at+jwt".to_owned()],
            leeway: Duration::ZERO,
            max_lifetime: None,
            required_claims: Vec::new(),
            claim_names: ClaimNames::default(),
        }
    }
}

impl Default for LimitPolicy {
    fn default() -> Self {
        Self {
            default: None,
            roles: BTreeMap::new(),
            per_address: None,
            max_callers: 100_000,
            store: LimitStore::Memory,
        }
    }
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self {
            user: "X-User-ID".to_owned(),
            role: "X-User-Role".to_owned(),
            permissions: "X-User-Permissions".to_owned(),
            issuer: None,
            claims: BTreeMap::new(),
        }
    }
}
