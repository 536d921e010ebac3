//! Why a request was decided as it was: every check in order, and what decided.
//!
//! An explanation is computed from a decision, so it can never tell another story. It holds no
//! token, no key and no secret.

use super::decision::{Check, Decision, Denial, Unavailable};
use super::key::algorithm_name;
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

/// Every check in order, with its outcome.
pub fn explain(decision: &Decision<'_>) -> Vec<Step> {
    let (denial, caller, service) = match decision {
        Decision::Allow(allowed) => (None, allowed.caller(), Some(allowed.service())),
        Decision::Deny(denied) => {
            (Some(&denied.denial), denied.caller.as_ref(), denied.service.as_ref())
        }
    };
    let anonymous = denial.is_none() && caller.is_none();
    let step = |check: Check| {
        let outcome = outcome(check, denial);
        let detail = match (outcome, check) {
            (Outcome::Failed, _) => denial.map(detail_of),
            (Outcome::Passed, Check::Credential) if anonymous => {
                Some("none, and the route is public".to_owned())
            }
            (Outcome::Passed, Check::Token) => caller.map(|caller| proof_of(caller.verified())),
            (Outcome::Passed, Check::Route) => service.map(ToString::to_string),
            _ => None,
        };
        Step { check, outcome, detail }
    };
    Check::ALL.into_iter().map(step).collect()
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

fn detail_of(denial: &Denial) -> String {
    denial.reason().unwrap_or_else(|| denial.to_string())
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
