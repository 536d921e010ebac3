//! Tokens: is the signature good, and what do the claims say.
//!
//! The outcome of [`verify`] depends on the keys and the token's bytes alone, so it can be
//! remembered; the clock comes in later, in [`SignedToken::at`].

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::{ClaimsFault, RawClaims};
use super::header::{HeaderFault, JoseHeader};
use super::identity::Identity;
use super::key::{Algorithm, KeySet, VerifyingKey};
use super::time::Timestamp;

/// Tokens longer than this are refused before they are looked at (bytes).
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// A token whose header and signature are good.
#[derive(Clone, Debug)]
pub enum SignedToken {
    /// Nothing is wrong with it; the clock has not been asked.
    Good(Arc<VerifiedToken>),
    /// It says something that makes it invalid. Once it has expired, that is said first.
    Faulty {
        /// When it expires (seconds since 1970).
        expiry: f64,
        /// What is wrong with its other claims.
        fault: TokenFault,
    },
}

/// A token that is good in every way but the clock's, which is judged at every use.
#[derive(Debug)]
pub struct VerifiedToken {
    expiry: f64,
    not_before: Option<f64>,
    key: Option<Arc<str>>,
    algorithm: Algorithm,
    identity: Identity,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// `nbf` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl TokenFault {
    /// True where the token had not expired; false where the fault came before that was judged.
    pub(super) fn came_after_expiry(self) -> bool {
        match self {
            Self::NotYetValid => true,
            Self::Claims(fault) => !matches!(
                fault,
                ClaimsFault::Json(_) | ClaimsFault::Missing("exp") | ClaimsFault::WrongType("exp")
            ),
            _ => false,
        }
    }
}

/// Why a token does not pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
/// Where the token can never be valid under these keys; the first reason found.
pub fn verify(
    token: &str,
    keys: &KeySet,
    workspace: &mut Workspace,
) -> Result<SignedToken, TokenFault> {
    SignedToken::read(&Jws::verify(token, keys, workspace)?)
}

/// A JSON Web Signature in compact form (RFC 7515 §7.1) whose signature is good.
/// Made by [`Jws::verify`] alone.
#[derive(Debug)]
pub struct Jws<'k, 'w> {
    payload: &'w [u8],
    key: &'k VerifyingKey,
    algorithm: Algorithm,
}

impl<'k, 'w> Jws<'k, 'w> {
    /// Judges form, header and signature; the payload is not looked at.
    ///
    /// # Errors
    /// The first reason found why the signature is not good.
    pub fn verify(
        token: &str,
        keys: &'k KeySet,
        workspace: &'w mut Workspace,
    ) -> Result<Self, TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::TooLong);
        }
        let parts = Segments::split(token).ok_or(TokenFault::Segments)?;
        let Workspace { header, payload, signature, last } = workspace;
        if last.as_ref().is_none_or(|(text, _)| **text != *parts.header) {
            decode(parts.header, "header", header)?;
        }
        decode(parts.payload, "payload", payload)?;
        decode(parts.signature, "signature", signature)?;
        let header = match last {
            Some((text, known)) if **text == *parts.header => known,
            _ => &mut last.insert((parts.header.into(), JoseHeader::read(header)?.owned())).1,
        };
        let algorithm = header.algorithm;
        if keys.keys().is_empty() {
            return Err(TokenFault::NoKey);
        }
        let mut fault = TokenFault::NoFittingKey;
        for key in keys.candidates(header.kid.as_deref(), algorithm) {
            let Some(verifier) = key.verifier(algorithm) else { continue };
            if verifier.verify(parts.signed.as_bytes(), signature).is_ok() {
                return Ok(Self { payload, key, algorithm });
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

impl SignedToken {
    /// Reads the claims of a token whose signature is good.
    ///
    /// # Errors
    /// Where nothing says when it expires.
    pub fn read(jws: &Jws<'_, '_>) -> Result<Self, TokenFault> {
        let claims = RawClaims::read(jws.payload)?;
        let expiry = claims.expiry()?;
        Ok(match claims.judge() {
            Ok(claims) => Self::Good(Arc::new(VerifiedToken {
                expiry,
                not_before: claims.not_before,
                key: jws.key.shared_name(),
                algorithm: jws.algorithm,
                identity: claims.identity,
            })),
            Err(fault) => Self::Faulty { expiry, fault: fault.into() },
        })
    }

    /// Judges the token at an instant. That it has expired comes first, before whatever else may
    /// be wrong with its claims.
    ///
    /// # Errors
    /// Where it does not pass.
    pub fn at(&self, now: Timestamp) -> Result<&Arc<VerifiedToken>, Refusal> {
        match self {
            Self::Good(token) => token.at(now).map(|()| token),
            Self::Faulty { expiry, fault } => {
                judge_expiry(*expiry, now)?;
                Err(Refusal::Invalid(*fault))
            }
        }
    }
}

/// RFC 7519 §4.1.4: on the second of its expiry a token is no longer accepted.
pub(super) fn judge_expiry(expiry: f64, now: Timestamp) -> Result<(), Refusal> {
    if now.seconds() >= expiry { Err(Refusal::Expired) } else { Ok(()) }
}

/// RFC 7519 §4.1.5: before `nbf` a token is not accepted.
pub(super) fn judge_start(not_before: Option<f64>, now: Timestamp) -> Result<(), TokenFault> {
    match not_before.is_some_and(|not_before| now.seconds() < not_before) {
        true => Err(TokenFault::NotYetValid),
        false => Ok(()),
    }
}

impl VerifiedToken {
    /// Judges the token at an instant, which is all that a token seen before still needs.
    ///
    /// # Errors
    /// Where its time has not come, or is over.
    pub fn at(&self, now: Timestamp) -> Result<(), Refusal> {
        judge_expiry(self.expiry, now)?;
        Ok(judge_start(self.not_before, now)?)
    }

    /// Who the token says is calling.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The algorithm of its signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name of the key that verified it, where the key has one.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}
