//! The state of a node between messages, and what each message does.

use std::sync::Arc;

use tracing::debug;

use super::forwarding::Forwarding;
use super::in_force::InForce;
use super::metrics::Counters;
use super::outside::Outside;
use super::recording::Recording;
use super::revoking::RevocationFile;
use super::{Allowed, Clock, Input, NodeError, Options, Record, Waited, ahead, answer, init};
use crate::gateway::ask::{Ask, Told};
use crate::gateway::explain::Case;
use crate::gateway::{
    BadRequest, Decision, Denial, Denied, Facts, Gateway, Now, Request, Unavailable,
};
use crate::protocol::{
    Address, ApiRequest, Body, Framer, Incoming, Malformed, Message, WrongMember,
};
use crate::record::Event;

/// A node in the middle of a conversation.
pub struct Node {
    pub(super) gateway: Gateway,
    pub(super) options: Options,
    /// The configuration in force, and where its keys come from.
    pub(super) in_force: Arc<InForce>,
    pub(super) outside: Outside,
    /// The name that the last init gave.
    pub(super) name: Option<String>,
    /// Who sent the first good init; only they may send another.
    pub(super) appointed_by: Option<String>,
    /// What is with services, where requests are forwarded.
    pub(super) forwarding: Option<Forwarding>,
    pub(super) revocation_file: RevocationFile,
    pub(super) recording: Recording,
    pub(super) counters: Counters,
    pub(super) started: Now,
    pub(super) now: Now,
}

/// Maelstrom's error codes.
#[derive(Clone, Copy)]
pub(super) enum ErrorCode {
    NotSupported = 10,
    Malformed = 12,
    NotPermitted = 22,
}

/// Where an answer goes, and where it comes from.
pub(super) type FromTo<'n> = (&'n str, &'n str);

impl Node {
    /// A node that has heard nothing yet, with its configuration in force.
    ///
    /// # Errors
    /// Where the configuration has a fault, or names what cannot be had.
    pub fn new(options: Options) -> Result<Self, NodeError> {
        let now = options.clock.now();
        let (outside, in_force) = init::at_start(&options)?;
        let recording = match options.record {
            Record::Decisions => Recording::open(&in_force.configuration)?,
            Record::Nothing => Recording::default(),
        };
        let in_force = Arc::new(in_force);
        let mut node = Self {
            gateway: Gateway::new(),
            forwarding: match options.allowed {
                Allowed::Answered => None,
                Allowed::Forwarded => Some(Forwarding::default()),
            },
            options,
            in_force: Arc::clone(&in_force),
            outside,
            name: None,
            appointed_by: None,
            revocation_file: RevocationFile::default(),
            recording,
            counters: Counters::default(),
            started: now,
            now,
        };
        node.enforce(in_force);
        node.record_start(Event::Begin);
        Ok(node)
    }

    /// Waits for input, but not beyond the next deadline. While the clock stands still nothing is due.
    pub(super) fn wait(&mut self, input: &mut impl Input) -> std::io::Result<Waited> {
        match self.next_deadline() {
            Some(deadline) if self.options.clock == Clock::System => {
                let now = self.options.clock.now().steady;
                input.wait(deadline.duration_since(now))
            }
            _ => Ok(Waited::Ready),
        }
    }

    /// Looks at the clock, and at what has changed outside; every message until the next look happens
    /// at that instant.
    pub fn look_around(&mut self) {
        self.now = self.options.clock.now();
        self.revocation_file.poll(self.now, self.gateway.revocations());
        if self.outside.key_sets_have_changed() {
            self.in_force.put_keys(&mut self.gateway, &mut self.outside);
            self.record_start(Event::Change);
        }
    }

    /// Checks signatures that wait in the input on all threads, where that pays.
    pub fn look_ahead(&mut self, framer: &Framer) {
        if self.options.jobs.get() > 1 && self.gateway.trust().is_costly() {
            ahead::verify(&mut self.gateway, framer, self.options.jobs);
        }
    }

    /// Takes one message, which began on `line`, and appends its answer, if it gets one.
    pub fn answer(&mut self, line: u64, incoming: &Incoming<'_>, out: &mut Vec<u8>) {
        self.counters.message(incoming);
        match incoming {
            Incoming::Answer(answer) => self.service_answered(line, *answer, out),
            Incoming::Malformed(address, why) => self.malformed(line, address, *why, out),
            Incoming::Message(Message { address, body }) => match body {
                Body::ApiRequest(request) => self.request(line, address, request, out),
                Body::Init(init) => self.init(line, address, init, out),
                Body::Operator(kind, message) => {
                    self.operator(line, address, (*kind, message), out);
                }
                Body::Unknown(kind) => self.unsupported(line, address, kind, out),
            },
        }
    }

