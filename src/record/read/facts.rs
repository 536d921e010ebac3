//! Reading the parts of a decision's line that recur: what state told, and what the credential proved.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{RecordFault, meaning, named, syntax};
use crate::gateway::facts::{Circuit, Presented, Room};
use crate::gateway::failure::Failure;
use crate::gateway::key::algorithm_named;
use crate::gateway::limit::RateLimit;
use crate::gateway::recorded::{Proof, RecordedRevocation, TokenProof, WindowKind};
use crate::gateway::revocation::RevokedBy;

/// What state told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateLine {
    /// The window that was asked.
    pub window: Option<(WindowKind, RateLimit)>,
    /// What it said.
    pub room: Option<Room>,
    /// A shared store could not say.
    pub store_failed: bool,
    /// What the circuit said.
    pub circuit: Option<Circuit>,
    /// Whether the credential was revoked.
    pub revoked: RecordedRevocation,
    /// The version of the keys.
    pub key_version: u64,
}

/// What the credential proved, or why it proved nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialLine<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    failure: Option<Cow<'a, str>>,
    #[serde(borrow)]
    of: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    alg: Option<Cow<'a, str>>,
    #[serde(borrow)]
    typ: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    thumbprint: Option<Cow<'a, str>>,
    #[serde(borrow)]
    claims: Option<&'a RawValue>,
    #[serde(borrow)]
    user: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawState<'a> {
    window: Option<&'a str>,
    limit: Option<&'a str>,
    room: Option<&'a str>,
    room_after: Option<u64>,
    store_failed: bool,
    circuit: Option<&'a str>,
    circuit_after: Option<u64>,
    revoked: Option<&'a str>,
    introspection: Option<&'a str>,
    key_version: u64,
}

impl StateLine {
    /// Reads what state told.
    ///
    /// # Errors
    /// Where it was not written like this.
    pub fn read(json: &str) -> Result<Self, RecordFault> {
        let raw: RawState<'_> = serde_json::from_str(json).map_err(|error| syntax(&error))?;
        let window = match (raw.window, raw.limit) {
            (None, None) => None,
            (Some(kind), Some(limit)) => {
                let kinds = [
                    (WindowKind::General, "general"),
                    (WindowKind::Route, "route"),
                    (WindowKind::Address, "address"),
                ];
                let limit = limit.parse().map_err(|_| meaning("limit", limit))?;
                Some((named("window", &kinds, kind)?, limit))
            }
            _ => return Err(meaning("window", "without its limit")),
        };
        let room = match (raw.room, raw.room_after) {
            (None, None) => None,
            (Some("free"), None) => Some(Room::Free),
            (Some("unknown"), None) => Some(Room::Unknown),
            (Some("failed"), None) => Some(Room::Failed),
            (Some("full"), Some(seconds)) => {
                let retry_after = seconds.try_into().map_err(|_| meaning("room_after", "0"))?;
                Some(Room::Full { retry_after })
            }
            (other, _) => return Err(meaning("room", other.unwrap_or("null"))),
        };
        let circuit = match (raw.circuit, raw.circuit_after) {
            (None, None) => None,
            (Some("closed"), None) => Some(Circuit::Closed),
            (Some("open"), Some(retry_after)) => Some(Circuit::Open { retry_after }),
            (other, _) => return Err(meaning("circuit", other.unwrap_or("null"))),
        };
        let revoked = match raw.revoked {
            None => RecordedRevocation::NotAsked,
            Some("no") => RecordedRevocation::Clear,
            Some("jti_type") => RecordedRevocation::IllTyped,
            Some(name) => {
                let by = RevokedBy::named(name).ok_or_else(|| meaning("revoked", name))?;
                RecordedRevocation::By(by)
            }
        };
        let introspection = ["active", "inactive", "failed"];
        if let Some(other) = raw.introspection.filter(|name| !introspection.contains(name)) {
            return Err(meaning("introspection", other));
        }
        let (store_failed, key_version) = (raw.store_failed, raw.key_version);
        Ok(Self { window, room, store_failed, circuit, revoked, key_version })
    }
}

impl<'a> CredentialLine<'a> {
    /// Reads what a credential proved; none where nobody looked for one.
    ///
    /// # Errors
    /// Where it was not written like this.
    pub fn read(json: &'a str) -> Result<Option<Self>, RecordFault> {
        serde_json::from_str(json).map_err(|error| syntax(&error))
    }

    /// What it proved.
    ///
    /// # Errors
    /// Where it was not written like this.
    pub fn proof(&self) -> Result<Proof<'_>, RecordFault> {
        if let Some(name) = &self.failure {
            let presented = match self.kind.as_deref() {
                None => None,
                Some("token") => Some(Presented::Token),
                Some("opaque_token") => Some(Presented::OpaqueToken),
                Some("api_key") => Some(Presented::ApiKey),
                Some(other) => return Err(meaning("kind", other)),
            };
            let failure = Failure::named(name, self.of.as_deref());
            return Ok(Proof::Failed(presented, failure.ok_or_else(|| meaning("failure", name))?));
        }
        let claims = self.claims.map(RawValue::get);
        match (self.kind.as_deref(), claims, self.alg.as_deref(), self.id.as_deref()) {
            (Some("api_key"), None, None, Some(id)) => Ok(Proof::ApiKey(id)),
            (Some("opaque_token"), Some(claims), None, None) => Ok(Proof::Token(TokenProof {
                algorithm: None,
                typ: None,
                key: None,
                thumbprint: None,
                claims,
            })),
            (Some("token"), Some(claims), Some(alg), None) => Ok(Proof::Token(TokenProof {
                algorithm: Some(algorithm_named(alg).ok_or_else(|| meaning("alg", alg))?),
                typ: self.typ.as_deref(),
                key: self.key.as_deref(),
                thumbprint: self.thumbprint.as_deref(),
                claims,
            })),
            (kind, ..) => Err(meaning("kind", kind.unwrap_or("null"))),
        }
    }

    /// Who it said is calling, as JSON.
    pub fn user(&self) -> Option<&'a str> {
        self.user.map(RawValue::get)
    }
}
