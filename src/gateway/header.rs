//! The header of a token (RFC 7515 §4), read strictly.

use std::borrow::Cow;

use super::json::{Members, ObjectFault, Value, read_object};
use super::key::{Algorithm, algorithm_named};

/// What a header says that matters for checking the signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JoseHeader<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<Cow<'a, str>>,
    /// Whether it is a good one depends on the issuer.
    pub(super) typ: Option<Cow<'a, str>>,
}

/// Why a header makes its token invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Not one strict JSON object.
    #[error("the header {0}")]
    Json(ObjectFault),
    /// `alg` is absent, unsupported, `none`, or not to the letter.
    #[error("the header's `alg` is no supported algorithm")]
    Algorithm,
    /// RFC 7515 §4.1.11: no extension is supported, so any `crit` is refused.
    #[error("the header has `crit`")]
    Critical,
    /// RFC 7797 §7: a JWT never uses `b64`.
    #[error("the header has `b64`")]
    Unencoded,
    /// `typ` names another kind of token (RFC 8725 §3.11).
    #[error("the header's `typ` is none that is accepted")]
    Type,
    /// A known parameter of the wrong type.
    #[error("the header's `{0}` has the wrong type")]
    WrongType(&'static str),
}

#[derive(Default)]
struct RawHeader<'de> {
    alg: Option<Value<'de>>,
    kid: Option<Value<'de>>,
    typ: Option<Value<'de>>,
    jku: Option<Value<'de>>,
    x5u: Option<Value<'de>>,
    jwk: Option<Value<'de>>,
    x5c: Option<Value<'de>>,
    crit: Option<Value<'de>>,
    b64: Option<Value<'de>>,
}

impl<'de> Members<'de> for RawHeader<'de> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        Some(match name {
            b"alg" => &mut self.alg,
            b"kid" => &mut self.kid,
            b"typ" => &mut self.typ,
            b"jku" => &mut self.jku,
            b"x5u" => &mut self.x5u,
            b"jwk" => &mut self.jwk,
            b"x5c" => &mut self.x5c,
            b"crit" => &mut self.crit,
            b"b64" => &mut self.b64,
            _ => return None,
        })
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl<'a> JoseHeader<'a> {
    /// Reads the decoded header of a token.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, HeaderFault> {
        let mut raw = RawHeader::default();
        read_object(json, &mut raw).map_err(HeaderFault::Json)?;
        if raw.crit.is_some() {
            return Err(HeaderFault::Critical);
        }
        if raw.b64.is_some() {
            return Err(HeaderFault::Unencoded);
        }
        // Never followed (RFC 8725 §3.10), yet a malformed one marks a forged token.
        let wrong = |name| Err(HeaderFault::WrongType(name));
        match (raw.jku, raw.x5u, raw.jwk, raw.x5c) {
            (Some(jku), ..) if !matches!(jku, Value::String(_)) => return wrong("jku"),
            (_, Some(x5u), ..) if !matches!(x5u, Value::String(_)) => return wrong("x5u"),
            (_, _, Some(jwk), _) if !matches!(jwk, Value::Object(_)) => return wrong("jwk"),
            (.., Some(x5c)) if !matches!(x5c, Value::Strings(_)) => return wrong("x5c"),
            _ => {}
        }
        let typ = match raw.typ {
            None => None,
            Some(Value::String(typ)) => Some(typ),
            Some(_) => return wrong("typ"),
        };
        let kid = match raw.kid {
            None => None,
            Some(Value::String(kid)) => Some(kid),
            Some(_) => return wrong("kid"),
        };
        match raw.alg {
            Some(Value::String(alg)) => {
                let algorithm = algorithm_named(&alg).ok_or(HeaderFault::Algorithm)?;
                Ok(Self { algorithm, kid, typ })
            }
            Some(_) => wrong("alg"),
            None => Err(HeaderFault::Algorithm),
        }
    }
}

