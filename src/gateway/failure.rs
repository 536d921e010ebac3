//! Why a credential proved nothing, under a name that stays the same: for the record.
//!
//! A name, and of some the claim or parameter it is about, tell all that there is to a failure, so that
//! it can be read back. Neither comes from whoever sent the credential.

use super::claims::ClaimsFault;
use super::credential::CredentialFault;
use super::decision::{Denial, Unavailable};
use super::header::HeaderFault;
use super::json::ObjectFault;
use super::request::BadRequest;
use super::revocation::RevokedBy;
use super::token::TokenFault;

/// Why a credential proved nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There was none.
    Missing,
    /// There was more than one.
    Several,
    /// It was not understood.
    Unread(CredentialFault),
    /// It had expired, and something else was wrong with it.
    Expired,
    /// It was not valid.
    Invalid(TokenFault),
    /// Nobody could be asked about it.
    Introspection,
}

/// The parts of a token that have an encoding.
const SEGMENTS: [&str; 3] = ["header", "payload", "signature"];

/// The parameters of a header that have a type.
const PARAMETERS: [&str; 7] = ["alg", "kid", "typ", "jku", "x5u", "jwk", "x5c"];

impl Failure {
    /// What a denial says of the credential; none where it was denied for something else.
    pub fn of(denial: &Denial) -> Option<Self> {
        Some(match denial {
            Denial::BadRequest(BadRequest::SeveralCredentials) => Self::Several,
            Denial::MissingCredential => Self::Missing,
            Denial::InvalidCredential(fault) => Self::Unread(*fault),
            Denial::TokenExpired => Self::Expired,
            Denial::InvalidToken(fault) => Self::Invalid(fault.clone()),
            Denial::Unavailable(Unavailable::Introspection) => Self::Introspection,
            _ => return None,
        })
    }

    /// Its name, and what it is about where that is not in the name.
    pub fn name(&self) -> (&'static str, Option<&str>) {
        let name = match self {
            Self::Missing => "missing",
            Self::Several => "several",
            Self::Unread(fault) => match fault {
                CredentialFault::Empty => "empty",
                CredentialFault::UnknownScheme => "unknown_scheme",
                CredentialFault::NoToken => "no_token",
                CredentialFault::Separator => "separator",
            },
            Self::Expired => "expired",
            Self::Introspection => "introspection_failed",
            Self::Invalid(fault) => return name_of(fault),
        };
        (name, None)
    }

