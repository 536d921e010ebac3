//! JSON Web Keys and Key Sets (RFC 7517, RFC 7518 §6, RFC 8037 §2), read strictly.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

use super::set::KeySet;
use super::{Algorithm, KeyFault, KeyWarning, Material, VerifyingKey, algorithm_named};
use crate::gateway::json::{Members, ObjectFault, Value, read_object};

/// Why a JWK or JWK Set is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkFault {
    /// Not one strict JSON object.
    #[error("this looks like a JWK and cannot be read: the JSON {0}")]
    Json(ObjectFault),
    /// `keys` is no list of objects.
    #[error("`keys` of the JWK Set must be a list of objects")]
    Keys,
    /// A member that must be there is not.
    #[error("the JWK lacks `{0}`")]
    Missing(&'static str),
    /// A member of the wrong type or form.
    #[error("`{0}` of the JWK is malformed")]
    Malformed(&'static str),
    /// Two keys of one name.
    #[error("two keys of the set have one `kid`")]
    DuplicateKid,
    /// Secrets and public keys in one set.
    #[error("the set holds secrets and public keys side by side")]
    Mixed,
    /// Nothing in it can verify a token.
    #[error("no key in it can verify a token")]
    NoUsableKey,
    /// A secret where only public keys may be.
    #[error("the set holds a secret; only public keys are taken from where it comes from")]
    Secret,
    /// More keys than a set may hold.
    #[error("the set holds {0} keys; at most {MOST_FETCHED_KEYS} are accepted")]
    TooMany(usize),
}

/// The most keys of a set that was fetched.
pub const MOST_FETCHED_KEYS: usize = 100;

/// A JWK of a known kind, and whether its own `use`, `key_ops` and `alg` let it verify.
enum Jwk {
    Usable(VerifyingKey),
    Unusable { name: Option<Arc<str>>, secret: bool },
    UnknownKind,
}

/// Reads a JWK, or a JWK Set where the object has a member `keys`.
pub(super) fn read(json: &str) -> Result<(KeySet, Vec<KeyWarning>), KeyFault> {
    let mut raw = RawJwk::default();
    read_object(json.as_bytes(), &mut raw).map_err(JwkFault::Json)?;
    let Some(keys) = &raw.keys else {
        return match raw.into_key()? {
            Jwk::Usable(key) => {
                let warnings = key.warning().into_iter().collect();
                Ok((KeySet::of_one(key), warnings))
            }
            Jwk::Unusable { .. } => Err(JwkFault::NoUsableKey.into()),
            Jwk::UnknownKind => Err(KeyFault::UnsupportedAlgorithm),
        };
    };
    read_members(members(keys)?).map(|(set, warnings, _)| (set, warnings))
}

/// Reads a JWK Set that was fetched: it holds public keys alone, and not too many.
pub(super) fn read_fetched(json: &str) -> Result<(KeySet, Vec<KeyWarning>), KeyFault> {
    let mut raw = RawJwk::default();
    read_object(json.as_bytes(), &mut raw).map_err(JwkFault::Json)?;
    let members = members(raw.keys.as_ref().ok_or(JwkFault::Keys)?)?;
    if members.len() > MOST_FETCHED_KEYS {
        return Err(JwkFault::TooMany(members.len()).into());
    }
    match read_members(members)? {
        (_, _, Kind::Secret) => Err(JwkFault::Secret.into()),
        (set, warnings, Kind::Public) => Ok((set, warnings)),
    }
}

/// What all keys of a set are, the unusable ones included.
enum Kind {
    Secret,
    Public,
}

fn members<'de>(keys: &Value<'de>) -> Result<Vec<&'de RawValue>, JwkFault> {
    match keys {
        Value::Other(list) => serde_json::from_str(list).map_err(|_| JwkFault::Keys),
        Value::Strings(none) if none.is_empty() => Ok(Vec::new()),
        _ => Err(JwkFault::Keys),
    }
}

fn read_members(members: Vec<&RawValue>) -> Result<(KeySet, Vec<KeyWarning>, Kind), KeyFault> {
    let mut usable = Vec::new();
    let mut warnings = Vec::new();
    let mut names = HashSet::new();
    let mut kinds = HashSet::new();
    for (position, member) in (1..).zip(members) {
        if !member.get().starts_with('{') {
            return Err(JwkFault::Keys.into());
        }
        let mut raw = RawJwk::default();
        read_object(member.get().as_bytes(), &mut raw).map_err(JwkFault::Json)?;
        let (name, secret) = match raw.into_key()? {
            Jwk::Usable(key) => {
                let known = (key.name.clone(), key.is_secret());
                warnings.extend(key.warning());
                usable.push(key);
                known
            }
            Jwk::Unusable { name, secret } => {
                let why = "its `use`, `key_ops` or `alg` does not let it verify";
                warnings.push(KeyWarning::LeftOut { position, why });
                (name, secret)
            }
            Jwk::UnknownKind => {
                let why = "its kind (`kty`, `crv`) is not supported";
                warnings.push(KeyWarning::LeftOut { position, why });
                continue;
            }
        };
        if name.is_some_and(|name| !names.insert(name)) {
            return Err(JwkFault::DuplicateKid.into());
        }
        kinds.insert(secret);
    }
    if kinds.len() > 1 {
        return Err(JwkFault::Mixed.into());
    }
    if usable.is_empty() {
        return Err(JwkFault::NoUsableKey.into());
    }
    let kind = if kinds.contains(&true) { Kind::Secret } else { Kind::Public };
    Ok((KeySet::of(usable), warnings, kind))
}

