//! What jsonwebtoken asks of a provider of cryptography, answered by `ring`.
//!
//! jsonwebtoken 11 brings bindings to other libraries, but none to `ring`, which the node verifies
//! with. One table (`scheme`) says what each algorithm is in `ring`'s terms; a `RingSigner`
//! holds a key that was prepared, and judged, once.

use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature as sig;
use ring::{hmac, signature::RsaKeyPair};

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
