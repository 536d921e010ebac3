//! Why a request was decided as it was: every check in order, and what decided.
//!
//! An explanation is computed from a decision and its facts, so it can never tell another story. It
//! holds no token, no key and no secret.

mod saw;

pub use self::saw::{Seen, Value};
use super::Gateway;
use super::check;
use super::decision::{Check, Decision, Denial, Unavailable};
use super::facts::{Facts, Room};
use super::key::algorithm_name;
use super::limit::{RateLimit, Scope};
use super::now::Now;
use super::path::NormalPath;
use super::permission::{self, Required};
use super::request::{BadRequest, Request};
use super::route::Found;
use super::time::Timestamp;
use super::token::TokenFault;
use super::unmet::{Unmet, span};
use super::verified::{Kind, Verified};

/// The outcome of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request passed it.
    Passed,
    /// It decided.
    Failed,
    /// An earlier check decided.
    NotReached,
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The check.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// What it saw, or why it failed.
    pub detail: Option<String>,
}

impl Outcome {
    /// The outcome's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// A request, what was decided about it, and when.
#[derive(Clone, Copy)]
pub struct Case<'c, 'a> {
    /// What was asked, or why it could not be read.
    pub request: &'c Result<Request<'a>, BadRequest>,
    /// What was decided.
    pub decision: &'c Decision<'a>,
    /// What came to light on the way.
    pub facts: &'c Facts<'a>,
    /// When.
    pub now: Now,
}

impl Gateway {
    /// Every check in order, with its outcome. The policy is still the one that it was decided by.
    pub fn explain(&self, case: Case<'_, '_>) -> Vec<Step> {
        let step = |check: Check| {
            let outcome = case.outcome_of(check);
            let detail = match outcome {
                Outcome::Failed => case.denial().map(|denial| self.why(&case, denial)),
                Outcome::Passed => self.how(&case, check),
                Outcome::NotReached => None,
            };
            Step { check, outcome, detail }
        };
        Check::ALL.into_iter().map(step).collect()
    }

    /// What a check that was passed saw, in a few words.
    fn how(&self, case: &Case<'_, '_>, check: Check) -> Option<String> {
        let facts = case.facts;
        match check {
            Check::Credential if case.is_anonymous() => {
                Some("none, and the route is public".to_owned())
            }
            Check::Token => facts.caller.as_ref().map(|caller| proof_of(caller.verified())),
            Check::RateLimit => facts.window.map(|window| {
                let (limit, unknown) = (limit_of(window), "and the store could not say");
                if facts.room == Some(Room::Unknown) {
                    format!("{limit}, {unknown}")
                } else {
                    limit
                }
            }),
            Check::Route => {
                let service = case.decision.service()?;
                let route = facts.route.and_then(|index| self.rules.route(index));
                Some(match route {
                    Some(route) => format!("{} to {service}", route.route.pattern.as_str()),
                    None => service.to_string(),
                })
            }
            _ => None,
        }
    }

    /// Why the check that decided failed.
    fn why(&self, case: &Case<'_, '_>, denial: &Denial) -> String {
        let facts = case.facts;
        let by_clock = facts.proved().map(|proved| (proved.times, case.now.wall.seconds()));
        let told = match (denial, by_clock) {
            (Denial::TokenExpired, Some((times, now))) => times.expiry.and_then(|expiry| {
                let end = expiry + times.leeway;
                let at = Timestamp::from_seconds(end)?;
                Some(format!("good until {at}, {} ago", span(now - end)))
            }),
            (Denial::InvalidToken(fault @ TokenFault::NotYetValid), Some((times, _))) => {
                let start =
                    times.start.and_then(|start| Timestamp::from_seconds(start - times.leeway));
                start.map(|start| format!("{fault}: it will be from {start}"))
            }
            (Denial::RateLimited { .. }, _) => {
                facts.window.map(|window| format!("{} is used up", limit_of(window)))
            }
            (Denial::UnknownService, _) => self.no_route(case),
            (Denial::Forbidden { .. } | Denial::StepUp, _) => {
                let unmet: Vec<String> = self.unmet(case).iter().map(ToString::to_string).collect();
                (!unmet.is_empty()).then(|| unmet.join("; "))
            }
            _ => None,
        };
        told.or_else(|| denial.reason()).unwrap_or_else(|| denial.to_string())
    }

