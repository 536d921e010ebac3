//! Tokens: is the signature good, and what do the claims say.
//!
//! The outcome of [`verify`] depends on the keys and the token's bytes alone, so it can be
//! remembered; the clock comes in later, in [`SignedToken::at`].

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::{ClaimsFault, RawClaims};
use super::evidence::Evidence;
use super::header::{HeaderFault, JoseHeader};
use super::json::{Value, read_member};
use super::key::{Algorithm, VerifyingKey};
use super::revocation::RevokedBy;
use super::time::Timestamp;
use super::trust::{Issuer, IssuerId, Trust};
use super::verified::{Kind, Times, Verified};

/// Tokens longer than this are refused before they are looked at (bytes).
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token whose header and signature are good.
#[derive(Clone, Debug)]
pub enum SignedToken {
    /// Nothing is wrong with it; neither the clock nor the revocations have been asked.
    Good(Arc<Verified>),
    /// It says something that makes it invalid. Once it has expired, that is said first.
    Faulty(FaultyToken),
}

/// A token with a good signature and claims that are not.
#[derive(Clone, Debug)]
pub struct FaultyToken {
    times: Times,
    fault: TokenFault,
}

/// What is kept from one token to the next: buffers, and the last header, which most tokens of an
/// issuer share. Nothing in it changes an outcome.
#[derive(Debug, Default)]
pub struct Workspace {
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    last: Option<(Box<str>, JoseHeader<'static>)>,
}

/// Why a token is invalid. What the caller is told is less; this is for the log and `explain`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Over [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// Not three non-empty segments parted by dots.
    #[error("the token is not three segments parted by dots")]
    Segments,
    /// A segment that is not canonical, unpadded base64url.
    #[error("the token's {0} is not canonical base64url")]
    Encoding(&'static str),
    /// The header.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// No key is in force.
    #[error("no key is in force")]
    NoKey,
    /// No key fits the header's `alg` and `kid`.
    #[error("no key in force fits the header's `alg` and `kid`")]
    NoFittingKey,
    /// The signature.
    #[error("the signature does not fit")]
    Signature,
    /// The claims.
    #[error(transparent)]
    Claims(#[from] ClaimsFault),
    /// `nbf` lies ahead, or `iat` does where lifetimes are bounded.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was good, and is on a list of what is not any more.
    #[error("{}", revoked(*.0))]
    Revoked(RevokedBy),
    /// The introspection endpoint does not call it active.
    #[error("the introspection endpoint does not call the token active")]
    Inactive,
    /// No API key has this digest.
    #[error("the API key is not known")]
    UnknownApiKey,
}

fn revoked(by: RevokedBy) -> &'static str {
    match by {
        RevokedBy::Jti => "the token is revoked, by its `jti`",
        RevokedBy::User => "what the user was given is revoked",
        RevokedBy::Kid => "the key that verified the token is revoked",
        RevokedBy::ApiKey => "the API key is revoked",
    }
}

impl TokenFault {
    /// True where the token had not expired; false where the fault came before that was judged.
    pub(super) fn came_after_expiry(&self) -> bool {
        match self {
            Self::NotYetValid | Self::Revoked(_) => true,
            Self::Claims(ClaimsFault::Json(_)) => false,
            Self::Claims(ClaimsFault::Missing(name) | ClaimsFault::WrongType(name)) => {
                name != "exp"
            }
            Self::Claims(_) => true,
            _ => false,
        }
    }
}

/// Why a token does not pass now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It was never good.
    #[error(transparent)]
    Invalid(#[from] TokenFault),
}

/// Checks a token's form, header and signature, and reads its claims.
///
/// # Errors
/// Where the token can never be valid under this trust; the first reason found.
pub fn verify(
    token: &str,
    trust: &Trust,
    workspace: &mut Workspace,
) -> Result<SignedToken, TokenFault> {
    SignedToken::read(&Jws::verify(token, trust, workspace)?)
}

/// A JSON Web Signature in compact form (RFC 7515 §7.1) whose signature is good.
/// Made by [`Jws::verify`] alone.
#[derive(Debug)]
pub struct Jws<'k, 'w> {
    payload: &'w [u8],
    trust: &'k Trust,
    id: IssuerId,
    issuer: &'k Issuer,
    key: &'k VerifyingKey,
    algorithm: Algorithm,
    typ: Option<&'w str>,
}

impl<'k, 'w> Jws<'k, 'w> {
    /// Judges form, header and signature; of the payload no more than `iss` is looked at, and only
    /// where it picks the keys.
    ///
    /// # Errors
    /// The first reason found why the signature is not good.
    pub fn verify(
        token: &str,
        trust: &'k Trust,
        workspace: &'w mut Workspace,
    ) -> Result<Self, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::TooLong);
        }
        let parts = Segments::split(token).ok_or(TokenFault::Segments)?;
        let Workspace { header, payload, signature, last } = workspace;
        let seen = last.as_ref().is_some_and(|(text, _)| **text == *parts.header);
        if !seen {
            decode(parts.header, "header", header)?;
        }
        decode(parts.payload, "payload", payload)?;
        decode(parts.signature, "signature", signature)?;
        if !seen {
            *last = Some((parts.header.into(), JoseHeader::read(header)?.owned()));
        }
        let Some((_, header)) = last else { return Err(TokenFault::Segments) };
        let (id, issuer) = issuer_of(payload, trust).ok_or(TokenFault::NoKey)?;
        let typ = header.typ.as_deref();
        if !issuer.accepts_type(typ) {
            return Err(HeaderFault::Type.into());
        }
        let algorithm = header.algorithm;
        if issuer.keys.keys().is_empty() {
            return Err(TokenFault::NoKey);
        }
        let mut fault = TokenFault::NoFittingKey;
        if !issuer.allows(algorithm) {
            return Err(fault);
        }
        for key in issuer.keys.candidates(header.kid.as_deref(), algorithm) {
            let Some(verifier) = key.verifier(algorithm) else { continue };
            if verifier.verify(parts.signed.as_bytes(), signature).is_ok() {
                return Ok(Self { payload, trust, id, issuer, key, algorithm, typ });
            }
            fault = TokenFault::Signature;
        }
        Err(fault)
    }

    /// The bytes that were signed, whatever they are.
    pub fn payload(&self) -> &'w [u8] {
        self.payload
    }

    /// The name of the key that verified it, where the key has one.
    pub fn key(&self) -> Option<&'k str> {
        self.key.name()
    }

    /// The algorithm of its signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// The segments of a compact serialisation.
