//! The credential that a request carries, found in its headers.

use std::fmt;

use super::decision::Denial;
use super::request::{BadRequest, Request};

/// What a caller presents to say who it is. Never shown: its `Debug` prints `[redacted]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    Bearer(&'a str),
    /// `X-API-Key: KEY`, or `Authorization: ApiKey KEY`.
    ApiKey(&'a str),
}

/// What counts as a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Tokens alone: `X-API-Key` is a header like any other.
    Tokens,
    /// Tokens and API keys.
    TokensAndApiKeys,
}

/// Why a header is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// Nothing stands in the header.
    #[error("the credential's header is empty")]
    Empty,
    /// A scheme that is not known.
    #[error("the scheme is not known")]
    UnknownScheme,
    /// Nothing stands behind the scheme.
    #[error("nothing stands behind the scheme")]
    NoToken,
    /// A space, a tab or a comma in it.
    #[error("the credential holds a space, a tab or a comma")]
    Separator,
}

impl<'a> Credential<'a> {
    /// Finds the one credential of a request.
    ///
    /// # Errors
    /// Where there is none, more than one, or one that is not understood.
    pub fn of_request(request: &Request<'a>, accepts: Accepts) -> Result<Self, Denial> {
        let authorization = one_value(request, "authorization")?;
        let api_key = match accepts {
            Accepts::Tokens => None,
            Accepts::TokensAndApiKeys => one_value(request, "x-api-key")?,
        };
        match (authorization, api_key) {
            (None, None) => Err(Denial::MissingCredential),
            (Some(_), Some(_)) => Err(BadRequest::SeveralCredentials.into()),
            (Some(value), None) => Self::parse(value, accepts).map_err(Denial::InvalidCredential),
            (None, Some(value)) => {
                bare(trimmed(value)).map(Self::ApiKey).map_err(Denial::InvalidCredential)
            }
        }
    }

    fn parse(value: &'a str, accepts: Accepts) -> Result<Self, CredentialFault> {
        let value = trimmed(value);
        if value.is_empty() {
            return Err(CredentialFault::Empty);
        }
        let end = memchr::memchr(b' ', value.as_bytes()).unwrap_or(value.len());
        let (scheme, behind) = value.split_at_checked(end).unwrap_or((value, ""));
        // RFC 9110 §11.1: the scheme's case does not count.
        let is_key = accepts == Accepts::TokensAndApiKeys && scheme.eq_ignore_ascii_case("apikey");
        if !is_key && !scheme.eq_ignore_ascii_case("bearer") {
            return Err(CredentialFault::UnknownScheme);
        }
        let text = match bare(behind.trim_start_matches(' ')) {
            Err(CredentialFault::Empty) => return Err(CredentialFault::NoToken),
            other => other?,
        };
        Ok(if is_key { Self::ApiKey(text) } else { Self::Bearer(text) })
    }
}

/// The value of a header that may stand there once.
fn one_value<'a>(request: &Request<'a>, name: &str) -> Result<Option<&'a str>, Denial> {
    let mut values = request.header(name);
    let value = values.next();
    match values.next() {
        Some(_) => Err(BadRequest::SeveralCredentials.into()),
        None => Ok(value),
    }
}