    /// The failure of a name; none where there is no such.
    pub fn named(name: &str, of: Option<&str>) -> Option<Self> {
        let invalid = |fault: TokenFault| Some(Self::Invalid(fault));
        let header = |fault: HeaderFault| invalid(TokenFault::Header(fault));
        let claims = |fault: ClaimsFault| invalid(TokenFault::Claims(fault));
        let one_of = |known: &[&'static str]| known.iter().copied().find(|one| Some(*one) == of);
        let claim = || of.map(|claim| claim.to_owned().into());
        match name {
            "encoding" => return invalid(TokenFault::Encoding(one_of(&SEGMENTS)?)),
            "header_wrong_type" => return header(HeaderFault::WrongType(one_of(&PARAMETERS)?)),
            "claim_missing" => return claims(ClaimsFault::Missing(claim()?)),
            "claim_wrong_type" => return claims(ClaimsFault::WrongType(claim()?)),
            "claim_duplicate_member" => return claims(ClaimsFault::Duplicate(claim()?)),
            "claim_empty" => return claims(ClaimsFault::EmptySubject(claim()?)),
            "claim_control_character" => return claims(ClaimsFault::Control(claim()?)),
            _ if of.is_some() => return None,
            _ => {}
        }
        Some(match name {
            "missing" => Self::Missing,
            "several" => Self::Several,
            "empty" => Self::Unread(CredentialFault::Empty),
            "unknown_scheme" => Self::Unread(CredentialFault::UnknownScheme),
            "no_token" => Self::Unread(CredentialFault::NoToken),
            "separator" => Self::Unread(CredentialFault::Separator),
            "expired" => Self::Expired,
            "introspection_failed" => Self::Introspection,
            "too_long" => return invalid(TokenFault::TooLong),
            "segments" => return invalid(TokenFault::Segments),
            "header_syntax" => return header(HeaderFault::Json(ObjectFault::Syntax)),
            "header_duplicate" => return header(HeaderFault::Json(ObjectFault::Duplicate)),
            "algorithm" => return header(HeaderFault::Algorithm),
            "critical" => return header(HeaderFault::Critical),
            "unencoded" => return header(HeaderFault::Unencoded),
            "type" => return header(HeaderFault::Type),
            "no_key" => return invalid(TokenFault::NoKey),
            "no_fitting_key" => return invalid(TokenFault::NoFittingKey),
            "signature" => return invalid(TokenFault::Signature),
            "claims_syntax" => return claims(ClaimsFault::Json(ObjectFault::Syntax)),
            "claims_duplicate" => return claims(ClaimsFault::Json(ObjectFault::Duplicate)),
            "audience" => return claims(ClaimsFault::Audience),
            "other_audience" => return claims(ClaimsFault::OtherAudience),
            "other_issuer" => return claims(ClaimsFault::OtherIssuer),
            "lifetime" => return claims(ClaimsFault::Lifetime),
            "not_yet_valid" => return invalid(TokenFault::NotYetValid),
            "inactive" => return invalid(TokenFault::Inactive),
            "unknown_api_key" => return invalid(TokenFault::UnknownApiKey),
            _ => return revoked_by(name.strip_prefix("revoked_")?).and_then(invalid),
        })
    }
}

fn revoked_by(name: &str) -> Option<TokenFault> {
    REVOKED.iter().find(|(_, known)| *known == name).map(|(by, _)| TokenFault::Revoked(*by))
}

/// What revokes, by its name in records.
const REVOKED: [(RevokedBy, &str); 4] = [
    (RevokedBy::Jti, "jti"),
    (RevokedBy::User, "user"),
    (RevokedBy::Kid, "kid"),
    (RevokedBy::ApiKey, "api_key"),
];

impl RevokedBy {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jti => "jti",
            Self::User => "user",
            Self::Kid => "kid",
            Self::ApiKey => "api_key",
        }
    }

    /// What a name in records means.
    pub fn named(name: &str) -> Option<Self> {
        REVOKED.iter().find(|(_, known)| *known == name).map(|(by, _)| *by)
    }
}

fn name_of(fault: &TokenFault) -> (&'static str, Option<&str>) {
    let name = match fault {
        TokenFault::Encoding(segment) => return ("encoding", Some(segment)),
        TokenFault::Header(HeaderFault::WrongType(name)) => {
            return ("header_wrong_type", Some(name));
        }
        TokenFault::Claims(ClaimsFault::Missing(claim)) => return ("claim_missing", Some(claim)),
        TokenFault::Claims(ClaimsFault::WrongType(claim)) => {
            return ("claim_wrong_type", Some(claim));
        }
        TokenFault::Claims(ClaimsFault::Duplicate(claim)) => {
            return ("claim_duplicate_member", Some(claim));
        }
        TokenFault::Claims(ClaimsFault::EmptySubject(claim)) => {
            return ("claim_empty", Some(claim));
        }
        TokenFault::Claims(ClaimsFault::Control(claim)) => {
            return ("claim_control_character", Some(claim));
        }
        TokenFault::TooLong => "too_long",
        TokenFault::Segments => "segments",
        TokenFault::Header(HeaderFault::Json(ObjectFault::Syntax)) => "header_syntax",
        TokenFault::Header(HeaderFault::Json(ObjectFault::Duplicate)) => "header_duplicate",
        TokenFault::Header(HeaderFault::Algorithm) => "algorithm",
        TokenFault::Header(HeaderFault::Critical) => "critical",
        TokenFault::Header(HeaderFault::Unencoded) => "unencoded",
        TokenFault::Header(HeaderFault::Type) => "type",
        TokenFault::NoKey => "no_key",
        TokenFault::NoFittingKey => "no_fitting_key",
        TokenFault::Signature => "signature",
        TokenFault::Claims(ClaimsFault::Json(ObjectFault::Syntax)) => "claims_syntax",
        TokenFault::Claims(ClaimsFault::Json(ObjectFault::Duplicate)) => "claims_duplicate",
        TokenFault::Claims(ClaimsFault::Audience) => "audience",
        TokenFault::Claims(ClaimsFault::OtherAudience) => "other_audience",
        TokenFault::Claims(ClaimsFault::OtherIssuer) => "other_issuer",
        TokenFault::Claims(ClaimsFault::Lifetime) => "lifetime",
        TokenFault::NotYetValid => "not_yet_valid",
        TokenFault::Inactive => "inactive",
        TokenFault::UnknownApiKey => "unknown_api_key",
        TokenFault::Revoked(RevokedBy::Jti) => "revoked_jti",
        TokenFault::Revoked(RevokedBy::User) => "revoked_user",
        TokenFault::Revoked(RevokedBy::Kid) => "revoked_kid",
        TokenFault::Revoked(RevokedBy::ApiKey) => "revoked_api_key",
    };
    (name, None)
}

