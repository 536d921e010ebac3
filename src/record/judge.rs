//! Decides recorded lines again. What recurs from line to line is read and judged once.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::read::{CredentialLine, DecisionLine, RecordFault, RequestLine, StartLine, StateLine};
use super::text;
use crate::config::{Configuration, Layers};
use crate::gateway::recorded::{
    CredentialHeaders, Lack, Prepared, Proof, REDACTED, RecordedGateway, RecordedRequest,
    RecordedState,
};
use crate::gateway::{BadRequest, Decision, Facts, Request};
use serde::Deserialize;

/// Decides lines of a record.
pub(super) struct Judge {
    pub(super) gateway: RecordedGateway,
    states: Known<StateLine>,
    credentials: Known<Credential>,
    /// Bytes of text that the credentials hold.
    weight: usize,
    /// Credentials judged so far.
    judged: u64,
}

/// What was read before, by its text.
struct Known<T> {
    places: HashMap<Box<str>, usize, RandomState>,
    all: Vec<T>,
}

impl<T> Known<T> {
    fn new() -> Self {
        Self { places: HashMap::default(), all: Vec::new() }
    }

    fn add(&mut self, text: &str, read: T) -> usize {
        self.places.insert(text.into(), self.all.len());
        self.all.push(read);
        self.all.len() - 1
    }

    fn clear(&mut self) {
        self.places.clear();
        self.all.clear();
    }
}

/// What a credential comes to, as long as the policies stay the same.
pub(super) struct Credential {
    /// No other credential of the record has it.
    pub(super) number: u64,
    pub(super) prepared: Prepared,
    /// What it comes to names the same caller in the same way as the record.
    pub(super) names_same_user: bool,
}

/// Remembered credentials hold at most so many bytes of text.
const MAX_WEIGHT: usize = 64 * 1024 * 1024;

/// Remembered states; each number of seconds makes another one.
const MAX_STATES: usize = 10_000;

/// A line decided again.
pub(super) struct Judged<'d, 'j> {
    pub(super) outcome: Result<(Decision<'d>, Facts<'d>), Lack>,
    pub(super) state: &'j StateLine,
    pub(super) credential: &'j Credential,
}

impl Judge {
    pub(super) fn new(gateway: RecordedGateway) -> Self {
        let (states, credentials) = (Known::new(), Known::new());
        Self { gateway, states, credentials, weight: 0, judged: 0 }
    }

    /// Forgets what credentials came to: a policy is another one.
    pub(super) fn forget(&mut self) {
        self.credentials.clear();
        self.weight = 0;
    }

    /// Decides a line again, and hands on what came of it.
    pub(super) fn decide<T>(
        &mut self,
        line: &DecisionLine<'_>,
        take: impl FnOnce(&mut RecordedGateway, &Judged<'_, '_>) -> T,
    ) -> Result<T, RecordFault> {
        let (state, credential) = (self.state(line.state)?, self.credential(line.credential)?);
        let Self { gateway, states, credentials, .. } = self;
        let (Some(state), Some(credential)) =
            (states.all.get(state), credentials.all.get(credential))
        else {
            return Err(RecordFault::Syntax("it cannot be remembered".to_owned()));
        };
        let client = match &line.request {
            RequestLine::Request { client, .. } => client.as_deref().map(address_of),
            RequestLine::Malformed { .. } => None,
        };
        let (request, headers) = match &line.request {
            RequestLine::Malformed { member, problem } => {
                let owned = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
                let (member, problem) = (owned(member), owned(problem));
                (Err(BadRequest::Member { member, problem }), CredentialHeaders::default())
            }
            RequestLine::Request { method, path, headers, required, .. } => {
                let request = Request {
                    method,
                    target: path,
                    headers: &[],
                    required,
                    client_ip: client.as_deref(),
                };
                (Ok(request), *headers)
            }
        };
        let service = line.answer.service.as_deref().unwrap_or_default();
        let recorded = RecordedRequest {
            request,
            headers,
            now: line.now,
            proof: &credential.prepared,
            state: RecordedState {
                window: state.window,
                room: state.room,
                store_failed: state.store_failed,
                circuit: state.circuit.map(|circuit| (service, circuit)),
                revoked: state.revoked,
                route: line.answer.route.and_then(|route| usize::try_from(route).ok()),
                same_caller: credential.names_same_user,
            },
        };
        let outcome = gateway.decide(&recorded);
        Ok(take(gateway, &Judged { outcome, state, credential }))
    }

    /// Where what state told is kept.
    fn state(&mut self, text: &str) -> Result<usize, RecordFault> {
        if let Some(place) = self.states.places.get(text) {
            return Ok(*place);
        }
        let read = StateLine::read(text)?;
        if self.states.all.len() >= MAX_STATES {
            self.states.clear();
        }
        Ok(self.states.add(text, read))
    }

    /// Where what a credential comes to is kept.
    fn credential(&mut self, text: &str) -> Result<usize, RecordFault> {
        if let Some(place) = self.credentials.places.get(text) {
            return Ok(*place);
        }
        if self.weight >= MAX_WEIGHT {
            self.forget();
        }
        self.judged += 1;
        let credential = self.judge(text)?;
        self.weight += 4 * text.len() + 512;
        Ok(self.credentials.add(text, credential))
    }

    fn judge(&self, json: &str) -> Result<Credential, RecordFault> {
        let read = CredentialLine::read(json)?;
        let proof = match &read {
            // Nobody got as far as to look for one, and nobody will.
            None => Proof::Failed(None, crate::gateway::failure::Failure::Missing),
            Some(read) => read.proof()?,
        };
        let prepared = self.gateway.prepare(&proof);
        let recorded = read.as_ref().and_then(CredentialLine::user);
        let names_same_user = match (prepared.verified(), recorded) {
            (Some(verified), Some(recorded)) => {
                let by_key = matches!(proof, Proof::ApiKey(_));
                let identity = verified.identity();
                let mut now = Vec::new();
                text::user(&mut now, &shown(identity.user(), recorded, by_key), identity);
                now == recorded.as_bytes()
            }
            _ => false,
        };
        Ok(Credential { number: self.judged, prepared, names_same_user })
    }
}

/// The user as the record would name it. Whom an API key names stands in the tree, in clear.
fn shown<'u>(user: &'u str, recorded: &str, by_key: bool) -> Cow<'u, str> {
    match recorded_user(recorded).filter(|name| by_key && name.starts_with(REDACTED)) {
        Some(name) => Cow::Owned(name),
        None => Cow::Borrowed(user),
    }
}

/// The name of a recorded user.
pub(super) fn recorded_user(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Name {
        user_id: String,
    }
    serde_json::from_str(json).ok().map(|Name { user_id }| user_id)
}

/// An address that stands in place of a hash, so that hashes can be told apart like addresses.
fn address_of(client: &str) -> Cow<'_, str> {
    let part = |place: usize| client.strip_prefix(REDACTED)?.get(place..place + 4);
    match (part(0), part(4), part(8), part(12)) {
        (Some(a), Some(b), Some(c), Some(d)) => Cow::Owned(format!("{a}:{b}:{c}:{d}::")),
        _ => Cow::Borrowed(client),
    }
}

/// The configuration of a start line.
pub(super) fn configuration(start: &StartLine) -> Result<Configuration, RecordFault> {
    Layers::recorded(&start.tree).map_err(|fault| RecordFault::Configuration(fault.to_string()))
}
