//! TOML. A broken file is read as far as it goes, so that several errors are found at once.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use serde_json::Number;

use super::{Findings, Parsed};
use crate::config::fault::{Fault, Problem};
use crate::config::node::{Entry, Node, Place, Table, Value};

/// Reads a document.
pub(in crate::config) fn parse(text: &str, source: usize) -> Parsed {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { source, offset: 0, findings: Findings::default() };
    reader.errors(errors, text.len());
    let place = Place::at(source, document.span());
    let table = reader.table(document.into_inner());
    let findings = reader.findings;
    findings.into_parsed(Node::new(Value::Table(table), place))
}

/// Reads a single value, which begins at an offset of its source.
pub(in crate::config) fn parse_value(text: &str, source: usize, offset: usize) -> Parsed {
    let (value, errors) = DeValue::parse_recoverable(text);
    let mut reader = Reader { source, offset, findings: Findings::default() };
    reader.errors(errors, text.len());
    let node = reader.node(value);
    reader.findings.into_parsed(node)
}

struct Reader {
    source: usize,
    offset: usize,
    findings: Findings,
}

impl Reader {
    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place::at(self.source, span.start + self.offset..span.end + self.offset)
    }

    fn errors(&mut self, errors: Vec<::toml::de::Error>, end: usize) {
        for error in errors {
            let place = self.place(error.span().unwrap_or(end..end));
            let problem = match error.message() {
                "duplicate key" => Problem::DuplicateKey,
                message => Problem::Syntax(message.to_owned()),
            };
            self.findings.faults.push(Fault::at(problem, "", place));
        }
    }

    fn table(&mut self, table: DeTable<'_>) -> Table {
        let entries = table.into_iter().map(|(name, value)| {
            let at = self.place(name.span());
            (name.into_inner().into_owned(), Entry { name: at, node: self.node(value) })
        });
        entries.collect()
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span());
        let number = |number: Option<Number>, reader: &mut Self| {
            number.map_or_else(
                || {
                    reader.findings.faults.push(Fault::at(Problem::NumberRange, "", place));
                    Value::Null
                },
                Value::Number,
            )
        };
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Boolean(truth) => Value::Boolean(truth),
            DeValue::Datetime(date) => Value::Instant(date.to_string()),
            DeValue::Integer(integer) => {
                let read = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
                number(read.map(Number::from), self)
            }
            DeValue::Float(float) => {
                let read = float.as_str().parse().ok().and_then(Number::from_f64);
                number(read, self)
            }
            DeValue::Array(items) => {
                let items = items.into_iter().map(|item| self.node(item)).collect();
                return Node::list(items, place);
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Node::new(value, place)
    }
}