    fn request(
        &mut self,
        line: u64,
        address: &Address<'_>,
        request: &Result<ApiRequest<'_>, WrongMember>,
        out: &mut Vec<u8>,
    ) {
        let asked = asked_by(request);
        let mut facts = Facts::default();
        let mut decision =
            self.decide_with(&asked, &mut Told::default(), &mut facts, Self::find_out);
        if self.forwarding.as_ref().is_some_and(|forwarding| !forwarding.has_room()) {
            decision = too_many_under_way(decision);
        }
        if self.recording.is_on() {
            decision = self.record(&asked, decision, &facts);
        }
        self.counters.decision(&decision);
        if let Decision::Deny(denied) = &decision {
            log_denial(line, denied);
        }
        let explanation = self.options.explain.then(|| {
            let case = Case { request: &asked, decision: &decision, facts: &facts, now: self.now };
            answer::explanation_of(&self.gateway.explain(case))
        });
        if let (Decision::Allow(allowed), Ok(request), Ok(asked)) = (&decision, request, &asked)
            && self.forwarding.is_some()
        {
            self.forward(address, (request, asked), (allowed, explanation), out);
            return;
        }
        let from_to = route_back(self.name.as_deref(), address);
        answer::decision(from_to, address, &decision, explanation.as_deref(), out);
    }

    /// Decides. `find_out` says what is found out on the way, and `told` keeps it.
    pub(super) fn decide_with<'a>(
        &mut self,
        request: &Result<Request<'a>, BadRequest>,
        told: &mut Told,
        facts: &mut Facts<'a>,
        find_out: impl Fn(&mut Self, &Ask, &mut Told),
    ) -> Decision<'a> {
        loop {
            match self.gateway.decide_into(request, self.now, told, facts) {
                Ok(decision) => break decision,
                Err(ask) => {
                    find_out(self, &ask, told);
                    *facts = Facts::default();
                }
            }
        }
    }

    fn init(
        &mut self,
        line: u64,
        address: &Address<'_>,
        init: &Result<crate::protocol::Init<'_>, WrongMember>,
        out: &mut Vec<u8>,
    ) {
        match init::apply(self, address.src.as_deref(), init) {
            Ok(()) => {
                let from_to = route_back(self.name.as_deref(), address);
                answer::plain(from_to, address, "init_ok", out);
            }
            Err(fault) => self.error(line, address, fault.code(), &fault.to_string(), out),
        }
    }

    pub(super) fn unsupported(
        &self,
        line: u64,
        address: &Address<'_>,
        kind: &str,
        out: &mut Vec<u8>,
    ) {
        let text = format!("Unsupported message type: {kind}");
        self.error(line, address, ErrorCode::NotSupported, &text, out);
    }

    pub(super) fn malformed(
        &self,
        line: u64,
        address: &Address<'_>,
        why: Malformed,
        out: &mut Vec<u8>,
    ) {
        let text = format!("Malformed message on line {line}: {why}");
        self.error(line, address, ErrorCode::Malformed, &text, out);
    }

    pub(super) fn error(
        &self,
        line: u64,
        address: &Address<'_>,
        code: ErrorCode,
        text: &str,
        out: &mut Vec<u8>,
    ) {
        debug!(line, text, "refused");
        let from_to = route_back(self.name.as_deref(), address);
        answer::error(from_to, address, code as u64, text, out);
    }
}

/// A message as the core reads it.
pub(super) fn asked_by<'r>(
    request: &'r Result<ApiRequest<'_>, WrongMember>,
) -> Result<Request<'r>, BadRequest> {
    match request {
        Ok(request) => Ok(Request {
            method: &request.method,
            target: &request.path,
            headers: &request.headers,
            required: &request.required,
            client_ip: request.client_ip.as_deref(),
        }),
        Err(WrongMember { member, problem }) => {
            Err(BadRequest::Member { member: (*member).into(), problem: (*problem).into() })
        }
    }
}

/// What never answers must not pile up without end.
fn too_many_under_way(decision: Decision<'_>) -> Decision<'_> {
    match decision {
        Decision::Allow(allowed) => Decision::Deny(Denied {
            denial: Denial::Unavailable(Unavailable::TooManyUnderWay),
            service: Some(allowed.service().clone()),
            caller: allowed.caller().cloned(),
        }),
        denied @ Decision::Deny(_) => denied,
    }
}

/// Sender and receiver of the answer to a message.
pub(super) fn route_back<'n>(name: Option<&'n str>, address: &'n Address<'_>) -> FromTo<'n> {
    let src = name.or(address.dest.as_deref()).unwrap_or("gateway");
    (src, address.src.as_deref().unwrap_or("unknown"))
}

fn log_denial(line: u64, denied: &Denied<'_>) {
    let denial = &denied.denial;
    debug!(
        line,
        status = denial.status(),
        check = denial.check().name(),
        reason = denial.reason().unwrap_or_else(|| denial.to_string()),
        user = denied.caller.as_ref().map(|caller| caller.identity().user()),
        "refused"
    );
}
