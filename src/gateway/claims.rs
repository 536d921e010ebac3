//! The claims of a token (RFC 7519 §4), read strictly: absent, malformed and present are three
//! states, and a claim of the wrong type is never read as absent.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::bound::BoundClaims;
use super::identity::{Draft, Identity};
use super::json::{Members, ObjectFault, Value, read_member, read_object};
use super::policy::ClaimPath;
use super::step_up::Authentication;
use super::trust::{Issuer, Trust};

/// What the claims say, apart from the expiry, which is judged first.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) not_before: Option<f64>,
    /// RFC 7519 §4.1.6; none where it is absent or no number.
    pub(super) issued_at: Option<f64>,
    pub(super) jti: TokenId,
    pub(super) authentication: Authentication,
    pub(super) bound: BoundClaims,
    pub(super) identity: Identity,
}

/// The claim `jti` (RFC 7519 §4.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenId {
    Absent,
    Text(Box<str>),
    WrongType,
}

/// Why the claims make their token invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsFault {
    /// Not one strict JSON object.
    #[error("the payload {0}")]
    Json(ObjectFault),
    /// A required claim is not there.
    #[error("the claim `{0}` is missing")]
    Missing(ClaimName),
    /// A claim of the wrong type.
    #[error("the claim `{0}` has the wrong type")]
    WrongType(ClaimName),
    /// An object on the way to a claim has a member twice.
    #[error("the claim `{0}` has a member twice")]
    Duplicate(ClaimName),
    /// The caller has no name.
    #[error("the claim `{0}` is empty")]
    EmptySubject(ClaimName),
    /// A control character where a name is expected.
    #[error("the claim `{0}` holds a control character")]
    Control(ClaimName),
    /// RFC 7519 §4.1.3: the token is meant for somebody, and nothing says that it is us.
    #[error("the token has an audience, and none is configured")]
    Audience,
    /// The token is meant for somebody else.
    #[error("the claim `aud` names none of our audiences")]
    OtherAudience,
    /// The token is somebody else's.
    #[error("the claim `iss` names no issuer that is believed")]
    OtherIssuer,
    /// `exp` lies too long after `iat`, or before it.
    #[error("the time from `iat` to `exp` is out of bounds")]
    Lifetime,
}

/// The name of a claim; of a nested one with dots between its parts.
pub type ClaimName = Cow<'static, str>;

/// The claims that take part in a decision, as they stand there.
pub(super) struct RawClaims<'de, 'n> {
    exp: Option<Value<'de>>,
    nbf: Option<Value<'de>>,
    iat: Option<Value<'de>>,
    pub(super) iss: Option<Value<'de>>,
    aud: Option<Value<'de>>,
    sub: Option<Value<'de>>,
    jti: Option<Value<'de>>,
    pub(super) acr: Option<Value<'de>>,
    pub(super) amr: Option<Value<'de>>,
    pub(super) auth_time: Option<Value<'de>>,
    role: Option<Value<'de>>,
    roles: Option<Value<'de>>,
    permissions: Option<Value<'de>>,
    scope: Option<Value<'de>>,
    scp: Option<Value<'de>>,
    other_names: &'n [Box<str>],
    others: SmallVec<[Option<Value<'de>>; 2]>,
}

impl<'de> Members<'de> for RawClaims<'de, '_> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        Some(match name {
            b"exp" => &mut self.exp,
            b"nbf" => &mut self.nbf,
            b"iat" => &mut self.iat,
            b"iss" => &mut self.iss,
            b"aud" => &mut self.aud,
            b"sub" => &mut self.sub,
            b"jti" => &mut self.jti,
            b"acr" => &mut self.acr,
            b"amr" => &mut self.amr,
            b"auth_time" => &mut self.auth_time,
            b"role" => &mut self.role,
            b"roles" => &mut self.roles,
            b"permissions" => &mut self.permissions,
            b"scope" => &mut self.scope,
            b"scp" => &mut self.scp,
            _ => {
                let place = self.other_names.iter().position(|other| other.as_bytes() == name)?;
                self.others.get_mut(place)?
            }
        })
    }

    fn clear(&mut self) {
        *self = Self::new(self.other_names);
    }
}

