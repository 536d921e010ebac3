//! The nearest change that would turn a decision round.
//!
//! For a request that was refused: what would let it pass, the smallest change first. Each way was
//! tried: the request was decided again with its changes made, so what is said is true. Where several
//! things are in the way, a way has several steps, all of which it takes. For one that passed: what
//! would have it refused. Windows are taken as empty, circuits as closed.

mod candidate;
mod hint;
mod passing;
mod route;
mod supposed;

pub use self::supposed::Change;
use self::supposed::{Outcome, Supposing};
use super::ask::Told;
use super::decision::Denial;
use super::now::Now;
use super::request::Request;
use super::{Gateway, Rules};

/// What would turn a decision round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nearest {
    /// Each by itself is enough; the smallest first.
    pub ways: Vec<Way>,
    /// What to look at where none was found. Nobody has tried it.
    pub hint: Option<String>,
}

/// Changes that turn it round together.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// One after the other; never empty.
    pub steps: Vec<Step>,
}

/// A change, and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is about.
    pub kind: Kind,
    /// What would be different.
    pub change: Change,
    /// For a person.
    pub text: String,
    /// Roles, each of which would grant the permissions that are missing; those that grant least
    /// come first.
    pub granted_by: Vec<String>,
}

/// What a change is about, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// When it is asked.
    Time,
    /// What the caller holds.
    Permission,
    /// The caller's role.
    Role,
    /// A claim that a route binds.
    Claim,
    /// How the caller authenticated.
    StepUp,
    /// Whose token it is.
    Issuer,
    /// Method and path.
    Route,
    /// The credential, and how it is sent.
    Credential,
}

impl Kind {
    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Permission => "permission",
            Self::Role => "role",
            Self::Claim => "claim",
            Self::StepUp => "step_up",
            Self::Issuer => "issuer",
            Self::Route => "route",
            Self::Credential => "credential",
        }
    }
}

/// The most steps of a way: no more things are ever in the way of one request but permissions, of
/// which one step brings all.
const MOST_STEPS: usize = 8;

/// The most decisions that are made again.
const MOST_DECISIONS: usize = 400;

/// The most ways that are told.
const MOST_WAYS: usize = 8;

impl Gateway {
    /// What would turn the decision on a request round, that is made with what a face was told.
    pub fn nearest(&mut self, request: &Request<'_>, now: Now, told: &Told) -> Nearest {
        let Self { rules, state, .. } = self;
        let rules: &Rules = rules;
        let mut search = Search {
            supposing: Supposing { state, rules, told, request, now },
            left: MOST_DECISIONS,
        };
        let outcome = search.supposing.decide(&[]);
        match &outcome.denial {
            None => Nearest { ways: passing::ways(&mut search.supposing, &outcome), hint: None },
            Some(denial) => {
                let ways = search.ways(&outcome, denial);
                let hint =
                    ways.is_empty().then(|| hint::of(&mut search.supposing, &outcome, denial));
                Nearest { ways, hint: hint.flatten() }
            }
        }
    }
}

struct Search<'s, 'r> {
    supposing: Supposing<'s, 'r>,
    left: usize,
}

impl Search<'_, '_> {
    fn ways(&mut self, outcome: &Outcome, denial: &Denial) -> Vec<Way> {
        let first = candidate::all(&self.supposing, outcome, denial);
        let mut ways: Vec<Way> = Vec::new();
        for step in first {
            let Some(steps) = self.follow(vec![step]) else { continue };
            let way = Way { steps };
            if !ways.iter().any(|other| other.says_the_same(&way)) {
                ways.push(way);
            }
        }
        let is_minimal = |way: &&Way| !ways.iter().any(|other| other.is_part_of(way));
        let mut minimal: Vec<Way> = ways.iter().filter(is_minimal).cloned().collect();
        minimal.sort_by_key(Way::size);
        minimal.truncate(MOST_WAYS);
        minimal
    }

    /// The first way that begins with these steps and gets through.
    fn follow(&mut self, steps: Vec<Step>) -> Option<Vec<Step>> {
        self.left = self.left.checked_sub(1)?;
        let changes: Vec<Change> = steps.iter().map(|step| step.change.clone()).collect();
        let outcome = self.supposing.decide(&changes);
        let Some(denial) = &outcome.denial else { return Some(steps) };
        if steps.len() == MOST_STEPS {
            return None;
        }
        let next = candidate::all(&self.supposing, &outcome, denial);
        next.into_iter()
            .filter(|step| !steps.iter().any(|done| done.excludes(step)))
            .find_map(|step| self.follow(steps.iter().cloned().chain([step]).collect()))
    }
}

impl Way {
    /// Few steps before many, then by what they are about.
    fn size(&self) -> (usize, Vec<Kind>) {
        (self.steps.len(), self.steps.iter().map(|step| step.kind).collect())
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.steps.iter().map(|step| &step.text).eq(other.steps.iter().map(|step| &step.text))
    }

    /// True where another way does all of this, and more.
    fn is_part_of(&self, other: &Self) -> bool {
        let has = |step: &Step| other.steps.iter().any(|others| others.change == step.change);
        self.steps.len() < other.steps.len() && self.steps.iter().all(has)
    }
}

impl Step {
    /// True where there is no sense in taking the other step after this one.
    fn excludes(&self, other: &Self) -> bool {
        self.change == other.change
            || matches!((&self.change, &other.change), (Change::At(_), Change::At(_)))
            || matches!((&self.change, &other.change), (Change::Path(_), Change::Path(_)))
    }
}
