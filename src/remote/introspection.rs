//! Asks an authorization server what an opaque token is worth (RFC 7662).
//!
//! Good is only what the server calls active with the JSON `true`. What it said is remembered for a
//! while, a no as well as a yes, but never past the token's own expiry; the token itself is never
//! kept and never logged. So many calls a second are sent at most, whatever strangers send.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::http::{CallFault, HttpClient};
use super::remembered::{Digest, Remembered, Text};
use super::secret::Secret;
use super::url::RemoteUrl;
use crate::gateway::introspected::{Expiry, TokenStatus};
use crate::gateway::{ObjectFault, Timestamp};

/// The longest answer (bytes). One is kept for each token, so it is far less than for a key set.
const MOST_BYTES: u64 = 64 * 1024;

/// So long a server is not asked that let the time for an answer run out: each such wait holds up
/// everybody.
const REST: Duration = Duration::from_secs(1);

/// Where to ask, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionSettings {
    /// The endpoint.
    pub url: RemoteUrl,
    /// Who we are there.
    pub client_id: String,
    /// How we show it.
    pub client_secret: Secret,
    /// How long an answer is remembered.
    pub cache: Duration,
    /// For a whole call.
    pub timeout: Duration,
    /// The most calls in any second.
    pub max_per_second: u32,
}

/// An instant, by both clocks: one shows dates and may jump, the other only ever goes on.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What a token's expiry is held against.
    pub date: Timestamp,
    /// What pauses are measured with.
    pub steady: Instant,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspected {
    /// The token is good as far as the server goes; its claims, one strict JSON object.
    Active(Arc<str>),
    /// It is not.
    Inactive,
    /// Nobody knows, and this is why.
    Failed(IntrospectionFault),
}

/// Why nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectionFault {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallFault),
    /// The answer makes no sense.
    #[error("the answer {0}")]
    Answer(#[from] ObjectFault),
    /// As many calls were sent as may be in a second.
    #[error("more than `introspection.max_per_second` calls would be sent")]
    TooMany,
    /// The server let the time run out a moment ago.
    #[error("it did not answer in time, and is not asked again for {REST:?}")]
    Resting,
}

/// Asks an endpoint.
pub struct Introspection {
    settings: IntrospectionSettings,
    client: HttpClient,
    authorization: Secret,
    remembered: Remembered,
    /// When the calls of the last second were sent.
    sent: VecDeque<Instant>,
    resting_until: Option<Instant>,
    failing: bool,
    counts: IntrospectionCounts,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntrospectionCounts {
    /// Calls sent.
    pub calls: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Answers that were remembered.
    pub remembered: u64,
    /// Calls that were not sent because of `max_per_second`, or because the server was given rest.
    pub withheld: u64,
}

impl Introspection {
    /// Asks nothing yet.
    pub fn new(settings: IntrospectionSettings) -> Self {
        let client = HttpClient::new(settings.timeout, MOST_BYTES);
        Self {
            authorization: basic(&settings.client_id, &settings.client_secret),
            client,
            settings,
            remembered: Remembered::new(),
            sent: VecDeque::new(),
            resting_until: None,
            failing: false,
            counts: IntrospectionCounts::default(),
        }
    }

    /// What is this token worth? Holds the caller up for `timeout` at most.
    pub fn ask(&mut self, token: &str, now: Moment) -> Introspected {
        let digest = sha256(token);
        if let Some(text) = self.remembered.find(&digest, now) {
            self.counts.remembered += 1;
            return Introspected::of(text);
        }
        if let Err(fault) = self.may_send(now.steady) {
            self.counts.withheld += 1;
            return Introspected::Failed(fault);
        }
        self.counts.calls += 1;
        match self.call(token) {
            Ok((status, json)) => {
                self.note_success();
                let text = status.active.then(|| Arc::from(json));
                self.remember(digest, &text, status.expiry, now);
                Introspected::of(text)
            }
            Err(fault) => {
                self.note_failure(&fault, now.steady);
                Introspected::Failed(fault)
            }
        }
    }

    /// How often what happened.
    pub fn counts(&self) -> IntrospectionCounts {
        self.counts
    }

    /// Counts a call that is about to be sent, where it may be.
    fn may_send(&mut self, now: Instant) -> Result<(), IntrospectionFault> {
        if self.resting_until.is_some_and(|until| now < until) {
            return Err(IntrospectionFault::Resting);
        }
        let a_second_ago = |sent: &Instant| {
            now.checked_duration_since(*sent).is_some_and(|since| since >= Duration::from_secs(1))
        };
        while self.sent.front().is_some_and(a_second_ago) {
            self.sent.pop_front();
        }
        if self.sent.len() >= self.settings.max_per_second as usize {
            return Err(IntrospectionFault::TooMany);
        }
        self.sent.push_back(now);
        Ok(())
    }

    fn call(&self, token: &str) -> Result<(TokenStatus, String), IntrospectionFault> {
        let form = format!("token={}&token_type_hint=access_token", form_encoded(token));
        let url = &self.settings.url;
        let json = self.client.post_form(url, self.authorization.expose(), &form)?;
        Ok((TokenStatus::read(&json)?, json))
    }

    fn remember(&mut self, digest: Digest, text: &Text, expiry: Expiry, now: Moment) {
        let expiry = match expiry {
            Expiry::Absent => None,
            Expiry::At(seconds) => Some(seconds),
            // Nobody can say when it must be forgotten.
            Expiry::Malformed => return,
        };
        if let Some(until) = now.steady.checked_add(self.settings.cache) {
            self.remembered.keep(digest, text.clone(), until, expiry);
        }
    }

    fn note_success(&mut self) {
        if std::mem::take(&mut self.failing) {
            tracing::warn!("introspection at {}: it answers again", self.settings.url);
        }
    }

    fn note_failure(&mut self, fault: &IntrospectionFault, now: Instant) {
        self.counts.failures += 1;
        if *fault == IntrospectionFault::Call(CallFault::Timeout) {
            // The instant is that at which the call began.
            self.resting_until = now.checked_add(self.settings.timeout.saturating_add(REST));
        }
        if !std::mem::replace(&mut self.failing, true) {
            let url = &self.settings.url;
            tracing::warn!("introspection at {url}: {fault}; opaque tokens are refused meanwhile");
        }
    }
}

impl Introspected {
    fn of(text: Text) -> Self {
        text.map_or(Self::Inactive, Self::Active)
    }
}

fn sha256(token: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

/// HTTP Basic as OAuth has it: both halves are encoded like a form first (RFC 6749 §2.3.1).
fn basic(client_id: &str, client_secret: &Secret) -> Secret {
    let pair = format!("{}:{}", form_encoded(client_id), form_encoded(client_secret.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

/// `application/x-www-form-urlencoded`.
fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_the_credentials_are_encoded_like_a_form() {
        let basic = basic("gate:way", &Secret::new("a b+ü%"));
        let pair = STANDARD.encode("gate%3Away:a+b%2B%C3%BC%25");
        assert_eq!(basic.expose(), format!("Basic {pair}"));
        assert_eq!(format!("{basic:?}"), "[redacted]");
    }
}
