//! The full name of a place in the tree: `routes[2].claims.department`.

use std::fmt;

use super::node::{Node, Place, Value};

/// A value in the tree, or the place where it would be, and the way there.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    node: Option<&'a Node>,
    step: Step<'a>,
    parent: Option<&'a At<'a>>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a str),
    Item(usize),
    /// A text where a list of one might stand.
    Only,
}

impl<'a> At<'a> {
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node: Some(node), step: Step::Root, parent: None }
    }

    /// What stands under a name.
    pub(super) fn name(&'a self, name: &'a str) -> Self {
        let node = self.node.and_then(|node| node.get(name));
        Self { node, step: Step::Name(name), parent: Some(self) }
    }

    /// A member of a list, or the text that stands in place of a list of one.
    pub(super) fn item(&'a self, index: usize) -> Self {
        match self.node {
            Some(list) if list.items().get(index).is_some() => {
                let node = list.items().get(index);
                let position = node.map_or(index, |node| node.position);
                Self { node, step: Step::Item(position), parent: Some(self) }
            }
            _ => Self { node: self.node, step: Step::Only, parent: Some(self) },
        }
    }

    /// Its position in the list as it was written.
    pub(super) fn position(&self) -> Option<usize> {
        match self.step {
            Step::Item(position) => Some(position),
            _ => None,
        }
    }

    /// How many members there are: those of a list, or the one thing that stands here.
    pub(super) fn length(&self) -> usize {
        match self.node.map(|node| &node.value) {
            None | Some(Value::Null) => 0,
            Some(Value::List(items)) => items.len(),
            Some(_) => 1,
        }
    }

    /// True where something stands here.
    pub(super) fn is_there(&self) -> bool {
        self.node.is_some()
    }

    /// Where it stands, or the innermost thing around it that stands anywhere; the whole tree is no
    /// place to look at.
    pub(super) fn place(&self) -> Option<Place> {
        let around = self.parent.filter(|parent| !matches!(parent.step, Step::Root));
        self.node.map(|node| node.place).or_else(|| around.and_then(At::place))
    }

    /// Where its name stands.
    pub(super) fn name_place(&self) -> Option<Place> {
        let entry = match (self.step, self.parent) {
            (Step::Name(name), Some(parent)) => {
                parent.node.and_then(Node::table).and_then(|table| table.get(name))
            }
            _ => None,
        };
        entry.map(|entry| entry.name).or_else(|| self.place())
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root | Step::Only => Ok(()),
            Step::Item(position) => write!(f, "[{position}]"),
            Step::Name(name) => {
                let first = self.parent.is_none_or(|parent| matches!(parent.step, Step::Root));
                if !first {
                    f.write_str(".")?;
                }
                f.write_str(&bare(name))
            }
        }
    }
}

/// A name as it stands in a path: in quotes where it holds more than letters, digits, `-` and `_`.
pub(super) fn bare(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !name.is_empty() && name.bytes().all(plain) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}

/// A path with another name behind it.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => bare(name),
        _ => format!("{path}.{}", bare(name)),
    }
}
