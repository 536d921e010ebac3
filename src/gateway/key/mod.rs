//! Keys that verify signatures.
//!
//! A key is parsed, checked and prepared once, when it is loaded. It knows its algorithms:
//! [`VerifyingKey::verifier`] has no answer for one that does not fit, so an RSA key can never be
//! asked for HS256, whatever a token's header says (RFC 8725 §3.1).

mod der;
mod jwk;
mod set;
mod text;
mod thumbprint;

use std::fmt;
use std::sync::Arc;

pub use jsonwebtoken::Algorithm;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use ring::{hmac, rand};

pub use jwk::{JwkFault, MOST_FETCHED_KEYS};
pub use set::{KeySet, UnionFault};
pub use text::KeyText;

/// A public key or secret, with the algorithms it may verify.
#[derive(Clone)]
pub struct VerifyingKey {
    name: Option<Arc<str>>,
    algorithms: Vec<Algorithm>,
    material: Material,
}

/// Key material, prepared for use.
#[derive(Clone)]
enum Material {
    Secret(Box<Secret>),
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
    P256(Box<[u8]>),
    P384(Box<[u8]>),
    Ed25519(Box<[u8]>),
}

#[derive(Clone)]
struct Secret {
    sha256: hmac::Key,
    sha384: hmac::Key,
    sha512: hmac::Key,
    bits: usize,
}

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// An HMAC secret of no bytes.
    #[error("the secret is empty")]
    EmptySecret,
    /// It looks like PEM and cannot be read.
    #[error("this looks like PEM and cannot be read: {0}")]
    Pem(&'static str),
    /// It is a private key.
    #[error("this is a private key; give the public key alone")]
    PrivateKey,
    /// `ssh-…`.
    #[error("this is an OpenSSH key; convert it to PEM with `ssh-keygen -e -m PKCS8`")]
    Ssh,
    /// Base64 of a public key, in DER or PEM.
    #[error("this is a public key in bare base64; give it as PEM, between its BEGIN and END lines")]
    BareDer,
    /// The DER inside a PEM block cannot be read.
    #[error("the {0} cannot be read as DER")]
    Der(&'static str),
    /// A public key of an algorithm that is not supported.
    #[error("the key's algorithm is not supported: use RSA, P-256, P-384 or Ed25519")]
    UnsupportedAlgorithm,
    /// An RSA modulus outside what is safe.
    #[error("the RSA modulus has {0} bits; 2048 to 8192 are accepted")]
    RsaModulus(usize),
    /// An RSA modulus that is no product of two primes.
    #[error("the RSA modulus is even")]
    EvenModulus,
    /// An RSA exponent that is even, under 3 or over 33 bits.
    #[error("the RSA exponent must be odd, at least 3 and at most 33 bits")]
    RsaExponent,
    /// A point that is not on its curve, or not in uncompressed form.
    #[error("the point is not on the curve {0}")]
    Point(&'static str),
    /// A JWK or JWK Set that cannot be used.
    #[error(transparent)]
    Jwk(#[from] JwkFault),
}

/// Something about a key that was accepted and that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyWarning {
    /// RFC 7518 §3.2 asks for a secret as long as the hash.
    #[error("an HMAC secret of {bits} bits is weak; use 256 bits or more (RFC 7518 §3.2)")]
    WeakSecret {
        /// The secret's length.
        bits: usize,
    },
    /// A member of a set that was left out.
    #[error("key {position} of the set is left out: {why}")]
    LeftOut {
        /// Counted from 1.
        position: usize,
        /// Why the key cannot be used.
        why: &'static str,
    },
}

/// Key material out of its container.
#[derive(Clone, Copy)]
pub(crate) enum RawKey<'a> {
    /// The bytes of a secret.
    Secret(&'a [u8]),
    /// An `RSAPublicKey` (PKCS#1, DER).
    RsaDer(&'a [u8]),
    /// Big-endian modulus and exponent, without leading zeros.
    RsaNumbers(&'a [u8], &'a [u8]),
    /// An uncompressed point.
    P256(&'a [u8]),
    /// An uncompressed point.
    P384(&'a [u8]),
    /// A compressed point.
    Ed25519(&'a [u8]),
}

/// A signature that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

/// A key bound to one of its algorithms.
#[derive(Clone, Copy)]
pub struct Verifier<'k>(Bound<'k>);

#[derive(Clone, Copy)]
enum Bound<'k> {
    Hmac(&'k hmac::Key),
    Rsa(&'static signature::RsaParameters, &'k RsaPublicKeyComponents<Box<[u8]>>),
    Point(&'static dyn signature::VerificationAlgorithm, &'k [u8]),
}

impl VerifyingKey {
    /// The key's name: a JWK's `kid`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn shared_name(&self) -> Option<Arc<str>> {
        self.name.clone()
    }

    /// The algorithms that the key may verify, never empty.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// True for a shared secret, false for a public key.
    pub fn is_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The key bound to an algorithm; none where the two do not fit.
    pub fn verifier(&self, algorithm: Algorithm) -> Option<Verifier<'_>> {
        if !self.algorithms.contains(&algorithm) {
            return None;
        }
        let bound = match (&self.material, algorithm) {
            (Material::Secret(secret), Algorithm::HS256) => Bound::Hmac(&secret.sha256),
            (Material::Secret(secret), Algorithm::HS384) => Bound::Hmac(&secret.sha384),
            (Material::Secret(secret), Algorithm::HS512) => Bound::Hmac(&secret.sha512),
            (Material::Rsa(key), _) => Bound::Rsa(rsa_parameters(algorithm)?, key),
            (Material::P256(point), Algorithm::ES256) => {
                Bound::Point(&signature::ECDSA_P256_SHA256_FIXED, point)
            }
            (Material::P384(point), Algorithm::ES384) => {
                Bound::Point(&signature::ECDSA_P384_SHA384_FIXED, point)
            }
            (Material::Ed25519(point), Algorithm::EdDSA) => {
                Bound::Point(&signature::ED25519, point)
            }
            _ => return None,
        };
        Some(Verifier(bound))
    }

    pub(super) fn warning(&self) -> Option<KeyWarning> {
        match &self.material {
            Material::Secret(secret) if secret.bits < 256 => {
                Some(KeyWarning::WeakSecret { bits: secret.bits })
            }
            _ => None,
        }
    }

    /// A key without a name, judged like any other.
    pub(crate) fn from_raw(raw: RawKey<'_>) -> Result<Self, KeyFault> {
        let material = match raw {
            RawKey::Secret(bytes) => Material::secret(bytes),
            RawKey::RsaDer(der) => der::from_pkcs1(der),
            RawKey::RsaNumbers(n, e) => Material::rsa(n, e),
            RawKey::P256(point) => Material::p256(point),
            RawKey::P384(point) => Material::p384(point),
            RawKey::Ed25519(point) => Material::ed25519(point),
        };
        material.map(Self::new)
    }

    fn new(material: Material) -> Self {
        let algorithms = material.algorithms().to_vec();
        Self { name: None, algorithms, material }
    }
}

impl Verifier<'_> {
    /// Checks a signature over a message; HMAC tags are compared in constant time.
    ///
    /// # Errors
    /// Where the signature does not fit.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self.0 {
            Bound::Hmac(key) => hmac::verify(key, message, signature),
            Bound::Rsa(parameters, key) => key.verify(parameters, message, signature),
            Bound::Point(scheme, point) => {
                UnparsedPublicKey::new(scheme, point).verify(message, signature)
            }
        }
        .map_err(|_| BadSignature)
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static signature::RsaParameters> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

impl Material {
    fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Secret(_) => &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512],
            Self::Rsa(_) => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
            Self::P256(_) => &[Algorithm::ES256],
            Self::P384(_) => &[Algorithm::ES384],
            Self::Ed25519(_) => &[Algorithm::EdDSA],
        }
    }

    fn secret(secret: &[u8]) -> Result<Self, KeyFault> {
        if secret.is_empty() {
            return Err(KeyFault::EmptySecret);
        }
        Ok(Self::Secret(Box::new(Secret {
            sha256: hmac::Key::new(hmac::HMAC_SHA256, secret),
            sha384: hmac::Key::new(hmac::HMAC_SHA384, secret),
            sha512: hmac::Key::new(hmac::HMAC_SHA512, secret),
            bits: secret.len() * 8,
        })))
    }

    /// From big-endian numbers without leading zeros.
    fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyFault> {
        let bits = match n.first() {
            Some(&first) if first != 0 => n.len() * 8 - first.leading_zeros() as usize,
            _ => 0,
        };
        // RFC 7518 §3.3 asks for 2048 bits or more; past 8192 a verification costs too much.
        if !(2048..=8192).contains(&bits) {
            return Err(KeyFault::RsaModulus(bits));
        }
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        // Five bytes hold 33 bits, and cannot overflow the sum.
        let value = |e: &[u8]| e.iter().fold(0_u64, |sum, &byte| sum * 256 + u64::from(byte));
        if e.len() > 5 || !(3..1 << 33).contains(&value(e)) || !odd(e) {
            return Err(KeyFault::RsaExponent);
        }
        if !odd(n) {
            return Err(KeyFault::EvenModulus);
        }
        Ok(Self::Rsa(RsaPublicKeyComponents { n: n.into(), e: e.into() }))
    }

    /// From an uncompressed point, which must be on the curve (RFC 8725 §3.4).
    fn p256(point: &[u8]) -> Result<Self, KeyFault> {
        check_point(&ring::agreement::ECDH_P256, point).ok_or(KeyFault::Point("P-256"))?;
        Ok(Self::P256(point.into()))
    }

    /// From an uncompressed point, which must be on the curve.
    fn p384(point: &[u8]) -> Result<Self, KeyFault> {
        check_point(&ring::agreement::ECDH_P384, point).ok_or(KeyFault::Point("P-384"))?;
        Ok(Self::P384(point.into()))
    }

    /// From a compressed point, which must decode canonically and not be of small order: under a
    /// key of small order anybody can sign.
    fn ed25519(point: &[u8]) -> Result<Self, KeyFault> {
        let refused = KeyFault::Point("Ed25519");
        let Ok(compressed) = curve25519_dalek::edwards::CompressedEdwardsY::from_slice(point)
        else {
            return Err(refused);
        };
        match compressed.decompress() {
            Some(decoded) if !decoded.is_small_order() && decoded.compress() == compressed => {
                Ok(Self::Ed25519(point.into()))
            }
            _ => Err(refused),
        }
    }
}

/// ring checks a point only when it is used, and says no more than "no" when it verifies; a key
/// agreement with it fails for the point's sake alone. Whatever is drawn at random for it, the
/// outcome is the same.
fn check_point(curve: &'static ring::agreement::Algorithm, point: &[u8]) -> Option<()> {
    let random = rand::SystemRandom::new();
    let ours = ring::agreement::EphemeralPrivateKey::generate(curve, &random).ok()?;
    let theirs = ring::agreement::UnparsedPublicKey::new(curve, point);
    ring::agreement::agree_ephemeral(ours, &theirs, |_| ()).ok()
}

/// The algorithm of a name, to the letter (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
pub fn algorithm_named(name: &str) -> Option<Algorithm> {
    match name {
        "Ed25519" => Some(Algorithm::EdDSA),
        _ => name.parse().ok(),
    }
}

/// The name of an algorithm, as it stands in a header.
pub fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::HS384 => "HS384",
        Algorithm::HS512 => "HS512",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::EdDSA => "EdDSA",
        _ => "unknown",
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("name", &self.name)
            .field("algorithms", &self.algorithms)
            .field("material", &"[redacted]")
            .finish()
    }
}
