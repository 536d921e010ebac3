//! The ASN.1 containers of private keys: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 appendix A.1.2) and
//! SEC1 (RFC 5915), taken apart and put together.
//!
//! What comes out is a [`Material`]: the bytes in the one form that `ring` reads. Whether the
//! numbers inside are a key is `ring`'s to judge, which happens in
//! [`SigningKey::read`](super::SigningKey::read). Intermediate copies are wiped when dropped.

use jsonwebtoken::EncodingKey;
use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef, UintRef};
use pkcs8::der::zeroize::Zeroizing;
use pkcs8::der::{self, Decode, Encode, SecretDocument};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use sec1::EcPrivateKey;

use super::SigningKeyError;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The kinds of key that sign tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Hmac,
    Rsa,
    Ec(Curve),
    Ed25519,
}

/// The curves of ES256 and ES384.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    /// As JOSE names it (RFC 7518 §6.2.1.1).
    pub(super) fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
        }
    }

    /// The length of a coordinate and of the private scalar, in bytes.
    pub(super) fn length(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Curve::P256 => P256,
            Curve::P384 => P384,
        }
    }

    fn from_oid(oid: ObjectIdentifier) -> Result<Self, SigningKeyError> {
        match oid {
            P256 => Ok(Curve::P256),
            P384 => Ok(Curve::P384),
            other => Err(SigningKeyError::UnsupportedKind(format!("EC, curve {other}"))),
        }
    }
}

/// A private key in the form that `ring` reads, not yet judged.
pub(super) struct Material {
    pub(super) kind: KeyKind,
    pub(super) key: EncodingKey,
}

impl Material {
    pub(super) fn hmac(secret: &[u8]) -> Self {
        Material { kind: KeyKind::Hmac, key: EncodingKey::from_secret(secret) }
    }

    /// From an `RSAPrivateKey`.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, SigningKeyError> {
        pkcs1::RsaPrivateKey::from_der(der).map_err(|_| SigningKeyError::Der("RSAPrivateKey"))?;
        Ok(Material { kind: KeyKind::Rsa, key: EncodingKey::from_rsa_der(der) })
    }

    /// From a `PrivateKeyInfo` of version 1 or 2.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        let damaged = |_| SigningKeyError::Der("PrivateKeyInfo");
        let info = PrivateKeyInfo::from_der(der).map_err(damaged)?;
        match info.algorithm.oid {
            pkcs1::ALGORITHM_OID => Self::from_pkcs1(info.private_key),
            EC_PUBLIC_KEY => {
                let curve = info
                    .algorithm
                    .parameters_oid()
                    .map_err(|_| SigningKeyError::UnsupportedKind("EC, unnamed curve".into()))?;
                Self::from_ec_private_key(info.private_key, Some(Curve::from_oid(curve)?))
            }
            ED25519 => Ok(Material { kind: KeyKind::Ed25519, key: EncodingKey::from_ed_der(der) }),
            other => Err(SigningKeyError::UnsupportedKind(format!("with identifier {other}"))),
        }
    }

    /// From an `ECPrivateKey`, which names its curve itself unless a PKCS#8 container did.
    pub(super) fn from_ec_private_key(
        der: &[u8],
        container: Option<Curve>,
    ) -> Result<Self, SigningKeyError> {
        const WHAT: &str = "ECPrivateKey";
        let key = EcPrivateKey::from_der(der).map_err(|_| SigningKeyError::Der(WHAT))?;
        let named = match key.parameters.and_then(|parameters| parameters.named_curve()) {
            Some(oid) => Some(Curve::from_oid(oid)?),
            None => None,
        };
        let curve = match (container, named) {
            (Some(outer), Some(inner)) if outer != inner => return Err(SigningKeyError::Der(WHAT)),
            (Some(curve), _) | (None, Some(curve)) => curve,
            (None, None) => {
                return Err(SigningKeyError::UnsupportedKind("EC, unnamed curve".into()));
            }
        };
        let point = key.public_key.ok_or(SigningKeyError::NoPublicPoint)?;
        Self::ec(curve, key.private_key, point)
    }

    /// From the private scalar and the uncompressed public point.
    pub(super) fn ec(curve: Curve, d: &[u8], point: &[u8]) -> Result<Self, SigningKeyError> {
        let der = ec_pkcs8(curve, d, point).map_err(|_| SigningKeyError::Der("ECPrivateKey"))?;
        Ok(Material { kind: KeyKind::Ec(curve), key: EncodingKey::from_ec_der(der.as_bytes()) })
    }

    pub(super) fn ed25519(seed: &[u8]) -> Result<Self, SigningKeyError> {
        let der = ed25519_pkcs8(seed).map_err(|_| SigningKeyError::Der("PrivateKeyInfo"))?;
        Ok(Material { kind: KeyKind::Ed25519, key: EncodingKey::from_ed_der(der.as_bytes()) })
    }

    pub(super) fn rsa(numbers: &RsaNumbers<'_>) -> Result<Self, SigningKeyError> {
        let damaged = |_| SigningKeyError::Der("RSAPrivateKey");
        let der = numbers.to_pkcs1().map_err(damaged)?;
        Ok(Material { kind: KeyKind::Rsa, key: EncodingKey::from_rsa_der(der.as_bytes()) })
    }
}

