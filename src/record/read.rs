//! Reading a record, line by line.

use std::borrow::Cow;
use std::io::{self, Read};

use serde::Deserialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::redact::Redaction;
use super::scan;
use super::start::{Event, KeysFrom, OPENING};
use crate::gateway::facts::{Circuit, Presented, Room};
use crate::gateway::failure::Failure;
use crate::gateway::key::algorithm_named;
use crate::gateway::limit::RateLimit;
use crate::gateway::recorded::{
    CredentialHeaders, KnownKey, Proof, RecordedRevocation, TokenProof, WindowKind,
};
use crate::gateway::revocation::RevokedBy;
use crate::gateway::{Now, Steady, Timestamp};

/// A line of a record.
#[derive(Debug)]
pub enum Line<'a> {
    /// What is in force from here on.
    Start(Box<StartLine>),
    /// A decision.
    Decision(DecisionLine<'a>),
}

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

/// A decision; parts of it that recur from line to line as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionLine<'a> {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub now: Now,
    /// What was asked for.
    pub request: RequestLine<'a>,
    /// What state told: JSON, to be read with [`StateLine::read`].
    pub state: &'a str,
    /// How it came out.
    pub answer: Answer<'a>,
    /// The same as JSON.
    pub decision: &'a str,
    /// Why it came out so: JSON.
    pub explanation: &'a str,
    /// What the credential proved: JSON, to be read with [`CredentialLine::read`].
    pub credential: &'a str,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestLine<'a> {
    /// A request that could be read.
    Request {
        /// The method.
        method: Cow<'a, str>,
        /// The path.
        path: Cow<'a, str>,
        /// Headers that may hold a credential.
        headers: CredentialHeaders,
        /// Permissions that it asks to be checked.
        required: SmallVec<[Cow<'a, str>; 2]>,
        /// The client's address, or a hash in its place.
        client: Option<Cow<'a, str>>,
    },
    /// A member of it was missing or of a wrong type.
    Malformed {
        /// The member.
        member: Cow<'a, str>,
        /// What was wrong with it.
        problem: Cow<'a, str>,
    },
}

/// How a decision came out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// Seconds until another try.
    pub retry_after: Option<u64>,
    /// The route, by its place in the tree.
    pub route: Option<u64>,
    /// The service.
    #[serde(borrow)]
    pub service: Option<Cow<'a, str>>,
    /// What the caller was told where it was refused.
    #[serde(borrow)]
    pub error: Option<Cow<'a, str>>,
}

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

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ReadError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: RecordFault,
}

/// What is wrong with a line of a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// The file cannot be read.
    #[error("the record cannot be read on: {0}")]
    Read(io::Error),
    /// The first line opens no record.
    #[error("no record of decisions begins like this; give a file that --record has written")]
    NoRecord,
    /// A version to come.
    #[error("the record is of version {0}; this program reads version 1, so use a newer one")]
    Version(u64),
    /// Not as lines of a record are written.
    #[error("no line of a record: {0}; it was changed, and the record ends before it")]
    Syntax(String),
    /// A name that means nothing here.
    #[error("`{member}` cannot be {value:?}; it was changed, and the record ends before it")]
    Meaning {
        /// The member.
        member: &'static str,
        /// Its value.
        value: String,
    },
    /// A number that does not follow.
    #[error("decision {found} stands behind decision {last}; lines were moved or copied")]
    Order {
        /// The number before.
        last: u64,
        /// The number found.
        found: u64,
    },
    /// The tree of then is none of today.
    #[error("the recorded configuration cannot be used: {0}")]
    Configuration(String),
}

/// The lines of a record.
pub struct Records<R> {
    lines: Lines<R>,
    /// Of the line read last.
    line: u64,
    last: u64,
    missing: u64,
    truncated: Option<u64>,
}

/// The longest line (bytes): a whole tree stands in one.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// Read at once (bytes).
const BLOCK: usize = 1024 * 1024;

struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where there is something.
    end: usize,
}

/// The next line, as far as there is one.
enum Next<'l> {
    Whole(&'l [u8]),
    /// A line without its end.
    Torn,
    End,
}

