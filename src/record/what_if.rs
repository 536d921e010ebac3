//! Decides a record under another configuration and says what would change.
//!
//! Nothing is called unchanged that the record does not prove to be: what the other configuration asks
//! for and the record lacks is undecidable, and counted as such.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::Read;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::judge::{self, Judge, Judged, recorded_user};
use super::read::{
    CredentialLine, DecisionLine, Line, ReadError, RecordFault, Records, RequestLine, StartLine,
};
use super::replay::tied;
use super::start::{Event, KeysFrom};
use crate::gateway::policy::Policy;
use crate::gateway::recorded::{KeysNow, KnownKey, REDACTED, RecordedGateway, Recording};
use crate::gateway::{Allowed, Decision, Denial, Denied, Facts, Identity, Steady};

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

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Decisions in the record.
    pub decisions: u64,
    /// Those that come out the same.
    pub unchanged: u64,
    /// Of each category, how many; in the order of [`Category::ALL`].
    #[serde(flatten)]
    pub counts: Counts,
    /// Decisions that were not recorded, as their numbers tell.
    pub missing: u64,
    /// The last line, where it has no end and was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated_line: Option<u64>,
    /// What was taken for granted.
    pub notes: Vec<&'static str>,
    /// The changes: by category, then the most frequent first.
    pub changes: Vec<Change>,
}

/// How many decisions of each category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// See [`Category::NewlyAllowed`].
    pub newly_allowed: u64,
    /// See [`Category::NewlyDenied`].
    pub newly_denied: u64,
    /// See [`Category::DeniedOtherwise`].
    pub denied_otherwise: u64,
    /// See [`Category::AllowedOtherwise`].
    pub allowed_otherwise: u64,
    /// See [`Category::Undecidable`].
    pub undecidable: u64,
}

/// How a decision would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// It was refused and would pass.
    NewlyAllowed,
    /// The record lacks what the new configuration asks for.
    Undecidable,
    /// It passed and would be refused.
    NewlyDenied,
    /// It would be refused for another reason.
    DeniedOtherwise,
    /// It would pass to another service, or under another role or other permissions.
    AllowedOtherwise,
}

/// Decisions that would change in the same way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// How.
    pub category: Category,
    /// The route that they take under the new configuration.
    pub route: String,
    /// The caller's role.
    pub role: Option<String>,
    /// Why.
    pub reason: String,
    /// They fall into the first window of a limit, of which the record does not show the beginning.
    pub warm_up: bool,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub example: Example,
}

/// A decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Example {
    /// The line of the record, counted from 1.
    pub line: u64,
    /// The number of the decision.
    pub decision: u64,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The caller, as far as one was proved.
    pub user: Option<String>,
}

impl Category {
    /// Every category, in the order of a report.
    pub const ALL: [Self; 5] = [
        Self::NewlyAllowed,
        Self::Undecidable,
        Self::NewlyDenied,
        Self::DeniedOtherwise,
        Self::AllowedOtherwise,
    ];

    /// The category's name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::Undecidable => "undecidable",
            Self::NewlyDenied => "newly denied",
            Self::DeniedOtherwise => "denied for another reason",
            Self::AllowedOtherwise => "allowed otherwise",
        }
    }
}

impl Counts {
    /// How many of a category.
    pub fn of(&self, category: Category) -> u64 {
        match category {
            Category::NewlyAllowed => self.newly_allowed,
            Category::Undecidable => self.undecidable,
            Category::NewlyDenied => self.newly_denied,
            Category::DeniedOtherwise => self.denied_otherwise,
            Category::AllowedOtherwise => self.allowed_otherwise,
        }
    }

