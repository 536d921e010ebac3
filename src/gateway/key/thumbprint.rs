//! Thumbprints of public keys (RFC 7638, RFC 8037 §2): a name that the key itself gives.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::{Material, VerifyingKey};

impl VerifyingKey {
    /// The SHA-256 thumbprint in base64url; none for a secret, whose thumbprint would let it be
    /// guessed (RFC 7638 §7).
    pub fn thumbprint(&self) -> Option<String> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = |crv: &str, point: &[u8]| {
            // Behind a byte that says that neither coordinate is left out.
            let coordinates = point.get(1..)?;
            let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
            let (x, y) = (text(x), text(y));
            Some(format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#))
        };
        let members = match &self.material {
            Material::Secret(_) => return None,
            Material::Rsa(key) => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(&key.e), text(&key.n))
            }
            Material::P256(key) => point("P-256", key)?,
            Material::P384(key) => point("P-384", key)?,
            Material::Ed25519(key) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(key))
            }
        };
        Some(text(digest(&SHA256, members.as_bytes()).as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use crate::gateway::key::KeyText;

    #[test]
    fn a_public_key_has_the_thumbprint_of_the_published_examples() {
        for (jwk, thumbprint) in [
            // RFC 7638 §3.1
            (
                r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            ),
            // RFC 8037 appendix A.3
            (
                r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            ),
        ] {
            let (keys, _) = KeyText::Text(jwk).read().expect(jwk);
            assert_eq!(keys.keys()[0].thumbprint().as_deref(), Some(thumbprint));
        }
    }

    #[test]
    fn a_secret_has_none() {
        let (keys, _) = KeyText::Text("a secret that nobody can guess, we hope").read().unwrap();
        assert_eq!(keys.keys()[0].thumbprint(), None);
    }
}