impl From<Failure> for Denial {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing => Self::MissingCredential,
            Failure::Several => Self::BadRequest(BadRequest::SeveralCredentials),
            Failure::Unread(fault) => Self::InvalidCredential(fault),
            Failure::Expired => Self::TokenExpired,
            Failure::Invalid(fault) => Self::InvalidToken(fault),
            Failure::Introspection => Self::Unavailable(Unavailable::Introspection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_failure() -> Vec<Failure> {
        let unread = [
            CredentialFault::Empty,
            CredentialFault::UnknownScheme,
            CredentialFault::NoToken,
            CredentialFault::Separator,
        ];
        let json = [ObjectFault::Syntax, ObjectFault::Duplicate];
        let mut headers = vec![
            HeaderFault::Algorithm,
            HeaderFault::Critical,
            HeaderFault::Unencoded,
            HeaderFault::Type,
        ];
        headers.extend(json.map(HeaderFault::Json));
        headers.extend(PARAMETERS.map(HeaderFault::WrongType));
        let mut claims = vec![
            ClaimsFault::Missing("x".into()),
            ClaimsFault::WrongType("x".into()),
            ClaimsFault::Duplicate("x".into()),
            ClaimsFault::EmptySubject("x".into()),
            ClaimsFault::Control("x".into()),
            ClaimsFault::Audience,
            ClaimsFault::OtherAudience,
            ClaimsFault::OtherIssuer,
            ClaimsFault::Lifetime,
        ];
        claims.extend(json.map(ClaimsFault::Json));
        let mut tokens = vec![
            TokenFault::TooLong,
            TokenFault::Segments,
            TokenFault::NoKey,
            TokenFault::NoFittingKey,
            TokenFault::Signature,
            TokenFault::NotYetValid,
            TokenFault::Inactive,
            TokenFault::UnknownApiKey,
        ];
        tokens.extend(SEGMENTS.map(TokenFault::Encoding));
        tokens.extend(REVOKED.map(|(by, _)| TokenFault::Revoked(by)));
        tokens.extend(headers.into_iter().map(TokenFault::Header));
        tokens.extend(claims.into_iter().map(TokenFault::Claims));
        let mut all =
            vec![Failure::Missing, Failure::Several, Failure::Expired, Failure::Introspection];
        all.extend(unread.map(Failure::Unread));
        all.extend(tokens.into_iter().map(Failure::Invalid));
        all
    }

    #[test]
    fn a_name_tells_all_there_is_to_a_failure() {
        let mut names = std::collections::BTreeSet::new();
        for failure in every_failure() {
            let (name, of) = failure.name();
            assert!(names.insert((name, of.map(str::to_owned))), "{name} stands for two");
            assert_eq!(Failure::named(name, of), Some(failure.clone()), "{name}");
            assert_eq!(Failure::of(&Denial::from(failure.clone())), Some(failure));
        }
    }

    #[test]
    fn what_is_no_name_of_a_failure_is_none() {
        for (name, of) in [
            ("", None),
            ("lost", None),
            ("encoding", None),
            ("encoding", Some("middle")),
            ("header_wrong_type", Some("x")),
            ("claim_missing", None),
            ("signature", Some("x")),
            ("revoked_", None),
            ("revoked_signature", None),
        ] {
            assert_eq!(Failure::named(name, of), None, "{name} {of:?}");
        }
    }
}
