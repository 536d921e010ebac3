//! JSON objects from strangers, read strictly: the header and claims of a token, a JWK.
//!
//! serde_json judges the syntax; what it would let pass is judged here: a member that stands
//! twice (names compared after unescaping, RFC 7515 §4) and anything that is not one object.
//! Objects of common shape are read by [`scan`] instead, to the same outcome.

mod scan;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

/// A kind of object: has a slot for each member that matters.
pub(super) trait Members<'de> {
    /// Where the value of a member is kept; none where nobody reads it.
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>>;

    /// Forgets every value.
    fn clear(&mut self);
}

/// One member of an object that is otherwise only judged.
pub(super) struct Member<'n, 'de> {
    name: &'n str,
    value: Option<Value<'de>>,
}

impl<'de> Members<'de> for Member<'_, 'de> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
        (name == self.name.as_bytes()).then_some(&mut self.value)
    }

    fn clear(&mut self) {
        self.value = None;
    }
}

/// The value of one member of an object, in which no member may stand twice.
pub(super) fn read_member<'de>(
    json: &'de str,
    name: &str,
) -> Result<Option<Value<'de>>, ObjectFault> {
    let mut member = Member { name, value: None };
    read_object(json.as_bytes(), &mut member)?;
    Ok(member.value)
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

/// A value as far as the core cares; anything else is [`Value::Other`], whatever its depth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'de> {
    /// A number that fits binary64.
    Number(f64),
    /// A string without lone surrogates.
    String(Cow<'de, str>),
    /// A list that holds such strings alone.
    Strings(Vec<Cow<'de, str>>),
    /// An object, as it was written.
    Object(&'de str),
    /// Anything else, as it was written.
    Other(&'de str),
}

/// Reads one object into `members`, which hold nothing before.
pub(super) fn read_object<'de, M: Members<'de>>(
    json: &'de [u8],
    members: &mut M,
) -> Result<(), ObjectFault> {
    let text = std::str::from_utf8(json).map_err(|_| ObjectFault::Syntax)?;
    if scan::object(text, members).is_some() {
        return Ok(());
    }
    // The scan may have filled some of them before it became unsure.
    members.clear();
    if has_bare_control(text) {
        return Err(ObjectFault::Syntax);
    }
    read_any_object(text, members)
}

/// True where a control character stands in a string as it is, which JSON forbids (RFC 8259 §7).
/// serde_json lets one pass in a name that is read as bytes.
fn has_bare_control(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.iter().all(|byte| *byte >= b' ') {
        return false;
    }
    let (mut in_string, mut is_escaped) = (false, false);
    bytes.iter().any(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'"' => in_string = !in_string,
            b'\\' => is_escaped = in_string,
            _ => {}
        }
        in_string && *byte < b' '
    })
}

/// Reads one object of whatever shape.
fn read_any_object<'de, M: Members<'de>>(
    text: &'de str,
    members: &mut M,
) -> Result<(), ObjectFault> {
    let mut reader = Reader::new(members);
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = json.deserialize_map(ReaderVisitor(&mut reader)).and_then(|()| json.end());
    outcome.map_err(|_| match reader.duplicate {
        true => ObjectFault::Duplicate,
        false => ObjectFault::Syntax,
    })
}

/// An object being read.
struct Reader<'m, 'de, M> {
    members: &'m mut M,
    others: Names<'de>,
    duplicate: bool,
}

impl<'m, 'de, M: Members<'de>> Reader<'m, 'de, M> {
    fn new(members: &'m mut M) -> Self {
        Self { members, others: Names::default(), duplicate: false }
    }

    /// Takes a member; `read` is called for its value where somebody reads it, else `skip`.
    fn take<S, E>(
        &mut self,
        name: Cow<'de, [u8]>,
        source: S,
        read: impl FnOnce(S) -> Result<Value<'de>, E>,
        skip: impl FnOnce(S) -> Result<(), E>,
    ) -> Result<(), E> {
        self.duplicate |= match self.members.slot(&name) {
            Some(slot) => slot.replace(read(source)?).is_some(),
            None => {
                skip(source)?;
                !self.others.insert(name)
            }
        };
        Ok(())
    }
}

/// The names of the members that nobody reads. Few are compared one by one; beyond that a set
/// keeps the cost linear.
#[derive(Default)]
struct Names<'de> {
    few: SmallVec<[Cow<'de, [u8]>; 8]>,
    many: Option<HashSet<Cow<'de, [u8]>>>,
}