    fn add(&mut self, category: Category) {
        *match category {
            Category::NewlyAllowed => &mut self.newly_allowed,
            Category::Undecidable => &mut self.undecidable,
            Category::NewlyDenied => &mut self.newly_denied,
            Category::DeniedOtherwise => &mut self.denied_otherwise,
            Category::AllowedOtherwise => &mut self.allowed_otherwise,
        } += 1;
    }
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

/// The most changes that are told apart.
const MOST_CHANGES: usize = 10_000;

/// The most kinds of changes that are remembered.
const MOST_KINDS: usize = 20_000;

/// What has been found out so far.
#[derive(Default)]
struct Tally {
    report: Report,
    /// Places in the report's changes, by what they are grouped by.
    places: HashMap<String, usize, RandomState>,
    /// The same by what they come from, so that recurring ones cost little.
    kinds: HashMap<Vec<u8>, usize, RandomState>,
    /// When the first decision of the process was made.
    began: Option<Steady>,
    text: String,
    key: Vec<u8>,
}

impl Tally {
    fn take(
        &mut self,
        number: u64,
        line: &DecisionLine<'_>,
        gateway: &RecordedGateway,
        judged: &Judged<'_, '_>,
    ) {
        self.report.decisions += 1;
        let began = *self.began.get_or_insert(line.now.steady);
        let Some(category) = self.category(line, judged) else {
            self.report.unchanged += 1;
            return;
        };
        self.report.counts.add(category);
        let warm_up = is_warm_up(began, line, judged);
        self.key((category, warm_up), line, gateway, judged);
        let place = match self.kinds.get(self.key.as_slice()) {
            Some(place) => *place,
            None => {
                let key = self.key.clone();
                let place = self.place(category, warm_up, (number, line), gateway, judged);
                if self.kinds.len() >= MOST_KINDS {
                    self.kinds.clear();
                }
                self.kinds.insert(key, place);
                place
            }
        };
        if let Some(change) = self.report.changes.get_mut(place) {
            change.count += 1;
        }
    }

