//! YAML 1.2 with its core schema, as far as it is JSON written otherwise: no anchors, no tags, no
//! merge keys, one document.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::Number;

use super::{Findings, MAX_DEPTH, Parsed, TableBuilder};
use crate::config::fault::{Fault, Problem};
use crate::config::node::{Node, Place, Value};

/// Reads a document.
pub(in crate::config) fn parse(text: &str, source: usize) -> Parsed {
    let mut reader = Reader {
        offsets: Offsets::new(text),
        source,
        findings: Findings::default(),
        open: Vec::new(),
        root: None,
        documents: 0,
    };
    for event in Parser::new_from_str(text) {
        let outcome = match event {
            Ok((event, span)) => reader.event(event, span),
            Err(error) => {
                let at = reader.offsets.byte(error.marker().index());
                let place = Place::at(source, at..at);
                // There are no anchors, so that the parser knows none.
                let problem = match error.info().contains("unknown anchor") {
                    true => Problem::YamlFeature("an alias"),
                    false => Problem::Syntax(error.info().to_owned()),
                };
                refused(problem, place)
            }
        };
        if let Err(fault) = outcome {
            reader.findings.faults.push(*fault);
            break;
        }
    }
    let empty = Node::new(Value::Null, Place::at(source, 0..text.len()));
    // Of a document that was given up, what is complete is kept.
    while let Some(open) = reader.open.pop() {
        let end = open.start;
        reader.add(open, end);
    }
    let node = reader.root.unwrap_or(empty);
    reader.findings.into_parsed(node)
}

/// From characters, in which the parser counts, to bytes.
struct Offsets {
    /// Where each character begins; none where each is one byte.
    bytes: Option<Vec<usize>>,
    end: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let starts = || text.char_indices().map(|(at, _)| at).collect();
        Self { bytes: (!text.is_ascii()).then(starts), end: text.len() }
    }

    fn byte(&self, index: usize) -> usize {
        match &self.bytes {
            None => index.min(self.end),
            Some(bytes) => bytes.get(index).copied().unwrap_or(self.end),
        }
    }
}

struct Reader {
    offsets: Offsets,
    source: usize,
    findings: Findings,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

/// A list or mapping that has not ended.
struct Open {
    start: Place,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Table(TableBuilder, Option<(String, Place)>),
}

impl Reader {
    fn place(&self, span: Span) -> Place {
        let (start, end) =
            (self.offsets.byte(span.start.index()), self.offsets.byte(span.end.index()));
        Place::at(self.source, start..end)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Fault>> {
        let place = self.place(span);
        let refuse = |what| refused(Problem::YamlFeature(what), place);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 { refuse("a second document") } else { Ok(()) }
            }
            Event::Alias(_) => refuse("an alias"),
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor > 0 =>
            {
                refuse("an anchor")
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => refuse("a tag"),
            Event::Scalar(text, style, ..) => self.scalar(&text, style, place),
            Event::SequenceStart(..) => self.start(Kind::List(Vec::new()), place),
            Event::MappingStart(..) => {
                self.start(Kind::Table(TableBuilder::default(), None), place)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.add(open, place);
                }
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn start(&mut self, kind: Kind, start: Place) -> Result<(), Box<Fault>> {
        if self.awaits_name() {
            return refused(Problem::YamlFeature("a name that is no text"), start);
        }
        if self.open.len() >= MAX_DEPTH {
            return refused(Problem::TooDeep, start);
        }
        self.open.push(Open { start, kind });
        Ok(())
    }

    fn awaits_name(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: Kind::Table(_, None), .. }))
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, place: Place) -> Result<(), Box<Fault>> {
        if let Some(Open { kind: Kind::Table(_, name @ None), .. }) = self.open.last_mut() {
            if text == "<<" && style == ScalarStyle::Plain {
                return refused(Problem::YamlFeature("a merge key"), place);
            }
            *name = Some((text.to_owned(), place));
            return Ok(());
        }
        let value = match style {
            ScalarStyle::Plain => match plain(text) {
                Some(value) => value,
                None => {
                    self.findings.faults.push(Fault::at(Problem::NumberRange, "", place));
                    Value::Null
                }
            },
            _ => Value::Text(text.to_owned()),
        };
        self.put(Node::new(value, place));
        Ok(())
    }

    /// Closes a list or mapping.
    fn add(&mut self, open: Open, end: Place) {
        let place = Place::at(self.source, open.start.start..end.end.max(open.start.end));
        let node = match open.kind {
            Kind::List(items) => Node::list(items, place),
            Kind::Table(table, _) => Node::new(Value::Table(table.entries), place),
        };
        self.put(node);
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { kind: Kind::List(items), .. }) => items.push(node),
            Some(Open { kind: Kind::Table(table, name), .. }) => {
                if let Some((name, at)) = name.take() {
                    table.insert(name, at, node, &mut self.findings);
                }
            }
        }
    }
}

fn refused(problem: Problem, place: Place) -> Result<(), Box<Fault>> {
    Err(Box::new(Fault::at(problem, "", place)))
}

/// A plain scalar by the core schema (YAML 1.2.2 §10.3.2); none where it is a number that no number
/// of JSON can be.
fn plain(text: &str) -> Option<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "true" | "True" | "TRUE" => return Some(Value::Boolean(true)),
        "false" | "False" | "FALSE" => return Some(Value::Boolean(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    let radix = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix)?;
        let fits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        fits.then(|| i64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return Some(Value::Number(number?.into()));
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<i64>().ok().map(|number| Value::Number(number.into()));
    }
    if is_float(unsigned) {
        return text.parse().ok().and_then(Number::from_f64).map(Value::Number);
    }
    Some(Value::Text(text.to_owned()))
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa && exponent
}
