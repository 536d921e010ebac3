//! Keyed hashes in place of users and addresses.
//!
//! The key is random for each opening of a record and never written, so that nobody can try names; the
//! same name under the same key is the same hash, so that limits can still be counted and paths still
//! be compared with claims.

use std::collections::BTreeSet;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use crate::gateway::ServiceName;
use crate::gateway::limit::CallerKey;
use crate::gateway::path::NormalPath;
use crate::gateway::policy::{ClaimPath, IssuerPolicy, Policy};
use crate::gateway::recorded::REDACTED;
use crate::gateway::route::{Found, RouteTable};

/// What is replaced by keyed hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// The user, in claims too.
    pub user: bool,
    /// The client's address.
    pub client: bool,
}

/// Replaces what is not to be known.
pub(super) struct Redactor {
    pub(super) redaction: Redaction,
    key: hmac::Key,
    /// The routes, where any are configured.
    routes: Option<RouteTable>,
    /// Claims in which a text that is equal to the user's name is something else.
    kept: BTreeSet<String>,
}

/// Claims that never name a user.
const NEVER: [&str; 14] = [
    "iss",
    "aud",
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

impl Redactor {
    /// With a key of its own; none where there is no randomness to be had.
    pub(super) fn new(redaction: Redaction) -> Option<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Some(Self { redaction, key, routes: None, kept: NEVER.map(str::to_owned).into() })
    }

    /// Takes note of where roles and permissions stand, and of where paths have parameters.
    pub(super) fn configure(&mut self, policy: &Policy) {
        self.routes = policy.routes.as_deref().and_then(|routes| RouteTable::new(routes).ok());
        let mut kept: BTreeSet<String> = NEVER.map(str::to_owned).into();
        let further = policy.issuers.values().map(|issuer| &issuer.policy);
        for IssuerPolicy { claim_names, .. } in std::iter::once(&policy.jwt).chain(further) {
            let paths = [&claim_names.role, &claim_names.permissions];
            kept.extend(paths.into_iter().flatten().map(|path: &ClaimPath| path.claim.clone()));
        }
        self.kept = kept;
    }

    /// What stands in place of a user.
    pub(super) fn user(&self, user: &str) -> String {
        self.hash(b"user", user.as_bytes())
    }

    /// What stands in place of an address; of an address as it is counted, so that hashes tell callers
    /// apart as addresses did.
    pub(super) fn client(&self, client: &str) -> String {
        self.hash(b"client", &CallerKey::of_address(Some(client)).to_bytes())
    }

    fn hash(&self, kind: &[u8], bytes: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(kind);
        context.update(b"\0");
        context.update(bytes);
        let tag = context.sign();
        let digits = tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
        std::iter::once(REDACTED.to_owned()).chain(digits).collect()
    }

    /// A path, in which a parameter may be the user. What a route asks for to the letter stays.
    pub(super) fn path(&self, method: &str, path: &str, user: &str) -> String {
        let Ok(normal) = NormalPath::parse(path) else { return path.to_owned() };
        let hidden = |segment: &str| (segment == user).then(|| self.user(user));
        match &self.routes {
            Some(routes) => match routes.find(&normal, method) {
                Found::Route { values, .. } => values.replaced(&normal, hidden),
                Found::NoPattern | Found::NoMethod { .. } => normal.as_str().to_owned(),
            },
            // By convention the service is named before anything else.
            None => {
                let service = ServiceName::of_path(&normal);
                let stem = service.as_ref().map_or("", |service| service.parts()[0]);
                let mut is_behind = false;
                let segments = normal.as_str().split('/').map(|segment| {
                    let shown = if is_behind { hidden(segment) } else { None };
                    is_behind |= segment == stem && !segment.is_empty();
                    shown.unwrap_or_else(|| segment.to_owned())
                });
                segments.collect::<Vec<_>>().join("/")
            }
        }
    }

    /// What is required of a caller, where the user may stand as the value of a claim.
    pub(super) fn required(&self, text: &str, user: &str) -> String {
        let each = text.split('|').map(|one| match one.split_once('=') {
            Some((claim, value)) if value == user => format!("{claim}={}", self.user(user)),
            _ => one.to_owned(),
        });
        each.collect::<Vec<_>>().join("|")
    }

    /// A claim as it may be recorded.
    pub(super) fn claim(&self, name: &str, json: &str, user: &str) -> String {
        if self.kept.contains(name) {
            return json.to_owned();
        }
        let Ok(mut value) = serde_json::from_str(json) else { return "null".to_owned() };
        match (name, &mut value) {
            ("sub", Value::String(subject)) => *subject = self.user(subject),
            (_, value) => self.replace(value, user),
        }
        value.to_string()
    }

    fn replace(&self, value: &mut Value, user: &str) {
        match value {
            Value::String(text) if text == user => *text = self.user(user),
            Value::Array(list) => list.iter_mut().for_each(|each| self.replace(each, user)),
            Value::Object(members) => {
                members.values_mut().for_each(|each| self.replace(each, user));
            }
            _ => {}
        }
    }
}
