//! Why a decision would change, in words by which changes are put together.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::judge::Judged;
use super::super::read::DecisionLine;
use crate::gateway::{Allowed, Decision, Denial, Denied, Facts, Identity};

/// A recorded user.
#[derive(Deserialize)]
pub(super) struct User {
    pub(super) role: Option<String>,
    permissions: Vec<String>,
}

impl User {
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Why a decision would change, in words by which changes are put together.
pub(super) fn reason(
    line: &DecisionLine<'_>,
    user: Option<&str>,
    judged: &Judged<'_, '_>,
) -> String {
    match &judged.outcome {
        Err(lack) => format!("depends on {lack}; was {}", line.answer.status),
        Ok((Decision::Allow(_), _)) if line.answer.error.is_some() => was(line),
        Ok((Decision::Allow(allowed), _)) => difference(line, user, allowed),
        Ok((Decision::Deny(denied), facts)) if line.answer.error.is_none() => now(denied, facts),
        Ok((Decision::Deny(denied), facts)) => format!("{}; {}", now(denied, facts), was(line)),
    }
}

/// Why it was refused.
fn was(line: &DecisionLine<'_>) -> String {
    #[derive(Deserialize)]
    struct Explanation {
        reason: Option<String>,
    }
    let error = line.answer.error.as_deref().unwrap_or_default();
    let error = error.strip_prefix("Insufficient permissions: ").unwrap_or(error);
    // What is held differs from caller to caller.
    let error = error.rsplit_once(", have [").map_or(error, |(required, _)| required);
    let read = serde_json::from_str(line.explanation).ok();
    let behind = read.and_then(|Explanation { reason }| reason);
    let behind = behind.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("was {} {error}{behind}", line.answer.status)
}

/// Why it would be refused.
fn now(denied: &Denied<'_>, facts: &Facts<'_>) -> String {
    match &denied.denial {
        Denial::Forbidden { required, .. } => match &denied.caller {
            Some(caller) => format!("missing {}", missing(required, caller.identity())),
            None => format!("missing {}", required.join(", ")),
        },
        Denial::RateLimited { .. } => match facts.window() {
            Some((_, limit)) => format!("over the limit of {limit}"),
            None => denied.denial.to_string(),
        },
        denial => match denial.reason() {
            Some(reason) => format!("{denial} ({reason})"),
            None => denial.to_string(),
        },
    }
}

/// What of all that is required is not held; claims only where nothing else is missing.
fn missing(required: &[String], identity: &Identity) -> String {
    let is_claim =
        |text: &&String| text.contains('=') || text.starts_with("acr:") || text.starts_with("amr:");
    let is_held = |text: &&String| {
        text.split('|').any(|one| match one.strip_prefix("role:") {
            Some(role) => identity.has_role(role),
            None => identity.holds(one),
        })
    };
    let (claims, others): (Vec<&String>, Vec<&String>) = required.iter().partition(is_claim);
    let others: Vec<&str> =
        others.iter().filter(|text| !is_held(text)).map(|text| text.as_str()).collect();
    match others.is_empty() {
        true => claims.iter().map(|text| text.as_str()).collect::<Vec<_>>().join(", "),
        false => others.join(", "),
    }
}

/// How it would pass otherwise than it did.
fn difference(line: &DecisionLine<'_>, user: Option<&str>, allowed: &Allowed<'_>) -> String {
    let mut parts = Vec::new();
    let (old, new) = (line.answer.service.as_deref().unwrap_or_default(), allowed.service());
    if *old != *new.to_string() {
        parts.push(format!("to {new} instead of {old}"));
    }
    let was = user.and_then(User::read);
    match (was, allowed.caller().map(|caller| caller.identity())) {
        (Some(was), Some(is)) => differences(&was, is, &mut parts),
        (Some(_), None) => parts.push("without its user".to_owned()),
        (None, Some(_)) => parts.push("with a user".to_owned()),
        (None, None) => {}
    }
    match parts.is_empty() {
        true => "under another name".to_owned(),
        false => parts.join(", "),
    }
}

fn differences(was: &User, is: &Identity, parts: &mut Vec<String>) {
    if was.role.as_deref() != is.role() {
        let shown = |role: Option<&str>| role.unwrap_or("none").to_owned();
        let (old, new) = (shown(was.role.as_deref()), shown(is.role()));
        parts.push(format!("role {new} instead of {old}"));
    }
    let old: BTreeSet<&str> = was.permissions.iter().map(String::as_str).collect();
    let new: BTreeSet<&str> = is.permissions().collect();
    for (verb, some) in [("gains", new.difference(&old)), ("loses", old.difference(&new))] {
        let some: Vec<&str> = some.copied().collect();
        if !some.is_empty() {
            parts.push(format!("{verb} {}", some.join(", ")));
        }
    }
    if old == new && !was.permissions.iter().map(String::as_str).eq(is.permissions()) {
        parts.push("permissions in another order".to_owned());
    }
}
