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

use super::fault::{Fault, Problem};
use super::node::{Entry, Node, Place, Table, Value};

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
            let fault = Fault::at(Problem::DuplicateKey, &super::path::bare(&name), at);
            parsed.faults.push(fault.beside(first.name, "it stands here first"));
            return;
        }
        self.entries.insert(name, Entry { name: at, node });
    }
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
