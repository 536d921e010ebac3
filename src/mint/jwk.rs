//! A key written as a JWK (RFC 7517), with its RFC 7638 thumbprint for a name.
//!
//! Members stand in one fixed order, the public ones first, so that the same key is always the
//! same text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde::Serialize;

use super::asn1::{Curve, RsaNumbers};

/// A generated key as a JWK, private or public. Serialises to a JSON object.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    kid: String,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    #[serde(flatten)]
    public: PublicMembers,
    #[serde(flatten)]
    private: PrivateMembers,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize)]
struct PublicMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// Every one of them is secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
struct PrivateMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dq: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qi: Option<String>,
}

impl Jwk {
    /// The key's name: its thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half; `None` where there is none (an HMAC secret).
    pub fn to_public(&self) -> Option<Jwk> {
        (self.kty != "oct").then(|| Jwk { private: PrivateMembers::default(), ..self.clone() })
    }

    pub(super) fn oct(alg: &'static str, secret: &[u8]) -> Self {
        let k = text(secret);
        // RFC 7638 §7: a thumbprint tells of a secret what its entropy does not protect. Only
        // secrets of 256 random bits and more come here.
        let kid = thumbprint(&format!(r#"{{"k":"{k}","kty":"oct"}}"#));
        let private = PrivateMembers { k: Some(k), ..Default::default() };
        Jwk { kty: "oct", kid, usage: "sig", alg, public: PublicMembers::default(), private }
    }

    pub(super) fn rsa(numbers: &RsaNumbers<'_>) -> Self {
        let (n, e) = (text(numbers.n), text(numbers.e));
        let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        let public = PublicMembers { n: Some(n), e: Some(e), ..Default::default() };
        let private = PrivateMembers {
            k: None,
            d: Some(text(numbers.d)),
            p: Some(text(numbers.p)),
            q: Some(text(numbers.q)),
            dp: Some(text(numbers.dp)),
            dq: Some(text(numbers.dq)),
            qi: Some(text(numbers.qi)),
        };
        Jwk { kty: "RSA", kid, usage: "sig", alg: "RS256", public, private }
    }

    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8], d: &[u8]) -> Self {
        let (crv, x, y) = (curve.name(), text(x), text(y));
        let kid = thumbprint(&format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let alg = match curve {
            Curve::P256 => "ES256",
            Curve::P384 => "ES384",
        };
        let public = PublicMembers { crv: Some(crv), x: Some(x), y: Some(y), ..Default::default() };
        let private = PrivateMembers { d: Some(text(d)), ..Default::default() };
        Jwk { kty: "EC", kid, usage: "sig", alg, public, private }
    }

    pub(super) fn ed25519(x: &[u8], seed: &[u8]) -> Self {
        let x = text(x);
        // RFC 8037 §2: the thumbprint of an OKP key is over these three.
        let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let public = PublicMembers { crv: Some("Ed25519"), x: Some(x), ..Default::default() };
        let private = PrivateMembers { d: Some(text(seed)), ..Default::default() };
        Jwk { kty: "OKP", kid, usage: "sig", alg: "EdDSA", public, private }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kty", &self.kty)
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .field("key", &format_args!("[redacted]"))
            .finish()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 7638 §3: SHA-256 over the required members in the order of their names. base64url holds
/// nothing that JSON would escape.
fn thumbprint(members: &str) -> String {
    text(digest::digest(&digest::SHA256, members.as_bytes()).as_ref())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    /// RFC 7638 §3.1.
    #[test]
    fn rsa_thumbprint_is_as_published() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6\
                 tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5\
                 v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD0\
                 8qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU\
                 8awapJzKnqDKgw";
        let n = URL_SAFE_NO_PAD.decode(n).unwrap();
        let none: &[u8] = &[];
        let jwk = Jwk::rsa(&RsaNumbers {
            n: &n,
            e: &[1, 0, 1],
            d: none,
            p: none,
            q: none,
            dp: none,
            dq: none,
            qi: none,
        });
        assert_eq!(jwk.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// RFC 8037 appendix A.3.
    #[test]
    fn ed25519_thumbprint_is_as_published() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let jwk = Jwk::ed25519(&x, &[]);
        assert_eq!(jwk.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn debug_shows_no_key() {
        let jwk = Jwk::oct("HS256", b"correct horse battery staple");
        let shown = format!("{jwk:?}");
        assert!(shown.contains("[redacted]"), "{shown}");
        assert!(!shown.contains(&text(b"correct horse battery staple")), "{shown}");
    }

    #[test]
    fn a_secret_has_no_public_half() {
        assert_eq!(Jwk::oct("HS256", b"secret").to_public(), None);
    }
}
