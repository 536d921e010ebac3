//! The line of a decision.

use super::redact::Redactor;
use super::text::{number, number_or_null, string, string_or_null, string_part, strings, user};
use crate::gateway::explain::{Outcome, outcome};
use crate::gateway::facts::{Circuit, Presented, Room};
use crate::gateway::failure::Failure;
use crate::gateway::key::algorithm_name;
use crate::gateway::limit::{RateLimit, Scope};
use crate::gateway::token::TokenFault;
use crate::gateway::verified::{Kind, Verified};
use crate::gateway::{BadRequest, Check, ClaimsFault, Decision, Denial, Facts, Request};

/// Every check passed: how most decisions are explained.
pub(super) const ALL_PASSED: &str = concat!(
    r#"{"passed":["request","credential","scheme","expiry","token","rate_limit","route","#,
    r#""permission","step_up","availability"],"failed":null,"reason":null}"#
);

/// Names of headers are short words; whatever else stands in their place is not written down.
const LONGEST_NAME: usize = 64;

/// What was asked for: everything but values of headers, the query and the body.
pub(super) fn request(
    out: &mut Vec<u8>,
    request: Result<&Request<'_>, &BadRequest>,
    facts: &Facts<'_>,
    redactor: Option<&Redactor>,
) {
    let request = match request {
        Ok(request) => request,
        Err(fault) => return malformed(out, fault),
    };
    out.extend_from_slice(b"{\"method\":");
    string(out, request.method);
    out.extend_from_slice(b",\"path\":");
    let path = path_of(request.target);
    match hidden_user(facts, redactor) {
        Some((redactor, user)) => string(out, &redactor.path(request.method, path, user)),
        None => string(out, path),
    }
    out.extend_from_slice(b",\"headers\":[");
    for (place, (name, _)) in request.headers.iter().enumerate() {
        out.extend_from_slice(if place > 0 { b",\"" } else { b"\"" });
        out.extend_from_slice(header_name(name).as_bytes());
        out.push(b'"');
    }
    out.push(b']');
    out.extend_from_slice(b",\"required\":");
    strings(out, request.required.iter().map(|permission| &**permission));
    out.extend_from_slice(b",\"client\":");
    match (request.client_ip, redactor.filter(|redactor| redactor.redaction.client)) {
        (Some(client), Some(redactor)) => string(out, &redactor.client(client)),
        (client, _) => string_or_null(out, client),
    }
    out.push(b'}');
}

/// The user, where it is not to be known.
fn hidden_user<'r>(
    facts: &'r Facts<'_>,
    redactor: Option<&'r Redactor>,
) -> Option<(&'r Redactor, &'r str)> {
    let redactor = redactor.filter(|redactor| redactor.redaction.user)?;
    Some((redactor, facts.proved()?.identity().user()))
}

fn malformed(out: &mut Vec<u8>, fault: &BadRequest) {
    let (member, problem) = match fault {
        BadRequest::Member { member, problem } => (&**member, &**problem),
        // Found later, in requests that can be read.
        BadRequest::Path(_) | BadRequest::SeveralCredentials => ("", ""),
    };
    out.extend_from_slice(b"{\"member\":");
    string(out, member);
    out.extend_from_slice(b",\"problem\":");
    string(out, problem);
    out.push(b'}');
}

/// The path without its query, and without what is no path at all.
fn path_of(target: &str) -> &str {
    let up_to = |place: usize| target.get(..place).unwrap_or(target);
    match target.find(['?', '#']) {
        // Whatever it is, it is as good as nothing.
        _ if !target.starts_with('/') => "",
        // A `#` makes the path a bad one, and must go on doing so.
        Some(place) if target.as_bytes().get(place) == Some(&b'#') => up_to(place + 1),
        Some(place) => up_to(place),
        None => target,
    }
}

fn header_name(name: &str) -> &str {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    match name.len() <= LONGEST_NAME && name.bytes().all(is_letter) {
        true => name,
        false => "?",
    }
}

/// What state told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    window: Option<(Scope, RateLimit)>,
    room: Option<Room>,
    store_failed: bool,
    circuit: Option<Circuit>,
    revoked: Option<&'static str>,
    introspection: Option<&'static str>,
    key_version: u64,
}

