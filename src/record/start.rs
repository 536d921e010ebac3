//! The line that opens a record, and follows every change of configuration or keys.

use serde_json::Value;

use super::redact::Redaction;
use super::text::{number, string, string_or_null, strings};
use crate::config;
use crate::gateway::Now;
use crate::gateway::key::{KeySet, algorithm_name};
use crate::gateway::policy::Policy;
use crate::gateway::trust::Trust;

/// How the first line of every record begins.
pub(super) const OPENING: &[u8] = b"{\"portcullis\":\"decisions\",";

/// What is in force from here on.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Why there is such a line.
    pub event: Event,
    /// When.
    pub now: Now,
    /// The whole tree, as [`config::Configuration::to_json`] gives it.
    pub tree: &'a Value,
    /// The policy that it came to.
    pub policy: &'a Policy,
    /// The issuers and their keys.
    pub trust: &'a Trust,
    /// Where the keys of `[jwt]` came from.
    pub keys_from: KeysFrom,
}

/// Why there is a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A process began, with empty windows and closed circuits.
    Begin,
    /// The configuration or the keys changed.
    Change,
}

/// Where the keys of `[jwt]` came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysFrom {
    /// From where `jwt.keys` says, or from the command line.
    Configuration,
    /// From an init, whatever `jwt.keys` says.
    Init,
}

impl Event {
    pub(super) const ALL: [(Self, &str); 2] = [(Self::Begin, "begin"), (Self::Change, "change")];

    fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Change => "change",
        }
    }
}

impl KeysFrom {
    pub(super) const ALL: [(Self, &str); 2] =
        [(Self::Configuration, "configuration"), (Self::Init, "init")];

    fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Init => "init",
        }
    }
}

/// The keys in force, as JSON.
pub(super) fn keys(start: &Start<'_>) -> Vec<u8> {
    let mut out = vec![b'['];
    for (place, (issuer, keys)) in start.trust.issuers().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let from = if issuer.is_none() { start.keys_from } else { KeysFrom::Configuration };
        out.extend_from_slice(b"{\"issuer\":");
        string_or_null(&mut out, issuer);
        out.extend_from_slice(b",\"from\":");
        string(&mut out, from.name());
        out.extend_from_slice(b",\"keys\":");
        key_set(&mut out, keys);
        out.push(b'}');
    }
    out.push(b']');
    out
}

fn key_set(out: &mut Vec<u8>, keys: &KeySet) {
    out.push(b'[');
    for (place, key) in keys.keys().iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"kid\":");
        string_or_null(out, key.name());
        out.extend_from_slice(b",\"thumbprint\":");
        string_or_null(out, key.thumbprint().as_deref());
        out.extend_from_slice(b",\"algorithms\":");
        strings(out, key.algorithms().iter().map(|algorithm| algorithm_name(*algorithm)));
        out.push(b'}');
    }
    out.push(b']');
}

/// Writes the line. `keys` is what [`keys`] gave, `version` counts how often that changed.
pub(super) fn write(
    out: &mut Vec<u8>,
    start: &Start<'_>,
    (keys, version): (&[u8], u64),
    redaction: Redaction,
) {
    let sets = start.trust.issuers().map(|(issuer, keys)| (issuer.unwrap_or_default(), &**keys));
    let hash = config::hash(start.tree, &config::thumbprints(sets));
    out.extend_from_slice(OPENING);
    out.extend_from_slice(b"\"version\":1,\"event\":");
    string(out, start.event.name());
    out.extend_from_slice(format!(",\"time\":{}", start.now.wall.seconds()).as_bytes());
    out.extend_from_slice(b",\"program\":");
    string(out, env!("CARGO_PKG_VERSION"));
    out.extend_from_slice(b",\"hash\":");
    string(out, &hash);
    out.extend_from_slice(b",\"claims\":");
    strings(out, start.trust.recorded_claims().unwrap_or_default().iter().map(|name| &**name));
    out.extend_from_slice(b",\"redact\":");
    let redacted = [(redaction.user, "user"), (redaction.client, "client")];
    strings(out, redacted.into_iter().filter(|(is, _)| *is).map(|(_, name)| name));
    out.extend_from_slice(b",\"key_version\":");
    number(out, version);
    out.extend_from_slice(b",\"keys\":");
    out.extend_from_slice(keys);
    out.extend_from_slice(b",\"tree\":");
    out.extend_from_slice(start.tree.to_string().as_bytes());
    out.extend_from_slice(b"}\n");
}
