//! JSON, strictly (RFC 8259).

use serde::de::IgnoredAny;
use serde_json::Number;

use super::{Findings, MAX_DEPTH, Parsed, TableBuilder};
use crate::config::fault::{Fault, Problem};
use crate::config::node::{Node, Place, Value};

/// Reads a document.
pub(in crate::config) fn parse(text: &str, source: usize) -> Parsed {
    let whole = Place::at(source, 0..text.len());
    let nothing = Node::new(Value::Null, whole);
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let at = offset(text, error.line(), error.column());
        let mut message = error.to_string();
        if let Some(cut) = message.rfind(" at line ") {
            message.truncate(cut);
        }
        let place = Place::at(source, at..at);
        let faults = vec![Fault::at(Problem::Syntax(message), "", place)];
        return Parsed { node: nothing, faults, dropped: Vec::new() };
    }
    let mut reader = Reader { text, at: 0, source, findings: Findings::default() };
    match reader.value(1) {
        Some(node) => reader.findings.into_parsed(node),
        None => reader.findings.into_parsed(nothing),
    }
}

/// Where serde_json's line and column are; it counts bytes, and names the last one read.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Walks over a text that is known to be JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    source: usize,
    findings: Findings,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> u8 {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.at += rest.iter().take_while(|byte| blank(byte)).count();
        self.text.as_bytes().get(self.at).copied().unwrap_or(b' ')
    }

    /// Steps over a byte where it comes next.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == byte;
        self.at += usize::from(there);
        there
    }

    fn place_from(&self, start: usize) -> Place {
        Place::at(self.source, start..self.at)
    }

    /// None where it nests too deep to go on.
    fn value(&mut self, depth: usize) -> Option<Node> {
        let first = self.peek();
        let start = self.at;
        if depth > MAX_DEPTH && matches!(first, b'{' | b'[') {
            let place = Place::at(self.source, start..start + 1);
            self.findings.faults.push(Fault::at(Problem::TooDeep, "", place));
            return None;
        }
        let value = match first {
            b'{' => return self.table(depth),
            b'[' => {
                self.skip(b'[');
                let mut items = Vec::new();
                while !self.skip(b']') {
                    items.push(self.value(depth + 1)?);
                    self.skip(b',');
                }
                return Some(Node::list(items, self.place_from(start)));
            }
            b'"' => Value::Text(self.string()),
            _ => self.word(),
        };
        Some(Node::new(value, self.place_from(start)))
    }

    fn table(&mut self, depth: usize) -> Option<Node> {
        let start = self.at;
        self.skip(b'{');
        let mut table = TableBuilder::default();
        while !self.skip(b'}') {
            self.peek();
            let name_start = self.at;
            let name = self.string();
            let at = self.place_from(name_start);
            self.skip(b':');
            let node = self.value(depth + 1)?;
            table.insert(name, at, node, &mut self.findings);
            self.skip(b',');
        }
        Some(Node::new(Value::Table(table.entries), self.place_from(start)))
    }

    fn string(&mut self) -> String {
        let start = self.at;
        let bytes = self.text.as_bytes().get(start + 1..).unwrap_or_default();
        let mut escaped = false;
        let length = bytes.iter().position(|&byte| {
            let end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            end
        });
        self.at = start + length.map_or(bytes.len() + 1, |length| length + 2);
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(quoted).unwrap_or_else(|_| {
            let problem = Problem::Syntax("a lone surrogate is no character".to_owned());
            self.findings.faults.push(Fault::at(problem, "", self.place_from(start)));
            String::new()
        })
    }

    /// A number, or one of the three words.
    fn word(&mut self) -> Value {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
        self.at += rest.iter().position(ends).unwrap_or(rest.len()).max(1);
        match self.text.get(start..self.at).unwrap_or_default() {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            number => match serde_json::from_str::<Number>(number) {
                Ok(number) => Value::Number(number),
                Err(_) => {
                    let place = self.place_from(start);
                    self.findings.faults.push(Fault::at(Problem::NumberRange, "", place));
                    Value::Null
                }
            },
        }
    }
}
