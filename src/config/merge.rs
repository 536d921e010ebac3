//! One layer laid over another.

use std::collections::BTreeMap;

use super::leaf::{Instant, Leaf};
use super::node::{Entry, Node, Table, Value};
use super::shape::{Merge, Shape};

/// Lays a tree over another: tables merge by name, anything else takes the lower one's place, null
/// takes it away, and what is revoked is united.
pub(super) fn lay_over(lower: &mut Node, upper: Node) {
    usual(lower, upper, Some(Shape::root()));
}

fn usual(lower: &mut Node, mut upper: Node, shape: Option<&Shape>) {
    let Value::Table(over) = upper.value else {
        drop_null(&mut upper, shape);
        *lower = upper;
        return;
    };
    if lower.table().is_none() {
        lower.value = Value::Table(Table::new());
    }
    if !over.is_empty() {
        lower.place = upper.place;
    }
    let Value::Table(under) = &mut lower.value else { return };
    for (name, entry) in over {
        let (shape, merge) = match shape {
            Some(Shape::Table(table)) => match table.fields.get(&name) {
                Some(field) => (Some(&field.shape), field.merge),
                None => (table.rest.as_deref(), Merge::Usual),
            },
            _ => (None, Merge::Usual),
        };
        match merge {
            Merge::Usual => under_name(under, name, entry, shape),
            Merge::Unite => unite(under, name, entry),
            Merge::Latest => latest(under, name, entry),
        }
    }
}

fn under_name(table: &mut Table, name: String, mut entry: Entry, shape: Option<&Shape>) {
    // A null under a name that means nothing stays, so that the name is found out.
    if let (Value::Null, Some(shape)) = (&entry.node.value, shape) {
        take_away(table, &name, shape);
        return;
    }
    match table.get_mut(&name) {
        Some(there) => {
            there.name = entry.name;
            usual(&mut there.node, entry.node, shape);
        }
        None => {
            drop_null(&mut entry.node, shape);
            table.insert(name, entry);
        }
    }
}

/// Takes away all but what is revoked.
fn take_away(table: &mut Table, name: &str, shape: &Shape) {
    let stays = |name: &str| {
        let Shape::Table(table) = shape else { return false };
        table.fields.get(name).is_some_and(|field| field.merge != Merge::Usual)
    };
    if let Some(Value::Table(below)) = table.get_mut(name).map(|entry| &mut entry.node.value) {
        below.retain(|name, _| stays(name));
        if !below.is_empty() {
            return;
        }
    }
    table.remove(name);
}

/// A null that takes nothing away is nothing.
fn drop_null(node: &mut Node, shape: Option<&Shape>) {
    match &mut node.value {
        Value::Table(table) => {
            let field = |name: &str| shape.and_then(|shape| shape.field(name));
            table.retain(|name, entry| entry.node.value != Value::Null || field(name).is_none());
            for (name, entry) in table.iter_mut() {
                drop_null(&mut entry.node, field(name));
            }
        }
        Value::List(items) => {
            let item = match shape {
                Some(Shape::List { item, .. }) => Some(&**item),
                _ => None,
            };
            items.iter_mut().for_each(|node| drop_null(node, item));
        }
        _ => {}
    }
}

/// What is revoked stays so, whatever a higher layer says.
fn unite(table: &mut Table, name: String, entry: Entry) {
    match (table.get_mut(&name).map(|there| &mut there.node), entry.node.value) {
        (_, Value::Null) => {}
        (Some(Node { value: Value::List(there), .. }), Value::List(more)) => {
            let known: std::collections::BTreeSet<String> =
                there.iter().filter_map(Node::text).map(str::to_owned).collect();
            there.extend(
                more.into_iter()
                    .filter(|node| node.text().is_none_or(|text| !known.contains(text))),
            );
        }
        (_, value) => {
            let node = Node { value, ..entry.node };
            table.insert(name, Entry { name: entry.name, node });
        }
    }
}

fn latest(table: &mut Table, name: String, entry: Entry) {
    match (table.get_mut(&name).map(|there| &mut there.node), entry.node.value) {
        (_, Value::Null) => {}
        (Some(Node { value: Value::Table(there), .. }), Value::Table(more)) => {
            for (user, entry) in more {
                let is_later = |there: &Entry| instant(&entry.node) > instant(&there.node);
                if entry.node.value != Value::Null && there.get(&user).is_none_or(is_later) {
                    there.insert(user, entry);
                }
            }
        }
        (_, value) => {
            let mut node = Node { value, ..entry.node };
            drop_null(&mut node, None);
            if let Value::Table(users) = &mut node.value {
                users.retain(|_, entry| entry.node.value != Value::Null);
            }
            table.insert(name, Entry { name: entry.name, node });
        }
    }
}

/// Seconds of an instant; what is none comes last, so that it is found out.
fn instant(node: &Node) -> f64 {
    let text = match &node.value {
        Value::Text(text) | Value::Instant(text) => text,
        _ => return f64::INFINITY,
    };
    Instant::read(text).map_or(f64::INFINITY, |instant| instant.0.seconds())
}

/// A tree of nothing.
pub(super) fn nothing() -> Node {
    let place = super::node::Place { source: 0, start: 0, end: 0 };
    Node::new(Value::Table(BTreeMap::new()), place)
}
