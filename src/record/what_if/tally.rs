//! What has been found out while a record is gone through.

use std::collections::HashMap;
use std::fmt::Write as _;

use foldhash::fast::RandomState;

use super::super::judge::{Judged, recorded_user};
use super::super::read::{CredentialLine, DecisionLine, RequestLine};
use super::reason::{User, reason};
use super::report::{Category, Change, Example, Report};
use crate::gateway::recorded::{REDACTED, RecordedGateway};
use crate::gateway::{Allowed, Decision, Denial, Denied, Facts, Steady};

/// The most changes that are told apart.
const MOST_CHANGES: usize = 10_000;

/// The most kinds of changes that are remembered.
const MOST_KINDS: usize = 20_000;

/// What has been found out so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) report: Report,
    /// Places in the report's changes, by what they are grouped by.
    places: HashMap<String, usize, RandomState>,
    /// The same by what they come from, so that recurring ones cost little.
    kinds: HashMap<Vec<u8>, usize, RandomState>,
    /// When the first decision of the process was made.
    pub(super) began: Option<Steady>,
    text: String,
    key: Vec<u8>,
}

impl Tally {
    pub(super) fn take(
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
                add_route(&mut add, decision, facts);
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
fn add_route(add: &mut impl FnMut(&str), decision: &Decision<'_>, facts: &Facts<'_>) {
    match (facts.route(), decision.service()) {
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
