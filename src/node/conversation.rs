//! The state of a node between messages, and what each message does.

use tracing::debug;

use super::{Options, ahead, answer, init};
use crate::gateway::{BadRequest, Decision, Gateway, Request, Timestamp};
use crate::protocol::{
    Address, ApiRequest, Body, Framer, Incoming, Malformed, Message, WrongMember,
};

/// A node in the middle of a conversation.
pub struct Node {
    pub(super) gateway: Gateway,
    pub(super) options: Options,
    /// The name that the last init gave.
    pub(super) name: Option<String>,
    /// Who sent the first good init; only they may send another.
    pub(super) appointed_by: Option<String>,
    now: Timestamp,
}

/// Maelstrom's error codes.
pub(super) enum ErrorCode {
    NotSupported = 10,
    Malformed = 12,
    NotPermitted = 22,
}

impl Node {
    /// A node that has heard nothing yet.
    pub fn new(options: Options) -> Self {
        let mut gateway = Gateway::new();
        if let Some(keys) = &options.keys {
            gateway.replace_keys(keys.clone());
        }
        let now = options.clock.now();
        Self { gateway, options, name: None, appointed_by: None, now }
    }

    /// Looks at the clock; every message until the next look happens at that instant.
    pub fn sample_clock(&mut self) {
        self.now = self.options.clock.now();
    }

    /// Checks signatures that wait in the input on all threads, where that pays.
    pub fn look_ahead(&mut self, framer: &Framer) {
        if self.options.jobs.get() > 1 && self.gateway.trust().is_costly() {
            ahead::verify(&mut self.gateway, framer, self.options.jobs);
        }
    }

    /// Takes one message, which began on `line`, and appends its answer, if it gets one.
    pub fn answer(&mut self, line: u64, incoming: &Incoming<'_>, out: &mut Vec<u8>) {
        match incoming {
            Incoming::Answer(_) => debug!(line, "ignored: it is itself an answer"),
            Incoming::Malformed(address, why) => self.malformed(line, address, *why, out),
            Incoming::Message(Message { address, body }) => match body {
                Body::ApiRequest(request) => self.request(line, address, request, out),
                Body::Init(init) => self.init(line, address, init, out),
                Body::Operator(..) => {}
                Body::Unknown(kind) => {
                    let text = format!("Unsupported message type: {kind}");
                    self.error(line, address, ErrorCode::NotSupported, &text, out);
                }
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
        let request = match request {
            Ok(request) => Ok(Request {
                method: &request.method,
                target: &request.path,
                headers: &request.headers,
                required: &request.required,
                client_ip: request.client_ip.as_deref(),
            }),
            Err(WrongMember { member, problem }) => Err(BadRequest::Member { member, problem }),
        };
        let decision = self.gateway.decide(request, self.now);
        if let Decision::Deny(denied) = &decision {
            log_denial(line, denied);
        }
        answer::decision(self.route_back(address), address, &decision, self.options.explain, out);
    }

    fn init(
        &mut self,
        line: u64,
        address: &Address<'_>,
        init: &Result<crate::protocol::Init<'_>, WrongMember>,
        out: &mut Vec<u8>,
    ) {
        match init::apply(self, address.src.as_deref(), init) {
            Ok(()) => answer::plain(self.route_back(address), address, "init_ok", out),
            Err(fault) => self.error(line, address, fault.code(), &fault.to_string(), out),
        }
    }

    fn malformed(&self, line: u64, address: &Address<'_>, why: Malformed, out: &mut Vec<u8>) {
        let text = format!("Malformed message on line {line}: {why}");
        self.error(line, address, ErrorCode::Malformed, &text, out);
    }

    fn error(
        &self,
        line: u64,
        address: &Address<'_>,
        code: ErrorCode,
        text: &str,
        out: &mut Vec<u8>,
    ) {
        debug!(line, text, "refused");
        answer::error(self.route_back(address), address, code as u64, text, out);
    }

    /// Sender and receiver of the answer to a message.
    fn route_back<'n>(&'n self, address: &'n Address<'_>) -> (&'n str, &'n str) {
        let src = self.name.as_deref().or(address.dest.as_deref()).unwrap_or("gateway");
        (src, address.src.as_deref().unwrap_or("unknown"))
    }
}

fn log_denial(line: u64, denied: &crate::gateway::Denied<'_>) {
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
