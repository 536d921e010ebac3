//! The credential that a request carries, found in its headers.

use std::fmt;

use super::decision::Denial;
use super::request::{BadRequest, Request};

/// What a caller presents to say who it is. Never shown: its `Debug` prints `[redacted]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    Bearer(&'a str),
}

/// Why an `Authorization` header is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// Nothing stands in the header.
    #[error("the Authorization header is empty")]
    Empty,
    /// A scheme other than `Bearer`.
    #[error("the scheme is not Bearer")]
    UnknownScheme,
    /// Nothing stands behind the scheme.
    #[error("nothing stands behind the scheme")]
    NoToken,
    /// A space, a tab or a comma in the token.
    #[error("the token holds a space, a tab or a comma")]
    Separator,
}

impl<'a> Credential<'a> {
    /// Finds the one credential of a request.
    ///
    /// # Errors
    /// Where there is none, more than one, or one that is not understood.
    pub fn of_request(request: &Request<'a>) -> Result<Self, Denial> {
        let mut values = request.header("authorization");
        let value = values.next().ok_or(Denial::MissingCredential)?;
        if values.next().is_some() {
            return Err(Denial::BadRequest(BadRequest::SeveralCredentials));
        }
        Self::parse(value).map_err(Denial::InvalidCredential)
    }

    fn parse(value: &'a str) -> Result<Self, CredentialFault> {
        let value = value.trim_matches([' ', '\t']);
        if value.is_empty() {
            return Err(CredentialFault::Empty);
        }
        let end = memchr::memchr(b' ', value.as_bytes()).unwrap_or(value.len());
        let (scheme, token) = value.split_at_checked(end).unwrap_or((value, ""));
        // RFC 9110 §11.1: the scheme's case does not count.
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(CredentialFault::UnknownScheme);
        }
        let token = token.trim_start_matches(' ');
        if token.is_empty() {
            return Err(CredentialFault::NoToken);
        }
        if memchr::memchr3(b' ', b'\t', b',', token.as_bytes()).is_some() {
            return Err(CredentialFault::Separator);
        }
        Ok(Self::Bearer(token))
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer([redacted])"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn of_headers(headers: &[(&str, &str)]) -> Result<String, Denial> {
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| (Cow::Borrowed(*n), Cow::Borrowed(*v))).collect();
        let request = Request {
            method: "GET",
            target: "/",
            headers: &headers,
            required: &[],
            client_ip: None,
        };
        Credential::of_request(&request).map(|Credential::Bearer(token)| token.to_owned())
    }

    #[test]
    fn one_grammar_for_bearer() {
        use CredentialFault::*;
        for (value, expected) in [
            ("Bearer a.b.c", Ok("a.b.c")),
            ("bEARER a.b.c", Ok("a.b.c")),
            ("\t Bearer   a.b.c \t", Ok("a.b.c")),
            ("Bearer \u{a0}", Ok("\u{a0}")),
            ("", Err(Empty)),
            (" \t", Err(Empty)),
            ("Bearer", Err(NoToken)),
            ("Bearer  ", Err(NoToken)),
            ("Bearer\ta.b.c", Err(UnknownScheme)),
            ("Bearera.b.c", Err(UnknownScheme)),
            ("a.b.c", Err(UnknownScheme)),
            ("Basic dTpw", Err(UnknownScheme)),
            ("ApiKey k", Err(UnknownScheme)),
            ("Bearer a.b.c d", Err(Separator)),
            ("Bearer \ta.b.c", Err(Separator)),
            ("Bearer a.b.c,", Err(Separator)),
        ] {
            let expected = expected.map(str::to_owned).map_err(Denial::InvalidCredential);
            assert_eq!(of_headers(&[("Authorization", value)]), expected, "{value:?}");
        }
    }

    #[test]
    fn exactly_one_authorization_value() {
        let two = Err(Denial::BadRequest(BadRequest::SeveralCredentials));
        assert_eq!(of_headers(&[]), Err(Denial::MissingCredential));
        assert_eq!(of_headers(&[("X-API-Key", "k")]), Err(Denial::MissingCredential));
        assert_eq!(of_headers(&[("authorization", "Bearer a"), ("Authorization", "")]), two);
        assert_eq!(of_headers(&[("AUTHORIZATION", "x"), ("authorization", "x")]), two);
    }

    #[test]
    fn a_credential_is_never_shown() {
        assert_eq!(format!("{:?}", Credential::Bearer("a.b.c")), "Bearer([redacted])");
    }
}
