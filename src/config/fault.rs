//! What can be wrong with a configuration, each in its own words and with what to do about it.
//!
//! A text here names what the configuration says, never what it keeps secret.

use super::node::Place;
use super::path::At;

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(super) problem: Problem,
    /// The full name of the value; empty where it has none.
    pub(super) path: String,
    pub(super) place: Option<Place>,
    /// What it is in conflict with.
    pub(super) other: Option<(Place, &'static str)>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not the notation it should be.
    #[error("syntax error: {0}")]
    Syntax(String),
    /// What YAML has and a configuration has not.
    #[error("{0} is not used in a configuration")]
    YamlFeature(&'static str),
    /// A number beyond what is counted with.
    #[error("the number is out of range")]
    NumberRange,
    /// Nesting without end.
    #[error("it nests deeper than 100")]
    TooDeep,
    /// A file whose ending names no notation.
    #[error("the ending of the file's name is none of .toml, .yaml, .yml and .json")]
    UnknownEnding,
    /// Something that is not text where text was promised.
    #[error("it is not UTF-8")]
    NotText,
    /// A document that is no table.
    #[error("expected a table of names, found {found}")]
    NoTable {
        /// What it is.
        found: &'static str,
    },
    /// A name that stands twice in one table.
    #[error("the same name stands twice")]
    DuplicateKey,
    /// A name that means nothing.
    #[error("unknown name")]
    UnknownName {
        /// The nearest one that does.
        meant: Option<String>,
    },
    /// A value of another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What it should be.
        expected: String,
        /// What it is.
        found: &'static str,
        /// What it should be, where it is a text of some form.
        form: Option<&'static str>,
    },
    /// A text that is not of its form.
    #[error("{why}")]
    BadText {
        /// What is wrong with it.
        why: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A word that is none of those known.
    #[error("expected one of {}", words.join(", "))]
    UnknownWord {
        /// Those known.
        words: Vec<String>,
        /// The nearest one.
        meant: Option<String>,
    },
    /// A number that is too small or too large.
    #[error("expected {bounds}")]
    OutOfRange {
        /// What it should be.
        bounds: String,
    },
    /// A name that must be there.
    #[error("`{name}` is missing")]
    Missing {
        /// The name.
        name: String,
    },
    /// A list that says nothing.
    #[error("the list is empty")]
    EmptyList,
    /// A service that is not configured.
    #[error("there is no service `{name}`")]
    UnknownService {
        /// Its name.
        name: String,
        /// The nearest one.
        meant: Option<String>,
    },
    /// An issuer that is not configured.
    #[error("there is no issuer `{name}` under `issuers`")]
    UnknownIssuer {
        /// Its name.
        name: String,
        /// The nearest one.
        meant: Option<String>,
        /// True for one of `jwt.issuer`.
        is_own: bool,
    },
    /// A parameter that the pattern has not.
    #[error("the pattern `{pattern}` has no parameter `{{{parameter}}}`")]
    UnknownParameter {
        /// Its name.
        parameter: String,
        /// The pattern.
        pattern: String,
    },
    /// A rewrite that does not fit its pattern.
    #[error("{why}")]
    Rewrite {
        /// Why.
        why: String,
    },
    /// Two routes for the same requests.
    #[error("it ties with routes[{with}]: the same pattern, and both take {common}")]
    Tie {
        /// The other route's position.
        with: usize,
        /// What both take.
        common: String,
    },
    /// A public route with a condition.
    #[error("a public route asks for no credential, so it cannot have `{condition}`")]
    PublicWithCondition {
        /// The condition's name.
        condition: &'static str,
    },
    /// An issuer that stands in `jwt.issuer` and under `issuers`.
    #[error("the issuer stands in `jwt.issuer` too")]
    IssuerTwice,
    /// More leeway than clocks need.
    #[error("a leeway of more than 5 minutes lets expired tokens live on")]
    Leeway,
    /// Two API keys of one name.
    #[error("the id `{id}` stands twice")]
    IdTwice {
        /// The name.
        id: String,
    },
    /// One API key under two names.
    #[error("the same key stands under the id `{id}` already")]
    DigestTwice {
        /// The other name.
        id: String,
    },
    /// An API key that everybody guesses.
    #[error("this is the digest of a common word, which anybody can guess")]
    CommonKey,
    /// A header for two things.
    #[error("the header stands for {with} already")]
    HeaderTwice {
        /// The other thing.
        with: String,
    },
    /// Something that an init has no say in.
    #[error("`init.config` may not name {what}")]
    NotByInit {
        /// What it is.
        what: &'static str,
    },
    /// A variable that is not set.
    #[error("the environment variable {name} {why}")]
    Variable {
        /// Its name.
        name: String,
        /// What is the matter with it.
        why: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {file}: {why}")]
    File {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// A key that cannot be used.
    #[error("the key cannot be used: {why}")]
    Key {
        /// Why.
        why: String,
    },
    /// An HMAC secret that is too short, where `allow_weak_secrets` is false.
    #[error("an HMAC secret of {bits} bits is too weak")]
    WeakSecret {
        /// Its length.
        bits: usize,
    },
    /// A variable or file that does not hold the URL of a store.
    #[error("what stands there is no URL of a Redis server: {why}")]
    StoreUrl {
        /// Why not.
        why: &'static str,
    },
    /// What the types refuse though the shape was judged good; a fault of this program.
    #[error("it cannot be read: {0}")]
    Unread(String),
}

impl Fault {
    /// At a place that is known.
    pub(super) fn at(problem: Problem, path: &str, place: Place) -> Self {
        Self { problem, path: path.to_owned(), place: Some(place), other: None }
    }

    /// At a value.
    pub(super) fn of(problem: Problem, at: &At<'_>) -> Self {
        Self { problem, path: at.to_string(), place: at.place(), other: None }
    }

    /// At a value's name.
    pub(super) fn of_name(problem: Problem, at: &At<'_>) -> Self {
        Self { problem, path: at.to_string(), place: at.name_place(), other: None }
    }

    /// With another place that has to do with it.
    pub(super) fn beside(mut self, place: Place, label: &'static str) -> Self {
        self.other = Some((place, label));
        self
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The full name of the value that is wrong; empty where it has none.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Problem {
    /// A word that stays the same when the text is worded better.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::YamlFeature(_) => "yaml-feature",
            Self::NumberRange => "number-range",
            Self::TooDeep => "too-deep",
            Self::UnknownEnding => "unknown-ending",
            Self::NotText => "not-text",
            Self::NoTable { .. } => "no-table",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownName { .. } => "unknown-name",
            Self::WrongType { .. } => "wrong-type",
            Self::BadText { .. } => "bad-text",
            Self::UnknownWord { .. } => "unknown-word",
            Self::OutOfRange { .. } => "out-of-range",
            Self::Missing { .. } => "missing",
            Self::EmptyList => "empty-list",
            Self::UnknownService { .. } => "unknown-service",
            Self::UnknownIssuer { .. } => "unknown-issuer",
            Self::UnknownParameter { .. } => "unknown-parameter",
            Self::Rewrite { .. } => "rewrite",
            Self::Tie { .. } => "tie",
            Self::PublicWithCondition { .. } => "public-with-condition",
            Self::IssuerTwice => "issuer-twice",
            Self::Leeway => "leeway",
            Self::IdTwice { .. } => "id-twice",
            Self::DigestTwice { .. } => "digest-twice",
            Self::CommonKey => "common-key",
            Self::HeaderTwice { .. } => "header-twice",
            Self::NotByInit { .. } => "not-by-init",
            Self::Variable { .. } => "variable",
            Self::File { .. } => "file",
            Self::Key { .. } => "key",
            Self::WeakSecret { .. } => "weak-secret",
            Self::StoreUrl { .. } => "store-url",
            Self::Unread(_) => "unread",
        }
    }

    /// The name that was probably meant.
    pub(super) fn meant(&self) -> Option<&str> {
        match self {
            Self::UnknownName { meant }
            | Self::UnknownWord { meant, .. }
            | Self::UnknownService { meant, .. }
            | Self::UnknownIssuer { meant, .. } => meant.as_deref(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        if let Some(meant) = self.meant() {
            return Some(format!("did you mean `{meant}`?"));
        }
        Some(match self {
            Self::Syntax(_)
            | Self::TooDeep
            | Self::WrongType { form: None, .. }
            | Self::OutOfRange { .. }
            | Self::UnknownWord { .. }
            | Self::Rewrite { .. }
            | Self::Unread(_) => return None,
            Self::YamlFeature(_) => "write it out: plain mappings, lists and scalars".to_owned(),
            Self::NumberRange => "whole numbers have 64 bits, others are finite".to_owned(),
            Self::UnknownEnding => "rename the file after what is in it".to_owned(),
            Self::NotText => "write it in UTF-8".to_owned(),
            Self::NoTable { .. } => "write names with values, such as `jwt`".to_owned(),
            Self::DuplicateKey => "keep one of the two".to_owned(),
            Self::UnknownName { .. } => "`portcullis schema` lists every name".to_owned(),
            Self::BadText { expected, .. } | Self::WrongType { form: Some(expected), .. } => {
                format!("write {expected}")
            }
            Self::Missing { name } => format!("add `{name}`"),
            Self::EmptyList => "name at least one, or leave the name out".to_owned(),
            Self::UnknownService { name, .. } => {
                format!("add a table `services.{}`", super::path::bare(name))
            }
            Self::UnknownIssuer { is_own: true, .. } => {
                "every route is open to the issuer of `jwt`: leave it out".to_owned()
            }
            Self::UnknownIssuer { name, .. } => {
                format!("add a table `issuers.{}`", super::path::bare(name))
            }
            Self::UnknownParameter { parameter, .. } => {
                format!("write `{{{parameter}}}` into the path, or the text you mean")
            }
            Self::Tie { .. } => "give them different methods, or make one route of them".to_owned(),
            Self::PublicWithCondition { .. } => {
                "drop `public`, or what the route asks for".to_owned()
            }
            Self::IssuerTwice => "keep it in one of the two places".to_owned(),
            Self::Leeway => "write at most `5m`".to_owned(),
            Self::IdTwice { .. } => "give each key an id of its own".to_owned(),
            Self::DigestTwice { .. } => "keep one of the two".to_owned(),
            Self::CommonKey => "make one with `portcullis key generate --kind api-key`".to_owned(),
            Self::HeaderTwice { .. } => {
                "use another name; case does not tell headers apart, nor do `-`, `_` and `.`"
                    .to_owned()
            }
            Self::NotByInit { .. } => "set it in the file or on the command line".to_owned(),
            Self::Variable { .. } => "set it, or name another".to_owned(),
            Self::File { .. } => {
                "a relative path begins where the file that names it is".to_owned()
            }
            Self::Key { .. } => "a key is PEM, a JWK, a JWK Set, or an HMAC secret".to_owned(),
            Self::StoreUrl { .. } => "put `redis://HOST:PORT/DATABASE` there".to_owned(),
            Self::WeakSecret { .. } => "use 256 bits or more (RFC 7518 §3.2)".to_owned(),
        })
    }
}

/// The known name nearest to one that is not known, where it is near enough for a slip of the pen.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = name.chars().count();
    let most = (length / 3).max(1);
    let near = known.into_iter().filter(|known| known.len().abs_diff(name.len()) <= 2 * most + 2);
    let name = name.to_lowercase();
    let distance = |known: &str| strsim::osa_distance(&name, &known.to_lowercase());
    let scored = near.map(|known| (distance(known), known));
    let best = scored.filter(|(distance, _)| *distance <= most).min()?;
    Some(best.1.to_owned())
}