impl JoseHeader<'_> {
    /// The same, on its own.
    pub(super) fn owned(self) -> JoseHeader<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        JoseHeader { algorithm: self.algorithm, kid: self.kid.map(owned), typ: self.typ.map(owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::HeaderFault::{Critical, Json, Unencoded, WrongType};
    use super::*;

    const UNSUPPORTED: HeaderFault = HeaderFault::Algorithm;

    #[test]
    fn a_plain_header_names_algorithm_and_key() {
        for (json, algorithm, kid, typ) in [
            (r#"{"alg":"HS256"}"#, Algorithm::HS256, None, None),
            (r#"{"typ":"JWT","alg":"Ed25519","kid":""}"#, Algorithm::EdDSA, Some(""), Some("JWT")),
            (r#"{"typ":"at+jwt","alg":"EdDSA"}"#, Algorithm::EdDSA, None, Some("at+jwt")),
            (
                r#"{"a\u006cg":"PS512","kid":"k\u0031","cty":"x"}"#,
                Algorithm::PS512,
                Some("k1"),
                None,
            ),
            (
                r#"{"alg":"ES384","jku":"u","x5u":"u","jwk":{},"x5c":[]}"#,
                Algorithm::ES384,
                None,
                None,
            ),
        ] {
            let (kid, typ) = (kid.map(Cow::Borrowed), typ.map(Cow::Borrowed));
            assert_eq!(
                JoseHeader::read(json.as_bytes()),
                Ok(JoseHeader { algorithm, kid, typ }),
                "{json}"
            );
        }
    }

    #[test]
    fn anything_doubtful_makes_the_token_invalid() {
        for (json, fault) in [
            (r#"[]"#, Json(ObjectFault::Syntax)),
            (r#"{"alg":"HS256","alg":"HS256"}"#, Json(ObjectFault::Duplicate)),
            (r#"{"alg":"HS256","x":1,"\u0078":2}"#, Json(ObjectFault::Duplicate)),
            (r#"{}"#, UNSUPPORTED),
            (r#"{"alg":"none"}"#, UNSUPPORTED),
            (r#"{"alg":"nOnE"}"#, UNSUPPORTED),
            (r#"{"alg":""}"#, UNSUPPORTED),
            (r#"{"alg":"hs256"}"#, UNSUPPORTED),
            (r#"{"alg":" HS256"}"#, UNSUPPORTED),
            (r#"{"alg":"ES512"}"#, UNSUPPORTED),
            (r#"{"alg":"ed25519"}"#, UNSUPPORTED),
            (r#"{"alg":null}"#, WrongType("alg")),
            (r#"{"alg":["HS256"]}"#, WrongType("alg")),
            (r#"{"alg":5}"#, WrongType("alg")),
            (r#"{"alg":"HS256","crit":[]}"#, Critical),
            (r#"{"alg":"HS256","crit":["exp"]}"#, Critical),
            (r#"{"alg":"HS256","crit":null}"#, Critical),
            (r#"{"alg":"HS256","b64":true}"#, Unencoded),
            (r#"{"alg":"HS256","typ":null}"#, WrongType("typ")),
            (r#"{"alg":"HS256","kid":1}"#, WrongType("kid")),
            (r#"{"alg":"HS256","kid":null}"#, WrongType("kid")),
            (r#"{"alg":"HS256","jku":{}}"#, WrongType("jku")),
            (r#"{"alg":"HS256","x5u":null}"#, WrongType("x5u")),
            (r#"{"alg":"HS256","jwk":"{}"}"#, WrongType("jwk")),
            (r#"{"alg":"HS256","x5c":"a"}"#, WrongType("x5c")),
            (r#"{"alg":"HS256","x5c":[1]}"#, WrongType("x5c")),
        ] {
            assert_eq!(JoseHeader::read(json.as_bytes()), Err(fault), "{json}");
        }
    }
}
