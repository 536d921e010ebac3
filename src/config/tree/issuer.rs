//! Tokens: keys, and how what they sign is judged.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::OneOrMany;
use crate::config::leaf::{AlgorithmName, GrantText, KeySource, LongSpan, Name, Span};

/// The tokens of our own issuer, or of any that is not under `issuers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// Where the keys stand: `file:PATH`, `env:NAME`, or the `https:` URL of a JWK Set. All of them
    /// are one set.
    pub keys: Vec<KeySource>,
    /// The values of `iss` that are good. Absent: every one that is not under `issuers`.
    pub issuer: OneOrMany<Name>,
    /// Our names; a token's `aud` must hold one of them. Absent: a token must not have `aud`.
    pub audience: OneOrMany<Name>,
    /// The algorithms that are left of those that the keys allow. Absent: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<AlgorithmName>>,
    /// The values of `typ` that are good. A missing `typ` counts as `JWT`.
    pub typ: Vec<Name>,
    /// How far clocks may differ; at most 5 minutes.
    pub leeway: Span,
    /// The longest time from `iat` to `exp`. Absent: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<LongSpan>,
    /// Claims that must be there; `sub` and `exp` always must.
    pub required_claims: Vec<Name>,
    /// Whether an HMAC secret of less than 256 bits is taken, with a warning.
    pub allow_weak_secrets: bool,
    /// The claims that say who the caller is, in place of the usual ones.
    pub claim_names: ClaimNames,
    /// How sets of keys are fetched by URL.
    pub jwks: Jwks,
}

impl Default for Jwt {
    fn default() -> Self {
        let names = |names: [&str; 2]| names.map(|name| Name(name.to_owned())).to_vec();
        Self {
            keys: Vec::new(),
            issuer: OneOrMany::default(),
            audience: OneOrMany::default(),
            algorithms: None,
            typ: names(["JWT", "at+jwt"]),
            leeway: Span(Duration::ZERO),
            max_lifetime: None,
            required_claims: names(["sub", "exp"]),
            allow_weak_secrets: true,
            claim_names: ClaimNames::default(),
            jwks: Jwks::default(),
        }
    }
}

/// The claims that say who the caller is, in place of the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// The user, in place of `sub`: a claim, or a list that leads into objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<ClaimPath>,
    /// The role, in place of `role` and `roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<ClaimPath>,
    /// The permissions, in place of `permissions`, `scope` and `scp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ClaimPath>,
}

/// A claim: its whole name as text, or a list that leads into objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimPath(pub OneOrMany<Name>);

impl JsonSchema for ClaimPath {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "claim-path".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<Name>();
        json_schema!({ "anyOf": [name, { "type": "array", "items": name, "minItems": 1 }] })
    }
}

/// How sets of keys are fetched by URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jwks {
    /// How old a set may become before it is fetched again.
    pub refresh: LongSpan,
    /// How long a fetch may take.
    pub timeout: LongSpan,
    /// How long a token with an unknown `kid` waits for a fetch.
    pub unknown_kid_wait: Span,
    /// How long after such a fetch no other is made.
    pub unknown_kid_cooldown: LongSpan,
    /// How long the last good set is used where no other can be had.
    pub max_stale: Span,
}

impl Default for Jwks {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            refresh: LongSpan(seconds(600)),
            timeout: LongSpan(seconds(5)),
            unknown_kid_wait: Span(seconds(1)),
            unknown_kid_cooldown: LongSpan(seconds(30)),
            max_stale: Span(seconds(3600)),
        }
    }
}

/// What an issuer's table says of fetching.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerJwks {
    /// How old a set may become before it is fetched again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<LongSpan>,
    /// How long a fetch may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<LongSpan>,
    /// How long a token with an unknown `kid` waits for a fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_kid_wait: Option<Span>,
    /// How long after such a fetch no other is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown_kid_cooldown: Option<LongSpan>,
    /// How long the last good set is used where no other can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_stale: Option<Span>,
}

/// A further issuer. What its table does not set it takes from `jwt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Where its keys stand, as in `jwt.keys`. They verify its tokens alone.
    pub keys: Vec<KeySource>,
    /// The most that its tokens can ever hold.
    pub permissions: Vec<GrantText>,
    /// The only roles that exist for it.
    pub roles: Vec<Name>,
    /// Our names, as it calls us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<OneOrMany<Name>>,
    /// The algorithms that are left of those that its keys allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<AlgorithmName>>,
    /// The values of `typ` that are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<Vec<Name>>,
    /// How far clocks may differ; at most 5 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leeway: Option<Span>,
    /// The longest time from `iat` to `exp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lifetime: Option<LongSpan>,
    /// Claims that must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_claims: Option<Vec<Name>>,
    /// Whether an HMAC secret of less than 256 bits is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_weak_secrets: Option<bool>,
    /// The claims that say who the caller is.
    #[serde(default)]
    pub claim_names: ClaimNames,
    /// How sets of keys are fetched by URL.
    #[serde(default)]
    pub jwks: IssuerJwks,
}