pub(super) struct Segments<'t> {
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
    /// Header and payload with the dot between: what the signature is over.
    signed: &'t str,
}

impl<'t> Segments<'t> {
    /// Three segments, none of them empty.
    fn split(token: &'t str) -> Option<Self> {
        Self::split_any(token).filter(|segments| !segments.is_any_empty())
    }

    /// Three segments, empty or not.
    pub(super) fn split_any(token: &'t str) -> Option<Self> {
        let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
        let (first, second) = (dots.next()?, dots.next()?);
        if dots.next().is_some() {
            return None;
        }
        Some(Self {
            header: token.get(..first)?,
            payload: token.get(first + 1..second)?,
            signature: token.get(second + 1..)?,
            signed: token.get(..second)?,
        })
    }

    pub(super) fn is_any_empty(&self) -> bool {
        [self.header, self.payload, self.signature].iter().any(|segment| segment.is_empty())
    }
}

/// RFC 7515 §2: no padding, no line breaks; and one spelling for each sequence of bytes.
pub(super) fn decode(
    segment: &str,
    name: &'static str,
    into: &mut Vec<u8>,
) -> Result<(), TokenFault> {
    into.clear();
    URL_SAFE_NO_PAD.decode_vec(segment, into).map_err(|_| TokenFault::Encoding(name))
}

/// The issuer whose keys a token may be verified with. What its payload says is not believed yet:
/// under a wrong name the signature does not fit.
fn issuer_of<'k>(payload: &[u8], trust: &'k Trust) -> Option<(IssuerId, &'k Issuer)> {
    let mut id = IssuerId::JWT;
    if trust.has_further()
        && let Ok(json) = std::str::from_utf8(payload)
        && let Ok(Some(Value::String(iss))) = read_member(json, "iss")
    {
        id = trust.issuer_named(Some(&iss));
    }
    Some((id, trust.issuer(id)?))
}

/// The name of a key that is not there and might be had by asking: the token is well formed, names
/// a key, and its issuer's keys come from where they can be asked for.
pub(super) fn unknown_key<'t>(
    token: &'t str,
    trust: &Trust,
    workspace: &'t mut Workspace,
) -> Option<(IssuerId, &'t str)> {
    let parts = Segments::split(token).filter(|_| token.len() <= MAX_TOKEN_BYTES)?;
    let Workspace { header, payload, last, .. } = workspace;
    decode(parts.header, "header", header).ok()?;
    decode(parts.payload, "payload", payload).ok()?;
    let read = JoseHeader::read(header).ok()?.owned();
    let (id, issuer) = issuer_of(payload, trust)?;
    let header = &last.insert((parts.header.into(), read)).1;
    let kid = header.kid.as_deref()?;
    let known = issuer.keys.keys().iter().any(|key| key.name() == Some(kid));
    (issuer.asks_for_keys && !known && issuer.allows(header.algorithm)).then_some((id, kid))
}

