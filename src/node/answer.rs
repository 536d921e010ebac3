//! Answers: what was decided, laid out as messages.

use crate::gateway::explain::{Step, explain};
use crate::gateway::{Decision, Denial, Identity};
use crate::protocol::Address;
use crate::protocol::layout::{self, ObjectWriter};

/// An answer that says no more than its type.
pub(super) fn plain(
    from_to: (&str, &str),
    address: &Address<'_>,
    kind: &'static str,
    out: &mut Vec<u8>,
) {
    layout::answer(out, from_to, (kind, address.msg_id.as_ref()), |_| {});
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
    explained: bool,
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
        if explained {
            explanation(&explain(decision), body);
        }
    });
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

fn explanation(steps: &[Step], body: &mut ObjectWriter<'_>) {
    body.objects("explain", steps, |step, out| {
        out.text("check", step.check.name());
        out.text("outcome", step.outcome.name());
        if let Some(detail) = &step.detail {
            out.text("detail", detail);
        }
    });
}
