//! How each form is read, and what it should be where it cannot be.

use std::time::Duration;

use super::{
    Digest, FilePath, GrantText, HeaderName, Instant, KeySource, Leaf, LongSpan, Method, Name,
    PathPattern, Permission, PlainPath, Rate, Reference, SecretSource, Span, Store, Target,
    TrustedUrl,
};
use crate::config::url;
use crate::gateway::Timestamp;
use crate::gateway::grant::GrantFault;
use crate::gateway::path::NormalPath;
use crate::gateway::route::RoutePattern;

/// No stretch of time is longer: about a hundred years.
const LONGEST: u64 = 100 * 366 * 24 * 3600 * 1000;

fn read_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{text}` is no duration")),
    };
    let number: u64 = match number.parse() {
        Ok(number) => number,
        Err(_) if number.is_empty() => return Err(format!("`{text}` is no duration")),
        Err(_) => return Err(format!("`{text}` is longer than a hundred years")),
    };
    match number.checked_mul(scale) {
        Some(milliseconds) if milliseconds <= LONGEST => Ok(Duration::from_millis(milliseconds)),
        _ => Err(format!("`{text}` is longer than a hundred years")),
    }
}

impl Leaf for Span {
    const FORMAT: &'static str = "duration-text";
    const EXPECTED: &'static str = "a duration: `500ms`, `10s`, `5m` or `1h`";
    const PATTERN: Option<&'static str> = Some("^[0-9]+(ms|s|m|h)$");

    fn read(text: &str) -> Result<Self, String> {
        read_duration(text).map(Self)
    }
}

impl Leaf for LongSpan {
    const FORMAT: &'static str = "duration-text-not-zero";
    const EXPECTED: &'static str = "a duration of more than nothing: `500ms`, `10s`, `5m` or `1h`";
    const PATTERN: Option<&'static str> = Some("^0*[1-9][0-9]*(ms|s|m|h)$");

    fn read(text: &str) -> Result<Self, String> {
        match read_duration(text)? {
            Duration::ZERO => Err(format!("`{text}` is no time at all")),
            duration => Ok(Self(duration)),
        }
    }
}

impl Leaf for Rate {
    const FORMAT: &'static str = "rate";
    const EXPECTED: &'static str = "a rate: `10/s`, `100/min`, `1000/h` or `5/37s`";
    const PATTERN: Option<&'static str> = Some("^[0-9]+/(s|min|h|[0-9]+s)$");

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is no rate"))
    }
}

/// `env:NAME` or `file:PATH`; none where it begins with neither.
fn read_reference(text: &str) -> Option<Result<Reference, String>> {
    if let Some(name) = text.strip_prefix("env:") {
        let bad = name.is_empty() || name.contains(['=', '\0']);
        return Some(match bad {
            true => Err("`env:` is followed by the name of a variable".to_owned()),
            false => Ok(Reference::Variable(name.to_owned())),
        });
    }
    let path = text.strip_prefix("file:")?;
    Some(match path.is_empty() || path.contains('\0') {
        true => Err("`file:` is followed by a path".to_owned()),
        false => Ok(Reference::File(path.to_owned())),
    })
}

impl Leaf for KeySource {
    const FORMAT: &'static str = "key-source";
    const EXPECTED: &'static str = "`file:PATH`, `env:NAME` or an `https:` URL; the key itself is never written into the \
         configuration";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^(env:|file:|https://|http://).+$");

    fn read(text: &str) -> Result<Self, String> {
        if let Some(reference) = read_reference(text) {
            return reference.map(Self::Named);
        }
        if !text.contains("://") || text.contains("-----") {
            return Err("a key stands here, or nothing that says where one is".to_owned());
        }
        url::check_trusted(text)?;
        Ok(Self::Url(text.to_owned()))
    }
}

impl Leaf for SecretSource {
    const FORMAT: &'static str = "secret-source";
    const EXPECTED: &'static str =
        "`env:NAME` or `file:PATH`; the secret itself is never written into the configuration";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^(env|file):.+$");

    fn read(text: &str) -> Result<Self, String> {
        let literal = || Err("a secret stands here, or nothing that says where one is".to_owned());
        read_reference(text).unwrap_or_else(literal).map(Self)
    }
}

impl Leaf for Store {
    const FORMAT: &'static str = "limit-store";
    const EXPECTED: &'static str = "`memory`, `redis://HOST:PORT/DATABASE`, `rediss://…`, or `env:NAME` where it has a password";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^(memory|rediss?://.+|env:.+|file:.+)$");

    fn read(text: &str) -> Result<Self, String> {
        if text == "memory" {
            return Ok(Self::Memory);
        }
        if let Some(reference) = read_reference(text) {
            return reference.map(Self::Named);
        }
        if !text.contains("://") {
            return Err("this is no store".to_owned());
        }
        url::check_redis(text, false)?;
        Ok(Self::Redis(text.to_owned()))
    }
}

impl Leaf for TrustedUrl {
    const FORMAT: &'static str = "trusted-url";
    const EXPECTED: &'static str = "an `https:` URL, or an `http:` URL of this machine";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^https?://.+$");

