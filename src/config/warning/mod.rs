//! What is legal and unwise.

mod find;

use std::fmt;
use std::sync::Arc;

use super::node::Place;
use super::report::{self, Colours, Finding, Remark, Severity};
use super::source::Source;
use crate::gateway::key::KeyWarning;

pub(super) use self::find::find;

/// Something that is legal and unwise, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    pub(super) concern: Concern,
    pub(super) path: String,
    pub(super) place: Option<Place>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.concern)
    }
}

/// What is unwise.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Concern {
    /// A public pattern under which protected paths stand.
    #[error("this public pattern also covers the protected `{path}` (routes[{route}])")]
    PublicCovers {
        /// The protected route's position.
        route: usize,
        /// Its pattern.
        path: String,
    },
    /// A route that any good credential opens.
    #[error("the route asks for nothing but a good credential")]
    NoCondition,
    /// A role that grants what nobody asks for.
    #[error("nothing refers to this role, and no route asks for what it grants")]
    UnusedRole,
    /// A name of a role that is probably misspelt.
    #[error("`roles` has no such role")]
    UnknownRole {
        /// The one that was probably meant.
        meant: String,
    },
    /// A permission that no credential can bring.
    #[error("nobody can hold `{permission}` here")]
    Unholdable {
        /// The permission.
        permission: String,
    },
    /// A pattern whose every path other patterns take.
    #[error("no path can reach this pattern: other patterns take all of its paths")]
    Unreachable,
    /// Tokens that are good for as long as they say.
    #[error("tokens are good for as long as they say themselves")]
    NoLifetime,
    /// A key that will do.
    #[error("{0}")]
    Key(KeyWarning),
}

impl Concern {
    /// A word that stays the same when the text is worded better.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PublicCovers { .. } => "public-covers-protected",
            Self::NoCondition => "no-condition",
            Self::UnusedRole => "unused-role",
            Self::UnknownRole { .. } => "unknown-role",
            Self::Unholdable { .. } => "unholdable-permission",
            Self::Unreachable => "unreachable-pattern",
            Self::NoLifetime => "no-lifetime",
            Self::Key(KeyWarning::WeakSecret { .. }) => "weak-secret",
            Self::Key(KeyWarning::LeftOut { .. }) => "key-left-out",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::PublicCovers { .. } => {
                "a path that is added below it later is public: make the pattern narrower"
                    .to_owned()
            }
            Self::NoCondition => {
                "name permissions, roles or claims, or write `public = true`".to_owned()
            }
            Self::UnusedRole => "drop it, or ask for what it grants in a route".to_owned(),
            Self::UnknownRole { meant } => format!("did you mean `{meant}`?"),
            Self::Unholdable { .. } => {
                "open the route to an issuer that may hold it, or grant it".to_owned()
            }
            Self::Unreachable => "drop the route".to_owned(),
            Self::NoLifetime => "set `max_lifetime`, say to \"2h\"".to_owned(),
            Self::Key(KeyWarning::WeakSecret { .. }) => {
                "make one with `portcullis key generate --kind hmac-256`".to_owned()
            }
            Self::Key(KeyWarning::LeftOut { .. }) => {
                "drop the key, or give it what lets it verify".to_owned()
            }
        }
    }
}

impl Warning {
    /// What is unwise.
    pub fn concern(&self) -> &Concern {
        &self.concern
    }

    /// The full name of the value that it is about.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn remark(&self) -> Remark<'_> {
        Remark {
            severity: Severity::Warning,
            code: self.concern.code(),
            path: &self.path,
            message: self.concern.to_string(),
            help: Some(self.concern.help()),
            place: self.place,
            other: None,
        }
    }
}

/// Every warning about a configuration.
pub struct Warnings {
    warnings: Vec<Warning>,
    sources: Vec<Arc<Source>>,
}

impl Warnings {
    pub(super) fn new(mut warnings: Vec<Warning>, sources: Vec<Arc<Source>>) -> Self {
        warnings.sort_by_key(|warning| warning.place);
        Self { warnings, sources }
    }

    /// Each of them.
    pub fn all(&self) -> &[Warning] {
        &self.warnings
    }

    /// As a person reads them.
    pub fn render(&self, colours: Colours) -> String {
        report::render(self.warnings.iter().map(Warning::remark), &self.sources, colours)
    }

    /// As a machine reads them.
    pub fn findings(&self) -> Vec<Finding> {
        report::findings(self.warnings.iter().map(Warning::remark), &self.sources)
    }
}
