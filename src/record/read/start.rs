//! Reading the lines that say what is in force.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::redact::Redaction;
use super::super::start::{Event, KeysFrom};
use super::{RecordFault, meaning, named, syntax};
use crate::gateway::Timestamp;
use crate::gateway::key::algorithm_named;
use crate::gateway::recorded::KnownKey;

/// What is in force from here on.
#[derive(Clone, Debug, PartialEq)]
pub struct StartLine {
    /// Why there is such a line.
    pub event: Event,
    /// When it was written.
    pub time: Timestamp,
    /// The version of the program.
    pub program: String,
    /// The hash of the configuration with its keys.
    pub hash: String,
    /// The names of the claims that are kept.
    pub claims: Vec<String>,
    /// What is replaced by keyed hashes.
    pub redact: Redaction,
    /// The version of the keys.
    pub key_version: u64,
    /// The keys, by issuer.
    pub keys: Vec<KeysOfIssuer>,
    /// The whole tree, as JSON.
    pub tree: String,
}

/// The keys of an issuer.
#[derive(Clone, Debug, PartialEq)]
pub struct KeysOfIssuer {
    /// The issuer; none for `[jwt]`.
    pub issuer: Option<String>,
    /// Where they came from.
    pub from: KeysFrom,
    /// The keys.
    pub keys: Vec<KnownKey>,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStart<'a> {
    #[serde(rename = "portcullis")]
    _portcullis: &'a str,
    #[serde(rename = "version")]
    _version: u64,
    event: String,
    time: f64,
    program: String,
    hash: String,
    claims: Vec<String>,
    redact: Vec<String>,
    key_version: u64,
    keys: Vec<RawKeys>,
    #[serde(borrow)]
    tree: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    issuer: Option<String>,
    from: String,
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    kid: Option<String>,
    thumbprint: Option<String>,
    algorithms: Vec<String>,
}

impl StartLine {
    pub(super) fn read(text: &str) -> Result<Self, RecordFault> {
        let Version { version } = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        if version != 1 {
            return Err(RecordFault::Version(version));
        }
        let raw: RawStart<'_> = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        let mut redact = Redaction::default();
        for what in raw.redact {
            match what.as_str() {
                "user" => redact.user = true,
                "client" => redact.client = true,
                other => return Err(meaning("redact", other)),
            }
        }
        Ok(Self {
            event: named("event", &Event::ALL, &raw.event)?,
            time: Timestamp::from_seconds(raw.time).ok_or_else(|| meaning("time", "infinite"))?,
            program: raw.program,
            hash: raw.hash,
            claims: raw.claims,
            redact,
            key_version: raw.key_version,
            keys: raw.keys.into_iter().map(RawKeys::read).collect::<Result<_, _>>()?,
            tree: raw.tree.get().to_owned(),
        })
    }
}

impl RawKeys {
    fn read(self) -> Result<KeysOfIssuer, RecordFault> {
        let key = |key: RawKey| {
            let algorithm =
                |name: String| algorithm_named(&name).ok_or_else(|| meaning("algorithms", &name));
            let algorithms = key.algorithms.into_iter().map(algorithm);
            let algorithms = algorithms.collect::<Result<_, _>>()?;
            Ok(KnownKey { name: key.kid, thumbprint: key.thumbprint, algorithms })
        };
        Ok(KeysOfIssuer {
            from: named("from", &KeysFrom::ALL, &self.from)?,
            keys: self.keys.into_iter().map(key).collect::<Result<_, _>>()?,
            issuer: self.issuer,
        })
    }
}