impl<R: Read> Lines<R> {
    fn next(&mut self) -> io::Result<Next<'_>> {
        let mut searched = self.start;
        loop {
            let unread = self.buffer.get(searched..self.end).unwrap_or_default();
            if let Some(place) = memchr::memchr(b'\n', unread) {
                let (from, to) = (self.start, searched + place);
                self.start = to + 1;
                return Ok(Next::Whole(self.buffer.get(from..to).unwrap_or_default()));
            }
            searched = self.end;
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (searched, self.end, self.start) =
                    (searched - self.start, self.end - self.start, 0);
            }
            if self.end == self.buffer.len() {
                if self.end >= LONGEST_LINE {
                    return Err(io::Error::other("a line is longer than 64 MiB"));
                }
                self.buffer.resize((2 * self.end).max(BLOCK), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) if self.end == self.start => return Ok(Next::End),
                Ok(0) => return Ok(Next::Torn),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Records<R> {
    /// Reads a record.
    pub fn new(input: R) -> Self {
        let lines = Lines { input, buffer: Vec::new(), start: 0, end: 0 };
        Self { lines, line: 0, last: 0, missing: 0, truncated: None }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// Where the record cannot be read, or was not written like this.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        self.line += 1;
        let line = self.line;
        let failed = |fault| ReadError { line, fault };
        let bytes = match self.lines.next() {
            Ok(Next::Whole(bytes)) => bytes,
            Ok(Next::Torn) if line > 1 => {
                self.truncated = Some(line);
                return Ok(None);
            }
            Ok(Next::Torn) => return Err(failed(RecordFault::NoRecord)),
            Ok(Next::End) if line == 1 => return Err(failed(RecordFault::NoRecord)),
            Ok(Next::End) => return Ok(None),
            Err(error) => return Err(failed(RecordFault::Read(error))),
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|error| failed(RecordFault::Syntax(error.to_string())))?;
        if bytes.starts_with(OPENING) {
            let start = StartLine::read(text).map_err(failed)?;
            return Ok(Some(Line::Start(Box::new(start))));
        }
        if line == 1 {
            return Err(failed(RecordFault::NoRecord));
        }
        let decision = match scan::decision(text) {
            Some(decision) => decision,
            None => DecisionLine::read(text).map_err(failed)?,
        };
        let (last, found) = (self.last, decision.number);
        if found <= last {
            return Err(failed(RecordFault::Order { last, found }));
        }
        self.missing += found - last - 1;
        self.last = found;
        Ok(Some(Line::Decision(decision)))
    }

    /// The line that was read last, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many decisions were dropped, as numbers tell.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The last line, where it has no end: the writer was stopped in the middle of it.
    pub fn truncated(&self) -> Option<u64> {
        self.truncated
    }
}

fn syntax(error: &serde_json::Error) -> RecordFault {
    RecordFault::Syntax(error.to_string())
}

fn meaning(member: &'static str, value: &str) -> RecordFault {
    RecordFault::Meaning { member, value: value.to_owned() }
}

fn named<T: Copy>(member: &'static str, all: &[(T, &str)], value: &str) -> Result<T, RecordFault> {
    let found = all.iter().find(|(_, name)| *name == value);
    found.map(|(meaning, _)| *meaning).ok_or_else(|| meaning(member, value))
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
    fn read(text: &str) -> Result<Self, RecordFault> {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDecision<'a> {
    n: u64,
    time: f64,
    steady: i64,
    #[serde(borrow)]
    request: RawRequest<'a>,
    #[serde(borrow)]
    state: &'a RawValue,
    #[serde(borrow)]
    decision: &'a RawValue,
    #[serde(borrow)]
    explain: &'a RawValue,
    #[serde(borrow)]
    credential: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum RawRequest<'a> {
    Request {
        #[serde(borrow)]
        method: Cow<'a, str>,
        #[serde(borrow)]
        path: Cow<'a, str>,
        headers: Vec<String>,
        required: Vec<String>,
        #[serde(borrow)]
        client: Option<Cow<'a, str>>,
    },
    Malformed {
        #[serde(borrow)]
        member: Cow<'a, str>,
        #[serde(borrow)]
        problem: Cow<'a, str>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExplanation<'a> {
    #[serde(rename = "passed")]
    _passed: Vec<String>,
    #[serde(rename = "failed", borrow)]
    _failed: Option<Cow<'a, str>>,
    #[serde(rename = "reason", borrow)]
    _reason: Option<Cow<'a, str>>,
}

impl<'a> DecisionLine<'a> {
    /// Reads a line of any shape.
    pub(super) fn read(text: &'a str) -> Result<Self, RecordFault> {
        let raw: RawDecision<'a> = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        let answer = serde_json::from_str(raw.decision.get()).map_err(|error| syntax(&error))?;
        let _: RawExplanation<'_> =
            serde_json::from_str(raw.explain.get()).map_err(|error| syntax(&error))?;
        let wall = Timestamp::from_seconds(raw.time).ok_or_else(|| meaning("time", "infinite"))?;
        Ok(Self {
            number: raw.n,
            now: Now { wall, steady: Steady::from_nanoseconds(raw.steady) },
            request: match raw.request {
                RawRequest::Request { method, path, headers, required, client } => {
                    RequestLine::Request {
                        method,
                        path,
                        headers: credential_headers(headers.iter().map(String::as_str)),
                        required: required.into_iter().map(Cow::Owned).collect(),
                        client,
                    }
                }
                RawRequest::Malformed { member, problem } => {
                    RequestLine::Malformed { member, problem }
                }
            },
            state: raw.state.get(),
            answer,
            decision: raw.decision.get(),
            explanation: raw.explain.get(),
            credential: raw.credential.get(),
        })
    }
}

/// Counts the headers that may hold a credential.
pub(super) fn credential_headers<'h>(names: impl Iterator<Item = &'h str>) -> CredentialHeaders {
    let mut headers = CredentialHeaders::default();
    names.for_each(|name| count_header(name, &mut headers));
    headers
}

pub(super) fn count_header(name: &str, headers: &mut CredentialHeaders) {
    match name.len() {
        13 if name.eq_ignore_ascii_case("authorization") => headers.authorization += 1,
        9 if name.eq_ignore_ascii_case("x-api-key") => headers.api_key += 1,
        _ => {}
    }
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
