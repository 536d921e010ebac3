//! What has happened so far, as Prometheus reads it: a fixed set of series, whatever is sent.

use std::fmt::Write;

use super::conversation::Node;
use crate::gateway::{Decision, Denial};
use crate::protocol::{Body, Incoming, Message};

/// The kinds of message there are.
const KINDS: [&str; 6] = ["init", "api_request", "operator", "answer", "unknown", "malformed"];
/// The statuses that a decision can have.
const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 502, 503];
/// The one that is left.
const TIMEOUT: u16 = 504;

/// What the node itself counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    messages: [u64; KINDS.len()],
    statuses: [u64; STATUSES.len()],
    timeouts: u64,
}

impl Counters {
    /// A message has come.
    pub(super) fn message(&mut self, incoming: &Incoming<'_>) {
        let kind = match incoming {
            Incoming::Message(Message { body: Body::Init(_), .. }) => 0,
            Incoming::Message(Message { body: Body::ApiRequest(_), .. }) => 1,
            Incoming::Message(Message { body: Body::Operator(..), .. }) => 2,
            Incoming::Answer(_) => 3,
            Incoming::Message(Message { body: Body::Unknown(_), .. }) => 4,
            Incoming::Malformed(..) => 5,
        };
        if let Some(count) = self.messages.get_mut(kind) {
            *count += 1;
        }
    }

    /// A request has been decided.
    pub(super) fn decision(&mut self, decision: &Decision<'_>) {
        self.status(match decision {
            Decision::Allow(_) => 200,
            Decision::Deny(denied) => denied.denial.status(),
        });
    }

    /// A request that was forwarded has failed.
    pub(super) fn failed(&mut self, denial: &Denial) {
        self.status(denial.status());
    }

    fn status(&mut self, status: u16) {
        let place = STATUSES.iter().position(|known| *known == status);
        match place.and_then(|place| self.statuses.get_mut(place)) {
            Some(count) => *count += 1,
            None => self.timeouts += 1,
        }
    }
}

/// Every series, in a fixed order.
pub(super) fn text(node: &Node) -> String {
    let mut page = Page(String::with_capacity(4096));
    let Counters { messages, statuses, timeouts } = &node.counters;
    let kinds = KINDS.iter().zip(messages).map(|(kind, count)| (*kind, *count));
    page.family("messages_total", "Messages that came in, by kind.", "kind", kinds);
    let decided: Vec<(String, u64)> = STATUSES
        .iter()
        .zip(statuses)
        .map(|(status, count)| (status.to_string(), *count))
        .chain([(TIMEOUT.to_string(), *timeouts)])
        .collect();
    let decided = decided.iter().map(|(status, count)| (status.as_str(), *count));
    page.family("requests_total", "Requests by the status of their answer.", "status", decided);
    forwarding(node, &mut page);
    limits(node, &mut page);
    outside(node, &mut page);
    page.0
}

fn forwarding(node: &Node, page: &mut Page) {
    let (sent, dropped, under_way) = node.forwarding.as_ref().map_or((0, 0, 0), |forwarding| {
        (forwarding.sent, forwarding.dropped, forwarding.under_way() as u64)
    });
    page.counter("forwarded_total", "Requests sent on to services.", sent);
    page.counter("answers_dropped_total", "Answers that nobody waited for.", dropped);
    page.gauge("forwarded_under_way", "Requests that are with services.", under_way);
    page.gauge(
        "circuits_open",
        "Services that are given a rest.",
        node.gateway.open_circuits(node.now),
    );
}

fn limits(node: &Node, page: &mut Page) {
    let callers = node.gateway.limiter().caller_counts();
    let addresses = node.gateway.limiter().address_counts();
    let refused = callers.guests_refused + addresses.guests_refused;
    let admitted = callers.guests_admitted + addresses.guests_admitted;
    let outcomes = [("admitted", admitted), ("refused", refused)];
    let help = "Requests counted in a window shared by newcomers, by outcome.";
    page.family("rate_limit_overflow_total", help, "outcome", outcomes.into_iter());
    let windows = node.gateway.limiter().windows() as u64;
    page.gauge("rate_limit_windows", "Windows that are kept.", windows);
    let revoked = node.gateway.revoked() as u64;
    page.gauge("revocations", "Tokens, users, keys and API keys that are revoked.", revoked);
}

fn outside(node: &Node, page: &mut Page) {
    let sets = node.outside.key_set_status();
    let fetches = sets.iter().map(|set| set.fetches).sum();
    let failures = sets.iter().map(|set| set.failures).sum();
    page.counter("key_set_fetches_total", "Attempts to fetch a key set.", fetches);
    page.counter("key_set_failures_total", "Attempts to fetch a key set that failed.", failures);
    let asked = node.outside.introspection_counts();
    page.counter(
        "introspection_calls_total",
        "Questions sent to the introspection endpoint.",
        asked.calls,
    );
    page.counter("introspection_failures_total", "Those of them that failed.", asked.failures);
    page.counter("introspection_withheld_total", "Questions that were not sent.", asked.withheld);
    page.counter(
        "introspection_remembered_total",
        "Questions answered from memory.",
        asked.remembered,
    );
    let dropped = node.recording.dropped();
    page.counter("records_dropped_total", "Decisions that could not be recorded.", dropped);
    let windows = node.outside.window_counts();
    page.counter("shared_limit_calls_total", "Questions sent to the shared store.", windows.calls);
    page.counter("shared_limit_failures_total", "Those of them that failed.", windows.failures);
}

/// The exposition format of Prometheus.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a string cannot fail.
        let _ =
            writeln!(self.0, "# HELP portcullis_{name} {help}\n# TYPE portcullis_{name} {kind}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "counter");
        let _ = writeln!(self.0, "portcullis_{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, help, "gauge");
        let _ = writeln!(self.0, "portcullis_{name} {value}");
    }

    fn family<'l>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Iterator<Item = (&'l str, u64)>,
    ) {
        self.head(name, help, "counter");
        for (text, value) in values {
            let _ = writeln!(self.0, "portcullis_{name}{{{label}=\"{text}\"}} {value}");
        }
    }
}
