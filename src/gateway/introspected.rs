//! What an authorization server says of an opaque token (RFC 7662 §2.2), as far as it can be
//! judged without asking what the token is for.

use super::json::{Members, ObjectFault, Value, read_object};

/// An answer, read strictly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenStatus {
    /// True where `active` is the JSON `true`, and nothing else.
    pub active: bool,
    /// Until when it may be remembered, as far as the token itself says.
    pub expiry: Expiry,
}

/// What the answer says of `exp`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expiry {
    /// Nothing.
    Absent,
    /// Seconds since 1970.
    At(f64),
    /// Something that is no number.
    Malformed,
}

#[derive(Default)]
struct Answer<'de> {
    active: Option<Value<'de>>,
    exp: Option<Value<'de>>,
}

impl<'de> Members<'de> for Answer<'de> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        match name {
            b"active" => Some(&mut self.active),
            b"exp" => Some(&mut self.exp),
            _ => None,
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl TokenStatus {
    /// Reads an answer.
    ///
    /// # Errors
    /// Where it is not one JSON object, or has a member twice.
    pub fn read(json: &str) -> Result<Self, ObjectFault> {
        let mut answer = Answer::default();
        read_object(json.as_bytes(), &mut answer)?;
        Ok(Self {
            active: answer.active == Some(Value::Other("true")),
            expiry: match answer.exp {
                None => Expiry::Absent,
                Some(Value::Number(seconds)) => Expiry::At(seconds),
                Some(_) => Expiry::Malformed,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_is_the_json_true_and_nothing_else() {
        for (json, active) in [
            (r#"{"active":true}"#, true),
            (r#"{ "active" : true , "sub" : "a" }"#, true),
            (r#"{"\u0061ctive":true}"#, true),
            (r#"{"active":false}"#, false),
            (r#"{"active":"true"}"#, false),
            (r#"{"active":1}"#, false),
            (r#"{"active":null}"#, false),
            (r#"{"active":[true]}"#, false),
            (r#"{"Active":true}"#, false),
            (r#"{"sub":"a"}"#, false),
            (r#"{}"#, false),
        ] {
            let expected = TokenStatus { active, expiry: Expiry::Absent };
            assert_eq!(TokenStatus::read(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn an_answer_that_is_no_strict_object_is_none() {
        for (json, fault) in [
            ("", ObjectFault::Syntax),
            ("true", ObjectFault::Syntax),
            (r#"[{"active":true}]"#, ObjectFault::Syntax),
            (r#"{"active":true}{}"#, ObjectFault::Syntax),
            (r#"{"active":true,"active":true}"#, ObjectFault::Duplicate),
            (r#"{"active":false,"\u0061ctive":true}"#, ObjectFault::Duplicate),
            (r#"{"active":true,"sub":"a","sub":"b"}"#, ObjectFault::Duplicate),
        ] {
            assert_eq!(TokenStatus::read(json), Err(fault), "{json}");
        }
    }

    #[test]
    fn an_expiry_is_a_number() {
        for (json, expiry) in [
            ("1767225600", Expiry::At(1_767_225_600.0)),
            ("1.5", Expiry::At(1.5)),
            ("\"1767225600\"", Expiry::Malformed),
            ("null", Expiry::Malformed),
            ("1e400", Expiry::Malformed),
        ] {
            let json = format!(r#"{{"active":true,"exp":{json}}}"#);
            let expected = TokenStatus { active: true, expiry };
            assert_eq!(TokenStatus::read(&json), Ok(expected), "{json}");
        }
    }
}
