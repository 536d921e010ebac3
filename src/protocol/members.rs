//! The members of a JSON object, as they were written.
//!
//! Syntax has been judged before; here names are unescaped, and strings that hold half of a
//! surrogate pair are told from those that can be read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in order, names unescaped. A name may hold a lone surrogate, so names
/// are bytes.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, [u8]>, Raw<'a>)>);

impl<'a> Members<'a> {
    /// None where the JSON is no object.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(json);
        let members = json.deserialize_map(MembersVisitor).ok()?;
        json.end().ok()?;
        Some(members)
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Raw<'a>> {
        self.0.iter().filter(move |(given, _)| **given == *name.as_bytes()).map(|(_, raw)| *raw)
    }

    /// The value of a member; none where it is absent or `null`.
    pub(super) fn value(&self, name: &str) -> Option<Raw<'a>> {
        self.all(name).next().filter(|raw| !raw.is_null())
    }
}

/// A value as it was written.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a>(pub(super) &'a str);

impl<'a> Raw<'a> {
    pub(super) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(super) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// The text of a string without lone surrogates.
    pub(super) fn string(self) -> Option<Cow<'a, str>> {
        match self.0.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => serde_json::from_str(self.0).ok().map(Cow::Owned),
        }
    }

    /// The text of any string, as bytes.
    pub(super) fn unescaped(self) -> Option<Cow<'a, [u8]>> {
        Name.deserialize(&mut serde_json::Deserializer::from_str(self.0)).ok()
    }

    /// True where an escape in the JSON stands for half of a surrogate pair without its other half.
    pub(super) fn holds_lone_surrogate(self) -> bool {
        let json = self.0;
        if !json.contains('\\') {
            return false;
        }
        let unit = |at: usize| match json.get(at..at + 6) {
            Some(escape) if escape.starts_with("\\u") => u16::from_str_radix(&escape[2..], 16).ok(),
            _ => None,
        };
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'\\', json.as_bytes().get(at..).unwrap_or_default())
        {
            at += next;
            match (unit(at), unit(at + 6)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
                (Some(0xd800..=0xdfff), _) => return true,
                (Some(_), _) => at += 6,
                // `\\`, `\"` and the other short ones
                (None, _) => at += 2,
            }
        }
        false
    }

    /// The texts of a list of strings.
    pub(super) fn strings(self) -> Option<Vec<Cow<'a, str>>> {
        let list: Vec<&'a RawValue> = serde_json::from_str(self.0).ok()?;
        list.into_iter().map(|raw| Raw(raw.get()).string()).collect()
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, Raw(map.next_value::<&'de RawValue>()?.get())));
        }
        Ok(Members(members))
    }
}

/// A string as bytes, lone surrogates let through.
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
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_owned()))
    }
}
