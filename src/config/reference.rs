//! The reference of the tree, in Markdown, from the words and defaults of its types.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::shape;

/// Every name of the tree with its type, its default and its meaning.
pub fn reference() -> String {
    let schema = shape::schema();
    let none = Map::new();
    let writer = Writer { definitions: members(schema, "$defs").unwrap_or(&none) };
    let mut text = String::new();
    for (name, property) in members(schema, "properties").into_iter().flatten() {
        let _ = writeln!(text, "### `{name}`\n\n{}\n", description(property));
        let mut rows = Vec::new();
        writer.rows(name, property, &mut rows);
        if !rows.is_empty() {
            text.push_str("| name | type | default | meaning |\n|---|---|---|---|\n");
            rows.iter().for_each(|row| text.push_str(row));
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

struct Writer<'s> {
    definitions: &'s Map<String, Value>,
}

impl<'s> Writer<'s> {
    /// The table or tables that stand under a name: below it, below each name of its own, or in
    /// each member of its list.
    fn tables(&self, path: &str, schema: &'s Value) -> Option<(String, &'s Value)> {
        let schema = self.resolve(schema);
        if schema.get("properties").is_some() {
            return Some((path.to_owned(), schema));
        }
        if let Some(each) = schema.get("additionalProperties").filter(|each| each.is_object()) {
            return self.tables(&format!("{path}.NAME"), each);
        }
        schema.get("items").and_then(|item| self.tables(&format!("{path}[]"), item))
    }

    fn rows(&self, path: &str, schema: &'s Value, rows: &mut Vec<String>) {
        let Some((path, table)) = self.tables(path, schema) else {
            rows.push(self.row(path, schema, false));
            return;
        };
        let required = table.get("required").and_then(Value::as_array);
        for (name, property) in members(table, "properties").into_iter().flatten() {
            let path = format!("{path}.{name}");
            let must = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
            match self.tables(&path, property) {
                Some(_) => self.rows(&path, property, rows),
                None => rows.push(self.row(&path, property, must)),
            }
        }
    }

    fn row(&self, path: &str, property: &Value, required: bool) -> String {
        let default = match property.get("default") {
            _ if required => "required".to_owned(),
            None => "none".to_owned(),
            Some(Value::String(text)) => format!("`\"{text}\"`"),
            Some(Value::Array(items)) if items.is_empty() => "none".to_owned(),
            Some(Value::Object(members)) if members.is_empty() => "none".to_owned(),
            Some(value) => format!("`{}`", serde_json::to_string(value).unwrap_or_default()),
        };
        let kind = self.kind(property);
        format!("| `{path}` | {kind} | {default} | {} |\n", description(property))
    }

    /// What stands there, in few words.
    fn kind(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        let words = |all: &[Value]| {
            let all: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            format!("`{}`", all.join("`, `"))
        };
        if let Some(Value::Array(all)) = schema.get("enum") {
            return match all.len() {
                0..=4 => words(all),
                _ => "name of an algorithm".to_owned(),
            };
        }
        if let Some(Value::Array(all)) = schema.get("oneOf").or_else(|| schema.get("anyOf")) {
            let consts: Vec<_> = all.iter().filter_map(|one| one.get("const")).cloned().collect();
            if consts.len() == all.len() {
                return words(&consts);
            }
            let kinds: Vec<_> = all.iter().map(|one| self.kind(one)).collect();
            return kinds.join(" or ");
        }
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        match (text("type"), text("format")) {
            (Some("array"), _) => match schema.get("items") {
                Some(item) => format!("list of {}", self.kind(item)),
                None => "list".to_owned(),
            },
            (Some("object"), _) => match schema.get("additionalProperties") {
                Some(each) if each.is_object() => format!("table of {}", self.kind(each)),
                _ => "table".to_owned(),
            },
            (Some("string"), Some(form)) => {
                form.trim_end_matches("-not-zero").trim_end_matches("-text").replace('-', " ")
            }
            (Some("string"), None) => "text".to_owned(),
            (Some("boolean"), _) => "true or false".to_owned(),
            (Some("integer"), _) => "whole number".to_owned(),
            (Some(kind), _) => kind.to_owned(),
            (None, _) => "anything".to_owned(),
        }
    }

    fn resolve<'v>(&self, schema: &'v Value) -> &'v Value
    where
        's: 'v,
    {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|reference| reference.rsplit('/').next());
        name.and_then(|name| self.definitions.get(name)).unwrap_or(schema)
    }
}

fn members<'v>(schema: &'v Value, name: &str) -> Option<&'v Map<String, Value>> {
    schema.get(name).and_then(Value::as_object)
}

/// On one line, as a cell of a table has it.
fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
