//! A signed token in JWS compact serialisation (RFC 7515 §3.1).
//!
//! The same key, header and claims give the same text with HMAC, RSASSA-PKCS1-v1_5 and Ed25519;
//! ECDSA and RSASSA-PSS draw a random number for each signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use thiserror::Error;

use super::{SigningKey, provider};

/// What a token's header says besides `alg`.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenHeader {
    /// `typ`; `JWT` unless said otherwise, and left out where it is `None`.
    pub typ: Option<String>,
    /// `kid`, left out where it is `None`.
    pub kid: Option<String>,
    /// Further parameters. They are laid over the others, `alg` included, without being judged:
    /// a test has to be able to say what no honest issuer says.
    pub extra: Map<String, Value>,
}

impl Default for TokenHeader {
    fn default() -> Self {
        TokenHeader { typ: Some("JWT".to_owned()), kid: None, extra: Map::new() }
    }
}

impl TokenHeader {
    /// The default header, with the name of `key` where it has one.
    pub fn for_key(key: &SigningKey) -> Self {
        TokenHeader { kid: key.kid().map(str::to_owned), ..Self::default() }
    }
}

/// A token that could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key is not for this algorithm.
    #[error("the key cannot sign with {alg:?}; it can with {}", list(.able))]
    Algorithm {
        /// What was asked for.
        alg: Algorithm,
        /// What the key can do.
        able: &'static [Algorithm],
    },
    /// The header or the claims cannot be written as JSON.
    #[error("the token's JSON cannot be written: {0}")]
    Json(String),
    /// The cryptography failed.
    #[error("the token cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Signs `claims` with `alg`, under `header`.
///
/// # Errors
///
/// [`SignError::Algorithm`] where `key` is not for `alg`; the others only where the operating
/// system gives no randomness.
pub fn sign(
    key: &SigningKey,
    alg: Algorithm,
    header: &TokenHeader,
    claims: &Map<String, Value>,
) -> Result<String, SignError> {
    let mut parameters = Map::new();
    parameters.insert("alg".to_owned(), format!("{alg:?}").into());
    if let Some(typ) = &header.typ {
        parameters.insert("typ".to_owned(), typ.as_str().into());
    }
    if let Some(kid) = &header.kid {
        parameters.insert("kid".to_owned(), kid.as_str().into());
    }
    parameters.extend(header.extra.clone());
    sign_bytes(key, alg, &json(&parameters)?, &json(claims)?)
}

/// Signs any bytes as a header and a payload, whether they are JSON or not: what a test needs
/// that asks how a token is refused.
///
/// # Errors
///
/// As [`sign`].
pub fn sign_bytes(
    key: &SigningKey,
    alg: Algorithm,
    header: &[u8],
    payload: &[u8],
) -> Result<String, SignError> {
    if !key.algorithms().contains(&alg) {
        return Err(SignError::Algorithm { alg, able: key.algorithms() });
    }
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = provider::signer(&alg, key.encoding_key())?
        .try_sign(token.as_bytes())
        .map_err(jsonwebtoken::errors::Error::from)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn json(members: &Map<String, Value>) -> Result<Vec<u8>, SignError> {
    serde_json::to_vec(members).map_err(|error| SignError::Json(error.to_string()))
}

fn list(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|alg| format!("{alg:?}")).collect::<Vec<_>>().join(", ")
}
