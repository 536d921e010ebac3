//! Answers: what was decided, laid out as messages.

use memchr::memmem;

use super::forwarding::UnderWay;
use crate::gateway::explain::Step;
use crate::gateway::forward::Forwarded;
use crate::gateway::{Allowed, Decision, Denial, Identity};
use crate::protocol::layout::{self, ObjectWriter};
use crate::protocol::{Address, ApiRequest, MsgId};

/// An answer that says no more than its type.
pub(super) fn plain(
    from_to: (&str, &str),
    address: &Address<'_>,
    kind: &'static str,
    out: &mut Vec<u8>,
) {
    layout::answer(out, from_to, (kind, address.msg_id.as_ref()), |_| {});
}

/// An answer of one of the types that say more.
pub(super) fn with(
    from_to: (&str, &str),
    address: &Address<'_>,
    kind: &'static str,
    out: &mut Vec<u8>,
    members: impl FnOnce(&mut ObjectWriter<'_>),
) {
    layout::answer(out, from_to, (kind, address.msg_id.as_ref()), members);
}

/// An error of the protocol.
pub(super) fn error(
    from_to: (&str, &str),
    address: &Address<'_>,
    code: u64,
    text: &str,
    out: &mut Vec<u8>,
) {
    layout::answer(out, from_to, ("error", address.msg_id.as_ref()), |body| {
        body.number("code", code);
        body.text("text", text);
    });
}

/// The answer to an `api_request`.
pub(super) fn decision(
    from_to: (&str, &str),
    address: &Address<'_>,
    decision: &Decision<'_>,
    explanation: Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    layout::answer(out, from_to, ("api_response", address.msg_id.as_ref()), |body| {
        match decision {
            Decision::Allow(allowed) => {
                body.number("status", 200);
                body.text_of("service", &allowed.service().parts());
                match allowed.caller() {
                    None => body.raw("user_context", b"null"),
                    Some(caller) if caller.recurs() => {
                        body.raw("user_context", caller.identity().rendered(user_context));
                    }
                    Some(caller) => {
                        body.object("user_context", |out| {
                            write_user_context(caller.identity(), out);
                        });
                    }
                }
            }
            Decision::Deny(denied) => denial(&denied.denial, body),
        }
        if let Some(explanation) = explanation {
            body.raw("explain", explanation);
        }
    });
}

/// A request, as its service is sent it.
pub(super) fn forwarded(
    from_to: (&str, &str),
    number: u64,
    request: &ApiRequest<'_>,
    sent: &Forwarded<'_>,
    out: &mut Vec<u8>,
) {
    layout::message(out, from_to, ("api_request", number), |body| {
        body.text("method", &request.method);
        body.text("path", &sent.target);
        let headers = sent.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        body.texts_by_name("headers", headers);
        if let Some(address) = &request.client_ip {
            body.text("client_ip", address);
        }
        if let Some(json) = request.body {
            body.json("body", json);
        }
    });
}

/// What a service answered, on its way to who asked.
pub(super) fn of_service(request: &UnderWay, status: u16, json: Option<&str>, out: &mut Vec<u8>) {
    to_who_asked(request, out, |body| {
        body.number("status", u64::from(status));
        body.text("service", &request.service);
        body.raw("user_context", &request.user_context);
        if let Some(json) = json {
            body.json("body", json);
        }
    });
}

/// What comes of a service that did not answer, or not what it should.
pub(super) fn of_failure(request: &UnderWay, why: &Denial, out: &mut Vec<u8>) {
    to_who_asked(request, out, |body| denial(why, body));
}

fn to_who_asked(
    request: &UnderWay,
    out: &mut Vec<u8>,
    members: impl FnOnce(&mut ObjectWriter<'_>),
) {
    let id = request.msg_id.as_deref().map(MsgId::of_json);
    let (src, dest) = &request.from_to;
    layout::answer(out, (src, dest), ("api_response", id.as_ref()), |body| {
        members(body);
        if let Some(explanation) = &request.explanation {
            body.raw("explain", explanation);
        }
    });
}

/// Replaces every answer to a request, when none may go out as it was decided.
pub(super) fn refuse_all(answers: &mut Vec<u8>, why: &Denial) {
    // No string can hold these: a quote in one is escaped.
    const KIND: &[u8] = b", \"body\": {\"type\": \"api_response\"";
    const STATUS: &[u8] = b", \"status\": ";
    let mut refused = Vec::with_capacity(answers.len());
    let mut rest = Vec::new();
    layout::object(&mut rest, |body| denial(why, body));
    for line in answers.split_inclusive(|byte| *byte == b'\n') {
        let status = memmem::find(line, KIND).and_then(|kind| {
            let behind = kind + KIND.len();
            memmem::find(line.get(behind..)?, STATUS).map(|status| behind + status)
        });
        match status.and_then(|status| line.get(..status)) {
            Some(envelope) => {
                refused.extend_from_slice(envelope);
                refused.extend_from_slice(b", ");
                refused.extend_from_slice(rest.get(1..).unwrap_or_default());
                refused.extend_from_slice(b"}\n");
            }
            None => refused.extend_from_slice(line),
        }
    }
    *answers = refused;
}

/// The caller as an answer shows it, or `null`.
pub(super) fn user_context_of(allowed: &Allowed<'_>) -> Vec<u8> {
    match allowed.caller() {
        Some(caller) => user_context(caller.identity()),
        None => b"null".to_vec(),
    }
}

/// The checks that were made.
pub(super) fn explanation_of(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    layout::objects(&mut out, steps, explained_step);
    out
}

fn denial(denial: &Denial, body: &mut ObjectWriter<'_>) {
    body.number("status", u64::from(denial.status()));
    body.text("error", &denial.to_string());
    if let Some(seconds) = denial.retry_after() {
        body.number("retry_after", seconds);
    }
}

fn user_context(identity: &Identity) -> Vec<u8> {
    let mut out = Vec::new();
    layout::object(&mut out, |context| write_user_context(identity, context));
    out
}

fn write_user_context(identity: &Identity, context: &mut ObjectWriter<'_>) {
    context.text("user_id", identity.user());
    context.text_or_null("role", identity.role());
    context.texts("permissions", identity.permissions());
}

fn explained_step(step: &Step, out: &mut ObjectWriter<'_>) {
    out.text("check", step.check.name());
    out.text("outcome", step.outcome.name());
    if let Some(detail) = &step.detail {
        out.text("detail", detail);
    }
}
