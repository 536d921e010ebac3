//! A private key out of a JWK (RFC 7517; RFC 7518 §6 and RFC 8037 §2 for the members).
//!
//! Read as strictly as the node reads a public one: member types, unpadded base64url, full-length
//! coordinates, no member twice. The key's own `use`, `key_ops` and `alg` narrow what it signs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use ring::signature::Ed25519KeyPair;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::SigningKeyError;
use super::asn1::{Curve, Material, RsaNumbers};

/// What a JWK says besides the key itself.
pub(super) struct JwkKey {
    pub(super) material: Material,
    pub(super) kid: Option<String>,
    pub(super) alg: Option<Algorithm>,
}

/// The members that are looked at; others may stand there.
#[derive(Deserialize)]
struct Members {
    keys: Option<IgnoredAny>,
    kty: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    k: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    oth: Option<IgnoredAny>,
}

/// The key in `text`, whose first non-blank character is `{`.
pub(super) fn read(text: &str) -> Result<JwkKey, SigningKeyError> {
    // The parser's own message may quote a value, so only the place is passed on.
    let jwk: Members = serde_json::from_str(text).map_err(|error| SigningKeyError::Json {
        problem: if error.is_data() {
            "a member of the wrong type, or one that stands twice,"
        } else {
            "the JSON is broken"
        },
        line: error.line(),
        column: error.column(),
    })?;
    if jwk.keys.is_some() {
        return Err(SigningKeyError::JwkSet);
    }
    let material = match jwk.kty.as_deref() {
        Some("oct") => oct(&jwk)?,
        Some("RSA") => rsa(&jwk)?,
        Some("EC") => ec(&jwk)?,
        Some("OKP") => okp(&jwk)?,
        Some(_) => return Err(member("kty", "is none of `oct`, `RSA`, `EC` and `OKP`")),
        None => return Err(member("kty", ABSENT)),
    };
    let alg = jwk.purpose()?;
    Ok(JwkKey { material, kid: jwk.kid, alg })
}

impl Members {
    /// RFC 7517 §4.2 to §4.4: what the key is for. Answers the one algorithm it names, if it does.
    fn purpose(&self) -> Result<Option<Algorithm>, SigningKeyError> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(SigningKeyError::JwkPurpose("use"));
        }
        if self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "sign")) {
            return Err(SigningKeyError::JwkPurpose("key_ops"));
        }
        match self.alg.as_deref() {
            None => Ok(None),
            // RFC 9864 §2.2: another name of the same thing, as far as Ed25519 goes.
            Some("Ed25519") => Ok(Some(Algorithm::EdDSA)),
            Some(name) => name.parse().map(Some).map_err(|_| SigningKeyError::JwkPurpose("alg")),
        }
    }
}

fn oct(jwk: &Members) -> Result<Material, SigningKeyError> {
    match bytes("k", &jwk.k)? {
        secret if secret.is_empty() => Err(SigningKeyError::Empty),
        secret => Ok(Material::hmac(&secret)),
    }
}

fn rsa(jwk: &Members) -> Result<Material, SigningKeyError> {
    private(jwk)?;
    if jwk.oth.is_some() {
        return Err(member("oth", "makes it a key of more than two primes, which are not read"));
    }
    Material::rsa(&RsaNumbers {
        n: &number("n", &jwk.n)?,
        e: &number("e", &jwk.e)?,
        d: &number("d", &jwk.d)?,
        p: &number("p", &jwk.p)?,
        q: &number("q", &jwk.q)?,
        dp: &number("dp", &jwk.dp)?,
        dq: &number("dq", &jwk.dq)?,
        qi: &number("qi", &jwk.qi)?,
    })
}

fn ec(jwk: &Members) -> Result<Material, SigningKeyError> {
    let curve = match jwk.crv.as_deref() {
        Some("P-256") => Curve::P256,
        Some("P-384") => Curve::P384,
        Some(_) => return Err(member("crv", "is neither `P-256` nor `P-384`")),
        None => return Err(member("crv", ABSENT)),
    };
    private(jwk)?;
    let length = curve.length();
    // SEC1 §2.3.3: 04 marks an uncompressed point.
    let mut point = vec![4];
    point.extend(sized("x", &jwk.x, length)?);
    point.extend(sized("y", &jwk.y, length)?);
    Material::ec(curve, &sized("d", &jwk.d, length)?, &point)
}

fn okp(jwk: &Members) -> Result<Material, SigningKeyError> {
    match jwk.crv.as_deref() {
        Some("Ed25519") => {}
        Some(_) => return Err(member("crv", "is not `Ed25519`, the only such curve that is read")),
        None => return Err(member("crv", ABSENT)),
    }
    private(jwk)?;
    let (seed, public) = (sized("d", &jwk.d, 32)?, sized("x", &jwk.x, 32)?);
    // The container below has no place for the public half, so the two are compared here.
    Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
        .map_err(|_| member("x", "does not belong to its `d`"))?;
    Material::ed25519(&seed)
}

fn private(jwk: &Members) -> Result<(), SigningKeyError> {
    match jwk.d {
        Some(_) => Ok(()),
        None => Err(SigningKeyError::PublicKey("a public JWK (it has no `d`)")),
    }
}

const ABSENT: &str = "is missing";

fn member(member: &'static str, problem: &'static str) -> SigningKeyError {
    SigningKeyError::JwkMember { member, problem }
}

fn bytes(name: &'static str, value: &Option<String>) -> Result<Vec<u8>, SigningKeyError> {
    let text = value.as_deref().ok_or(member(name, ABSENT))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| member(name, "is not base64url without padding"))
}

fn sized(
    name: &'static str,
    value: &Option<String>,
    length: usize,
) -> Result<Vec<u8>, SigningKeyError> {
    match bytes(name, value)? {
        bytes if bytes.len() == length => Ok(bytes),
        _ => Err(member(name, "has not the full length of its curve (RFC 7518 §6.2, RFC 8037 §2)")),
    }
}

/// RFC 7518 §2: a Base64urlUInt is as short as it can be.
fn number(name: &'static str, value: &Option<String>) -> Result<Vec<u8>, SigningKeyError> {
    match bytes(name, value)? {
        bytes if bytes.first().is_some_and(|first| *first != 0) => Ok(bytes),
        _ => Err(member(name, "is zero, or begins with a zero octet (RFC 7518 §2)")),
    }
}
