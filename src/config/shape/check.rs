//! The check of shapes: every name known, every value of its type and form.
//!
//! It finds all faults, and leaves a tree without what is faulty, which the types can read.

use std::collections::BTreeSet;

use serde_json::Number;

use super::{Shape, TableShape};
use crate::config::fault::{Fault, Problem, nearest};
use crate::config::leaf::Form;
use crate::config::node::{Node, Place, Table, Value};
use crate::config::path;

/// Walks over a tree.
#[derive(Default)]
pub(in crate::config) struct Checker {
    pub(in crate::config) faults: Vec<Fault>,
    /// The outermost names below which something is wrong.
    pub(in crate::config) broken: BTreeSet<String>,
    /// Names that may be missing though they are required.
    pub(in crate::config) excused: Option<&'static str>,
    /// How many names were looked for among those that exist.
    suggested: usize,
    path: Vec<Step>,
}

enum Step {
    Name(String),
    Item(usize),
}

/// Names are compared for so many faults; whoever has more has other troubles.
const SUGGESTIONS: usize = 50;

impl Checker {
    /// Checks a tree, and gives it back without what is wrong in it.
    pub(in crate::config) fn check(&mut self, node: Node) -> Node {
        let place = node.place;
        self.walk(node, Shape::root()).unwrap_or(Node::new(Value::Table(Table::new()), place))
    }

    fn fault(&mut self, problem: Problem, place: Place) {
        let path = self.path();
        if let Some(Step::Name(name)) = self.path.first() {
            self.broken.insert(name.clone());
        }
        self.faults.push(Fault::at(problem, &path, place));
    }

    fn path(&self) -> String {
        self.path.iter().fold(String::new(), |path, step| match step {
            Step::Name(name) => path::join(&path, name),
            Step::Item(position) => format!("{path}[{position}]"),
        })
    }

    fn walk(&mut self, node: Node, shape: &Shape) -> Option<Node> {
        if let Shape::Any(shapes) = shape
            && let Some(shape) = shapes.iter().find(|shape| shape.takes(&node.value))
        {
            return self.walk(node, shape);
        }
        if !shape.takes(&node.value) {
            let (expected, found) = (shape.describe(), node.value.kind());
            let form = shape.form().map(|form| form.expected);
            self.fault(Problem::WrongType { expected, found, form }, node.place);
            return None;
        }
        let Node { value, place, position } = node;
        let value = match (shape, value) {
            (Shape::Table(shape), Value::Table(table)) => {
                Value::Table(self.table(table, shape, place)?)
            }
            (Shape::List { item, may_be_empty }, Value::List(items)) => {
                if items.is_empty() && !may_be_empty {
                    self.fault(Problem::EmptyList, place);
                    return None;
                }
                let was_empty = items.is_empty();
                let checked = self.list(items, item);
                // A list of which nothing is left says nothing, and is not to be judged as empty.
                if checked.is_empty() && !was_empty {
                    return None;
                }
                Value::List(checked)
            }
            (Shape::Text(Some(form)), Value::Text(text)) => {
                self.text(&text, form, place)?;
                Value::Text(text)
            }
            (Shape::Text(Some(form)), Value::Instant(text)) => {
                self.text(&text, form, place)?;
                Value::Text(text)
            }
            (Shape::Words(words), Value::Text(text)) => {
                self.word(&text, words, place)?;
                Value::Text(text)
            }
            (Shape::Integer { least, most }, Value::Number(number)) => {
                self.integer(&number, *least, *most, place)?;
                Value::Number(number)
            }
            (_, value) => value,
        };
        Some(Node { value, place, position })
    }

    fn table(&mut self, table: Table, shape: &TableShape, place: Place) -> Option<Table> {
        let absent =
            |name: &&String| !table.contains_key(*name) && self.excused != Some(name.as_str());
        let missing: Vec<_> = shape.required.iter().filter(absent).cloned().collect();
        let whole = missing.is_empty();
        for name in missing {
            self.fault(Problem::Missing { name }, place);
        }
        let mut checked = Table::new();
        let mut lost = false;
        for (name, mut entry) in table {
            self.path.push(Step::Name(name.clone()));
            match shape.field(&name) {
                None => {
                    let meant = self.meant(&name, shape.fields.keys());
                    self.fault(Problem::UnknownName { meant }, entry.name);
                }
                Some(field) => match self.walk(entry.node, field) {
                    Some(node) => {
                        entry.node = node;
                        checked.insert(name.clone(), entry);
                    }
                    None => lost |= shape.required.contains(&name),
                },
            }
            self.path.pop();
        }
        (whole && !lost).then_some(checked)
    }

    fn meant<'a>(&mut self, name: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
        self.suggested += 1;
        (self.suggested <= SUGGESTIONS).then(|| nearest(name, known.map(String::as_str)))?
    }

    fn list(&mut self, items: Vec<Node>, item: &Shape) -> Vec<Node> {
        let items = items.into_iter().filter_map(|node| {
            self.path.push(Step::Item(node.position));
            let checked = self.walk(node, item);
            self.path.pop();
            checked
        });
        items.collect()
    }

    fn text(&mut self, text: &str, form: &Form, place: Place) -> Option<()> {
        let why = (form.check)(text).err();
        if let Some(why) = why {
            self.fault(Problem::BadText { why, expected: form.expected }, place);
            return None;
        }
        Some(())
    }

    fn word(&mut self, text: &str, words: &[String], place: Place) -> Option<()> {
        if words.iter().any(|word| word == text) {
            return Some(());
        }
        let meant = self.meant(text, words.iter());
        self.fault(Problem::UnknownWord { words: words.to_vec(), meant }, place);
        None
    }

    fn integer(&mut self, number: &Number, least: i64, most: i64, place: Place) -> Option<()> {
        if number.as_i64().is_some_and(|number| (least..=most).contains(&number)) {
            return Some(());
        }
        let bounds = match number.is_f64() {
            true => "a whole number".to_owned(),
            false => format!("a whole number from {least} to {most}"),
        };
        self.fault(Problem::OutOfRange { bounds }, place);
        None
    }
}