impl<'de, 'n> RawClaims<'de, 'n> {
    fn new(other_names: &'n [Box<str>]) -> Self {
        Self {
            exp: None,
            nbf: None,
            iat: None,
            iss: None,
            aud: None,
            sub: None,
            jti: None,
            acr: None,
            amr: None,
            auth_time: None,
            role: None,
            roles: None,
            permissions: None,
            scope: None,
            scp: None,
            other_names,
            others: other_names.iter().map(|_| None).collect(),
        }
    }

    /// Reads the decoded payload of a token whose signature is good, or what stands for it.
    pub(super) fn read(json: &'de [u8], trust: &'n Trust) -> Result<Self, ClaimsFault> {
        let mut raw = Self::new(&trust.claims.others);
        read_object(json, &mut raw).map_err(ClaimsFault::Json)?;
        Ok(raw)
    }

    /// A claim by its name, if it is one of those that are kept.
    pub(super) fn get(&self, name: &str) -> Option<&Value<'de>> {
        match name {
            "exp" => self.exp.as_ref(),
            "nbf" => self.nbf.as_ref(),
            "iat" => self.iat.as_ref(),
            "iss" => self.iss.as_ref(),
            "aud" => self.aud.as_ref(),
            "sub" => self.sub.as_ref(),
            "jti" => self.jti.as_ref(),
            "acr" => self.acr.as_ref(),
            "amr" => self.amr.as_ref(),
            "auth_time" => self.auth_time.as_ref(),
            "role" => self.role.as_ref(),
            "roles" => self.roles.as_ref(),
            "permissions" => self.permissions.as_ref(),
            "scope" => self.scope.as_ref(),
            "scp" => self.scp.as_ref(),
            _ => {
                let place = self.other_names.iter().position(|other| **other == *name)?;
                self.others.get(place)?.as_ref()
            }
        }
    }

    /// The expiry, which every token must have.
    pub(super) fn expiry(&self) -> Result<f64, ClaimsFault> {
        self.optional_expiry()?.ok_or(ClaimsFault::Missing("exp".into()))
    }

    /// The expiry, where there may be none.
    pub(super) fn optional_expiry(&self) -> Result<Option<f64>, ClaimsFault> {
        number("exp", self.exp.as_ref())
    }

    /// Everything else, by an issuer's rules.
    pub(super) fn judge(&self, issuer: &Issuer, trust: &Trust) -> Result<Claims, ClaimsFault> {
        let not_before = number("nbf", self.nbf.as_ref())?;
        let issued_at = self.issued_at(issuer)?;
        self.judge_issuer(issuer, trust)?;
        self.judge_audience(issuer)?;
        let subject = match &self.sub {
            None => return Err(ClaimsFault::Missing("sub".into())),
            subject => name_of("sub", subject.as_ref())?,
        };
        self.judge_required(issuer)?;
        Ok(Claims {
            not_before,
            issued_at,
            jti: self.token_id(),
            authentication: Authentication::of(self),
            bound: BoundClaims::of(self, &trust.claims.bound),
            identity: self.identity(subject, issuer, trust)?,
        })
    }

    /// `iat` is judged only where the token's lifetime is bounded.
    fn issued_at(&self, issuer: &Issuer) -> Result<Option<f64>, ClaimsFault> {
        let Some(longest) = issuer.policy.max_lifetime else {
            return Ok(number("iat", self.iat.as_ref()).unwrap_or_default());
        };
        let issued_at =
            number("iat", self.iat.as_ref())?.ok_or(ClaimsFault::Missing("iat".into()))?;
        match self.optional_expiry()? {
            Some(expiry) if !(0.0..=longest.as_secs_f64()).contains(&(expiry - issued_at)) => {
                Err(ClaimsFault::Lifetime)
            }
            _ => Ok(Some(issued_at)),
        }
    }

    /// RFC 7519 §4.1.1. Where `iss` picks the keys, one of the wrong type picks none.
    fn judge_issuer(&self, issuer: &Issuer, trust: &Trust) -> Result<(), ClaimsFault> {
        let names = &issuer.policy.names;
        if names.is_empty() && !trust.has_further() {
            return Ok(());
        }
        match &self.iss {
            Some(Value::String(iss)) if issuer.name.as_deref().is_some_and(|name| name == iss) => {
                Ok(())
            }
            Some(Value::String(iss)) if issuer.name.is_none() => {
                let good = names.is_empty() || names.iter().any(|name| name == iss);
                if good { Ok(()) } else { Err(ClaimsFault::OtherIssuer) }
            }
            Some(Value::String(_)) => Err(ClaimsFault::OtherIssuer),
            Some(_) => Err(ClaimsFault::WrongType("iss".into())),
            None if issuer.name.is_none() && names.is_empty() => Ok(()),
            None => Err(ClaimsFault::Missing("iss".into())),
        }
    }

    /// RFC 7519 §4.1.3.
    fn judge_audience(&self, issuer: &Issuer) -> Result<(), ClaimsFault> {
        let ours = &issuer.policy.audience;
        let is_ours = |audience: &str| ours.iter().any(|name| name == audience);
        match &self.aud {
            Some(_) if ours.is_empty() => Err(ClaimsFault::Audience),
            None if ours.is_empty() => Ok(()),
            None => Err(ClaimsFault::Missing("aud".into())),
            Some(Value::String(audience)) if is_ours(audience) => Ok(()),
            Some(Value::Strings(list)) if list.iter().any(|audience| is_ours(audience)) => Ok(()),
            Some(Value::String(_) | Value::Strings(_)) => Err(ClaimsFault::OtherAudience),
            Some(_) => Err(ClaimsFault::WrongType("aud".into())),
        }
    }

    fn judge_required(&self, issuer: &Issuer) -> Result<(), ClaimsFault> {
        for name in &issuer.policy.required_claims {
            match self.get(name) {
                None => return Err(ClaimsFault::Missing(name.clone().into())),
                Some(Value::Other("null")) => {
                    return Err(ClaimsFault::WrongType(name.clone().into()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn token_id(&self) -> TokenId {
        match &self.jti {
            None => TokenId::Absent,
            Some(Value::String(id)) => TokenId::Text(Box::from(&**id)),
            Some(_) => TokenId::WrongType,
        }
    }

    /// Who it is. The names under which an identity stands may be configured.
    fn identity(
        &self,
        subject: &str,
        issuer: &Issuer,
        trust: &Trust,
    ) -> Result<Identity, ClaimsFault> {
        let names = &issuer.policy.claim_names;
        let mut draft = match &names.user {
            None => Draft::new(subject),
            Some(path) => match self.at(path)? {
                None => return Err(ClaimsFault::Missing(path.name())),
                user => Draft::new(name_of(path.name(), user.as_ref())?),
            },
        };
        let mut add = |role: &str| {
            if issuer.knows_role(role) {
                draft.add_role(role);
            }
        };
        if let Some(path) = &names.role {
            each(path.name(), self.at(path)?.as_ref(), &[], &mut add)?;
        } else {
            if matches!(self.role, Some(Value::Strings(_))) {
                return Err(ClaimsFault::WrongType("role".into()));
            }
            each("role", self.role.as_ref(), &[], &mut add)?;
            each("roles", self.roles.as_ref(), &[], &mut add)?;
        }
        let mut held = |permission: &str| draft.add_permission(permission);
        if let Some(path) = &names.permissions {
            each(path.name(), self.at(path)?.as_ref(), b", ", &mut held)?;
        } else {
            each("permissions", self.permissions.as_ref(), b", ", &mut held)?;
            each("scope", self.scope.as_ref(), b" ", &mut held)?;
            each("scp", self.scp.as_ref(), b" ", &mut held)?;
        }
        Ok(trust.with_grants(draft, issuer.ceiling.as_ref()))
    }

    /// The value at a path; no object on the way may have a member twice.
    fn at(&self, path: &ClaimPath) -> Result<Option<Value<'de>>, ClaimsFault> {
        let mut value = self.get(&path.claim).cloned();
        for name in &path.below {
            value = match value {
                None => return Ok(None),
                Some(Value::Object(json)) => read_member(json, name)
                    .map_err(|_| ClaimsFault::Duplicate(path.claim.clone().into()))?,
                Some(_) => return Err(ClaimsFault::WrongType(path.name())),
            };
        }
        Ok(value)
    }
}

impl ClaimPath {
    /// The path as a person writes it.
    pub(super) fn name(&self) -> ClaimName {
        let below = self.below.iter().map(String::as_str);
        let parts: Vec<&str> = std::iter::once(self.claim.as_str()).chain(below).collect();
        Cow::Owned(parts.join("."))
    }
}

fn number(name: &'static str, claim: Option<&Value<'_>>) -> Result<Option<f64>, ClaimsFault> {
    match claim {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(*number)),
        Some(_) => Err(ClaimsFault::WrongType(name.into())),
    }
}

/// A name, which must say something.
fn name_of<'c>(
    name: impl Into<ClaimName>,
    claim: Option<&'c Value<'_>>,
) -> Result<&'c str, ClaimsFault> {
    match claim {
        Some(Value::String(user)) if user.is_empty() => Err(ClaimsFault::EmptySubject(name.into())),
        Some(Value::String(user)) => clean(name, user),
        _ => Err(ClaimsFault::WrongType(name.into())),
    }
}

/// Hands on each text of one claim: of a string the parts between `separators`, of a list its
/// elements, which are not parted.
fn each(
    name: impl Into<ClaimName>,
    claim: Option<&Value<'_>>,
    separators: &[u8],
    mut take: impl FnMut(&str),
) -> Result<(), ClaimsFault> {
    match claim {
        None => {}
        Some(Value::String(text)) => {
            let is_separator = |c: char| u8::try_from(c).is_ok_and(|b| separators.contains(&b));
            clean(name, text)?.split(is_separator).for_each(take);
        }
        Some(Value::Strings(list)) => {
            let name = name.into();
            for text in list {
                if has_control(text) {
                    return Err(ClaimsFault::Control(name));
                }
                take(text);
            }
        }
        Some(_) => return Err(ClaimsFault::WrongType(name.into())),
    }
    Ok(())
}

fn clean(name: impl Into<ClaimName>, text: &str) -> Result<&str, ClaimsFault> {
    match has_control(text) {
        true => Err(ClaimsFault::Control(name.into())),
        false => Ok(text),
    }
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::super::trust::IssuerId;
    use super::ClaimsFault::*;
    use super::*;

    fn judge(json: &str) -> Result<String, ClaimsFault> {
        let trust = Trust::default();
        let raw = RawClaims::read(json.as_bytes(), &trust)?;
        raw.expiry()?;
        let claims = raw.judge(trust.issuer(IssuerId::JWT).unwrap(), &trust)?;
        let who = &claims.identity;
        let list = |texts: Vec<&str>| texts.join("|");
        Ok(format!(
            "{} {:?} [{}] [{}]",
            who.user(),
            who.role(),
            list(who.roles().collect()),
            list(who.permissions().collect())
        ))
    }

    #[test]
    fn the_claims_say_who_it_is() {
        for (claims, expected) in [
            (r#""x":null"#, "ada None [] []"),
            (r#""role":"r","roles":["s","r",""]"#, r#"ada Some("r") [r|s] []"#),
            (r#""role":"","roles":["","s","t"]"#, r#"ada Some("s") [s|t] []"#),
            (r#""roles":"s t""#, r#"ada Some("s t") [s t] []"#),
            (r#""role":"","roles":[]"#, "ada None [] []"),
            (r#""scp":["z"],"scope":"b  c a","permissions":"a, b""#, "ada None [] [a|b|c|z]"),
            (r#""permissions":["a b","c,d",""],"scope":"x,y"#, "ada None [] [a b|c,d|x,y]"),
            (r#""scope":["a b"],"scp":"c\u00a0d e""#, "ada None [] [a b|c\u{a0}d|e]"),
            (r#""iat":"never","iss":5,"nbf":-1.5,"jti":[]"#, "ada None [] []"),
        ] {
            let closing = if claims.matches('"').count() % 2 == 1 { "\"" } else { "" };
            let json = format!(r#"{{"exp":1,"sub":"ada",{claims}{closing}}}"#);
            assert_eq!(judge(&json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_never_read_as_absent() {
        for (claims, fault) in [
            (r#""sub":"a""#, Missing("exp".into())),
            (r#""sub":"a","exp":null"#, WrongType("exp".into())),
            (r#""sub":"a","exp":"1""#, WrongType("exp".into())),
            (r#""sub":"a","exp":1e400"#, WrongType("exp".into())),
            (r#""sub":"a","exp":.9"#, Json(ObjectFault::Syntax)),
            (r#""sub":"a","exp":1,"exp":1"#, Json(ObjectFault::Duplicate)),
            (r#""sub":"a","exp":1,"nbf":null"#, WrongType("nbf".into())),
            (r#""sub":"a","exp":1,"nbf":[1]"#, WrongType("nbf".into())),
            (r#""sub":"a","exp":1,"aud":"x""#, Audience),
            (r#""sub":"a","exp":1,"aud":null"#, Audience),
            (r#""exp":1"#, Missing("sub".into())),
            (r#""exp":1,"sub":"""#, EmptySubject("sub".into())),
            (r#""exp":1,"sub":5"#, WrongType("sub".into())),
            (r#""exp":1,"sub":null"#, WrongType("sub".into())),
            (r#""exp":1,"sub":["a"]"#, WrongType("sub".into())),
            (r#""exp":1,"sub":"a\u0000""#, Control("sub".into())),
            (r#""exp":1,"sub":"a\u007f""#, Control("sub".into())),
            (r#""exp":1,"sub":"a\ud800""#, WrongType("sub".into())),
            (r#""exp":1,"sub":"a","role":null"#, WrongType("role".into())),
            (r#""exp":1,"sub":"a","role":["r"]"#, WrongType("role".into())),
            (r#""exp":1,"sub":"a","role":"r","roles":1"#, WrongType("roles".into())),
            (r#""exp":1,"sub":"a","roles":["r",1]"#, WrongType("roles".into())),
            (r#""exp":1,"sub":"a","roles":["r\n"]"#, Control("roles".into())),
            (r#""exp":1,"sub":"a","permissions":{}"#, WrongType("permissions".into())),
            (r#""exp":1,"sub":"a","permissions":[["a"]]"#, WrongType("permissions".into())),
            (r#""exp":1,"sub":"a","permissions":"a\tb""#, Control("permissions".into())),
            (r#""exp":1,"sub":"a","scope":null"#, WrongType("scope".into())),
            (r#""exp":1,"sub":"a","scp":7"#, WrongType("scp".into())),
            (r#""exp":1,"sub":"a","scp":["\u001f"]"#, Control("scp".into())),
        ] {
            assert_eq!(judge(&format!("{{{claims}}}")), Err(fault), "{claims}");
        }
    }
}
