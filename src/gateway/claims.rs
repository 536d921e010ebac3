//! The claims of a token (RFC 7519 §4), read strictly: absent, malformed and present are three
//! states, and a claim of the wrong type is never read as absent.

use super::identity::{Draft, Identity};
use super::json::{Members, ObjectFault, Value, read_object};

/// What the claims say, apart from the expiry, which is judged first.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) not_before: Option<f64>,
    pub(super) identity: Identity,
}

/// Why the claims make their token invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsFault {
    /// Not one strict JSON object.
    #[error("the payload {0}")]
    Json(ObjectFault),
    /// A required claim is not there.
    #[error("the claim `{0}` is missing")]
    Missing(&'static str),
    /// A claim of the wrong type.
    #[error("the claim `{0}` has the wrong type")]
    WrongType(&'static str),
    /// `sub` names nobody.
    #[error("the claim `sub` is empty")]
    EmptySubject,
    /// A control character where a name is expected.
    #[error("the claim `{0}` holds a control character")]
    Control(&'static str),
    /// RFC 7519 §4.1.3: the token is meant for somebody, and nothing says that it is us.
    #[error("the token has an audience, and none is configured")]
    Audience,
}

/// The claims that take part in a decision, as they stand there.
#[derive(Default)]
pub(super) struct RawClaims<'de> {
    exp: Option<Value<'de>>,
    nbf: Option<Value<'de>>,
    aud: Option<Value<'de>>,
    sub: Option<Value<'de>>,
    role: Option<Value<'de>>,
    roles: Option<Value<'de>>,
    permissions: Option<Value<'de>>,
    scope: Option<Value<'de>>,
    scp: Option<Value<'de>>,
}

impl<'de> Members<'de> for RawClaims<'de> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        Some(match name {
            b"exp" => &mut self.exp,
            b"nbf" => &mut self.nbf,
            b"aud" => &mut self.aud,
            b"sub" => &mut self.sub,
            b"role" => &mut self.role,
            b"roles" => &mut self.roles,
            b"permissions" => &mut self.permissions,
            b"scope" => &mut self.scope,
            b"scp" => &mut self.scp,
            _ => return None,
        })
    }
}

impl<'de> RawClaims<'de> {
    /// Reads the decoded payload of a token whose signature is good.
    pub(super) fn read(json: &'de [u8]) -> Result<Self, ClaimsFault> {
        let mut raw = Self::default();
        read_object(json, &mut raw).map_err(ClaimsFault::Json)?;
        Ok(raw)
    }

    /// The expiry, which every token must have.
    pub(super) fn expiry(&self) -> Result<f64, ClaimsFault> {
        number("exp", self.exp.as_ref())?.ok_or(ClaimsFault::Missing("exp"))
    }

    /// Everything else.
    pub(super) fn judge(&self) -> Result<Claims, ClaimsFault> {
        let not_before = number("nbf", self.nbf.as_ref())?;
        if self.aud.is_some() {
            return Err(ClaimsFault::Audience);
        }
        let user = match &self.sub {
            None => return Err(ClaimsFault::Missing("sub")),
            Some(Value::String(user)) if user.is_empty() => return Err(ClaimsFault::EmptySubject),
            Some(Value::String(user)) => clean("sub", user)?,
            Some(_) => return Err(ClaimsFault::WrongType("sub")),
        };
        if matches!(self.role, Some(Value::Strings(_))) {
            return Err(ClaimsFault::WrongType("role"));
        }
        let mut draft = Draft::new(user);
        each("role", self.role.as_ref(), &[], |role| draft.add_role(role))?;
        each("roles", self.roles.as_ref(), &[], |role| draft.add_role(role))?;
        let mut held = |permission: &str| draft.add_permission(permission);
        each("permissions", self.permissions.as_ref(), b", ", &mut held)?;
        each("scope", self.scope.as_ref(), b" ", &mut held)?;
        each("scp", self.scp.as_ref(), b" ", &mut held)?;
        let identity = draft.finish();
        Ok(Claims { not_before, identity })
    }
}

fn number(name: &'static str, claim: Option<&Value<'_>>) -> Result<Option<f64>, ClaimsFault> {
    match claim {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(*number)),
        Some(_) => Err(ClaimsFault::WrongType(name)),
    }
}

/// Hands on each text of one claim: of a string the parts between `separators`, of a list its
/// elements, which are not parted.
fn each(
    name: &'static str,
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
            for text in list {
                take(clean(name, text)?);
            }
        }
        Some(_) => return Err(ClaimsFault::WrongType(name)),
    }
    Ok(())
}

fn clean<'c>(name: &'static str, text: &'c str) -> Result<&'c str, ClaimsFault> {
    match text.bytes().any(|byte| byte.is_ascii_control()) {
        true => Err(ClaimsFault::Control(name)),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::ClaimsFault::*;
    use super::*;

    fn judge(json: &str) -> Result<String, ClaimsFault> {
        let raw = RawClaims::read(json.as_bytes())?;
        raw.expiry()?;
        let claims = raw.judge()?;
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
            (r#""sub":"a""#, Missing("exp")),
            (r#""sub":"a","exp":null"#, WrongType("exp")),
            (r#""sub":"a","exp":"1""#, WrongType("exp")),
            (r#""sub":"a","exp":1e400"#, WrongType("exp")),
            (r#""sub":"a","exp":.9"#, Json(ObjectFault::Syntax)),
            (r#""sub":"a","exp":1,"exp":1"#, Json(ObjectFault::Duplicate)),
            (r#""sub":"a","exp":1,"nbf":null"#, WrongType("nbf")),
            (r#""sub":"a","exp":1,"nbf":[1]"#, WrongType("nbf")),
            (r#""sub":"a","exp":1,"aud":"x""#, Audience),
            (r#""sub":"a","exp":1,"aud":null"#, Audience),
            (r#""exp":1"#, Missing("sub")),
            (r#""exp":1,"sub":"""#, EmptySubject),
            (r#""exp":1,"sub":5"#, WrongType("sub")),
            (r#""exp":1,"sub":null"#, WrongType("sub")),
            (r#""exp":1,"sub":["a"]"#, WrongType("sub")),
            (r#""exp":1,"sub":"a\u0000""#, Control("sub")),
            (r#""exp":1,"sub":"a\u007f""#, Control("sub")),
            (r#""exp":1,"sub":"a\ud800""#, WrongType("sub")),
            (r#""exp":1,"sub":"a","role":null"#, WrongType("role")),
            (r#""exp":1,"sub":"a","role":["r"]"#, WrongType("role")),
            (r#""exp":1,"sub":"a","role":"r","roles":1"#, WrongType("roles")),
            (r#""exp":1,"sub":"a","roles":["r",1]"#, WrongType("roles")),
            (r#""exp":1,"sub":"a","roles":["r\n"]"#, Control("roles")),
            (r#""exp":1,"sub":"a","permissions":{}"#, WrongType("permissions")),
            (r#""exp":1,"sub":"a","permissions":[["a"]]"#, WrongType("permissions")),
            (r#""exp":1,"sub":"a","permissions":"a\tb""#, Control("permissions")),
            (r#""exp":1,"sub":"a","scope":null"#, WrongType("scope")),
            (r#""exp":1,"sub":"a","scp":7"#, WrongType("scp")),
            (r#""exp":1,"sub":"a","scp":["\u001f"]"#, Control("scp")),
        ] {
            assert_eq!(judge(&format!("{{{claims}}}")), Err(fault), "{claims}");
        }
    }
}