impl Told {
    pub(super) fn of(decision: &Decision<'_>, facts: &Facts<'_>, key_version: u64) -> Self {
        Self {
            window: facts.window(),
            room: facts.room(),
            store_failed: facts.store_failed(),
            circuit: facts.circuit(),
            revoked: revoked(decision, facts),
            introspection: introspection(decision, facts),
            key_version,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"window\":");
        string_or_null(out, self.window.map(|(scope, _)| window_name(scope)));
        out.extend_from_slice(b",\"limit\":");
        string_or_null(out, self.window.map(|(_, limit)| limit.to_string()).as_deref());
        let (room, retry_after) = match self.room {
            None => (None, None),
            Some(Room::Free) => (Some("free"), None),
            Some(Room::Full { retry_after }) => (Some("full"), Some(retry_after.get())),
            Some(Room::Unknown) => (Some("unknown"), None),
            Some(Room::Failed) => (Some("failed"), None),
        };
        out.extend_from_slice(b",\"room\":");
        string_or_null(out, room);
        out.extend_from_slice(b",\"room_after\":");
        number_or_null(out, retry_after);
        out.extend_from_slice(b",\"store_failed\":");
        out.extend_from_slice(if self.store_failed { b"true" } else { b"false" });
        let (circuit, retry_after) = match self.circuit {
            None => (None, None),
            Some(Circuit::Closed) => (Some("closed"), None),
            Some(Circuit::Open { retry_after }) => (Some("open"), Some(retry_after)),
        };
        out.extend_from_slice(b",\"circuit\":");
        string_or_null(out, circuit);
        out.extend_from_slice(b",\"circuit_after\":");
        number_or_null(out, retry_after);
        out.extend_from_slice(b",\"revoked\":");
        string_or_null(out, self.revoked);
        out.extend_from_slice(b",\"introspection\":");
        string_or_null(out, self.introspection);
        out.extend_from_slice(b",\"key_version\":");
        number(out, self.key_version);
        out.push(b'}');
    }
}

fn window_name(scope: Scope) -> &'static str {
    match scope {
        Scope::General => "general",
        Scope::Route(_) => "route",
        Scope::Address => "address",
    }
}

fn denial_of<'d>(decision: &'d Decision<'_>) -> Option<&'d Denial> {
    match decision {
        Decision::Allow(_) => None,
        Decision::Deny(denied) => Some(&denied.denial),
    }
}

/// How the credential failed, whether that decided or a full window before it.
fn failure_of(decision: &Decision<'_>, facts: &Facts<'_>) -> Option<Failure> {
    facts.failure().cloned().or_else(|| denial_of(decision).and_then(Failure::of))
}

/// What was known of the credential's being revoked; asked only once it is known to be good now.
fn revoked(decision: &Decision<'_>, facts: &Facts<'_>) -> Option<&'static str> {
    facts.proved()?;
    match failure_of(decision, facts) {
        Some(Failure::Expired | Failure::Invalid(TokenFault::NotYetValid)) => None,
        Some(Failure::Invalid(TokenFault::Revoked(by))) => Some(by.name()),
        Some(Failure::Invalid(TokenFault::Claims(ClaimsFault::WrongType(_)))) => Some("jti_type"),
        _ => Some("no"),
    }
}

fn introspection(decision: &Decision<'_>, facts: &Facts<'_>) -> Option<&'static str> {
    if facts.presented()? != Presented::OpaqueToken {
        return None;
    }
    match failure_of(decision, facts) {
        Some(Failure::Introspection) => Some("failed"),
        Some(Failure::Invalid(TokenFault::Inactive)) => Some("inactive"),
        Some(Failure::Invalid(TokenFault::TooLong)) => None,
        _ => Some("active"),
    }
}

/// How it came out.
pub(super) fn decision(
    out: &mut Vec<u8>,
    decision: &Decision<'_>,
    facts: &Facts<'_>,
    redactor: Option<&Redactor>,
) {
    let denial = denial_of(decision);
    out.extend_from_slice(b"{\"status\":");
    number(out, denial.map_or(200, |denial| u64::from(denial.status())));
    out.extend_from_slice(b",\"retry_after\":");
    number_or_null(out, denial.and_then(Denial::retry_after));
    out.extend_from_slice(b",\"route\":");
    number_or_null(out, facts.route().map(|route| route as u64));
    out.extend_from_slice(b",\"service\":");
    let is_past_the_route = denial.is_none_or(|denial| denial.check() > Check::Route);
    match decision.service().filter(|_| is_past_the_route) {
        None => out.extend_from_slice(b"null"),
        Some(service) => {
            let [stem, suffix] = service.parts();
            out.push(b'"');
            string_part(out, stem);
            string_part(out, suffix);
            out.push(b'"');
        }
    }
    out.extend_from_slice(b",\"error\":");
    match denial {
        None => out.extend_from_slice(b"null"),
        Some(denial) => match (denial, hidden_user(facts, redactor)) {
            (Denial::Forbidden { required, held }, Some((redactor, user))) => {
                let required = required.iter().map(|text| redactor.required(text, user)).collect();
                let hidden = Denial::Forbidden { required, held: held.clone() };
                string(out, &hidden.to_string());
            }
            _ => string(out, &denial.to_string()),
        },
    }
    out.push(b'}');
}