/// RFC 9110 §5.5: spaces and tabs around a header's value do not count.
fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// A credential, which is one word.
fn bare(text: &str) -> Result<&str, CredentialFault> {
    if text.is_empty() {
        return Err(CredentialFault::Empty);
    }
    match memchr::memchr3(b' ', b'\t', b',', text.as_bytes()) {
        Some(_) => Err(CredentialFault::Separator),
        None => Ok(text),
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer([redacted])"),
            Self::ApiKey(_) => f.write_str("ApiKey([redacted])"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn of_headers(headers: &[(&str, &str)], accepts: Accepts) -> Result<String, Denial> {
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| (Cow::Borrowed(*n), Cow::Borrowed(*v))).collect();
        let request = Request {
            method: "GET",
            target: "/",
            headers: &headers,
            required: &[],
            client_ip: None,
        };
        Credential::of_request(&request, accepts).map(|credential| match credential {
            Credential::Bearer(token) => token.to_owned(),
            Credential::ApiKey(key) => format!("key {key}"),
        })
    }

    #[test]
    fn one_grammar_for_every_scheme() {
        use CredentialFault::*;
        for (value, tokens, with_keys) in [
            ("Bearer a.b.c", Ok("a.b.c"), Ok("a.b.c")),
            ("bEARER a.b.c", Ok("a.b.c"), Ok("a.b.c")),
            ("\t Bearer   a.b.c \t", Ok("a.b.c"), Ok("a.b.c")),
            ("Bearer \u{a0}", Ok("\u{a0}"), Ok("\u{a0}")),
            ("", Err(Empty), Err(Empty)),
            (" \t", Err(Empty), Err(Empty)),
            ("Bearer", Err(NoToken), Err(NoToken)),
            ("Bearer  ", Err(NoToken), Err(NoToken)),
            ("Bearer\ta.b.c", Err(UnknownScheme), Err(UnknownScheme)),
            ("Bearera.b.c", Err(UnknownScheme), Err(UnknownScheme)),
            ("a.b.c", Err(UnknownScheme), Err(UnknownScheme)),
            ("Basic dTpw", Err(UnknownScheme), Err(UnknownScheme)),
            ("ApiKey k", Err(UnknownScheme), Ok("key k")),
            ("apikey  k", Err(UnknownScheme), Ok("key k")),
            ("ApiKey", Err(UnknownScheme), Err(NoToken)),
            ("ApiKey k,l", Err(UnknownScheme), Err(Separator)),
            ("Bearer a.b.c d", Err(Separator), Err(Separator)),
            ("Bearer \ta.b.c", Err(Separator), Err(Separator)),
            ("Bearer a.b.c,", Err(Separator), Err(Separator)),
        ] {
            for (accepts, expected) in
                [(Accepts::Tokens, tokens), (Accepts::TokensAndApiKeys, with_keys)]
            {
                let expected = expected.map(str::to_owned).map_err(Denial::InvalidCredential);
                let found = of_headers(&[("Authorization", value)], accepts);
                assert_eq!(found, expected, "{value:?} {accepts:?}");
            }
        }
    }

    #[test]
    fn exactly_one_authorization_value() {
        let two = Err(Denial::BadRequest(BadRequest::SeveralCredentials));
        let of_headers = |headers: &[_]| of_headers(headers, Accepts::Tokens);
        assert_eq!(of_headers(&[]), Err(Denial::MissingCredential));
        assert_eq!(of_headers(&[("X-API-Key", "k")]), Err(Denial::MissingCredential));
        assert_eq!(of_headers(&[("authorization", "Bearer a"), ("Authorization", "")]), two);
        assert_eq!(of_headers(&[("AUTHORIZATION", "x"), ("authorization", "x")]), two);
        let beside = [("Authorization", "Bearer a"), ("X-API-Key", "k"), ("X-API-Key", "l")];
        assert_eq!(of_headers(&beside), Ok("a".to_owned()));
    }

    #[test]
    fn where_api_keys_count_there_is_one_credential_of_either_kind() {
        let two = Err(Denial::BadRequest(BadRequest::SeveralCredentials));
        let fault = |fault| Err(Denial::InvalidCredential(fault));
        let of_headers = |headers: &[_]| of_headers(headers, Accepts::TokensAndApiKeys);
        assert_eq!(of_headers(&[("x-api-key", "\t k ")]), Ok("key k".to_owned()));
        assert_eq!(of_headers(&[("X-API-Key", " ")]), fault(CredentialFault::Empty));
        assert_eq!(of_headers(&[("X-API-Key", "k l")]), fault(CredentialFault::Separator));
        assert_eq!(of_headers(&[("X-API-Key", "k"), ("x-api-key", "k")]), two);
        assert_eq!(of_headers(&[("X-API-Key", ""), ("Authorization", "")]), two);
        assert_eq!(of_headers(&[("X-API-Key", "k"), ("Authorization", "ApiKey k")]), two);
    }

    #[test]
    fn a_credential_is_never_shown() {
        assert_eq!(format!("{:?}", Credential::Bearer("a.b.c")), "Bearer([redacted])");
        assert_eq!(format!("{:?}", Credential::ApiKey("k")), "ApiKey([redacted])");
    }
}
