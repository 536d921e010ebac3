//! TOML, YAML 1.2 and JSON into one tree.
//!
//! Whatever the format: no name stands twice in a table, nesting ends at [`MAX_DEPTH`], and there is
//! one value, which is a table, in a file.

mod json;
mod toml;
mod yaml;

pub(super) use self::json::parse as json;
pub(super) use self::toml::parse as toml;
pub(super) use self::toml::parse_value as toml_value;
pub(super) use self::yaml::parse as yaml;

use std::collections::HashMap;

use super::fault::{Fault, Problem};
use super::node::{Entry, Node, Place, Table, Value};
use super::path;

/// The deepest nesting; the outermost table is 1.
pub(super) const MAX_DEPTH: usize = 100;

/// A notation of trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// TOML 1.0.
    Toml,
    /// YAML 1.2, core schema.
    Yaml,
    /// JSON (RFC 8259).
    Json,
}

impl Format {
    /// By the ending of a file's name.
    pub(super) fn of_path(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Reads a whole source. What can be read of a broken one comes back beside its faults.
    pub(super) fn parse(self, text: &str, source: usize) -> Parsed {
        let mut parsed = match self {
            Self::Toml => toml(text, source),
            Self::Yaml => yaml(text, source),
            Self::Json => json(text, source),
        };
        locate_duplicates(&mut parsed, text);
        // An empty YAML document is null.
        let nothing = self == Self::Yaml && parsed.node.value == Value::Null;
        if nothing || !parsed.faults.is_empty() {
            if parsed.node.table().is_none() {
                parsed.node.value = Value::Table(Table::new());
            }
        } else if parsed.node.table().is_none() {
            let problem = Problem::NoTable { found: parsed.node.value.kind() };
            parsed.faults.push(Fault::at(problem, "", parsed.node.place));
            parsed.dropped.push(parsed.node.place);
            parsed.node.value = Value::Table(Table::new());
        }
        parsed
    }
}

/// A tree, and what is wrong with its notation.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) faults: Vec<Fault>,
    /// Values that are in the source and not in the tree.
    pub(super) dropped: Vec<Place>,
}

/// A table in the making, in which no name may stand twice.
#[derive(Default)]
struct TableBuilder {
    entries: Table,
}

impl TableBuilder {
    fn insert(&mut self, name: String, at: Place, node: Node, parsed: &mut Findings) {
        if let Some(first) = self.entries.get(&name) {
            parsed.dropped.push(node.place);
            let fault = Fault::at(Problem::DuplicateKey, "", at);
            parsed.faults.push(fault.beside(first.name, "it stands here first"));
            return;
        }
        self.entries.insert(name, Entry { name: at, node });
    }
}

/// Says of names that stand twice which they are and where they stand first.
fn locate_duplicates(parsed: &mut Parsed, text: &str) {
    let is_twice = |fault: &&mut Fault| fault.problem == Problem::DuplicateKey;
    if !parsed.faults.iter_mut().any(|fault| is_twice(&fault)) {
        return;
    }
    let name = |place: Place| {
        let name = text.get(place.start..place.end).unwrap_or_default();
        // A name may be written with escapes.
        let read = name.starts_with('"').then(|| serde_json::from_str(name).ok()).flatten();
        read.unwrap_or_else(|| name.trim_matches(['"', '\'']).to_owned())
    };
    let mut wanted: HashMap<String, Vec<(Place, String)>> = HashMap::new();
    for place in parsed.faults.iter_mut().filter(is_twice).filter_map(|fault| fault.place) {
        wanted.insert(name(place), Vec::new());
    }
    collect_names(&parsed.node, &mut Vec::new(), &mut wanted);
    wanted.values_mut().for_each(|found| found.sort());
    for fault in parsed.faults.iter_mut().filter(is_twice) {
        let Some(place) = fault.place else { continue };
        let found = wanted.get(&name(place)).map_or(&[][..], Vec::as_slice);
        let first = match fault.other {
            Some((first, _)) => found.binary_search_by_key(&first, |(place, _)| *place).ok(),
            // TOML's reader does not say; it is the last of that name before.
            None => found.partition_point(|(first, _)| *first <= place).checked_sub(1),
        };
        if let Some((first, path)) = first.and_then(|first| found.get(first)) {
            fault.path.clone_from(path);
            fault.other = (*first != place).then_some((*first, "it stands here first"));
        }
    }
}

/// Where the names that are wanted stand.
fn collect_names<'n>(
    node: &'n Node,
    way: &mut Vec<&'n str>,
    wanted: &mut HashMap<String, Vec<(Place, String)>>,
) {
    let join = |way: &[&str]| way.iter().fold(String::new(), |path, name| path::join(&path, name));
    for (name, entry) in node.table().into_iter().flatten() {
        way.push(name);
        if let Some(found) = wanted.get_mut(name) {
            found.push((entry.name, join(way)));
        }
        collect_names(&entry.node, way, wanted);
        way.pop();
    }
    node.items().iter().for_each(|item| collect_names(item, way, wanted));
}

/// What is found on the way.
#[derive(Default)]
struct Findings {
    faults: Vec<Fault>,
    dropped: Vec<Place>,
}

impl Findings {
    fn into_parsed(self, node: Node) -> Parsed {
        Parsed { node, faults: self.faults, dropped: self.dropped }
    }
}
