//! The configuration tree: what every name means, and what holds where it is not written.
//!
//! These types are the one place where that is said. The JSON Schema, the reference and the defaults
//! come from them; the comments here are the reference's words.

mod access;
mod issuer;
mod list;
mod operation;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::access::{ApiKey, ClaimValue, RateLimits, Revocation, Route};
pub use self::issuer::{ClaimNames, ClaimPath, Issuer, IssuerJwks, Jwks, Jwt};
pub use self::list::OneOrMany;
pub use self::operation::{
    Balancing, CircuitBreaker, HealthCheck, IdentityHeaders, Introspection, OnRecordFailure,
    OnStoreFailure, Record, Redacted, Service,
};
use super::leaf::GrantText;

/// What the gateway decides by. Everything is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "portcullis configuration")]
pub struct Tree {
    /// The tokens of our own issuer, or of any that is not under `issuers`.
    pub jwt: Jwt,
    /// Further issuers, by the `iss` of their tokens, each with keys and ceilings of its own. What one
    /// does not set it takes from `jwt`.
    pub issuers: BTreeMap<String, Issuer>,
    /// What each role grants: permissions, patterns such as `orders:*`, or `*`.
    pub roles: BTreeMap<String, Vec<GrantText>>,
    /// The services that routes lead to.
    pub services: BTreeMap<String, Service>,
    /// Which paths lead where, and what they ask of a caller. Absent: each path leads to the service
    /// that its first segment names, and asks for a good credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<Route>>,
    /// How often callers may ask.
    pub rate_limit: RateLimits,
    /// Keys that name their caller.
    pub api_keys: Vec<ApiKey>,
    /// What was good and is not any more. The entries of all sources count together.
    pub revocation: Revocation,
    /// Opaque OAuth 2.0 tokens, asked about at their issuer (RFC 7662).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Introspection>,
    /// The headers that tell a service who calls.
    pub identity_headers: IdentityHeaders,
    /// The recording of decisions.
    pub record: Record,
}
