//! JSON objects from strangers, read strictly: the header and claims of a token, a JWK.
//!
//! serde_json judges the syntax; what it would let pass is judged here: a member that stands
//! twice (names compared after unescaping, RFC 7515 §4) and anything that is not one object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

/// A kind of object: takes the members that matter and ignores the rest.
pub(super) trait Members<'de> {
    /// Takes the value of one member from `map`, exactly once.
    fn member<A: MapAccess<'de>>(&mut self, name: &[u8], map: &mut A) -> Result<(), A::Error>;
}

/// Why a text is not one strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectFault {
    /// It is not JSON, not UTF-8, no object, or something stands behind the object.
    #[error("is not one JSON object")]
    Syntax,
    /// A member stands twice.
    #[error("has a member twice")]
    Duplicate,
}

/// Reads one object, calling `members` for each member in order.
pub(super) fn read_object<'de, M: Members<'de>>(
    text: &'de [u8],
    members: &mut M,
) -> Result<(), ObjectFault> {
    let text = std::str::from_utf8(text).map_err(|_| ObjectFault::Syntax)?;
    let mut duplicate = false;
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(ObjectVisitor { members, duplicate: &mut duplicate })
        .and_then(|()| json.end())
        .map_err(|_| if duplicate { ObjectFault::Duplicate } else { ObjectFault::Syntax })
}

struct ObjectVisitor<'m, M> {
    members: &'m mut M,
    duplicate: &'m mut bool,
}

impl<'de, M: Members<'de>> Visitor<'de> for ObjectVisitor<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        while let Some(name) = map.next_key_seed(Name)? {
            self.members.member(&name, &mut map)?;
            if !seen.insert(name) {
                *self.duplicate = true;
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(())
    }
}

/// The names seen so far. Few are compared one by one; beyond that a set keeps the cost linear.
#[derive(Default)]
struct Seen<'de> {
    few: SmallVec<[Cow<'de, [u8]>; 16]>,
    many: std::collections::HashSet<Cow<'de, [u8]>>,
}

impl<'de> Seen<'de> {
    /// False where the name was there already.
    fn insert(&mut self, name: Cow<'de, [u8]>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < self.few.inline_size() {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}

/// A member's name as bytes: unescaped, lone surrogates let through (nobody reads such a name).
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, [u8]>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A value as far as the core cares; anything else is [`Value::Other`], whatever its depth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'de> {
    /// A number that fits binary64.
    Number(f64),
    /// A string.
    String(Cow<'de, str>),
    /// A list that holds strings alone.
    Strings(Vec<Cow<'de, str>>),
    /// An object.
    Object,
    /// `null`, a boolean, a number that does not fit, or a list that holds anything but strings.
    Other,
}

impl<'de> de::Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(json)?;
        Self::of(raw.get()).ok_or_else(|| de::Error::custom("a lone surrogate"))
    }
}

impl<'de> Value<'de> {
    /// Of well-formed JSON; none where a string holds a lone surrogate.
    fn of(json: &'de str) -> Option<Self> {
        Some(match json.as_bytes().first()? {
            b'"' => Self::String(text(json)?),
            b'[' => Self::of_list(json)?,
            b'{' => Self::Object,
            // A number that does not fit is well-formed JSON, and no number to us.
            b'-' | b'0'..=b'9' => match json.parse::<f64>() {
                Ok(number) if number.is_finite() => Self::Number(number),
                _ => Self::Other,
            },
            _ => Self::Other,
        })
    }

    fn of_list(json: &'de str) -> Option<Self> {
        let list: Vec<&'de RawValue> = serde_json::from_str(json).ok()?;
        if list.iter().any(|element| !element.get().starts_with('"')) {
            return Some(Self::Other);
        }
        list.iter().map(|element| text(element.get())).collect::<Option<_>>().map(Self::Strings)
    }
}

/// The text of a string in JSON.
fn text(json: &str) -> Option<Cow<'_, str>> {
    match json.strip_prefix('"')?.strip_suffix('"')? {
        plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    #[derive(Default, Debug, PartialEq)]
    struct Only<'de>(Option<Value<'de>>);

    impl<'de> Members<'de> for Only<'de> {
        fn member<A: MapAccess<'de>>(&mut self, name: &[u8], map: &mut A) -> Result<(), A::Error> {
            match name {
                b"a" => self.0 = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            Ok(())
        }
    }

    fn read(text: &str) -> Result<Option<Value<'_>>, ObjectFault> {
        let mut only = Only::default();
        read_object(text.as_bytes(), &mut only).map(|()| only.0)
    }

    #[test]
    fn a_value_is_read_by_its_kind() {
        let strings = |list: &[&'static str]| {
            Value::Strings(list.iter().map(|text| Cow::Borrowed(*text)).collect())
        };
        for (text, value) in [
            (r#"{}"#, None),
            (r#"{"a":1}"#, Some(Value::Number(1.0))),
            (r#"{"a":-0.5e1}"#, Some(Value::Number(-5.0))),
            (r#"{"a":18446744073709551616}"#, Some(Value::Number(18_446_744_073_709_551_616.0))),
            (r#"{"a":"x\u0041"}"#, Some(Value::String("xA".into()))),
            (r#"{"\u0061":["x","y"]}"#, Some(strings(&["x", "y"]))),
            (r#"{"a":[]}"#, Some(strings(&[]))),
            (r#"{"a":["x",1,"y"]}"#, Some(Value::Other)),
            (r#"{"a":["x",["y"]]}"#, Some(Value::Other)),
            (r#"{"a":null}"#, Some(Value::Other)),
            (r#"{"a":-1e400}"#, Some(Value::Other)),
            (r#"{"a":["x",1e400]}"#, Some(Value::Other)),
            (r#"{"a":{"b":{}}}"#, Some(Value::Object)),
            (r#"{"b":"\ud800","\udc00":1e999}"#, None),
        ] {
            assert_eq!(read(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_strict_object_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            "\"a\"",
            "{",
            "{}x",
            "{}{}",
            "{\"a\":01}",
            "{a:1}",
            "{\"a\":NaN}",
            "{/**/}",
            "\u{feff}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1,}",
            "{\"b\":\"\n\"}",
        ] {
            assert_eq!(read(text), Err(ObjectFault::Syntax), "{text}");
        }
        let many: String = (0..100).map(|i| format!("\"m{i}\":0,")).collect();
        for text in
            [r#"{"x":1,"x":1}"#, r#"{"sc\u006fpe":1,"scope":1}"#, &format!("{{{many}\"m99\":1}}")]
        {
            assert_eq!(read(text), Err(ObjectFault::Duplicate), "{text}");
        }
        assert!(read(&format!("{{{many}\"m100\":1}}")).is_ok());
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep), Ok(Some(Value::Other)));
        let deep =
            format!("{{\"b\":{}{}}}", "{\"x\":".repeat(9_000), "1".to_owned() + &"}".repeat(9_000));
        assert_eq!(read(&deep), Ok(None));
    }
}
