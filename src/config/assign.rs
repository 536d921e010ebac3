//! Names and values from outside of files: variables of the environment and options.

use super::fault::{Fault, Problem};
use super::format::{self, Parsed};
use super::node::{Entry, Node, Place, Table, Value};
use super::shape::Shape;

/// How the variables begin that are configuration.
pub(super) const PREFIX: &str = "PORTCULLIS__";

/// `PORTCULLIS__RATE_LIMIT__DEFAULT=100/min`, of which the name is so long.
pub(super) fn variable(shown: &str, length: usize, source: usize) -> Parsed {
    let name = shown.get(PREFIX.len()..length).unwrap_or_default();
    let mut at = PREFIX.len();
    let names = name.split("__").map(|part| {
        let place = Place::at(source, at..at + part.len());
        at += part.len() + 2;
        (part.to_ascii_lowercase(), place)
    });
    let names = names.collect();
    value(names, shown.get(length + 1..).unwrap_or_default(), length + 1, source)
}

/// `rate_limit.default=100/min`.
pub(super) fn assignment(text: &str, source: usize) -> Parsed {
    let whole = Place::at(source, 0..text.len());
    let refused = |problem| Parsed {
        node: super::merge::nothing(),
        faults: vec![Fault::at(problem, "", whole)],
        dropped: vec![whole],
    };
    let Some(end) = end_of_name(text) else {
        return refused(Problem::Syntax("this is not NAME=VALUE".to_owned()));
    };
    let name = text.get(..end).unwrap_or_default();
    match names(name, source) {
        Some(names) => value(names, text.get(end + 1..).unwrap_or_default(), end + 1, source),
        None => refused(Problem::Syntax(
            "the name is made of words parted by dots, as in `jwt.leeway`".to_owned(),
        )),
    }
}

/// The first `=` outside quotes.
fn end_of_name(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// The parts of a dotted key, as TOML reads it.
fn names(key: &str, source: usize) -> Option<Vec<(String, Place)>> {
    // A line end would begin another key.
    if key.contains(['\n', '\r', '#', '[']) {
        return None;
    }
    let Parsed { mut node, faults, .. } = format::toml(&format!("{key} = 0"), source);
    if !faults.is_empty() {
        return None;
    }
    let mut names = Vec::new();
    while let Value::Table(table) = node.value {
        let (name, entry) = table.into_iter().next()?;
        names.push((name, entry.name));
        node = entry.node;
    }
    Some(names)
}

/// A tree of one value under a name of several parts.
pub(super) fn value(
    names: Vec<(String, Place)>,
    text: &str,
    offset: usize,
    source: usize,
) -> Parsed {
    let shape = names.iter().try_fold(Shape::root(), |shape, (name, _)| shape.field(name));
    let mut parsed = read(text, shape, offset, source);
    let mut path = String::new();
    for (name, _) in &names {
        path = super::path::join(&path, name);
    }
    let value = Place::at(source, offset..offset + text.len());
    if !parsed.faults.is_empty() {
        // The reader of TOML tells what it expected; where it stands is the whole value.
        for fault in &mut parsed.faults {
            fault.path.clone_from(&path);
        }
        if shape.is_none_or(Shape::may_hold_secret) {
            parsed.dropped.push(value);
        }
        parsed.node = super::merge::nothing();
        return parsed;
    }
    parsed.node.place = value;
    for (name, place) in names.into_iter().rev() {
        let table = Table::from([(name, Entry { name: place, node: parsed.node })]);
        parsed.node = Node::new(Value::Table(table), value);
    }
    parsed
}

/// Text where text may stand, and a TOML value elsewhere.
fn read(text: &str, shape: Option<&Shape>, offset: usize, source: usize) -> Parsed {
    let place = Place::at(source, offset..offset + text.len());
    let literal = || Parsed {
        node: Node::new(Value::Text(text.to_owned()), place),
        faults: Vec::new(),
        dropped: Vec::new(),
    };
    match shape {
        None => literal(),
        Some(shape) if shape.is_text() => {
            let may_be_more =
                shape.is_more_than_text() && text.trim_start().starts_with(['[', '{']);
            let parsed = may_be_more.then(|| format::toml_value(text, source, offset));
            parsed.filter(|parsed| parsed.faults.is_empty()).unwrap_or_else(literal)
        }
        Some(_) => format::toml_value(text, source, offset),
    }
}
