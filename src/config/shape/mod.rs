//! The shape of the tree, as its types' schema says it, in a form that is quick to walk.

mod check;
mod schema;

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};

pub(super) use self::check::Checker;
pub(super) use self::schema::schema;
use super::leaf::{Digest, FORMS, Form, Leaf};
use super::node::{self, Node, Place};

/// What may stand somewhere.
pub(super) enum Shape {
    Table(TableShape),
    List {
        item: Box<Shape>,
        may_be_empty: bool,
    },
    Text(Option<&'static Form>),
    Words(Vec<String>),
    Integer {
        least: i64,
        most: i64,
    },
    Number,
    Boolean,
    /// One of several, told apart by the type of what is there.
    Any(Vec<Shape>),
}

/// What may stand in a table.
pub(super) struct TableShape {
    pub(super) fields: BTreeMap<String, Field>,
    /// What stands under any other name; none where there is no other.
    pub(super) rest: Option<Box<Shape>>,
    pub(super) required: Vec<String>,
}

/// What may stand under a name.
pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) merge: Merge,
}

/// How a value of a higher layer is laid over a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    /// Tables by name; anything else takes its place.
    Usual,
    /// Lists are united.
    Unite,
    /// Of two instants the later one stays.
    Latest,
}

static ROOT: LazyLock<Shape> = LazyLock::new(|| {
    let schema = schema();
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    Shape::compile(schema, definitions)
});

/// Every name that means something anywhere.
static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut names = HashSet::new();
    ROOT.collect_names(&mut names);
    names
});

impl Shape {
    /// True for a name that means something anywhere in the tree.
    pub(super) fn is_name(word: &str) -> bool {
        NAMES.contains(word)
    }

