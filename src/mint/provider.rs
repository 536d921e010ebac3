//! What jsonwebtoken asks of a provider of cryptography, answered by `ring`.
//!
//! jsonwebtoken 11 brings bindings to other libraries, but none to `ring`, which the node verifies
//! with. One table (`scheme`) says what each algorithm is in `ring`'s terms; a `RingSigner`
//! holds a key that was prepared, and judged, once. What verifies is a key of the gateway itself,
//! so a key that the gateway refuses is refused here.

use std::sync::OnceLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature as sig;
use ring::{hmac, signature::RsaKeyPair};

use crate::gateway::key::{KeyFault, RawKey, VerifyingKey};

/// Everything jsonwebtoken needs to sign and verify. It makes no JWKs: where jsonwebtoken would
/// take one out of another key, it gets [`ErrorKind::UnsupportedAlgorithm`].
pub static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

/// Makes [`PROVIDER`] the one that this process's jsonwebtoken uses. It may be called again, and
/// says the same again: `false` where another was there before the first call, and stays.
pub fn install() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| PROVIDER.install_default().is_ok())
}

/// A verifier for `alg` with `key`.
///
/// # Errors
///
/// [`ErrorKind::InvalidKeyFormat`] for a key of another family and for an empty secret,
/// [`ErrorKind::InvalidRsaKey`], [`ErrorKind::InvalidEcdsaKey`] or [`ErrorKind::InvalidEddsaKey`]
/// for a key that the gateway would refuse, and [`ErrorKind::UnsupportedAlgorithm`] for an
/// algorithm it does not know.
pub fn verifier(alg: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let scheme = scheme(*alg).ok_or(ErrorKind::UnsupportedAlgorithm)?;
    if key.family() != scheme.family() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let raw = match (key.kind(), alg) {
        (DecodingKeyKind::RsaModulusExponent { n, e }, _) => RawKey::RsaNumbers(n, e),
        (DecodingKeyKind::SecretOrDer(bytes), Algorithm::ES256) => RawKey::P256(bytes),
        (DecodingKeyKind::SecretOrDer(bytes), Algorithm::ES384) => RawKey::P384(bytes),
        (DecodingKeyKind::SecretOrDer(bytes), Algorithm::EdDSA) => RawKey::Ed25519(bytes),
        (DecodingKeyKind::SecretOrDer(bytes), _) => match scheme {
            Scheme::Hmac(_) => RawKey::Secret(bytes),
            _ => RawKey::RsaDer(bytes),
        },
    };
    let key = VerifyingKey::from_raw(raw).map_err(|fault| scheme.refused(&fault))?;
    Ok(Box::new(RingVerifier { algorithm: *alg, key }))
}

