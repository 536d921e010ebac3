//! `portcullis token inspect`: what a token says, for a person to read.
//!
//! It needs no key, so it never says that a token is good: what is wrong with it comes from the
//! gateway's own rules, and that the signature was not checked is said every time. All that comes
//! from the token is shown as ASCII JSON, so no token can move the cursor or fake a line.

use std::fmt::Write as _;
use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use portcullis::gateway::Timestamp;
use portcullis::gateway::unverified::UnverifiedToken;
use portcullis::node::Clock;
use portcullis::protocol::layout;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::token_input::{TokenLine, TokenLines};
use super::token_verify::object_text;

const EXAMPLES: &str = "\
Examples:
  portcullis token inspect < token.txt
  portcullis token inspect --now 2026-01-01T00:00:00Z < token.txt
  portcullis token inspect --format json < token.txt

A token among the arguments can be seen by others on the machine; standard input is private.

Exit status: 0 where the token could be read, whatever it says; 1 where it is no token at all.";

const UNCHECKED: &str = "The signature was not checked: anybody could have written this.
`portcullis token verify --key FILE` checks it.";

/// Claims that are points in time (RFC 7519 §4.1; `auth_time` and `updated_at` are OpenID's).
const TIMES: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/// The widest name that values stand beside; a longer one pushes its own value aside.
const MAX_NAME_WIDTH: usize = 24;

/// Arguments of `portcullis token inspect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenInspectArgs {
    /// The token [default: standard input]
    #[arg(value_name = "TOKEN")]
    token: Option<String>,

    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// The time it is, in seconds since 1970 or RFC 3339 [default: the system's clock]
    #[arg(long, value_name = "T", value_parser = Timestamp::parse, allow_negative_numbers = true)]
    now: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Two columns, and what is wrong below
    Table,
    /// One line of JSON
    Json,
}

/// Runs `portcullis token inspect`.
///
/// # Errors
///
/// When there is no token, and when `out` cannot be written.
pub(super) fn run(args: &TokenInspectArgs, out: &mut dyn Write) -> Result<()> {
    let text = match &args.token {
        Some(token) => token.trim().to_owned(),
        None => read_one()?,
    };
    let token = UnverifiedToken::read(&text).context("this is no token")?;
    let now = args.now.map_or(Clock::System, Clock::Frozen).now().wall;
    let shown = match args.format {
        Format::Table => table(&token, now),
        Format::Json => json(&token, now),
    };
    Ok(out.write_all(shown.as_bytes())?)
}

fn read_one() -> Result<String> {
    let mut lines = TokenLines::new(io::stdin().lock());
    let token = match lines.next()? {
        None => bail!("standard input holds no token"),
        Some(TokenLine::TooLong) => bail!("this is no token: it is longer than 1 MiB"),
        Some(TokenLine::Text(token)) => token,
    };
    if lines.next()?.is_some() {
        bail!("standard input holds more than one line; a token is one, and one can be inspected");
    }
    Ok(token)
}

fn table(token: &UnverifiedToken, now: Timestamp) -> String {
    let mut shown = String::from("Header\n");
    rows(&mut shown, Some(token.header()), |_, _| None);
    shown += "\nClaims\n";
    rows(&mut shown, token.payload(), |name, value| time(name, value, now));
    let faults = token.faults(now);
    if faults.is_empty() {
        shown += "\nNothing is wrong with it that can be seen without a key.\n";
    } else {
        shown += "\nWrong with it\n";
        for fault in faults {
            let _ = writeln!(shown, "  - {fault}");
        }
    }
    shown + "\n" + UNCHECKED + "\n"
}

fn json(token: &UnverifiedToken, now: Timestamp) -> String {
    let faults: Vec<String> = token.faults(now).iter().map(ToString::to_string).collect();
    let mut line = Vec::new();
    layout::object(&mut line, |line| {
        line.json("header", object_text(token.header()).unwrap_or("null"));
        line.json("claims", token.payload().and_then(object_text).unwrap_or("null"));
        line.texts("faults", faults.iter().map(String::as_str));
        line.boolean("signature_checked", false);
    });
    line.push(b'\n');
    String::from_utf8_lossy(&line).into_owned()
}

