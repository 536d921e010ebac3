//! Decides a record under another configuration and says what would change.
//!
//! Nothing is called unchanged that the record does not prove to be: what the other configuration asks
//! for and the record lacks is undecidable, and counted as such.

mod reason;
mod report;
mod tally;

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::Value;

pub use self::report::{Category, Change, Counts, Example, Report};
use self::tally::Tally;
use super::judge::{self, Judge, Judged};
use super::read::{Line, ReadError, RecordFault, Records, StartLine};
use super::replay::tied;
use super::start::{Event, KeysFrom};
use crate::gateway::policy::Policy;
use crate::gateway::recorded::{KeysNow, KnownKey, RecordedGateway, Recording};

/// The configuration that a record is decided under.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// What it decides by.
    pub policy: Policy,
    /// The whole tree, as JSON.
    pub tree: Value,
    /// Its keys by issuer, `[jwt]`'s under none, as far as they could be read. Where the tree names the
    /// same keys as that of the record they are taken to be the same.
    pub keys: BTreeMap<Option<String>, Vec<KnownKey>>,
}

/// Decides a whole record under another configuration.
///
/// # Errors
/// Where the record cannot be read.
pub fn what_if(input: impl Read, proposal: &Proposal) -> Result<Report, ReadError> {
    let mut records = Records::new(input);
    let mut judge: Option<Judge> = None;
    let mut tally = Tally::default();
    loop {
        let line = records.line() + 1;
        let failed = |fault| ReadError { line, fault };
        match records.next_line()? {
            None => break,
            Some(Line::Start(start)) => {
                let recording =
                    recording(&start, proposal, &mut tally.report.notes).map_err(failed)?;
                let known = judge.take();
                judge = Some(begin(known, &start, proposal, &recording).map_err(failed)?);
                if start.event == Event::Begin {
                    tally.began = None;
                }
            }
            Some(Line::Decision(decision)) => {
                let Some(judge) = &mut judge else { return Err(failed(RecordFault::NoRecord)) };
                let take = |gateway: &mut RecordedGateway, judged: &Judged<'_, '_>| {
                    tally.take(line, &decision, gateway, judged);
                };
                judge.decide(&decision, take).map_err(failed)?;
            }
        }
    }
    let mut report = tally.report;
    let counts_anew = report.counts.undecidable > 0 && limits_anything(&proposal.policy);
    note(&mut report.notes, counts_anew, LIMIT_NOTE);
    report.missing = records.missing();
    report.truncated_line = records.truncated();
    report.changes.sort_by(|one, other| {
        let key = |change: &Change| (change.category, u64::MAX - change.count, change.example.line);
        key(one).cmp(&key(other))
    });
    Ok(report)
}

fn limits_anything(policy: &Policy) -> bool {
    let limits = &policy.limits;
    let on_routes = policy.routes.iter().flatten().any(|route| route.rate_limit.is_some());
    let general = limits.default.is_some() || !limits.roles.is_empty();
    on_routes || general || limits.per_address.is_some()
}

/// A judge for what comes behind a start line.
fn begin(
    judge: Option<Judge>,
    start: &StartLine,
    proposal: &Proposal,
    recording: &Recording,
) -> Result<Judge, RecordFault> {
    let Some(mut judge) = judge else {
        let gateway = RecordedGateway::what_if(&proposal.policy, recording);
        return Ok(Judge::new(gateway.map_err(|_| tied())?));
    };
    judge.gateway.recorded_under(recording).map_err(|_| tied())?;
    judge.forget();
    if start.event == Event::Begin {
        judge.gateway.restarted();
    }
    Ok(judge)
}

/// Under what the decisions behind a start line were made, beside what is proposed.
fn recording(
    start: &StartLine,
    proposal: &Proposal,
    notes: &mut Vec<&'static str>,
) -> Result<Recording, RecordFault> {
    let configuration = judge::configuration(start)?;
    let old = configuration.to_json();
    let mut recording = Recording::of(configuration.policy, start.claims.iter().cloned().collect());
    recording.redacts_users = start.redact.user;
    let issuers = proposal.policy.issuers.keys().map(|name| Some(name.clone()));
    for issuer in std::iter::once(None).chain(issuers) {
        if let Some(keys) = keys_now(&issuer, start, &old, proposal) {
            note(notes, keys == KeysNow::Unknown, KEY_NOTE);
            recording.keys.insert(issuer, keys);
        }
    }
    let endpoint =
        |tree: &Value, member: &str| tree.pointer(&format!("/introspection/{member}")).cloned();
    recording.other_introspection = ["url", "client_id"]
        .iter()
        .any(|member| endpoint(&old, member) != endpoint(&proposal.tree, member));
    let file = |tree: &Value| tree.pointer("/revocation/file").cloned();
    note(notes, file(&old) != file(&proposal.tree), REVOCATION_NOTE);
    let has_keys = !recording.policy.api_keys.is_empty() && !proposal.policy.api_keys.is_empty();
    note(notes, has_keys, API_KEY_NOTE);
    Ok(recording)
}

const LIMIT_NOTE: &str =
    "what is undecidable is not counted against limits, which may refuse more than is shown";

const KEY_NOTE: &str = "the configuration names other keys, which were not read";

const REVOCATION_NOTE: &str =
    "revocation.file is another one: what files and messages revoke is taken as it was recorded";

const API_KEY_NOTE: &str = "an API key is taken to be the same as long as its id is";

fn note(notes: &mut Vec<&'static str>, applies: bool, text: &'static str) {
    if applies && !notes.contains(&text) {
        notes.push(text);
    }
}

/// The keys of an issuer under the proposal; none where they are those of the record.
fn keys_now(
    issuer: &Option<String>,
    start: &StartLine,
    old: &Value,
    proposal: &Proposal,
) -> Option<KeysNow> {
    let references = |tree: &Value| match issuer {
        None => tree.get("jwt")?.get("keys").cloned(),
        Some(name) => tree.get("issuers")?.get(name)?.get("keys").cloned(),
    };
    let then = start.keys.iter().find(|keys| keys.issuer == *issuer);
    // An init's key stands in place of whatever the tree names.
    if then.is_some_and(|keys| keys.from == KeysFrom::Init)
        || then.is_some() && references(old) == references(&proposal.tree)
    {
        return None;
    }
    match proposal.keys.get(issuer) {
        None => Some(KeysNow::Unknown),
        Some(now) => {
            // Secrets cannot be compared.
            let all_public = now.iter().all(|key| key.thumbprint.is_some());
            let same = then.is_some_and(|then| {
                then.keys.len() == now.len() && now.iter().all(|key| then.keys.contains(key))
            });
            (!(all_public && same)).then(|| KeysNow::Known(now.clone()))
        }
    }
}
