//! What an operator may say: revoke, move a stopped clock on, ask how things are.

use std::borrow::Cow;

use super::members::{Members, Raw};
use super::message::{Malformed, WrongMember};

/// A message of the operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator<'a> {
    /// `revoke`
    Revoke(Revoke<'a>),
    /// `tick`: a stopped clock goes on to this instant.
    Tick(Time<'a>),
    /// `health`
    Health,
    /// `metrics`
    Metrics,
}

/// What is revoked; nothing in it is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Revoke<'a> {
    /// One token.
    Jti(Cow<'a, str>),
    /// What a user was given before an instant, or up to now.
    User(Cow<'a, str>, Option<Time<'a>>),
    /// Every token that a key verified.
    Kid(Cow<'a, str>),
    /// An API key.
    ApiKey(Cow<'a, str>),
}

/// An instant as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Time<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number.
    Number(&'a str),
}

/// The types of message that are the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    /// Something is not good any more.
    Revoke,
    /// A stopped clock goes on.
    Tick,
    /// How are you?
    Health,
    /// What has happened so far?
    Metrics,
}

impl OperatorKind {
    const ALL: [Self; 4] = [Self::Revoke, Self::Tick, Self::Health, Self::Metrics];

    /// The message's type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Tick => "tick",
            Self::Health => "health",
            Self::Metrics => "metrics",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The members that mean something in one of them.
const NAMED: [&str; 6] = ["jti", "user", "before", "kid", "api_key", "now"];

impl<'a> Operator<'a> {
    pub(super) fn read(kind: OperatorKind, body: &Members<'a>) -> Result<Self, Malformed> {
        NAMED.iter().try_for_each(|name| body.once(name))?;
        body.check_surrogates(&NAMED)?;
        Ok(match kind {
            OperatorKind::Revoke => Self::Revoke(Revoke::read(body)?),
            OperatorKind::Tick => Self::Tick(time("now", body)?.ok_or(missing("now"))?),
            OperatorKind::Health => Self::Health,
            OperatorKind::Metrics => Self::Metrics,
        })
    }
}

impl<'a> Revoke<'a> {
    fn read(body: &Members<'a>) -> Result<Self, WrongMember> {
        let text = |member| match body.optional_string(member)? {
            Some(text) if text.is_empty() => Err(WrongMember { member, problem: "is empty" }),
            other => Ok(other),
        };
        let before = time("before", body)?;
        let one = match (text("jti")?, text("user")?, text("kid")?, text("api_key")?) {
            (Some(jti), None, None, None) => Self::Jti(jti),
            (None, Some(user), None, None) => return Ok(Self::User(user, before)),
            (None, None, Some(kid), None) => Self::Kid(kid),
            (None, None, None, Some(id)) => Self::ApiKey(id),
            _ => {
                let problem = "must name one of jti, user, kid and api_key";
                return Err(WrongMember { member: "revoke", problem });
            }
        };
        match before {
            Some(_) => Err(WrongMember { member: "before", problem: "stands beside user alone" }),
            None => Ok(one),
        }
    }
}

fn missing(member: &'static str) -> WrongMember {
    WrongMember { member, problem: "is missing" }
}

fn time<'a>(member: &'static str, body: &Members<'a>) -> Result<Option<Time<'a>>, WrongMember> {
    let Some(raw) = body.value(member) else { return Ok(None) };
    match raw.string() {
        Some(text) => Ok(Some(Time::Text(text))),
        None if is_number(raw) => Ok(Some(Time::Number(raw.0))),
        None => Err(WrongMember { member, problem: "must be RFC 3339 or seconds since 1970" }),
    }
}

fn is_number(raw: Raw<'_>) -> bool {
    raw.0.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}
