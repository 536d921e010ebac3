//! The ways in which a tree comes from outside.
#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// How a tree is given.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    give: fn(&Value, &Path) -> Option<Given>,
}

/// A tree as a process is given it.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) const WAYS: [Way; 6] = [
    Way { name: "a file in TOML", give: |tree, folder| file(folder, "toml", &toml(tree)?) },
    Way { name: "a file in YAML", give: |tree, folder| file(folder, "yaml", &yaml(tree)) },
    Way { name: "a file in JSON", give: |tree, folder| file(folder, "json", &tree.to_string()) },
    Way { name: "options, one a value", give: |tree, _| options(tree) },
    Way { name: "variables, one a value", give: |tree, _| variables(tree) },
    Way { name: "variables, one a table", give: |tree, _| variables_by_table(tree) },
];

impl Way {
    /// None where the tree cannot come this way.
    pub(crate) fn give(&self, tree: &Value, folder: &Path) -> Option<Given> {
        (self.give)(tree, folder)
    }
}

fn file(folder: &Path, ending: &str, text: &str) -> Option<Given> {
    let path = folder.join(format!("gateway.{ending}"));
    fs::write(&path, text).unwrap();
    Some(Given { arguments: vec![format!("--config={}", path.display())], ..Given::default() })
}

/// TOML knows no null.
pub(crate) fn toml(tree: &Value) -> Option<String> {
    let mut text = String::new();
    for (name, value) in tree.as_object()? {
        writeln!(text, "{} = {}", quoted(name), inline(value)?).unwrap();
    }
    Some(text)
}

fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                Some(format!("{} = {}", quoted(name), inline(value)?))
            };
            format!("{{ {} }}", members.iter().map(member).collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}

/// A string in double quotes, as TOML and YAML have it.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => write!(quoted, "\\u{:04x}", u32::from(c)).unwrap(),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// YAML as people write it: a name or an item a line, indented.
pub(crate) fn yaml(tree: &Value) -> String {
    let mut text = String::new();
    block(tree, 0, &mut text);
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    let pad = "  ".repeat(indent);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                write!(text, "\n{pad}{}:", quoted(name)).unwrap();
                block(value, indent + 1, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(text, "\n{pad}-").unwrap();
                block(item, indent + 1, text);
            }
        }
        Value::String(string) => *text += &format!(" {}", quoted(string)),
        other => *text += &format!(" {other}"),
    }
}

/// Every value that is no table, with the names that lead to it; `whole` says where to stop earlier.
fn leaves(tree: &Value, whole: fn(&Map<String, Value>) -> bool) -> Vec<(Vec<&str>, &Value)> {
    let mut found = Vec::new();
    let mut to_do = vec![(Vec::new(), tree)];
    while let Some((names, value)) = to_do.pop() {
        match value {
            Value::Object(members)
                if names.is_empty() || !(members.is_empty() || whole(members)) =>
            {
                for (name, value) in members {
                    to_do.push(([names.clone(), vec![name.as_str()]].concat(), value));
                }
            }
            _ => found.push((names, value)),
        }
    }
    found
}

/// A value as an option or a variable holds it: text as it is.
fn bare(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        other => inline(other),
    }
}

fn options(tree: &Value) -> Option<Given> {
    let option = |(names, value): (Vec<&str>, &Value)| {
        let names: Vec<_> = names.into_iter().map(quoted).collect();
        Some(format!("--set={}={}", names.join("."), bare(value)?))
    };
    let leaves = leaves(tree, |_| false).into_iter();
    Some(Given { arguments: leaves.map(option).collect::<Option<_>>()?, ..Given::default() })
}

/// A name that a variable can spell.
fn is_plain(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    letters
        && !name.is_empty()
        && !name.starts_with('_')
        && !name.ends_with('_')
        && !name.contains("__")
}

fn variable((names, value): (Vec<&str>, &Value)) -> Option<(String, String)> {
    let names: Vec<_> = names.into_iter().map(str::to_ascii_uppercase).collect();
    // The system has no variables with a NUL in them.
    let value = bare(value).filter(|value| !value.contains('\0'))?;
    Some((format!("PORTCULLIS__{}", names.join("__")), value))
}

/// A table with names that no variable can spell comes whole.
fn variables(tree: &Value) -> Option<Given> {
    let leaves = leaves(tree, |members| !members.keys().all(|name| is_plain(name)));
    let environment = leaves.into_iter().map(variable).collect::<Option<_>>()?;
    Some(Given { environment, ..Given::default() })
}

fn variables_by_table(tree: &Value) -> Option<Given> {
    let members = tree.as_object()?.iter();
    let tables = members.map(|(name, value)| variable((vec![name], value)));
    Some(Given { environment: tables.collect::<Option<_>>()?, ..Given::default() })
}