    fn read(text: &str) -> Result<Self, String> {
        url::check_trusted(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl Leaf for Target {
    const FORMAT: &'static str = "target-url";
    const EXPECTED: &'static str = "where the service listens: `http://HOST:PORT` or `https://…`";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^https?://[^/?#]+/?$");

    fn read(text: &str) -> Result<Self, String> {
        url::check_target(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Why a text is no name; none where it is one.
pub(in crate::config) fn fault_of_name(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    text.chars().any(char::is_control).then_some("it holds a control character")
}

impl Leaf for Name {
    const FORMAT: &'static str = "name";
    const EXPECTED: &'static str = "some text without control characters";
    const PATTERN: Option<&'static str> = Some("^.+$");

    fn read(text: &str) -> Result<Self, String> {
        match fault_of_name(text) {
            Some(fault) => Err(fault.to_owned()),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl Leaf for Permission {
    const FORMAT: &'static str = "permission";
    const EXPECTED: &'static str = "a permission to the letter; patterns stand in `roles` and in the `permissions` of issuers alone";
    const PATTERN: Option<&'static str> = Some("^[^|]+$");

    fn read(text: &str) -> Result<Self, String> {
        if text == "*" || text.ends_with(":*") {
            return Err(format!("`{text}` is a pattern"));
        }
        if text.contains('|') {
            return Err("a permission holds no `|`".to_owned());
        }
        Name::read(text).map(|name| Self(name.0))
    }
}

impl Leaf for GrantText {
    const FORMAT: &'static str = "grant";
    const EXPECTED: &'static str = "a permission, a pattern such as `orders:*`, or `*`";
    const PATTERN: Option<&'static str> = Some(r"^(\*|[^|*]+|[^|*]*:\*)$");

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|fault: GrantFault| fault.to_string())
    }
}

impl Leaf for Instant {
    const FORMAT: &'static str = "instant";
    const EXPECTED: &'static str = "a date and time with its offset: `2027-01-01T00:00:00Z`";

    fn read(text: &str) -> Result<Self, String> {
        let numeric = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
        let refused = || format!("`{text}` is no date and time with an offset");
        if numeric {
            return Err(refused());
        }
        Timestamp::parse(text).map(Self).map_err(|_| refused())
    }
}

impl Leaf for Digest {
    const FORMAT: &'static str = "sha256";
    const EXPECTED: &'static str = "the SHA-256 of the key: 64 hexadecimal digits, as \
         `portcullis key generate --kind api-key` prints them";
    const SECRET: bool = true;
    const PATTERN: Option<&'static str> = Some("^[0-9a-fA-F]{64}$");

    fn read(text: &str) -> Result<Self, String> {
        let refused = || "this is no SHA-256 digest".to_owned();
        let mut digest = [0; 32];
        if text.len() != 64 {
            return Err(refused());
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            for digit in pair {
                let digit = char::from(*digit).to_digit(16).ok_or_else(refused)?;
                *byte = *byte * 16 + u8::try_from(digit).unwrap_or_default();
            }
        }
        Ok(Self(digest))
    }
}

/// A token of RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

impl Leaf for HeaderName {
    const FORMAT: &'static str = "header-name";
    const EXPECTED: &'static str = "the name of a header: letters, digits and `-`";
    const PATTERN: Option<&'static str> = Some("^[-A-Za-z0-9!#$%&'*+.^_`|~]+$");

    fn read(text: &str) -> Result<Self, String> {
        match is_token(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("`{text}` is no name of a header")),
        }
    }
}

impl Leaf for Method {
    const FORMAT: &'static str = "method";
    const EXPECTED: &'static str = "a method in capitals: `GET`";
    const PATTERN: Option<&'static str> = Some("^[-A-Z0-9!#$%&'*+.^_`|~]+$");

    fn read(text: &str) -> Result<Self, String> {
        match is_token(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("`{text}` is no method")),
        }
    }
}

impl Leaf for PathPattern {
    const FORMAT: &'static str = "path-pattern";
    const EXPECTED: &'static str = "a path in its normal form, in which `{name}` is one segment and a final `{*rest}` the rest";
    const PATTERN: Option<&'static str> = Some("^/");

    fn read(text: &str) -> Result<Self, String> {
        RoutePattern::parse(text).map(Self).map_err(|fault| fault.to_string())
    }
}

impl Leaf for PlainPath {
    const FORMAT: &'static str = "plain-path";
    const EXPECTED: &'static str = "a path such as `/health`";
    const PATTERN: Option<&'static str> = Some("^/");

    fn read(text: &str) -> Result<Self, String> {
        NormalPath::parse(text).map_err(|fault| fault.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

impl Leaf for FilePath {
    const FORMAT: &'static str = "file-path";
    const EXPECTED: &'static str = "the path of a file";

    fn read(text: &str) -> Result<Self, String> {
        match text.is_empty() || text.contains('\0') {
            true => Err("this is no path".to_owned()),
            false => Ok(Self(text.to_owned())),
        }
    }
}