/// The numbers of a two-prime RSA key (RFC 8017 §3.2), big-endian.
pub(super) struct RsaNumbers<'a> {
    pub(super) n: &'a [u8],
    pub(super) e: &'a [u8],
    pub(super) d: &'a [u8],
    pub(super) p: &'a [u8],
    pub(super) q: &'a [u8],
    pub(super) dp: &'a [u8],
    pub(super) dq: &'a [u8],
    pub(super) qi: &'a [u8],
}

impl<'a> RsaNumbers<'a> {
    /// Out of a PKCS#8 container.
    pub(super) fn from_pkcs8(info: &PrivateKeyInfo<'a>) -> der::Result<Self> {
        let key = pkcs1::RsaPrivateKey::from_der(info.private_key)?;
        Ok(RsaNumbers {
            n: key.modulus.as_bytes(),
            e: key.public_exponent.as_bytes(),
            d: key.private_exponent.as_bytes(),
            p: key.prime1.as_bytes(),
            q: key.prime2.as_bytes(),
            dp: key.exponent1.as_bytes(),
            dq: key.exponent2.as_bytes(),
            qi: key.coefficient.as_bytes(),
        })
    }

    fn to_pkcs1(&self) -> der::Result<SecretDocument> {
        SecretDocument::encode_msg(&pkcs1::RsaPrivateKey {
            modulus: UintRef::new(self.n)?,
            public_exponent: UintRef::new(self.e)?,
            private_exponent: UintRef::new(self.d)?,
            prime1: UintRef::new(self.p)?,
            prime2: UintRef::new(self.q)?,
            exponent1: UintRef::new(self.dp)?,
            exponent2: UintRef::new(self.dq)?,
            coefficient: UintRef::new(self.qi)?,
            other_prime_infos: None,
        })
    }

    /// The public half as a `SubjectPublicKeyInfo`.
    pub(super) fn to_spki(&self) -> der::Result<Vec<u8>> {
        let key = pkcs1::RsaPublicKey {
            modulus: UintRef::new(self.n)?,
            public_exponent: UintRef::new(self.e)?,
        };
        spki(pkcs1::ALGORITHM_ID, &key.to_der()?)
    }
}

/// An EC key as PKCS#8 version 1, the public point inside it as `ring` wants it, the curve named
/// once, in the outer container.
pub(super) fn ec_pkcs8(curve: Curve, d: &[u8], point: &[u8]) -> der::Result<SecretDocument> {
    let key = EcPrivateKey { private_key: d, parameters: None, public_key: Some(point) };
    let inner = SecretDocument::encode_msg(&key)?;
    let oid = curve.oid();
    SecretDocument::encode_msg(&PrivateKeyInfo::new(ec_algorithm(&oid), inner.as_bytes()))
}

/// An EC public point as a `SubjectPublicKeyInfo` (RFC 5480).
pub(super) fn ec_spki(curve: Curve, point: &[u8]) -> der::Result<Vec<u8>> {
    let oid = curve.oid();
    spki(ec_algorithm(&oid), point)
}

/// An Ed25519 seed as PKCS#8 version 1 (RFC 8410 §7), which every reader understands, OpenSSL
/// among them; `ring` itself would write version 2.
pub(super) fn ed25519_pkcs8(seed: &[u8]) -> der::Result<SecretDocument> {
    let inner = Zeroizing::new(OctetStringRef::new(seed)?.to_der()?);
    SecretDocument::encode_msg(&PrivateKeyInfo::new(ED25519_ALGORITHM, &inner))
}

/// An Ed25519 public key as a `SubjectPublicKeyInfo` (RFC 8410 §4).
pub(super) fn ed25519_spki(public: &[u8]) -> der::Result<Vec<u8>> {
    spki(ED25519_ALGORITHM, public)
}

/// What kind of key these bytes are in DER, public or private, if they are one.
pub(super) fn name_of_der(bytes: &[u8]) -> Option<&'static str> {
    if PrivateKeyInfo::from_der(bytes).is_ok()
        || pkcs1::RsaPrivateKey::from_der(bytes).is_ok()
        || EcPrivateKey::from_der(bytes).is_ok()
    {
        Some("a private key")
    } else if SubjectPublicKeyInfoRef::from_der(bytes).is_ok()
        || pkcs1::RsaPublicKey::from_der(bytes).is_ok()
    {
        Some("a public key")
    } else {
        None
    }
}

const ED25519_ALGORITHM: AlgorithmIdentifierRef<'static> =
    AlgorithmIdentifierRef { oid: ED25519, parameters: None };

fn ec_algorithm(curve: &ObjectIdentifier) -> AlgorithmIdentifierRef<'_> {
    AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(curve)) }
}

fn spki(algorithm: AlgorithmIdentifierRef<'_>, public: &[u8]) -> der::Result<Vec<u8>> {
    let subject_public_key = BitStringRef::from_bytes(public)?;
    SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
}
