//! What is reported of a record: how many decisions would change, and in which ways.

use serde::Serialize;

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

    pub(super) fn add(&mut self, category: Category) {
        *match category {
            Category::NewlyAllowed => &mut self.newly_allowed,
            Category::Undecidable => &mut self.undecidable,
            Category::NewlyDenied => &mut self.newly_denied,
            Category::DeniedOtherwise => &mut self.denied_otherwise,
            Category::AllowedOtherwise => &mut self.allowed_otherwise,
        } += 1;
    }
}
