//! Requests on their way to services, and the services' answers on their way back.

use std::sync::Arc;

use tracing::debug;

use super::answer;
use super::conversation::{Node, route_back};
use super::forwarding::UnderWay;
use crate::gateway::breaker::Outcome;
use crate::gateway::{Allowed, Denial, Now, Request, Steady};
use crate::protocol::reply::{Answer, Reply, ReplyContent};
use crate::protocol::{Address, ApiRequest};

impl Node {
    /// Sends a request that may pass to its service.
    pub(super) fn forward(
        &mut self,
        address: &Address<'_>,
        (request, asked): (&ApiRequest<'_>, &Request<'_>),
        (allowed, explanation): (&Allowed<'_>, Option<Vec<u8>>),
        out: &mut Vec<u8>,
    ) {
        let Some(sent) = self.gateway.forward(asked, allowed) else { return };
        let Some(forwarding) = &mut self.forwarding else { return };
        let service = allowed.service().shared();
        let timeout = self.in_force.timeout(&service);
        let (src, dest) = route_back(self.name.as_deref(), address);
        let under_way = UnderWay {
            service: Arc::clone(&service),
            pass: allowed.pass(),
            from_to: (src.into(), dest.into()),
            msg_id: address.msg_id.as_ref().map(|id| id.json().into()),
            user_context: answer::user_context_of(allowed).into(),
            explanation: explanation.map(Vec::into_boxed_slice),
        };
        let number = forwarding.send(under_way, self.now.steady, timeout);
        answer::forwarded((src, &service), number, request, &sent, out);
    }

    /// Takes an answer; it counts only where somebody waits for it.
    pub(super) fn service_answered(&mut self, line: u64, answer: Answer<'_>, out: &mut Vec<u8>) {
        let Some(forwarding) = &mut self.forwarding else {
            debug!(line, "ignored: it is itself an answer");
            return;
        };
        let Some(Reply { src, in_reply_to, content }) = answer.read() else {
            forwarding.dropped += 1;
            debug!(line, "dropped: an answer that does not say who answers what");
            return;
        };
        let Some(request) = forwarding.answered(in_reply_to, &src) else {
            debug!(line, "dropped: an answer that nobody waits for");
            return;
        };
        let now = self.now;
        match content {
            ReplyContent::Response { status, body } => {
                let outcome = match status {
                    502..=504 => Outcome::Failure,
                    _ => Outcome::Success,
                };
                self.gateway.report(&request.service, request.pass, outcome, now);
                answer::of_service(&request, status, body, out);
            }
            ReplyContent::Unusable => {
                let service = Arc::clone(&request.service);
                self.failed(&request, &Denial::BadGateway { service }, now, out);
            }
        }
    }

    /// Answers every request whose time is over.
    pub(super) fn fire_deadlines(&mut self, out: &mut Vec<u8>) {
        while let Some((deadline, request)) =
            self.forwarding.as_mut().and_then(|forwarding| forwarding.overdue(self.now.steady))
        {
            // It failed when its time was over, not when somebody noticed.
            let then = Now { wall: self.now.wall, steady: deadline };
            let service = Arc::clone(&request.service);
            self.failed(&request, &Denial::GatewayTimeout { service }, then, out);
        }
    }

    /// Answers every request that is still with a service: no answer can come any more.
    pub(super) fn give_up(&mut self, out: &mut Vec<u8>) {
        if self.forwarding.is_some() {
            self.now.steady = Steady::MAX;
            self.fire_deadlines(out);
        }
    }

    /// When the next request's time is over.
    pub(super) fn next_deadline(&mut self) -> Option<Steady> {
        self.forwarding.as_mut()?.next_deadline()
    }

    fn failed(&mut self, request: &UnderWay, denial: &Denial, now: Now, out: &mut Vec<u8>) {
        self.gateway.report(&request.service, request.pass, Outcome::Failure, now);
        self.counters.failed(denial);
        answer::of_failure(request, denial, out);
    }
}
