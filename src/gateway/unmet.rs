//! What is required of a caller and is not there, one thing at a time: for explaining alone, since a
//! decision needs no more than that something is missing.

use std::fmt;
use std::time::Duration;

use super::bound::BoundValue;
use super::time::Timestamp;

/// One thing that is required and not there.
#[derive(Clone, Debug, PartialEq)]
pub enum Unmet {
    /// A permission that is not held.
    Permission(String),
    /// Permissions, one of which would do.
    AnyPermission(Vec<String>),
    /// Roles, one of which would do.
    Role(Vec<String>),
    /// A claim that has another value, or none.
    Claim(UnmetClaim),
    /// The route is open to these issuers' tokens alone; none of `[jwt]`'s where it has no name.
    Issuer(Vec<Option<String>>),
    /// How the caller authenticated.
    StepUp(UnmetStepUp),
    /// Step-up of a caller with an API key, which can never be met.
    StepUpByApiKey(Vec<String>),
}

/// A claim that a route binds, and that does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct UnmetClaim {
    /// Its name.
    pub name: String,
    /// What it is.
    pub has: Option<BoundValue>,
    /// The values that would do.
    pub asked: Vec<AskedValue>,
}

/// A value that a claim may have.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedValue {
    /// The value.
    pub value: BoundValue,
    /// The parameter of the path that it stands for.
    pub parameter: Option<String>,
}

/// A condition of step-up that is not met.
#[derive(Clone, Debug, PartialEq)]
pub enum UnmetStepUp {
    /// `acr` is none of those asked for.
    Context {
        /// What it is.
        has: Option<String>,
        /// What would do.
        asked: Vec<String>,
    },
    /// `amr` holds none of those asked for.
    Methods {
        /// What it holds.
        has: Vec<String>,
        /// What would do.
        asked: Vec<String>,
    },
    /// The caller authenticated too long ago, or ahead of now.
    Age {
        /// When.
        at: Option<Timestamp>,
        /// The longest time since then.
        longest: Duration,
    },
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => write!(f, "missing permission {permission}"),
            Self::AnyPermission(any) => write!(f, "missing any of {}", either(any)),
            Self::Role(any) => write!(f, "missing role {}", either(any)),
            Self::Claim(claim) => claim.fmt(f),
            Self::Issuer(issuers) => {
                let names: Vec<&str> =
                    issuers.iter().map(|name| name.as_deref().unwrap_or("[jwt]")).collect();
                write!(f, "open to tokens of {} alone", either(&names))
            }
            Self::StepUp(condition) => condition.fmt(f),
            Self::StepUpByApiKey(asked) => {
                write!(f, "an API key never meets {}", asked.join(", "))
            }
        }
    }
}

impl fmt::Display for UnmetClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.has {
            Some(has) => write!(f, "claim {} is {has}, ", self.name)?,
            None => write!(f, "claim {} is absent, ", self.name)?,
        }
        let values: Vec<String> = self.asked.iter().map(|asked| asked.value.to_string()).collect();
        match values.is_empty() {
            true => f.write_str("and the path gives it no value"),
            false => write!(f, "the route asks for {}", either(&values)),
        }
    }
}

impl fmt::Display for UnmetStepUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { has: Some(has), asked } => {
                write!(f, "acr is {has:?}, the route asks for {}", either(asked))
            }
            Self::Context { has: None, asked } => {
                write!(f, "acr is absent, the route asks for {}", either(asked))
            }
            Self::Methods { has, asked } if has.is_empty() => {
                write!(f, "amr holds nothing, the route asks for {}", either(asked))
            }
            Self::Methods { has, asked } => {
                write!(f, "amr holds {}, the route asks for {}", has.join(", "), either(asked))
            }
            Self::Age { at: None, longest } => {
                write!(
                    f,
                    "auth_time is absent, the route asks for at most {} ago",
                    span(longest.as_secs_f64())
                )
            }
            Self::Age { at: Some(at), longest } => {
                write!(
                    f,
                    "authenticated at {at}, the route asks for at most {} ago",
                    span(longest.as_secs_f64())
                )
            }
        }
    }
}

impl fmt::Display for BoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(texts) => write!(f, "{texts:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Other => f.write_str("of a type that meets nothing"),
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either<T: AsRef<str>>(names: &[T]) -> String {
    listed(names, "or")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn both<T: AsRef<str>>(names: &[T]) -> String {
    listed(names, "and")
}

fn listed<T: AsRef<str>>(names: &[T], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", first.join(", "), last.as_ref())
        }
    }
}

/// A time in words, rounded down to what its two greatest units tell.
pub(super) fn span(seconds: f64) -> String {
    const UNITS: [(&str, f64); 5] = [
        ("year", 31_557_600.0),
        ("day", 86_400.0),
        ("hour", 3600.0),
        ("minute", 60.0),
        ("second", 1.0),
    ];
    let counted = |count: f64, name: &str| match count == 1.0 {
        true => format!("1 {name}"),
        false => format!("{count} {name}s"),
    };
    let Some(place) = UNITS.iter().position(|(_, length)| seconds >= *length) else {
        return "less than a second".to_owned();
    };
    let [(name, length), rest @ ..] = &UNITS[place..] else { return String::new() };
    let count = (seconds / length).floor();
    let left = seconds - count * length;
    let smaller = rest.first().map(|(name, length)| ((left / length).floor(), name));
    match smaller.filter(|(more, _)| *more >= 1.0 && count < 1000.0) {
        Some((more, smaller)) => format!("{} {}", counted(count, name), counted(more, smaller)),
        None => counted(count, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_two_greatest_units() {
        for (seconds, words) in [
            (0.5, "less than a second"),
            (1.0, "1 second"),
            (59.9, "59 seconds"),
            (60.0, "1 minute"),
            (90.0, "1 minute 30 seconds"),
            (300.0, "5 minutes"),
            (5400.0, "1 hour 30 minutes"),
            (3601.0, "1 hour"),
            (86_400.0 * 2.0, "2 days"),
            (31_557_600.0 * 56.0, "56 years"),
            (f64::MAX, &format!("{} years", (f64::MAX / 31_557_600.0).floor())),
        ] {
            assert_eq!(span(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn names_are_listed_as_one_says_them() {
        assert_eq!(either::<&str>(&[]), "");
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
        assert_eq!(both(&["a", "b"]), "a and b");
    }
}