/// What a token that nobody believes says: algorithm and `kid` of its header, and the issuer whose
/// keys it would be verified with. For telling a person why it was refused.
pub(super) fn named<'k>(
    token: &str,
    trust: &'k Trust,
) -> Option<(Option<SaidKey>, Option<&'k Issuer>)> {
    let parts = Segments::split(token).filter(|_| token.len() <= MAX_TOKEN_BYTES)?;
    let (mut header, mut payload) = (Vec::new(), Vec::new());
    decode(parts.header, "header", &mut header).ok()?;
    decode(parts.payload, "payload", &mut payload).ok()?;
    let said = JoseHeader::read(&header)
        .ok()
        .map(|header| (header.algorithm, header.kid.map(|kid| kid.into_owned())));
    Some((said, issuer_of(&payload, trust).map(|(_, issuer)| issuer)))
}

/// The algorithm and the key that a header names.
type SaidKey = (Algorithm, Option<String>);

impl SignedToken {
    /// Reads the claims of a token whose signature is good.
    ///
    /// # Errors
    /// Where nothing says when it expires.
    pub fn read(jws: &Jws<'_, '_>) -> Result<Self, TokenFault> {
        let kind = Kind::Token { algorithm: jws.algorithm, key: jws.key.shared_name() };
        let evidence = |claims: &RawClaims<'_, '_>| {
            let names = jws.trust.claims.recorded.as_ref()?;
            Some(Evidence {
                algorithm: Some(jws.algorithm),
                typ: jws.typ.map(Box::from),
                key: jws.key.shared_name(),
                thumbprint: jws.key.thumbprint().map(Arc::from),
                claims: Evidence::claims_of(claims, names),
            })
        };
        Self::of_payload(kind, jws.payload, (jws.id, jws.issuer), jws.trust, evidence)
    }

    /// Reads the claims of a token that is believed, whoever says so.
    pub(super) fn of_payload(
        kind: Kind,
        payload: &[u8],
        (id, issuer): (IssuerId, &Issuer),
        trust: &Trust,
        evidence: impl FnOnce(&RawClaims<'_, '_>) -> Option<Evidence>,
    ) -> Result<Self, TokenFault> {
        let claims = RawClaims::read(payload, trust)?;
        let expiry = match kind {
            Kind::Opaque => claims.optional_expiry()?,
            _ => Some(claims.expiry()?),
        };
        Ok(match claims.judge(issuer, trust) {
            Ok(judged) => {
                let iss = match &claims.iss {
                    Some(Value::String(iss)) => Some(&**iss),
                    _ => None,
                };
                let evidence = evidence(&claims);
                let known = (iss, evidence);
                let claims = (expiry, judged);
                Self::Good(Arc::new(Verified::of_claims(kind, (id, issuer), trust, claims, known)))
            }
            Err(fault) => {
                let leeway = issuer.policy.leeway.as_secs_f64();
                let times = Times { expiry, start: None, leeway };
                Self::Faulty(FaultyToken { times, fault: fault.into() })
            }
        })
    }

    /// Judges the token at an instant. That it has expired comes first, before whatever else may
    /// be wrong with its claims.
    ///
    /// # Errors
    /// Where it does not pass.
    pub fn at(&self, now: Timestamp) -> Result<&Arc<Verified>, Refusal> {
        match self {
            Self::Good(token) => token.at(now).map(|()| token),
            Self::Faulty(token) => Err(token.refusal(now)),
        }
    }

    /// Reads what an introspection endpoint says of an active token (RFC 7662 §2.2). The endpoint is
    /// `[jwt]`'s, so it speaks for no further issuer.
    ///
    /// # Errors
    /// Where the answer cannot be used.
    pub(super) fn of_introspection(json: &str, trust: &Trust) -> Result<Self, TokenFault> {
        let id = IssuerId::JWT;
        let issuer = trust.issuer(id).ok_or(TokenFault::NoKey)?;
        let names_further = match read_member(json, "iss") {
            Ok(Some(Value::String(iss))) => trust.issuer_named(Some(&iss)) != id,
            _ => false,
        };
        if names_further {
            return Err(ClaimsFault::OtherIssuer.into());
        }
        let evidence = |claims: &RawClaims<'_, '_>| {
            let claims = Evidence::claims_of(claims, trust.claims.recorded.as_ref()?);
            Some(Evidence { algorithm: None, typ: None, key: None, thumbprint: None, claims })
        };
        Self::of_payload(Kind::Opaque, json.as_bytes(), (id, issuer), trust, evidence)
    }
}

impl FaultyToken {
    /// True where a claim is missing, be it on the way to another.
    pub(super) fn is_missing_a_claim(&self) -> bool {
        matches!(self.fault, TokenFault::Claims(ClaimsFault::Missing(_)))
    }

    /// Why it does not pass at an instant.
    pub(super) fn refusal(&self, now: Timestamp) -> Refusal {
        match self.times.judge_expiry(now) {
            Err(expired) => expired,
            Ok(()) => Refusal::Invalid(self.fault.clone()),
        }
    }
}

/// True for what has the form of a JWT, if nothing more: three segments parted by dots.
pub(super) fn is_jwt(token: &str) -> bool {
    Segments::split_any(token).is_some()
}