    /// Puts down all that tells a change from others, and more, in the form in which it is at hand.
    fn key(
        &mut self,
        (category, warm_up): (Category, bool),
        line: &DecisionLine<'_>,
        gateway: &RecordedGateway,
        judged: &Judged<'_, '_>,
    ) {
        let key = &mut self.key;
        key.clear();
        key.extend([category as u8, u8::from(warm_up)]);
        key.extend(judged.credential.number.to_ne_bytes());
        let mut add = |text: &str| {
            key.extend(text.len().to_ne_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        match &judged.outcome {
            Ok((decision, facts)) => {
                add_route(&mut add, facts);
                match decision {
                    Decision::Allow(allowed) => allowed.service().parts().into_iter().for_each(add),
                    Decision::Deny(Denied { denial, .. }) => add_denial(&mut add, denial, facts),
                }
            }
            Err(lack) => {
                add(&lack.to_string());
                if let RequestLine::Request { method, path, .. } = &line.request {
                    match gateway.route_index(method, path) {
                        Some(route) => add(&route.to_string()),
                        None => [method, path].into_iter().for_each(|text| add(text)),
                    }
                }
            }
        }
        let key = &mut self.key;
        key.extend_from_slice(line.decision.as_bytes());
        if line.answer.error.is_some() {
            key.extend_from_slice(line.explanation.as_bytes());
        }
    }

    /// The place of a change among those of its kind.
    fn place(
        &mut self,
        category: Category,
        warm_up: bool,
        (number, line): (u64, &DecisionLine<'_>),
        gateway: &RecordedGateway,
        judged: &Judged<'_, '_>,
    ) -> usize {
        let read = CredentialLine::read(line.credential).ok().flatten();
        let user = read.as_ref().and_then(CredentialLine::user);
        let (method, path) = match &line.request {
            RequestLine::Request { method, path, .. } => (&**method, &**path),
            RequestLine::Malformed { .. } => ("", ""),
        };
        let proved = judged.outcome.as_ref().ok().and_then(|(_, facts)| facts.proved());
        let role = match proved {
            Some(proved) => proved.identity().role().map(str::to_owned),
            None => user.and_then(|user| User::read(user)?.role),
        };
        let reason = reason(line, user, judged);
        let route = gateway.route_name(method, path);
        let group = format!("{:?}", (category, &route, &role, &reason, warm_up));
        if let Some(place) = self.places.get(&group) {
            return *place;
        }
        // Whoever sends requests has a part in what they are grouped by.
        if self.places.len() >= MOST_CHANGES {
            return self.rest(category);
        }
        let place = self.report.changes.len();
        self.places.insert(group, place);
        let example = Example {
            line: number,
            decision: line.number,
            method: method.to_owned(),
            path: path.to_owned(),
            user: user.and_then(recorded_user),
        };
        self.report.changes.push(Change {
            category,
            route,
            role,
            reason,
            warm_up,
            count: 0,
            example,
        });
        place
    }

    /// The place of what is not told apart any more.
    fn rest(&mut self, category: Category) -> usize {
        let reason = "of further kinds, not told apart".to_owned();
        let is_rest = |change: &Change| change.category == category && change.reason == reason;
        self.report.changes.iter().position(is_rest).unwrap_or_else(|| {
            self.report.changes.push(Change {
                category,
                route: String::new(),
                role: None,
                reason: reason.clone(),
                warm_up: false,
                count: 0,
                example: Example::default(),
            });
            self.report.changes.len() - 1
        })
    }

    /// How a decision would change; none where it would not.
    fn category(&mut self, line: &DecisionLine<'_>, judged: &Judged<'_, '_>) -> Option<Category> {
        let passed = line.answer.error.is_none();
        match &judged.outcome {
            Err(_) => Some(Category::Undecidable),
            Ok((Decision::Allow(_), _)) if !passed => Some(Category::NewlyAllowed),
            Ok((Decision::Allow(allowed), _)) => {
                (!is_same(line, allowed, judged)).then_some(Category::AllowedOtherwise)
            }
            Ok((Decision::Deny(_), _)) if passed => Some(Category::NewlyDenied),
            Ok((Decision::Deny(Denied { denial, .. }), _)) => {
                self.text.clear();
                let _ = write!(self.text, "{denial}");
                let same = denial.status() == line.answer.status
                    && line.answer.error.as_deref() == Some(&self.text);
                // What a configuration says to the letter may be a user's name too.
                let is_redacted = line.answer.status == denial.status()
                    && line.answer.error.as_deref().is_some_and(|error| error.contains(REDACTED));
                match (same, is_redacted) {
                    (true, _) => None,
                    (false, true) => Some(Category::Undecidable),
                    (false, false) => Some(Category::DeniedOtherwise),
                }
            }
        }
    }
}

/// The route, and the service where there is none.
fn add_route(add: &mut impl FnMut(&str), facts: &Facts<'_>) {
    match (facts.route(), facts.service()) {
        (Some(route), _) => add(&route.to_string()),
        (None, Some(service)) => service.parts().into_iter().for_each(add),
        (None, None) => {}
    }
}

/// Why a request would be refused. What its caller holds is the credential's affair.
fn add_denial(add: &mut impl FnMut(&str), denial: &Denial, facts: &Facts<'_>) {
    add(denial.check().name());
    match denial {
        Denial::Forbidden { required, .. } => required.iter().for_each(|text| add(text)),
        Denial::RateLimited { .. } => {
            if let Some((_, limit)) = facts.window() {
                add(&limit.to_string());
            }
        }
        other => {
            add(&other.to_string());
            other.reason().iter().for_each(|text| add(text));
        }
    }
}

/// True where a request would pass as it passed.
fn is_same(line: &DecisionLine<'_>, allowed: &Allowed<'_>, judged: &Judged<'_, '_>) -> bool {
    let [stem, suffix] = allowed.service().parts();
    let service = line.answer.service.as_deref().unwrap_or_default();
    service.strip_prefix(stem) == Some(suffix)
        && (allowed.caller().is_none() || judged.credential.names_same_user)
}

/// True where a window decides, or decided, of which the record does not show the beginning.
fn is_warm_up(began: Steady, line: &DecisionLine<'_>, judged: &Judged<'_, '_>) -> bool {
    let (now, then) = match &judged.outcome {
        Ok((Decision::Deny(Denied { denial: Denial::RateLimited { .. }, .. }), facts)) => {
            (facts.window().map(|(_, limit)| limit), None)
        }
        _ => (None, None),
    };
    let then = match line.answer.status {
        429 => judged.state.window.map(|(_, limit)| limit),
        _ => then,
    };
    let longest = [now, then].into_iter().flatten().map(|limit| limit.window).max();
    longest.is_some_and(|window| {
        let passed = line.now.steady.nanoseconds().saturating_sub(began.nanoseconds());
        i128::from(passed) < window.as_nanos() as i128
    })
}

/// A recorded user.
#[derive(Deserialize)]
struct User {
    role: Option<String>,
    permissions: Vec<String>,
}

impl User {
    fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Why a decision would change, in words by which changes are put together.
fn reason(line: &DecisionLine<'_>, user: Option<&str>, judged: &Judged<'_, '_>) -> String {
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
