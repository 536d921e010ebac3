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
    /// In the order in which the checks ask for them; never empty.
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
const MOST_DECISIONS: usize = 4000;

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
        let mut ways: Vec<Way> = first.into_iter().filter_map(|step| self.shortest(step)).collect();
        ways.sort_by_key(Way::size);
        let mut told: Vec<Way> = Vec::new();
        for way in ways {
            if !told.iter().any(|other| other.covers(&way)) {
                told.push(way);
            }
        }
        let fewest = told.first().map_or(0, |way| way.steps.len());
        told.retain(|way| way.steps.len() <= fewest + 1);
        told.truncate(MOST_WAYS);
        told
    }

    /// The shortest way that begins with a step and gets through.
    fn shortest(&mut self, first: Step) -> Option<Way> {
        let steps = (1..=MOST_STEPS).find_map(|most| self.follow(vec![first.clone()], most))?;
        Some(Way { steps })
    }

    /// A way that begins with these steps, has no more than so many, and gets through.
    fn follow(&mut self, steps: Vec<Step>, most: usize) -> Option<Vec<Step>> {
        self.left = self.left.checked_sub(1)?;
        let changes: Vec<Change> = steps.iter().map(|step| step.change.clone()).collect();
        let outcome = self.supposing.decide(&changes);
        let Some(denial) = &outcome.denial else { return Some(steps) };
        if steps.len() >= most {
            return None;
        }
        let next = candidate::all(&self.supposing, &outcome, denial);
        let mut next =
            next.into_iter().filter(|step| !steps.iter().any(|done| done.excludes(step)));
        next.find_map(|step| self.follow(steps.iter().cloned().chain([step]).collect(), most))
    }
}

impl Way {
    /// Few steps before many, then by what they are about.
    fn size(&self) -> (usize, Vec<Kind>) {
        let mut kinds: Vec<Kind> = self.steps.iter().map(|step| step.kind).collect();
        kinds.sort_unstable();
        (self.steps.len(), kinds)
    }

    /// True where another way, which is no smaller, does all of this too, or says the same of what is
    /// in the way in the first place.
    fn covers(&self, other: &Self) -> bool {
        let does = |step: &Step| other.steps.iter().any(|others| others.change == step.change);
        let says = |step: &Step| other.steps.iter().any(|others| others.text == step.text);
        self.steps.iter().all(does)
            || (self.steps.iter().any(|step| step.kind == Kind::Route && says(step)))
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
