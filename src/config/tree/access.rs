//! Who may do what, and how often.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{OnStoreFailure, OneOrMany};
use crate::config::leaf::{
    Digest, FilePath, Instant, LongSpan, Method, Name, PathPattern, Permission, Rate, Store,
};

/// A route: paths, where they lead, and what they ask of a caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The paths: `{name}` is one segment, and a final `{*rest}` one or more.
    pub path: PathPattern,
    /// The methods. Absent: every one that no other route of the same path lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<Method>>,
    /// The service that the requests go to; one of `services`.
    pub service: Name,
    /// Permissions, all of which must be held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// Permissions, one of which must be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any_permissions: Option<Vec<Permission>>,
    /// Roles, one of which the caller must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Name>>,
    /// Claims by name, with the value, or a list of those any of which they must have; `"{p}"` is what
    /// the path's parameter `p` stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, OneOrMany<ClaimValue>>,
    /// Further issuers whose tokens may come here too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Name>,
    /// Step-up (RFC 9470): values of `acr`, one of which the token must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Vec<Name>>,
    /// Step-up: values of `amr`, one of which the token must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<Name>>,
    /// Step-up: the longest time since `auth_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<LongSpan>,
    /// Whether the route asks for no credential at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// A limit of its own, counted apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<Rate>,
    /// The path that the service sees, in which the parameters of `path` may stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
}

/// A value that a claim must have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum ClaimValue {
    /// A truth.
    Boolean(bool),
    /// A number.
    Number(#[schemars(with = "f64")] Number),
    /// A text, or a parameter of the path in braces.
    Text(String),
}

/// How often callers may ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimits {
    /// For callers for whom nothing else is said. Absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Rate>,
    /// For callers of a role; of several the highest rate counts.
    pub roles: BTreeMap<String, Rate>,
    /// For an address whose requests are refused before their caller is known. Absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_address: Option<Rate>,
    /// Where is counted: `memory`, or a Redis server that several gateways share.
    pub store: Store,
    /// What happens while the store cannot be asked.
    pub on_store_failure: OnStoreFailure,
    /// The most callers that are counted each for itself.
    pub max_callers: NonZeroU32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            default: None,
            roles: BTreeMap::new(),
            per_address: None,
            store: Store::Memory,
            on_store_failure: OnStoreFailure::Local,
            max_callers: NonZeroU32::MIN.saturating_add(99_999),
        }
    }
}

/// A key that names its caller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The key's name, which is no secret.
    pub id: Name,
    /// The SHA-256 of the key, in hexadecimal, as `portcullis key generate --kind api-key` prints it.
    // Never written, so that a recording has none; elsewhere the schema asks for it.
    #[serde(skip_serializing)]
    #[schemars(with = "Digest")]
    pub sha256: Option<Digest>,
    /// Who calls.
    pub user: Name,
    /// The caller's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
    /// What the caller holds besides what the role grants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// When the key expires. Absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Instant>,
}

/// What was good and is not any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Revocation {
    /// Tokens, by `jti`.
    #[schemars(extend("x-merge" = "unite"))]
    pub jtis: Vec<String>,
    /// Users, each with a time: every token of theirs from before it, and their API keys.
    #[schemars(extend("x-merge" = "latest"))]
    pub users: BTreeMap<String, Instant>,
    /// Keys, by `kid`: the tokens that they verified.
    #[schemars(extend("x-merge" = "unite"))]
    pub kids: Vec<String>,
    /// API keys, by `id`.
    #[schemars(extend("x-merge" = "unite"))]
    pub api_keys: Vec<String>,
    /// A file of further revocations, a JSON object a line, read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FilePath>,
}