/// The members of a JWK, as they stand there.
#[derive(Default)]
struct RawJwk<'de> {
    keys: Option<Value<'de>>,
    strings: [Option<Value<'de>>; STRINGS.len()],
    lists: [Option<Value<'de>>; LISTS.len()],
    private: [Option<Value<'de>>; PRIVATE.len()],
}

/// Members that hold text; `k` is one, but secret.
const STRINGS: [&str; 12] =
    ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e", "k", "x5u", "x5t"];
const LISTS: [&str; 2] = ["key_ops", "x5c"];
/// RFC 7518 §6.2.2, §6.3.2.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

impl<'de> Members<'de> for RawJwk<'de> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        let index = |names: &[&str]| names.iter().position(|known| known.as_bytes() == name);
        if name == b"keys" {
            Some(&mut self.keys)
        } else if let Some(index) = index(&STRINGS) {
            self.strings.get_mut(index)
        } else if let Some(index) = index(&LISTS) {
            self.lists.get_mut(index)
        } else {
            self.private.get_mut(index(&PRIVATE)?)
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl<'de> RawJwk<'de> {
    fn text(&self, name: &'static str) -> Result<Option<&str>, JwkFault> {
        match STRINGS
            .iter()
            .zip(&self.strings)
            .find_map(|(known, value)| value.as_ref().filter(|_| *known == name))
        {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(JwkFault::Malformed(name)),
        }
    }

    fn list(&self, name: &'static str) -> Result<Option<&[Cow<'de, str>]>, JwkFault> {
        match LISTS
            .iter()
            .zip(&self.lists)
            .find_map(|(known, value)| value.as_ref().filter(|_| *known == name))
        {
            None => Ok(None),
            Some(Value::Strings(list)) => Ok(Some(list)),
            Some(_) => Err(JwkFault::Malformed(name)),
        }
    }

    /// Base64url without padding, in its one canonical form.
    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, JwkFault> {
        let text = self.text(name)?.ok_or(JwkFault::Missing(name))?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkFault::Malformed(name))
    }

    /// A number without leading zeros (RFC 7518 §2, Base64urlUInt).
    fn number(&self, name: &'static str) -> Result<Vec<u8>, JwkFault> {
        let bytes = self.bytes(name)?;
        if bytes.first().is_none_or(|&first| first == 0) {
            return Err(JwkFault::Malformed(name));
        }
        Ok(bytes)
    }

    /// A coordinate in its full length (RFC 7518 §6.2.1.2).
    fn coordinate(&self, name: &'static str, length: usize) -> Result<Vec<u8>, JwkFault> {
        let bytes = self.bytes(name)?;
        if bytes.len() != length {
            return Err(JwkFault::Malformed(name));
        }
        Ok(bytes)
    }

    fn point(&self, length: usize) -> Result<Vec<u8>, JwkFault> {
        // SEC 1 §2.3.3: 4 marks an uncompressed point.
        Ok([vec![4], self.coordinate("x", length)?, self.coordinate("y", length)?].concat())
    }

    fn into_key(self) -> Result<Jwk, KeyFault> {
        let kty = self.text("kty")?.ok_or(JwkFault::Missing("kty"))?;
        let crv = self.text("crv")?;
        if matches!(kty, "EC" | "OKP") && crv.is_none() {
            return Err(JwkFault::Missing("crv").into());
        }
        let known = matches!(
            (kty, crv),
            ("oct" | "RSA", _) | ("EC", Some("P-256" | "P-384")) | ("OKP", Some("Ed25519"))
        );
        if !known {
            return Ok(Jwk::UnknownKind);
        }
        let private = self.private.iter().any(Option::is_some);
        if private || (kty != "oct" && self.text("k")?.is_some()) {
            return Err(KeyFault::PrivateKey);
        }
        self.text("x5u")?;
        self.text("x5t")?;
        self.list("x5c")?;
        let material = match (kty, crv) {
            ("oct", _) => Material::secret(&self.bytes("k")?)?,
            ("RSA", _) => Material::rsa(&self.number("n")?, &self.number("e")?)?,
            ("EC", Some("P-256")) => Material::p256(&self.point(32)?)?,
            ("EC", _) => Material::p384(&self.point(48)?)?,
            _ => Material::ed25519(&self.coordinate("x", 32)?)?,
        };
        let algorithms = self.allowed(&material)?;
        let name = self.text("kid")?.map(Arc::from);
        if algorithms.is_empty() {
            return Ok(Jwk::Unusable { name, secret: matches!(material, Material::Secret(_)) });
        }
        Ok(Jwk::Usable(VerifyingKey { name, algorithms, material }))
    }

    /// What the key's own `use`, `key_ops` and `alg` leave (RFC 7517 §4.2 to §4.4).
    fn allowed(&self, material: &Material) -> Result<Vec<Algorithm>, JwkFault> {
        let for_signatures = self.text("use")?.is_none_or(|purpose| purpose == "sig");
        let may_verify = match self.list("key_ops")? {
            None => true,
            Some(operations) => {
                let distinct: HashSet<_> = operations.iter().collect();
                if distinct.len() < operations.len() {
                    return Err(JwkFault::Malformed("key_ops"));
                }
                operations.iter().any(|operation| operation == "verify")
            }
        };
        let only = self.text("alg")?;
        let fits = |algorithm: &&Algorithm| {
            only.is_none_or(|name| algorithm_named(name) == Some(**algorithm))
        };
        if !for_signatures || !may_verify {
            return Ok(Vec::new());
        }
        Ok(material.algorithms().iter().filter(fits).copied().collect())
    }
}