/// A signer for `alg` with `key`.
///
/// RSA keys are PKCS#1 DER, elliptic curve keys PKCS#8 DER: the forms that [`EncodingKey`] keeps.
///
/// # Errors
///
/// [`ErrorKind::InvalidKeyFormat`] for a key of another family and for an empty secret (it would
/// sign for everyone), [`ErrorKind::InvalidRsaKey`], [`ErrorKind::InvalidEcdsaKey`] or
/// [`ErrorKind::InvalidEddsaKey`] for a key that `ring` refuses, and
/// [`ErrorKind::UnsupportedAlgorithm`] for an algorithm this table does not know.
pub fn signer(alg: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let scheme = scheme(*alg).ok_or(ErrorKind::UnsupportedAlgorithm)?;
    if key.family() != scheme.family() || key.as_bytes().is_empty() {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    let key = PreparedKey::new(scheme, key.as_bytes())?;
    Ok(Box::new(RingSigner { algorithm: *alg, key, random: SystemRandom::new() }))
}

/// An algorithm in `ring`'s terms.
enum Scheme {
    Hmac(hmac::Algorithm),
    Rsa(&'static dyn sig::RsaEncoding),
    Ecdsa(&'static sig::EcdsaSigningAlgorithm),
    Ed25519,
}

/// RFC 7518 §3.1 and RFC 8037 §3.1. ECDSA in its fixed-length form (RFC 7518 §3.4).
fn scheme(alg: Algorithm) -> Option<Scheme> {
    Some(match alg {
        Algorithm::HS256 => Scheme::Hmac(hmac::HMAC_SHA256),
        Algorithm::HS384 => Scheme::Hmac(hmac::HMAC_SHA384),
        Algorithm::HS512 => Scheme::Hmac(hmac::HMAC_SHA512),
        Algorithm::RS256 => Scheme::Rsa(&sig::RSA_PKCS1_SHA256),
        Algorithm::RS384 => Scheme::Rsa(&sig::RSA_PKCS1_SHA384),
        Algorithm::RS512 => Scheme::Rsa(&sig::RSA_PKCS1_SHA512),
        Algorithm::PS256 => Scheme::Rsa(&sig::RSA_PSS_SHA256),
        Algorithm::PS384 => Scheme::Rsa(&sig::RSA_PSS_SHA384),
        Algorithm::PS512 => Scheme::Rsa(&sig::RSA_PSS_SHA512),
        Algorithm::ES256 => Scheme::Ecdsa(&sig::ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::ES384 => Scheme::Ecdsa(&sig::ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDSA => Scheme::Ed25519,
        // jsonwebtoken may learn another algorithm; it is not ours until it stands above.
        _ => return None,
    })
}

impl Scheme {
    fn family(&self) -> AlgorithmFamily {
        match self {
            Scheme::Hmac(_) => AlgorithmFamily::Hmac,
            Scheme::Rsa(_) => AlgorithmFamily::Rsa,
            Scheme::Ecdsa(_) => AlgorithmFamily::Ec,
            Scheme::Ed25519 => AlgorithmFamily::Ed,
        }
    }

    fn refused(&self, fault: &KeyFault) -> ErrorKind {
        match self {
            Scheme::Hmac(_) => ErrorKind::InvalidKeyFormat,
            Scheme::Rsa(_) => ErrorKind::InvalidRsaKey(fault.to_string()),
            Scheme::Ecdsa(_) => ErrorKind::InvalidEcdsaKey,
            Scheme::Ed25519 => ErrorKind::InvalidEddsaKey,
        }
    }
}

/// A key that `ring` took, with the scheme it signs by.
enum PreparedKey {
    Hmac(hmac::Key),
    Rsa(Box<RsaKeyPair>, &'static dyn sig::RsaEncoding),
    Ecdsa(Box<sig::EcdsaKeyPair>),
    Ed25519(Box<sig::Ed25519KeyPair>),
}

impl PreparedKey {
    fn new(scheme: Scheme, bytes: &[u8]) -> Result<Self> {
        Ok(match scheme {
            Scheme::Hmac(algorithm) => PreparedKey::Hmac(hmac::Key::new(algorithm, bytes)),
            Scheme::Rsa(encoding) => {
                let pair = RsaKeyPair::from_der(bytes)
                    .map_err(|rejected| ErrorKind::InvalidRsaKey(rejected.to_string()))?;
                PreparedKey::Rsa(Box::new(pair), encoding)
            }
            Scheme::Ecdsa(algorithm) => {
                let pair = sig::EcdsaKeyPair::from_pkcs8(algorithm, bytes, &SystemRandom::new())
                    .map_err(|_| ErrorKind::InvalidEcdsaKey)?;
                PreparedKey::Ecdsa(Box::new(pair))
            }
            // "Maybe unchecked" is about version 1 files, which hold no public half to check the
            // private one against. OpenSSL writes nothing else.
            Scheme::Ed25519 => {
                let pair = sig::Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                    .map_err(|_| ErrorKind::InvalidEddsaKey)?;
                PreparedKey::Ed25519(Box::new(pair))
            }
        })
    }
}

/// A prepared key and the algorithm it was prepared for.
struct RingSigner {
    algorithm: Algorithm,
    key: PreparedKey,
    random: SystemRandom,
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        // `ring` gives no reason, and there is none to pass on.
        let failed = |_: ring::error::Unspecified| signature::Error::new();
        match &self.key {
            PreparedKey::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            PreparedKey::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &self.random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            PreparedKey::Ecdsa(pair) => {
                Ok(pair.sign(&self.random, message).map_err(failed)?.as_ref().to_vec())
            }
            PreparedKey::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// A key of the gateway and the algorithm it was asked for.
struct RingVerifier {
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        self.key
            .verifier(self.algorithm)
            .and_then(|verifier| verifier.verify(message, given).ok())
            .ok_or_else(signature::Error::new)
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_only_with_its_own_family() {
        let secret = EncodingKey::from_secret(b"secret");
        for alg in [Algorithm::RS256, Algorithm::PS512, Algorithm::ES256, Algorithm::EdDSA] {
            let error = signer(&alg, &secret).err().unwrap();
            assert_eq!(error.kind(), &ErrorKind::InvalidKeyFormat);
        }
        assert_eq!(signer(&Algorithm::HS512, &secret).unwrap().algorithm(), Algorithm::HS512);
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let error = signer(&Algorithm::HS256, &EncodingKey::from_secret(b"")).err().unwrap();
        assert_eq!(error.kind(), &ErrorKind::InvalidKeyFormat);
    }

    #[test]
    fn a_key_verifies_only_with_its_own_family_and_if_the_gateway_would_take_it() {
        let refused = |alg, key: &DecodingKey| verifier(&alg, key).err().unwrap().into_kind();
        let secret = DecodingKey::from_secret(b"secret");
        for alg in [Algorithm::RS256, Algorithm::PS512, Algorithm::ES256, Algorithm::EdDSA] {
            assert_eq!(refused(alg, &secret), ErrorKind::InvalidKeyFormat);
        }
        let empty = DecodingKey::from_secret(b"");
        assert_eq!(refused(Algorithm::HS256, &empty), ErrorKind::InvalidKeyFormat);
        let short = DecodingKey::from_rsa_raw_components(&[255; 128], &[1, 0, 1]);
        let why = "the RSA modulus has 1024 bits; 2048 to 8192 are accepted";
        assert_eq!(refused(Algorithm::PS256, &short), ErrorKind::InvalidRsaKey(why.into()));
        let off_curve = DecodingKey::from_ec_der(&[4; 65]);
        assert_eq!(refused(Algorithm::ES256, &off_curve), ErrorKind::InvalidEcdsaKey);
        let small_order = DecodingKey::from_ed_der(&[0; 32]);
        assert_eq!(refused(Algorithm::EdDSA, &small_order), ErrorKind::InvalidEddsaKey);
    }

    #[test]
    fn installing_again_changes_nothing() {
        assert!(install() && install());
        assert!(PROVIDER.install_default().is_err());
    }

    /// RFC 4231 §4.3 (test case 2).
    #[test]
    fn hmac_sha256_signs_as_published() {
        let signer = signer(&Algorithm::HS256, &EncodingKey::from_secret(b"Jefe")).unwrap();
        let signature = signer.try_sign(b"what do ya want for nothing?").unwrap();
        assert_eq!(
            signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
