//! Reading the line of a decision, of whatever shape it is.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::{RecordFault, meaning, syntax};
use crate::gateway::recorded::CredentialHeaders;
use crate::gateway::{Now, Steady, Timestamp};

/// A decision; parts of it that recur from line to line as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionLine<'a> {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub now: Now,
    /// What was asked for.
    pub request: RequestLine<'a>,
    /// What state told: JSON, to be read with [`StateLine::read`](super::StateLine::read).
    pub state: &'a str,
    /// How it came out.
    pub answer: Answer<'a>,
    /// The same as JSON.
    pub decision: &'a str,
    /// Why it came out so: JSON.
    pub explanation: &'a str,
    /// What the credential proved: JSON, to be read with [`CredentialLine::read`](super::CredentialLine::read).
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
    pub(in super::super) fn read(text: &'a str) -> Result<Self, RecordFault> {
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
fn credential_headers<'h>(names: impl Iterator<Item = &'h str>) -> CredentialHeaders {
    let mut headers = CredentialHeaders::default();
    names.for_each(|name| count_header(name, &mut headers));
    headers
}

pub(in super::super) fn count_header(name: &str, headers: &mut CredentialHeaders) {
    match name.len() {
        13 if name.eq_ignore_ascii_case("authorization") => headers.authorization += 1,
        9 if name.eq_ignore_ascii_case("x-api-key") => headers.api_key += 1,
        _ => {}
    }
}