    fn no_route(&self, case: &Case<'_, '_>) -> Option<String> {
        let request = case.request.as_ref().ok()?;
        let path = NormalPath::parse(request.target).ok()?;
        match self.rules.find(&path, request.method)? {
            Found::NoPattern => Some("no route has this path".to_owned()),
            Found::NoMethod { allowed } => Some(format!(
                "the path has no route for {}, only for {}",
                request.method,
                allowed.join(", ")
            )),
            Found::Route { .. } => None,
        }
    }

    /// What is required of the caller and not met, where rows 8 and 8a decided.
    fn unmet(&self, case: &Case<'_, '_>) -> Vec<Unmet> {
        let Some(caller) = &case.facts.caller else { return Vec::new() };
        let unmet = self.required_of(case, |required| {
            permission::unmet(required, caller.verified(), case.now.wall)
        });
        // What row 8 finds comes before row 8a.
        let (access, step_up): (Vec<Unmet>, Vec<Unmet>) = unmet
            .unwrap_or_default()
            .into_iter()
            .partition(|unmet| !matches!(unmet, Unmet::StepUp(_) | Unmet::StepUpByApiKey(_)));
        if access.is_empty() { step_up } else { access }
    }

    fn required_of<T>(
        &self,
        case: &Case<'_, '_>,
        judge: impl FnOnce(&Required<'_, '_>) -> T,
    ) -> Option<T> {
        let request = case.request.as_ref().ok()?;
        let path = NormalPath::parse(request.target).ok()?;
        let destination = self.rules.destination(&path, request.method);
        Some(check::required(&self.rules, request, (&path, &destination), judge))
    }
}

impl Case<'_, '_> {
    fn denial(&self) -> Option<&Denial> {
        match self.decision {
            Decision::Allow(_) => None,
            Decision::Deny(denied) => Some(&denied.denial),
        }
    }

    /// True where it passed without a credential.
    fn is_anonymous(&self) -> bool {
        self.denial().is_none() && self.facts.caller.is_none()
    }

    fn outcome_of(&self, check: Check) -> Outcome {
        outcome(check, self.denial())
    }
}

/// How one check came out of a decision that ended in a denial, or in none.
pub fn outcome(check: Check, denial: Option<&Denial>) -> Outcome {
    denial.map_or(Outcome::Passed, |denial| outcome_of(check, denial))
}

fn outcome_of(check: Check, denial: &Denial) -> Outcome {
    match denial {
        // The one place where the table and the order of work differ: a token's form, header and
        // signature are judged before its expiry, and their faults are told apart from no other.
        Denial::InvalidToken(fault) if check == Check::Expiry && !fault.came_after_expiry() => {
            Outcome::NotReached
        }
        Denial::Unavailable(Unavailable::Introspection) if check == Check::Expiry => {
            Outcome::NotReached
        }
        _ if check == denial.check() => Outcome::Failed,
        _ if check > denial.check() => Outcome::NotReached,
        _ => Outcome::Passed,
    }
}

/// A limit, and whose it is.
fn limit_of((scope, limit): (Scope, RateLimit)) -> String {
    match scope {
        Scope::General => limit.to_string(),
        Scope::Route(_) => format!("{limit} of the route"),
        Scope::Address => format!("{limit} of the address"),
    }
}

fn proof_of(verified: &Verified) -> String {
    match verified.kind() {
        Kind::Token { algorithm, key } => {
            let algorithm = algorithm_name(*algorithm);
            match key {
                Some(name) => format!("{algorithm} by key {name}"),
                None => format!("{algorithm} by the key in force"),
            }
        }
        Kind::Opaque => "active, says the introspection endpoint".to_owned(),
        Kind::ApiKey { id } => format!("API key {id}"),
    }
}
