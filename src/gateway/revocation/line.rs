//! The lines of a revocation file: one JSON object each.

use serde_json::json;

use super::super::json::{Members, ObjectFault, Value, read_object};
use super::super::time::{NotATimestamp, Timestamp};
use super::{Revocation, RevocationTarget};

/// Why a line revokes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It is not one JSON object.
    #[error("the line {0}")]
    Json(#[from] ObjectFault),
    /// It has a member that means nothing here.
    #[error("`{}` is none of `jti`, `user`, `before`, `kid`, `api_key`, `exp`", .0.escape_debug())]
    Unknown(String),
    /// It does not say what it revokes.
    #[error("it revokes nothing: name a `jti`, a `user`, a `kid` or an `api_key`")]
    Nothing,
    /// It revokes two things.
    #[error("`{0}` and `{1}` are two things: give each a line of its own")]
    Several(&'static str, &'static str),
    /// A name that is no text.
    #[error("`{0}` must be a text that is not empty")]
    NotAName(&'static str),
    /// An instant that is none.
    #[error("`{0}` must be an instant: RFC 3339 text, or seconds since 1970")]
    NotAnInstant(&'static str),
    /// The same, where it is a text.
    #[error("`{0}`: {1}")]
    BadInstant(&'static str, NotATimestamp),
    /// A user without an instant.
    #[error("`user` needs `before`: the instant before which its tokens were issued")]
    NoBefore,
    /// An instant without a user.
    #[error("`before` goes with `user` alone")]
    StrayBefore,
}

/// Why a file is no list of revocations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct FileFault {
    /// The first line that is broken, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: LineFault,
}

/// Reads a whole file. Blank lines mean nothing, and a byte order mark at its start neither.
///
/// # Errors
/// The first line that is broken: half a list is none.
pub fn parse_file(text: &str) -> Result<Vec<Revocation>, FileFault> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(index, line)| parse_line(line).map_err(|fault| FileFault { line: index + 1, fault }))
        .collect()
}

/// Reads one line.
///
/// # Errors
/// Where it does not say exactly one thing, clearly.
pub fn parse_line(line: &str) -> Result<Revocation, LineFault> {
    let mut raw = Raw::default();
    read_object(line.as_bytes(), &mut raw)?;
    if let Some(unknown) = raw.unknown {
        return Err(LineFault::Unknown(unknown));
    }
    let named = [("jti", raw.jti), ("user", raw.user), ("kid", raw.kid), ("api_key", raw.api_key)];
    let mut named = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let (name, value) = named.next().ok_or(LineFault::Nothing)?;
    if let Some((other, _)) = named.next() {
        return Err(LineFault::Several(name, other));
    }
    let text = match value {
        Value::String(text) if !text.is_empty() => text.into_owned(),
        _ => return Err(LineFault::NotAName(name)),
    };
    let before = raw.before.map(|value| instant("before", value)).transpose()?;
    let target = match (name, before) {
        ("user", Some(before)) => RevocationTarget::User { user: text, before },
        ("user", None) => return Err(LineFault::NoBefore),
        (_, Some(_)) => return Err(LineFault::StrayBefore),
        ("jti", None) => RevocationTarget::Jti(text),
        ("kid", None) => RevocationTarget::Kid(text),
        (_, None) => RevocationTarget::ApiKey(text),
    };
    let expires = raw.exp.map(|value| instant("exp", value)).transpose()?;
    Ok(Revocation { target, expires })
}

/// Writes a line, without its newline; read again it is the same revocation.
pub fn write_line(revocation: &Revocation) -> String {
    let mut line = match &revocation.target {
        RevocationTarget::Jti(jti) => json!({ "jti": jti }),
        RevocationTarget::User { user, before } => {
            json!({ "user": user, "before": shown(*before) })
        }
        RevocationTarget::Kid(kid) => json!({ "kid": kid }),
        RevocationTarget::ApiKey(id) => json!({ "api_key": id }),
    };
    if let (Some(expires), Some(members)) = (revocation.expires, line.as_object_mut()) {
        members.insert("exp".to_owned(), shown(expires));
    }
    line.to_string()
}

/// As a date, where that says it exactly.
fn shown(instant: Timestamp) -> serde_json::Value {
    let date = instant.to_string();
    match Timestamp::parse(&date) {
        Ok(same) if same == instant => date.into(),
        _ => instant.seconds().into(),
    }
}

fn instant(name: &'static str, value: Value<'_>) -> Result<Timestamp, LineFault> {
    match value {
        Value::Number(seconds) => {
            Timestamp::from_seconds(seconds).ok_or(LineFault::NotAnInstant(name))
        }
        Value::String(text) => {
            Timestamp::parse(&text).map_err(|fault| LineFault::BadInstant(name, fault))
        }
        _ => Err(LineFault::NotAnInstant(name)),
    }
}

/// The members of a line.
#[derive(Default)]
struct Raw<'a> {
    jti: Option<Value<'a>>,
    user: Option<Value<'a>>,
    before: Option<Value<'a>>,
    kid: Option<Value<'a>>,
    api_key: Option<Value<'a>>,
    exp: Option<Value<'a>>,
    /// The first name that is none of these.
    unknown: Option<String>,
}

impl<'a> Members<'a> for Raw<'a> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'a>>> {
        Some(match name {
            b"jti" => &mut self.jti,
            b"user" => &mut self.user,
            b"before" => &mut self.before,
            b"kid" => &mut self.kid,
            b"api_key" => &mut self.api_key,
            b"exp" => &mut self.exp,
            _ => {
                let name = || String::from_utf8_lossy(name);
                self.unknown.get_or_insert_with(|| name().into_owned());
                return None;
            }
        })
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
