//! New keys.
//!
//! Randomness is the operating system's. A key comes out in both forms that people use, PEM and
//! JWK, each with its public half. `ring` makes all of them but RSA, which it cannot.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem::{EncodeConfig, LineEnding, Pem};
use pkcs8::der::{self, Decode};
use pkcs8::{EncodePrivateKey, PrivateKeyInfo};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair,
};
use sec1::EcPrivateKey;
use thiserror::Error;

use super::Jwk;
use super::asn1::{self, Curve, RsaNumbers};

/// The kinds of key that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A secret of 256 random bits, for HS256.
    Hmac256,
    /// A secret of 384 random bits, for HS384.
    Hmac384,
    /// A secret of 512 random bits, for HS512.
    Hmac512,
    /// RSA of 2048 bits.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// The curve of ES256.
    P256,
    /// The curve of ES384.
    P384,
    /// The curve of EdDSA.
    Ed25519,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 9] = [
        Kind::Hmac256,
        Kind::Hmac384,
        Kind::Hmac512,
        Kind::Rsa2048,
        Kind::Rsa3072,
        Kind::Rsa4096,
        Kind::P256,
        Kind::P384,
        Kind::Ed25519,
    ];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Hmac256 => "hmac-256",
            Kind::Hmac384 => "hmac-384",
            Kind::Hmac512 => "hmac-512",
            Kind::Rsa2048 => "rsa-2048",
            Kind::Rsa3072 => "rsa-3072",
            Kind::Rsa4096 => "rsa-4096",
            Kind::P256 => "p256",
            Kind::P384 => "p384",
            Kind::Ed25519 => "ed25519",
        }
    }

    /// `true` where one secret both signs and verifies.
    pub fn is_secret(self) -> bool {
        matches!(self, Kind::Hmac256 | Kind::Hmac384 | Kind::Hmac512)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no kind of key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no kind of key has this name")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownKind)
    }
}

/// A new key in all its forms.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedKey {
    private_text: String,
    public_pem: Option<String>,
    jwk: Jwk,
}

impl GeneratedKey {
    /// The private key as PEM (PKCS#8), or the secret itself; PEM ends with a line end, a secret
    /// does not.
    pub fn private_text(&self) -> &str {
        &self.private_text
    }

    /// The public key as PEM (SPKI); `None` for a secret.
    pub fn public_pem(&self) -> Option<&str> {
        self.public_pem.as_deref()
    }

    /// The private key as a JWK; of a secret, `k` decodes to the bytes of its text.
    pub fn private_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The public key as a JWK; `None` for a secret.
    pub fn public_jwk(&self) -> Option<Jwk> {
        self.jwk.to_public()
    }
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeneratedKey").field("jwk", &self.jwk).finish_non_exhaustive()
    }
}

/// A key that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no randomness")]
    Random,
    /// The new key could not be written down.
    #[error("the new key cannot be encoded: {0}")]
    Encoding(String),
    /// The RSA key could not be made.
    #[error("no RSA key could be made: {0}")]
    Rsa(String),
}

impl From<ring::error::Unspecified> for GenerateError {
    fn from(_: ring::error::Unspecified) -> Self {
        GenerateError::Random
    }
}

impl From<der::Error> for GenerateError {
    fn from(error: der::Error) -> Self {
        GenerateError::Encoding(error.to_string())
    }
}

/// Makes a key of `kind`. RSA takes up to some seconds, the others no time.
///
/// # Errors
///
/// Only where the operating system gives no randomness.
pub fn generate(kind: Kind) -> Result<GeneratedKey, GenerateError> {
    match kind {
        Kind::Hmac256 => secret::<32>("HS256"),
        Kind::Hmac384 => secret::<48>("HS384"),
        Kind::Hmac512 => secret::<64>("HS512"),
        Kind::Rsa2048 => rsa(2048),
        Kind::Rsa3072 => rsa(3072),
        Kind::Rsa4096 => rsa(4096),
        Kind::P256 => ec(Curve::P256),
        Kind::P384 => ec(Curve::P384),
        Kind::Ed25519 => ed25519(),
    }
}

/// The secret is a text, because an init's `jwt_public_key` is one: base64url of `N` random bytes,
/// of which every character counts.
fn secret<const N: usize>(alg: &'static str) -> Result<GeneratedKey, GenerateError> {
    let text = URL_SAFE_NO_PAD.encode(random::<N>()?);
    let jwk = Jwk::oct(alg, text.as_bytes());
    Ok(GeneratedKey { private_text: text, public_pem: None, jwk })
}

fn ed25519() -> Result<GeneratedKey, GenerateError> {
    let seed = random::<32>()?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| ring::error::Unspecified)?;
    let public = pair.public_key().as_ref();
    Ok(GeneratedKey {
        private_text: to_pem("PRIVATE KEY", asn1::ed25519_pkcs8(&seed)?.as_bytes()),
        public_pem: Some(to_pem("PUBLIC KEY", &asn1::ed25519_spki(public)?)),
        jwk: Jwk::ed25519(public, &seed),
    })
}

fn ec(curve: Curve) -> Result<GeneratedKey, GenerateError> {
    let algorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
    };
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
    let info = PrivateKeyInfo::from_der(pkcs8.as_ref())?;
    let key = EcPrivateKey::from_der(info.private_key)?;
    // SEC1 §2.3.3: 04, then x and y, each in full length.
    let point = key.public_key.unwrap_or_default();
    let (x, y) = match point.split_first() {
        Some((4, coordinates)) if coordinates.len() == 2 * curve.length() => {
            coordinates.split_at(curve.length())
        }
        _ => return Err(der::Tag::BitString.value_error().into()),
    };
    Ok(GeneratedKey {
        private_text: to_pem("PRIVATE KEY", pkcs8.as_ref()),
        public_pem: Some(to_pem("PUBLIC KEY", &asn1::ec_spki(curve, point)?)),
        jwk: Jwk::ec(curve, x, y, key.private_key),
    })
}

/// The `rsa` crate stands in for `ring` here and nowhere else. Its private-key operations are not
/// constant in time (RUSTSEC-2023-0071), which needs somebody to measure them: here it makes a
/// key once, on the operator's own machine, and is never given what a stranger sent.
fn rsa(bits: usize) -> Result<GeneratedKey, GenerateError> {
    // Its generator has no way to report that there is no randomness, so that is asked first.
    random::<1>()?;
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits)
        .map_err(|error| GenerateError::Rsa(error.to_string()))?;
    let pkcs8 = key.to_pkcs8_der().map_err(|error| GenerateError::Rsa(error.to_string()))?;
    let info = PrivateKeyInfo::from_der(pkcs8.as_bytes())?;
    let numbers = RsaNumbers::from_pkcs8(&info)?;
    Ok(GeneratedKey {
        private_text: to_pem("PRIVATE KEY", pkcs8.as_bytes()),
        public_pem: Some(to_pem("PUBLIC KEY", &numbers.to_spki()?)),
        jwk: Jwk::rsa(&numbers),
    })
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], GenerateError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(bytes)
}

fn to_pem(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, der), config)
}
