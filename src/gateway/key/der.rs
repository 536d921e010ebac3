//! Public keys in PEM: SubjectPublicKeyInfo, PKCS#1, and X.509 certificates.
//!
//! Of a certificate the key alone is taken: whoever configures it vouches for it, so its dates
//! and signature are not judged.

use pkcs1::RsaPublicKey;
use spki::der::asn1::AnyRef;
use spki::der::{Decode, Reader, SliceReader, TagNumber};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::{KeyFault, Material};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Reads the one block of a PEM text (RFC 7468).
pub(super) fn from_pem(text: &str) -> Result<Material, KeyFault> {
    // Environment variables and JSON written by hand carry `\n` as two characters.
    let text = text.replace("\\r", "\r").replace("\\n", "\n");
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyFault::PrivateKey);
    }
    if text.matches("-----BEGIN").count() > 1 || text.matches("-----END").count() > 1 {
        return Err(KeyFault::Pem("it holds several blocks; give one"));
    }
    let block = pem::parse(&text)
        .map_err(|_| KeyFault::Pem("the BEGIN and END lines or the base64 between are broken"))?;
    let der = block.contents();
    match block.tag() {
        "PUBLIC KEY" => {
            let info = SubjectPublicKeyInfoRef::try_from(der);
            from_spki(&info.map_err(|_| KeyFault::Der("public key"))?)
        }
        "RSA PUBLIC KEY" => from_pkcs1(der),
        "CERTIFICATE" => {
            from_spki(&certificate_key(der).map_err(|_| KeyFault::Der("certificate"))?)
        }
        _ => Err(KeyFault::Pem("use PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")),
    }
}

/// True for the DER of any public key, of whatever algorithm.
pub(super) fn is_public_key(der: &[u8]) -> bool {
    SubjectPublicKeyInfoRef::try_from(der).is_ok()
        || RsaPublicKey::try_from(der).is_ok()
        || certificate_key(der).is_ok()
}

/// True for the DER of any private key: PKCS#8, PKCS#1 or SEC1.
pub(super) fn is_private_key(der: &[u8]) -> bool {
    pkcs8::PrivateKeyInfo::try_from(der).is_ok()
        || pkcs1::RsaPrivateKey::try_from(der).is_ok()
        || sec1::EcPrivateKey::try_from(der).is_ok()
}

fn from_spki(info: &SubjectPublicKeyInfoRef<'_>) -> Result<Material, KeyFault> {
    let key = info.subject_public_key.as_bytes().ok_or(KeyFault::Der("public key"))?;
    let curve = info.algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    match info.algorithm.oid {
        RSA => from_pkcs1(key),
        EC if curve == Some(P256) => Material::p256(key),
        EC if curve == Some(P384) => Material::p384(key),
        ED25519 if info.algorithm.parameters.is_none() => Material::ed25519(key),
        _ => Err(KeyFault::UnsupportedAlgorithm),
    }
}

/// An `RSAPublicKey` (RFC 8017 appendix A.1.1).
pub(super) fn from_pkcs1(der: &[u8]) -> Result<Material, KeyFault> {
    let key = RsaPublicKey::try_from(der).map_err(|_| KeyFault::Der("RSA public key"))?;
    Material::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1).
fn certificate_key(der: &[u8]) -> spki::der::Result<SubjectPublicKeyInfoRef<'_>> {
    let mut reader = SliceReader::new(der)?;
    let key = reader.sequence(|certificate| {
        let key = certificate.sequence(|signed| {
            if signed.peek_tag()?.number() == TagNumber::N0
                && signed.peek_tag()?.is_context_specific()
            {
                AnyRef::decode(signed)?; // version
            }
            for _ in ["serial number", "signature", "issuer", "validity", "subject"] {
                AnyRef::decode(signed)?;
            }
            let key = SubjectPublicKeyInfoRef::decode(signed)?;
            while !signed.is_finished() {
                AnyRef::decode(signed)?; // unique identifiers, extensions
            }
            Ok(key)
        })?;
        AnyRef::decode(certificate)?; // signature algorithm
        AnyRef::decode(certificate)?; // signature
        Ok(key)
    })?;
    reader.finish(key)
}
