//! A private key or secret that signs tokens.
//!
//! A [`SigningKey`] has signed once before anybody holds it: a key that is damaged, too weak or
//! whose halves do not belong together is refused where it is read, not where it is used. Key and
//! algorithms are bound: there is no way to ask an RSA key for HS256. Its bytes are wiped when it
//! is dropped, and never printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey};

use super::asn1::{Curve, KeyKind, Material, name_of_der};
use super::{SigningKeyError, jwk_read, pem_read, provider};

/// A private key or secret that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    key: EncodingKey,
    algorithms: &'static [Algorithm],
    default: Algorithm,
    kid: Option<String>,
}

impl SigningKey {
    /// Reads PEM (PKCS#8, PKCS#1, SEC1), a private JWK, or else an HMAC secret, which is the UTF-8
    /// bytes of `text` as it stands, blanks and line ends included.
    ///
    /// # Errors
    ///
    /// What says it is a key and cannot be read is refused, never taken for a secret: text with
    /// `-----BEGIN` or `-----END` in it, text that begins with `ssh-` or (after blanks) with `{`,
    /// and base64 of a key in DER. So are public keys, and an empty secret.
    pub fn read(text: &str) -> Result<Self, SigningKeyError> {
        if pem_read::is_pem(text) {
            Self::try_out(pem_read::read(text)?, None, None)
        } else if text.trim_start().starts_with('{') {
            let jwk = jwk_read::read(text)?;
            Self::try_out(jwk.material, jwk.kid, jwk.alg)
        } else {
            Self::try_out(secret(text)?, None, None)
        }
    }

    /// What the key can sign with, the default first; never empty. A JWK's own `alg` leaves one.
    pub fn algorithms(&self) -> &'static [Algorithm] {
        self.algorithms
    }

    /// The first of them: HS256, RS256, ES256, ES384 or EdDSA, unless a JWK's `alg` says otherwise.
    pub fn default_algorithm(&self) -> Algorithm {
        self.default
    }

    /// The key's name, where it was a JWK that has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn encoding_key(&self) -> &EncodingKey {
        &self.key
    }

    fn try_out(
        material: Material,
        kid: Option<String>,
        alg: Option<Algorithm>,
    ) -> Result<Self, SigningKeyError> {
        let Material { kind, key } = material;
        let algorithms = narrow(kind.algorithms(), alg)?;
        let [default, ..] = *algorithms else { return Err(SigningKeyError::JwkPurpose("alg")) };
        // `ring` finds some faults of an RSA key only when it signs.
        provider::signer(&default, &key)
            .and_then(|signer| Ok(signer.try_sign(b"")?))
            .map_err(|error| kind.rejected(error.kind()))?;
        Ok(SigningKey { key, algorithms, default, kid })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithms", &self.algorithms)
            .field("kid", &self.kid)
            .field("key", &format_args!("[redacted]"))
            .finish()
    }
}

impl KeyKind {
    fn algorithms(self) -> &'static [Algorithm] {
        use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512};
        use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
        match self {
            KeyKind::Hmac => &[HS256, HS384, HS512],
            KeyKind::Rsa => &[RS256, RS384, RS512, PS256, PS384, PS512],
            KeyKind::Ec(Curve::P256) => &[ES256],
            KeyKind::Ec(Curve::P384) => &[ES384],
            KeyKind::Ed25519 => &[EdDSA],
        }
    }

    fn name(self) -> &'static str {
        match self {
            KeyKind::Hmac => "HMAC",
            KeyKind::Rsa => "RSA",
            KeyKind::Ec(curve) => curve.name(),
            KeyKind::Ed25519 => "Ed25519",
        }
    }

    fn rejected(self, error: &ErrorKind) -> SigningKeyError {
        let reason = match error {
            ErrorKind::InvalidRsaKey(reason) => {
                format!("{reason}; it takes two primes, 2048 to 4096 bits, an exponent of 65537 up")
            }
            ErrorKind::InvalidEcdsaKey | ErrorKind::InvalidEddsaKey => {
                "it is damaged, or its private and its public half do not belong together".into()
            }
            _ => "it does not sign; its numbers do not belong together".into(),
        };
        SigningKeyError::Rejected { kind: self.name(), reason }
    }
}

/// `able`, or of it the one algorithm that a JWK's `alg` leaves.
fn narrow(
    able: &'static [Algorithm],
    alg: Option<Algorithm>,
) -> Result<&'static [Algorithm], SigningKeyError> {
    let Some(alg) = alg else { return Ok(able) };
    able.iter()
        .position(|one| *one == alg)
        .and_then(|at| able.get(at..=at))
        .ok_or(SigningKeyError::JwkPurpose("alg"))
}

/// An HMAC secret, unless the text is something else that lost its label.
fn secret(text: &str) -> Result<Material, SigningKeyError> {
    if text.is_empty() {
        return Err(SigningKeyError::Empty);
    }
    if text.trim_start().starts_with("ssh-") {
        return Err(SigningKeyError::PublicKey("an OpenSSH public key"));
    }
    let packed: String = text.split_ascii_whitespace().collect();
    if let Some(what) = STANDARD.decode(packed).ok().as_deref().and_then(name_of_der) {
        return Err(SigningKeyError::BareDer(what));
    }
    Ok(Material::hmac(text.as_bytes()))
}