/// The members of one object, a line each, with a remark where there is one.
fn rows(shown: &mut String, json: Option<&[u8]>, remark: impl Fn(&str, &str) -> Option<String>) {
    let Some(members) = json.and_then(members) else {
        *shown += "  (not one JSON object)\n";
        return;
    };
    let widths =
        members.iter().map(|(name, _)| name.len()).filter(|width| *width <= MAX_NAME_WIDTH);
    let width = widths.max().unwrap_or(0);
    for (name, value) in &members {
        let _ = write!(shown, "  {name:width$}  {value}");
        if let Some(remark) = remark(name, value) {
            let _ = write!(shown, "  ({remark})");
        }
        shown.push('\n');
    }
}

/// Names and values in order, those that stand twice too. A name that is not plain is quoted.
fn members(json: &[u8]) -> Option<Vec<(String, String)>> {
    let Pairs(pairs) = serde_json::from_slice(json).ok()?;
    let named = pairs.into_iter().map(|(name, value)| {
        let quoted = laid_out(name);
        let name = quoted.trim_matches('"');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/#".contains(&byte);
        let is_plain = !name.is_empty() && name.bytes().all(is_plain);
        (if is_plain { name.to_owned() } else { quoted }, laid_out(value))
    });
    Some(named.collect())
}

fn laid_out(value: &RawValue) -> String {
    let mut out = Vec::new();
    layout::json(&mut out, value.get());
    String::from_utf8_lossy(&out).into_owned()
}

struct Pairs<'de>(Vec<(&'de RawValue, &'de RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// A point in time as a date, and how far off it is.
fn time(name: &str, value: &str, now: Timestamp) -> Option<String> {
    let instant = TIMES.contains(&name).then(|| value.parse().ok()).flatten();
    let instant = Timestamp::from_seconds(instant?)?;
    let date = instant.to_string();
    // What no calendar holds is shown in seconds again, which says nothing new.
    date.ends_with('Z').then(|| format!("{date}, {}", distance(instant.seconds() - now.seconds())))
}

/// `in 3 minutes`, `2 days ago`: rounded down to the unit that leaves a number one can grasp.
fn distance(seconds: f64) -> String {
    const UNITS: [(&str, f64, f64); 5] = [
        ("second", 1.0, 60.0),
        ("minute", 60.0, 3600.0),
        ("hour", 3600.0, 86_400.0),
        ("day", 86_400.0, 2.0 * 31_557_600.0),
        ("year", 31_557_600.0, f64::INFINITY),
    ];
    let away = seconds.abs();
    let unit = UNITS.into_iter().find(|(.., below)| away < *below);
    let (name, length, _) = unit.unwrap_or(("second", 1.0, 0.0));
    let count = (away / length).floor();
    let plural = if count == 1.0 { "" } else { "s" };
    if away < 1.0 {
        "now".to_owned()
    } else if seconds > 0.0 {
        format!("in {count} {name}{plural}")
    } else {
        format!("{count} {name}{plural} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_a_date_and_how_far_off_it_is() {
        let now = Timestamp::from_seconds(1_767_225_600.0).unwrap();
        for (name, value, shown) in [
            ("exp", "1767225600", Some("2026-01-01T00:00:00Z, now")),
            ("exp", "1767225659.5", Some("2026-01-01T00:00:59.5Z, in 59 seconds")),
            ("nbf", "1767225660", Some("2026-01-01T00:01:00Z, in 1 minute")),
            ("iat", "1767222000", Some("2025-12-31T23:00:00Z, 1 hour ago")),
            ("exp", "1767052800", Some("2025-12-30T00:00:00Z, 2 days ago")),
            ("exp", "0", Some("1970-01-01T00:00:00Z, 56 years ago")),
            ("exp", "1e300", None),
            ("exp", "1e999", None),
            ("exp", "\"1767225600\"", None),
            ("exp", "null", None),
            ("level", "1767225600", None),
        ] {
            assert_eq!(time(name, value, now).as_deref(), shown, "{name} {value}");
        }
    }

    #[test]
    fn names_are_plain_or_quoted() {
        let json = br#"{"a":1,"a":2,"":3,"b c":4,"\u0064":5,"\u001b[1m":6,"\ud800":7}"#;
        let shown: Vec<_> = members(json).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(shown, ["a", "a", "\"\"", "\"b c\"", "d", "\"\\u001b[1m\"", "\"\\ud800\""]);
        assert_eq!(members(b"[]"), None);
    }
}
