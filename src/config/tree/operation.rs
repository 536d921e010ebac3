//! Services, stores and recordings: what the faces work with.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::leaf::{
    FilePath, HeaderName, LongSpan, Name, PlainPath, SecretSource, Span, Target, TrustedUrl,
};
use crate::gateway::policy;

/// A service that routes lead to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Where it listens. Only a face that forwards over HTTP needs to know.
    pub targets: Vec<Target>,
    /// How one of several targets is chosen.
    pub load_balancing: Balancing,
    /// How long it may take to answer.
    pub timeout: LongSpan,
    /// How it is seen whether a target is well. Absent: it is not looked after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// When it is given a rest.
    pub circuit_breaker: CircuitBreaker,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            load_balancing: Balancing::default(),
            timeout: LongSpan(Duration::from_secs(10)),
            health_check: None,
            circuit_breaker: CircuitBreaker::default(),
        }
    }
}

/// How one of several targets is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Balancing {
    /// The one with the fewest requests under way.
    #[default]
    LeastRequests,
    /// One after the other.
    RoundRobin,
}

/// How it is seen whether a target is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// What is asked for.
    pub path: PlainPath,
    /// How often.
    #[serde(default = "ten_seconds")]
    pub interval: LongSpan,
    /// How long the answer may take.
    #[serde(default = "two_seconds")]
    pub timeout: LongSpan,
}

fn ten_seconds() -> LongSpan {
    LongSpan(Duration::from_secs(10))
}

fn two_seconds() -> LongSpan {
    LongSpan(Duration::from_secs(2))
}

/// When a service is given a rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreaker {
    /// So many failures in a row open the circuit.
    pub failures: NonZeroU32,
    /// For so long nothing goes through; twice as long each time it does not help, up to 10 minutes.
    pub open_for: LongSpan,
    /// Then so many requests try whether it works again.
    pub probes: NonZeroU32,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        let defaults = crate::gateway::breaker::BreakerSettings::default();
        Self {
            failures: defaults.failures,
            open_for: LongSpan(defaults.open_for),
            probes: defaults.probes,
        }
    }
}

/// What happens while the store of rate limits cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnStoreFailure {
    /// This process's own count decides.
    Local,
    /// Requests are refused with 503.
    Deny,
    /// Requests pass.
    Allow,
}

/// Opaque OAuth 2.0 tokens, asked about at their issuer (RFC 7662).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Introspection {
    /// The endpoint: `https:`, or `http:` on this machine.
    pub url: TrustedUrl,
    /// Our name there.
    pub client_id: Name,
    /// Where our secret stands: `env:NAME` or `file:PATH`.
    pub client_secret: SecretSource,
    /// How long an answer is remembered.
    #[serde(default = "thirty_seconds")]
    pub cache: Span,
    /// How long an answer may take.
    #[serde(default = "two_seconds")]
    pub timeout: LongSpan,
    /// The most questions in a second.
    #[serde(default = "fifty")]
    pub max_per_second: NonZeroU32,
}

fn thirty_seconds() -> Span {
    Span(Duration::from_secs(30))
}

fn fifty() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(49)
}

/// The headers that tell a service who calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityHeaders {
    /// For the user.
    pub user: HeaderName,
    /// For the role.
    pub role: HeaderName,
    /// For the permissions, parted by commas.
    pub permissions: HeaderName,
    /// For the issuer. Absent: it is not passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<HeaderName>,
    /// Further headers, each with the claim that fills it, of the tokens of `jwt`.
    pub claims: BTreeMap<String, Name>,
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        let defaults = policy::IdentityHeaders::default();
        Self {
            user: HeaderName(defaults.user),
            role: HeaderName(defaults.role),
            permissions: HeaderName(defaults.permissions),
            issuer: defaults.issuer.map(HeaderName),
            claims: BTreeMap::new(),
        }
    }
}

/// The recording of decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    /// Where decisions are recorded. Absent: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePath>,
    /// What happens to a request whose decision cannot be recorded.
    pub on_failure: OnRecordFailure,
    /// Claims that are kept besides those that the configuration names.
    pub claims: Vec<Name>,
    /// What is replaced by keyed hashes.
    pub redact: Vec<Redacted>,
}

/// What happens to a request whose decision cannot be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnRecordFailure {
    /// It is refused with 503.
    #[default]
    Deny,
    /// It passes; the missing lines are counted.
    Drop,
}

/// What is replaced by keyed hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Redacted {
    /// The user.
    User,
    /// The client's address.
    Client,
}
