//! A configuration as it was written: one tree, whatever the format, in which every name and value
//! knows where it stands.

use std::collections::BTreeMap;

use serde_json::Number;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
    /// Where it stands in its list; 0 elsewhere.
    pub(super) position: usize,
}

/// What TOML, YAML and JSON have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    /// A date that TOML wrote without quotes.
    Instant(String),
    List(Vec<Node>),
    Table(Table),
}

/// Values by name.
pub(super) type Table = BTreeMap<String, Entry>;

/// A value under a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Where the name stands.
    pub(super) name: Place,
    pub(super) node: Node,
}

/// Bytes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which one, in the order in which they were read.
    pub(super) source: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Node {
    pub(super) fn new(value: Value, place: Place) -> Self {
        Self { value, place, position: 0 }
    }

    /// A list whose members know their positions.
    pub(super) fn list(mut items: Vec<Self>, place: Place) -> Self {
        for (position, item) in items.iter_mut().enumerate() {
            item.position = position;
        }
        Self::new(Value::List(items), place)
    }

    pub(super) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What stands under a name of a table.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.table()?.get(name).map(|entry| &entry.node)
    }

    /// The same without places, as the types are read from it.
    pub(super) fn into_json(self) -> serde_json::Value {
        match self.value {
            Value::Null => serde_json::Value::Null,
            Value::Boolean(truth) => truth.into(),
            Value::Number(number) => number.into(),
            Value::Text(text) | Value::Instant(text) => text.into(),
            Value::List(items) => items.into_iter().map(Self::into_json).collect(),
            Value::Table(table) => {
                let members = table.into_iter();
                members.map(|(name, entry)| (name, entry.node.into_json())).collect()
            }
        }
    }
}

impl Value {
    /// What it is, in a person's words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Instant(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Place {
    /// From a place within a part of the source to one in the whole.
    pub(super) fn at(source: usize, span: std::ops::Range<usize>) -> Self {
        Self { source, start: span.start, end: span.end.max(span.start) }
    }
}