impl<'de> Names<'de> {
    /// False where the name was there already.
    fn insert(&mut self, name: Cow<'de, [u8]>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < self.few.inline_size() {
            self.few.push(name);
            return true;
        }
        self.many.get_or_insert_default().insert(name)
    }
}

struct ReaderVisitor<'r, 'm, 'de, M>(&'r mut Reader<'m, 'de, M>);

impl<'de, M: Members<'de>> Visitor<'de> for ReaderVisitor<'_, '_, 'de, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Name)? {
            let skip = |map: &mut A| map.next_value::<IgnoredAny>().map(drop);
            self.0.take(name, &mut map, |map| map.next_value(), skip)?;
            if self.0.duplicate {
                return Err(de::Error::custom("duplicate member"));
            }
        }
        Ok(())
    }
}

// The protocol's reader has the same few lines: the two layers import nothing of each other.

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

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(json)?.get();
        Ok(Self::of(raw).unwrap_or(Self::Other(raw)))
    }
}

impl<'de> Value<'de> {
    /// Of well-formed JSON. A number that does not fit, or a string that holds a lone surrogate,
    /// is well-formed too, and is neither number nor string to us.
    fn of(json: &'de str) -> Option<Self> {
        match json.as_bytes().first()? {
            b'"' => text(json).map(Self::String),
            b'{' => Some(Self::Object(json)),
            b'[' => {
                let list: Vec<&'de RawValue> = serde_json::from_str(json).ok()?;
                let texts = list.iter().map(|element| text(element.get()));
                texts.collect::<Option<_>>().map(Self::Strings)
            }
            b'-' | b'0'..=b'9' => {
                json.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Number)
            }
            _ => None,
        }
    }
}

impl Value<'_> {
    /// The value as JSON. A number keeps its value, if not the text it was written with.
    pub(super) fn to_json(&self) -> Box<str> {
        let written = match self {
            Self::Number(number) => serde_json::to_string(number),
            Self::String(text) => serde_json::to_string(text),
            Self::Strings(list) => serde_json::to_string(list),
            Self::Object(json) | Self::Other(json) => return Box::from(*json),
        };
        written.unwrap_or_default().into()
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
    use super::*;

    #[derive(Default, Debug, PartialEq)]
    struct Only<'de>(Option<Value<'de>>);

    impl<'de> Members<'de> for Only<'de> {
        fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'de>>> {
            (name == b"a").then_some(&mut self.0)
        }

        fn clear(&mut self) {
            self.0 = None;
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
        let other = |json: &'static str| Some(Value::Other(json));
        for (text, value) in [
            (r#"{}"#, None),
            (r#"{"a":1}"#, Some(Value::Number(1.0))),
            (r#"{"a":-0.5e1}"#, Some(Value::Number(-5.0))),
            (r#"{"a":18446744073709551616}"#, Some(Value::Number(18_446_744_073_709_551_616.0))),
            (r#"{"a":"x\u0041"}"#, Some(Value::String("xA".into()))),
            (r#"{"\u0061":["x","y"]}"#, Some(strings(&["x", "y"]))),
            (r#"{"a":[]}"#, Some(strings(&[]))),
            (r#"{"a":["x",1,"y"]}"#, other(r#"["x",1,"y"]"#)),
            (r#"{"a":["x",["y"]]}"#, other(r#"["x",["y"]]"#)),
            (r#"{"a":null}"#, other(r#"null"#)),
            (r#"{"a":-1e400}"#, other(r#"-1e400"#)),
            (r#"{"a":["x",1e400]}"#, other(r#"["x",1e400]"#)),
            (r#"{"a":"\ud800"}"#, other(r#""\ud800""#)),
            (r#"{"a":["\ud800"]}"#, other(r#"["\ud800"]"#)),
            (r#"{"a":{"b":{}}}"#, Some(Value::Object(r#"{"b":{}}"#))),
            (r#"{"b":"\ud800","\udc00":1e999}"#, None),
            ("\t{\n\"\\\\\"\r:\t\"\\\"\"\n,\"a\\u0009\":1}\r\n", None),
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
            "{\"a\":1,}",
            "{\"b\":\"\n\"}",
            "{\"b\t\":1}",
            "{\"\0\":1}",
            "{\"b\\\"\r\":1}",
            "{\"a\":\"\\\\\",\"b\n\":1}",
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
        let list = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(read(&format!("{{\"a\":{list}}}")), Ok(Some(Value::Other(&list))));
        let deep =
            format!("{{\"b\":{}{}}}", "{\"x\":".repeat(9_000), "1".to_owned() + &"}".repeat(9_000));
        assert_eq!(read(&deep), Ok(None));
    }
}