/// Why it came out so: the checks that were passed, in order, the one that failed, and what is behind
/// it where the answer does not say.
pub(super) fn explanation(out: &mut Vec<u8>, decision: &Decision<'_>) {
    let Some(denial) = denial_of(decision) else {
        out.extend_from_slice(ALL_PASSED.as_bytes());
        return;
    };
    out.extend_from_slice(b"{\"passed\":[");
    let passed = |check: &Check| outcome(*check, Some(denial)) == Outcome::Passed;
    for (place, check) in Check::ALL.iter().filter(|check| passed(check)).enumerate() {
        out.extend_from_slice(if place > 0 { b",\"" } else { b"\"" });
        out.extend_from_slice(check.name().as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b"],\"failed\":");
    string(out, denial.check().name());
    out.extend_from_slice(b",\"reason\":");
    string_or_null(out, denial.reason().as_deref());
    out.push(b'}');
}

/// What the credential proved, or how it failed; `null` where nobody looked for one.
pub(super) fn credential(
    out: &mut Vec<u8>,
    decision: &Decision<'_>,
    facts: &Facts<'_>,
    redactor: Option<&Redactor>,
) {
    if let Some(verified) = facts.proved() {
        let redactor = redactor.filter(|redactor| redactor.redaction.user);
        out.extend_from_slice(verified.rendered_evidence(|| proof(verified, redactor)));
        return;
    }
    match failure_of(decision, facts) {
        Some(failure) => failed(out, facts.presented(), &failure),
        None => out.extend_from_slice(b"null"),
    }
}

fn failed(out: &mut Vec<u8>, presented: Option<Presented>, failure: &Failure) {
    out.extend_from_slice(b"{\"kind\":");
    string_or_null(out, presented.map(kind_name));
    let (name, of) = failure.name();
    out.extend_from_slice(b",\"failure\":");
    string(out, name);
    out.extend_from_slice(b",\"of\":");
    string_or_null(out, of);
    out.push(b'}');
}

fn kind_name(presented: Presented) -> &'static str {
    match presented {
        Presented::Token => "token",
        Presented::OpaqueToken => "opaque_token",
        Presented::ApiKey => "api_key",
    }
}

fn proof(verified: &Verified, redactor: Option<&Redactor>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let identity = verified.identity();
    out.extend_from_slice(b"{\"kind\":");
    match verified.kind() {
        Kind::ApiKey { id } => {
            string(&mut out, "api_key");
            out.extend_from_slice(b",\"id\":");
            string(&mut out, id);
        }
        Kind::Token { algorithm, .. } => {
            string(&mut out, "token");
            out.extend_from_slice(b",\"alg\":");
            string(&mut out, algorithm_name(*algorithm));
            let evidence = verified.evidence();
            out.extend_from_slice(b",\"typ\":");
            string_or_null(&mut out, evidence.and_then(|evidence| evidence.typ.as_deref()));
            out.extend_from_slice(b",\"key\":");
            string_or_null(&mut out, evidence.and_then(|evidence| evidence.key.as_deref()));
            out.extend_from_slice(b",\"thumbprint\":");
            let thumbprint = evidence.and_then(|evidence| evidence.thumbprint.as_deref());
            string_or_null(&mut out, thumbprint);
            claims(&mut out, verified, redactor);
        }
        Kind::Opaque => {
            string(&mut out, "opaque_token");
            claims(&mut out, verified, redactor);
        }
    }
    out.extend_from_slice(b",\"user\":");
    match redactor {
        None => user(&mut out, identity.user(), identity),
        Some(redactor) => user(&mut out, &redactor.user(identity.user()), identity),
    }
    out.push(b'}');
    out
}

fn claims(out: &mut Vec<u8>, verified: &Verified, redactor: Option<&Redactor>) {
    out.extend_from_slice(b",\"claims\":{");
    let kept = verified.evidence().map_or(&[][..], |evidence| &evidence.claims);
    for (place, (name, json)) in kept.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        string(out, name);
        out.push(b':');
        match redactor {
            None => one_line(out, json),
            Some(redactor) => {
                let user = verified.identity().user();
                out.extend_from_slice(redactor.claim(name, json, user).as_bytes());
            }
        }
    }
    out.push(b'}');
}

/// JSON as it stands in a token may have line breaks between its parts, and only there.
fn one_line(out: &mut Vec<u8>, json: &str) {
    out.extend(json.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
}