    fn collect_names<'s>(&'s self, names: &mut HashSet<&'s str>) {
        match self {
            Self::Table(table) => {
                for (name, field) in &table.fields {
                    names.insert(name);
                    field.shape.collect_names(names);
                }
                table.rest.iter().for_each(|rest| rest.collect_names(names));
            }
            Self::List { item, .. } => item.collect_names(names),
            Self::Any(shapes) => shapes.iter().for_each(|shape| shape.collect_names(names)),
            _ => {}
        }
    }

    /// The whole tree's.
    pub(super) fn root() -> &'static Self {
        &ROOT
    }

    fn compile(schema: &Value, definitions: &Map<String, Value>) -> Self {
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        if let Some(reference) = text("$ref") {
            let name = reference.rsplit('/').next().unwrap_or_default();
            // The types refer to no type that refers to them.
            return definitions
                .get(name)
                .map_or(Self::Any(Vec::new()), |found| Self::compile(found, definitions));
        }
        let several = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        if let Some(several) = several {
            return Self::any(several.iter().map(|one| Self::compile(one, definitions)));
        }
        if let Some(word) = text("const") {
            return Self::Words(vec![word.to_owned()]);
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let words = words.iter().filter_map(Value::as_str);
            return Self::Words(words.map(str::to_owned).collect());
        }
        match text("type") {
            Some("object") => Self::Table(TableShape::compile(schema, definitions)),
            Some("array") => {
                let item = schema.get("items").unwrap_or(&Value::Null);
                Self::List {
                    item: Box::new(Self::compile(item, definitions)),
                    may_be_empty: schema.get("minItems").is_none(),
                }
            }
            Some("string") => {
                let form = text("format");
                Self::Text(FORMS.iter().find(|known| Some(known.name) == form))
            }
            Some("integer") => {
                let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
                Self::Integer {
                    least: bound("minimum").unwrap_or(i64::MIN),
                    most: bound("maximum").unwrap_or(match text("format") {
                        Some("uint32") => i64::from(u32::MAX),
                        _ => i64::MAX,
                    }),
                }
            }
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            _ => Self::Any(Vec::new()),
        }
    }

    fn any(shapes: impl Iterator<Item = Self>) -> Self {
        let mut alternatives = Vec::new();
        for shape in shapes {
            match (shape, alternatives.last_mut()) {
                (Self::Any(inner), _) => alternatives.extend(inner),
                (Self::Words(more), Some(Self::Words(words))) => words.extend(more),
                (shape, _) => alternatives.push(shape),
            }
        }
        match alternatives.len() {
            1 => alternatives.swap_remove(0),
            _ => Self::Any(alternatives),
        }
    }

    /// What may stand under a name.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Table(table) => table.field(name),
            _ => None,
        }
    }

    /// True where a value of this kind may stand here.
    pub(super) fn takes(&self, value: &node::Value) -> bool {
        match (self, value) {
            (Self::Any(shapes), _) => shapes.iter().any(|shape| shape.takes(value)),
            (Self::Text(Some(form)), node::Value::Instant(_)) => form.name == "instant",
            (Self::Table(_), node::Value::Table(_))
            | (Self::List { .. }, node::Value::List(_))
            | (Self::Text(_) | Self::Words(_), node::Value::Text(_))
            | (Self::Integer { .. } | Self::Number, node::Value::Number(_))
            | (Self::Boolean, node::Value::Boolean(_)) => true,
            _ => false,
        }
    }

    /// True where text may stand here.
    pub(super) fn is_text(&self) -> bool {
        self.takes(&node::Value::Text(String::new()))
    }

    /// True where other things than text may stand here.
    pub(super) fn is_more_than_text(&self) -> bool {
        match self {
            Self::Any(shapes) => shapes.iter().any(Self::is_more_than_text),
            Self::Text(_) | Self::Words(_) => false,
            _ => true,
        }
    }

    /// True where somebody may write a secret here, at whatever depth.
    pub(super) fn may_hold_secret(&self) -> bool {
        match self {
            Self::Table(table) => {
                let fields = table.fields.values().map(|field| &field.shape);
                fields.chain(table.rest.as_deref()).any(Self::may_hold_secret)
            }
            Self::List { item, .. } => item.may_hold_secret(),
            Self::Text(form) => form.is_some_and(|form| form.secret),
            Self::Any(shapes) => shapes.iter().any(Self::may_hold_secret),
            _ => false,
        }
    }

    /// What of a tree may be a secret: what stands under a name that means nothing, and what stands
    /// where a reference to a secret should and is none.
    pub(super) fn secrets(&self, node: &Node, found: &mut Vec<Place>) {
        if !self.takes(&node.value) {
            if self.may_hold_secret() && node.value != node::Value::Null {
                values(node, found);
            }
            return;
        }
        match (self, &node.value) {
            (Self::Any(shapes), value) => {
                for shape in shapes.iter().filter(|shape| shape.takes(value)) {
                    shape.secrets(node, found);
                }
            }
            (Self::Table(shape), node::Value::Table(table)) => {
                for (name, entry) in table {
                    match shape.field(name) {
                        Some(shape) => shape.secrets(&entry.node, found),
                        None => values(&entry.node, found),
                    }
                }
            }
            (Self::List { item, .. }, node::Value::List(items)) => {
                items.iter().for_each(|node| item.secrets(node, found));
            }
            (Self::Text(Some(form)), node::Value::Text(text))
                if form.secret && (form.name == Digest::FORMAT || (form.check)(text).is_err()) =>
            {
                found.push(node.place);
            }
            _ => {}
        }
    }

    /// The form of a text that may stand here.
    pub(super) fn form(&self) -> Option<&'static Form> {
        match self {
            Self::Text(form) => *form,
            Self::Any(shapes) => shapes.iter().find_map(Self::form),
            _ => None,
        }
    }

    /// What may stand here, in a person's words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Table(_) => "a table".to_owned(),
            Self::List { .. } => "a list".to_owned(),
            Self::Text(Some(form)) if form.name == "instant" => "a date with its time".to_owned(),
            Self::Text(_) | Self::Words(_) => "text".to_owned(),
            Self::Integer { .. } => "a whole number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Any(shapes) => {
                let kinds: Vec<_> = shapes.iter().map(Self::describe).collect();
                kinds.join(" or ")
            }
        }
    }
}

/// Where the values of a tree stand, its names left out.
fn values(node: &Node, found: &mut Vec<Place>) {
    match &node.value {
        node::Value::Table(table) => table.values().for_each(|entry| values(&entry.node, found)),
        node::Value::List(items) => items.iter().for_each(|item| values(item, found)),
        _ => found.push(node.place),
    }
}

impl TableShape {
    fn compile(schema: &Value, definitions: &Map<String, Value>) -> Self {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let fields = properties.iter().map(|(name, property)| {
            let merge = match property.get("x-merge").and_then(Value::as_str) {
                Some("unite") => Merge::Unite,
                Some("latest") => Merge::Latest,
                _ => Merge::Usual,
            };
            (name.clone(), Field { shape: Shape::compile(property, definitions), merge })
        });
        let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        Self {
            fields: fields.collect(),
            rest: rest.map(|rest| Box::new(Shape::compile(rest, definitions))),
            required: required.map(str::to_owned).collect(),
        }
    }

    /// What may stand under a name.
    pub(super) fn field(&self, name: &str) -> Option<&Shape> {
        self.fields.get(name).map(|field| &field.shape).or(self.rest.as_deref())
    }
}
