//! The claims of a token that is signed on the command line, out of its arguments.
//!
//! Every claim has one source: what is said twice is an error, while a claim that is said with
//! `--claim` takes the place of a default (`iat`, `exp`).

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Number, Value};

use super::token_sign::time;

/// Seconds until a token expires, where nothing says when: an hour.
const DEFAULT_LIFETIME: f64 = 3600.0;

/// The arguments that make claims.
#[derive(Debug, Args)]
pub(super) struct ClaimArgs {
    /// Who the token is for: `sub`
    #[arg(long, value_name = "SUB", help_heading = "Claims")]
    sub: Option<String>,

    /// The claim `role`
    #[arg(long, value_name = "ROLE", help_heading = "Claims")]
    role: Option<String>,

    /// The claim `permissions`, a list
    #[arg(long, value_name = "A,B", value_delimiter = ',', help_heading = "Claims")]
    permissions: Option<Vec<String>>,

    /// How long it is good for: a number and s, m, h or d [default: 1h]
    #[arg(
        long,
        value_name = "15m",
        value_parser = seconds,
        conflicts_with = "expires_at",
        help_heading = "Claims"
    )]
    expires_in: Option<f64>,

    /// When it expires: `exp`, in seconds since 1970 or RFC 3339
    #[arg(
        long,
        value_name = "T",
        value_parser = time,
        allow_negative_numbers = true,
        help_heading = "Claims"
    )]
    expires_at: Option<f64>,

    /// When it begins to be good: `nbf`
    #[arg(
        long,
        value_name = "T",
        value_parser = time,
        allow_negative_numbers = true,
        help_heading = "Claims"
    )]
    not_before: Option<f64>,

    /// When it was issued: `iat` [default: now]
    #[arg(
        long,
        value_name = "T",
        value_parser = time,
        allow_negative_numbers = true,
        help_heading = "Claims"
    )]
    issued_at: Option<f64>,

    /// Any other claim; may stand several times. The value is taken as JSON where it is JSON, else
    /// as a string
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim, help_heading = "Claims")]
    claim: Vec<(String, Value)>,
}

impl ClaimArgs {
    /// The claims as they stand at `now`, in seconds since 1970.
    pub(super) fn to_claims(&self, now: f64) -> Result<Map<String, Value>> {
        let mut claims = Map::new();
        let said = [
            ("sub", self.sub.as_deref().map(Value::from)),
            ("role", self.role.as_deref().map(Value::from)),
            ("permissions", self.permissions.as_deref().map(list)),
            ("exp", self.expires_at.or(self.expires_in.map(|lifetime| now + lifetime)).map(number)),
            ("nbf", self.not_before.map(number)),
            ("iat", self.issued_at.map(number)),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value);
            }
        }
        for (name, value) in &self.claim {
            if claims.insert(name.clone(), value.clone()).is_some() {
                bail!("the claim `{name}` is given twice; give it once");
            }
        }
        claims.entry("iat").or_insert_with(|| number(now));
        claims.entry("exp").or_insert_with(|| number(now + DEFAULT_LIFETIME));
        Ok(claims)
    }
}

/// `--permissions ''` is an empty list, not a list of one empty string.
fn list(items: &[String]) -> Value {
    items.iter().filter(|item| !item.is_empty()).map(String::as_str).collect()
}

/// A whole number without `.0` where binary64 holds it exactly (RFC 7519 §2, NumericDate).
fn number(seconds: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if seconds.fract() == 0.0 && seconds.abs() <= EXACT {
        Value::from(seconds as i64)
    } else {
        Number::from_f64(seconds).map_or(Value::Null, Value::Number)
    }
}

/// `30s`, `15m`, `1h`, `7d`.
fn seconds(text: &str) -> Result<f64, String> {
    let wrong = || "give a whole number and s, m, h or d, as in 15m".to_owned();
    let (unit, digits) = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, length)| text.strip_suffix(unit).map(|digits| (length, digits)))
        .ok_or_else(wrong)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u32 = digits.parse().map_err(|_| "this is longer than anybody waits".to_owned())?;
    Ok(f64::from(count) * f64::from(unit))
}

/// `NAME=VALUE`.
fn claim(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((name.to_owned(), value))
        }
        _ => Err("give a name, `=` and a value, as in tenant=acme".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        claims: ClaimArgs,
    }

    fn claims(line: &[&str]) -> Result<String> {
        let line = Line::try_parse_from([&["sign"], line].concat())?;
        Ok(Value::Object(line.claims.to_claims(1000.0)?).to_string())
    }

    #[test]
    fn a_token_is_good_for_an_hour_unless_said_otherwise() {
        assert_eq!(claims(&[]).unwrap(), r#"{"exp":4600,"iat":1000}"#);
        assert_eq!(claims(&["--expires-in", "15m"]).unwrap(), r#"{"exp":1900,"iat":1000}"#);
        assert_eq!(claims(&["--expires-at", "5"]).unwrap(), r#"{"exp":5,"iat":1000}"#);
        assert_eq!(claims(&["--claim", "exp=null"]).unwrap(), r#"{"exp":null,"iat":1000}"#);
    }

    #[test]
    fn every_claim_stands_where_it_belongs() {
        let line = [
            "--sub=u1",
            "--role=admin",
            "--permissions=read,write",
            "--not-before=10.5",
            "--issued-at=9",
            "--claim=level=3",
            "--claim=name=three",
            r#"--claim=aud=["a","b"]"#,
            r#"--claim=digits="3""#,
            "--claim=equation=a=b",
        ];
        assert_eq!(
            claims(&line).unwrap(),
            r#"{"aud":["a","b"],"digits":"3","equation":"a=b","exp":4600,"iat":9,"level":3,"#
                .to_owned()
                + r#""name":"three","nbf":10.5,"permissions":["read","write"],"role":"admin","sub":"u1"}"#
        );
    }

    #[test]
    fn no_permissions_are_an_empty_list() {
        assert_eq!(
            claims(&["--permissions="]).unwrap(),
            r#"{"exp":4600,"iat":1000,"permissions":[]}"#
        );
    }

    #[test]
    fn a_claim_is_said_once() {
        for line in [&["--sub=a", "--claim=sub=b"], &["--claim=x=1", "--claim=x=1"]] {
            assert!(claims(line).unwrap_err().to_string().contains("is given twice"));
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for line in [
            "--expires-in=1w",
            "--expires-in=h",
            "--expires-in=-1h",
            "--expires-in=1.5h",
            "--expires-in=99999999999d",
            "--claim==x",
            "--claim=x",
        ] {
            assert!(claims(&[line]).is_err(), "{line}");
        }
    }
}
