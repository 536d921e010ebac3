//! The routes as a tree, one step a segment.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::super::path::NormalPath;
use super::super::policy::Route;
use super::pattern::{RoutePattern, Segment, last_semicolon};
use super::values::Values;

/// Routes, found by path and method in time that does not grow with their number. A path visits each
/// node at most once, whatever it is, and costs no stack.
#[derive(Clone, Debug)]
pub struct RouteTable {
    nodes: Vec<Node>,
    ends: Vec<End>,
    /// The most segments of any pattern.
    depth: usize,
}

type NodeId = usize;
type EndId = usize;
const ROOT: NodeId = 0;

/// What can follow the segments that led here.
#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, NodeId, RandomState>,
    one: Option<NodeId>,
    rest: Option<EndId>,
    /// Nothing follows.
    end: Option<EndId>,
}

/// The routes of one pattern.
#[derive(Clone, Debug, Default)]
struct End {
    /// Each method that a route lists, and at the same place the route.
    methods: Vec<Box<str>>,
    listed: Vec<usize>,
    /// The route for every other method.
    others: Option<usize>,
}

/// What was found for a path and a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'t> {
    /// No pattern matches the path.
    NoPattern,
    /// A pattern does, and none of its routes is for the method.
    NoMethod {
        /// The methods that there are.
        allowed: &'t [Box<str>],
    },
    /// This route, by its place in the list that the table was made of.
    Route {
        /// The place.
        index: usize,
        /// What its parameters stand for.
        values: Values,
    },
}

/// Two routes that a request could belong to with equal right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// The place of the one that comes first.
    pub first: usize,
    /// The place of the other one.
    pub second: usize,
    /// What they have in common besides their pattern.
    pub methods: TiedMethods,
}

/// Methods that two routes of one pattern have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TiedMethods {
    /// Both list these.
    Listed(Vec<String>),
    /// Neither lists any, so that both are for all that are left.
    Others,
}

impl RouteTable {
    /// Puts routes in order.
    ///
    /// # Errors
    /// Every tie. Of more than two routes that tie, each is named with the first.
    pub fn new(routes: &[Route]) -> Result<Self, Vec<Tie>> {
        let mut table = Self { nodes: vec![Node::default()], ends: Vec::new(), depth: 0 };
        let mut ties = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            table.end_of(&route.pattern).add(index, route.methods.as_deref(), &mut ties);
        }
        if ties.is_empty() { Ok(table) } else { Err(ties) }
    }

    /// The route for a path and a method.
    pub fn find(&self, path: &NormalPath<'_>, method: &str) -> Found<'_> {
        let Some((end, values)) = self.walk(path.as_str()) else { return Found::NoPattern };
        let listed = end.methods.iter().position(|listed| **listed == *method);
        match listed.and_then(|place| end.listed.get(place).copied()).or(end.others) {
            Some(index) => Found::Route { index, values },
            None => Found::NoMethod { allowed: &end.methods },
        }
    }

    /// The end of a pattern, made where there is none yet.
    fn end_of(&mut self, pattern: &RoutePattern) -> &mut End {
        self.depth = self.depth.max(pattern.segments().len());
        let mut here = ROOT;
        let mut rest = false;
        for segment in pattern.segments() {
            let fresh = self.nodes.len();
            let node = &mut self.nodes[here];
            here = match segment {
                Segment::Literal(text) => *node.literals.entry(text.clone()).or_insert(fresh),
                Segment::One(_) => *node.one.get_or_insert(fresh),
                Segment::Rest(_) => {
                    rest = true;
                    break;
                }
            };
            if here == fresh {
                self.nodes.push(Node::default());
            }
        }
        let fresh = self.ends.len();
        let node = &mut self.nodes[here];
        let end = *if rest { &mut node.rest } else { &mut node.end }.get_or_insert(fresh);
        if end == fresh {
            self.ends.push(End::default());
        }
        &mut self.ends[end]
    }

    /// The most exact pattern that matches.
    fn walk(&self, path: &str) -> Option<(&End, Values)> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let semicolon = last_semicolon(path);
        let refused = |text: &str| semicolon.is_some() && last_semicolon(text).is_some();
        let mut values = Values::default();
        // Where a less exact way was left open, for when the one that was taken leads nowhere.
        let mut open: SmallVec<[Turn; 8]> = SmallVec::new();
        let mut here = Turn { node: ROOT, at: 0, values: 0, way: Way::Literal };
        loop {
            let node = &self.nodes[here.node];
            if here.at >= path.len() {
                if let Some(end) = node.end {
                    return Some((&self.ends[end], values));
                }
            } else {
                let segment = segment_behind(path, here.at);
                let text = path.get(segment.clone()).unwrap_or_default();
                if here.way == Way::Literal
                    && let Some(next) = node.literals.get(text)
                {
                    if node.one.is_some() || node.rest.is_some() {
                        open.push(Turn { way: Way::One, ..here });
                    }
                    here = Turn::into(*next, segment.end, &values);
                    continue;
                }
                if here.way != Way::Rest
                    && let Some(next) = node.one.filter(|_| !refused(text))
                {
                    if node.rest.is_some() {
                        open.push(Turn { way: Way::Rest, ..here });
                    }
                    values.push(segment.clone());
                    here = Turn::into(next, segment.end, &values);
                    continue;
                }
                if let Some(end) = node.rest.filter(|_| semicolon.is_none_or(|at| at < here.at)) {
                    values.push(segment.start..path.len());
                    return Some((&self.ends[end], values));
                }
            }
            here = open.pop()?;
            values.truncate(here.values);
        }
    }

    /// Those of the routes that the table was made of whose pattern no path reaches, since for each
    /// path that it matches a more exact one does too.
    pub fn unreachable(&self, routes: &[Route]) -> Vec<usize> {
        // A word that is no literal of any pattern: the best that can happen to a parameter.
        let literals = || self.nodes.iter().flat_map(|node| node.literals.keys());
        let longest = literals().map(|text| text.len()).max().unwrap_or_default();
        let word = format!("/{}", "x".repeat(longest + 1));
        let reached = |(index, route): &(usize, &Route)| {
            let (mut path, mut length, mut rest) = (String::new(), 0, false);
            for segment in route.pattern.segments() {
                match segment {
                    Segment::Literal(text) => path.extend(["/", text]),
                    Segment::One(_) => path.push_str(&word),
                    Segment::Rest(_) => {
                        rest = true;
                        break;
                    }
                }
                length += 1;
            }
            // Of the others too only those that take all the rest match beyond the depth.
            !rest
                || (length..=self.depth).any(|_| {
                    path.push_str(&word);
                    self.walk(&path).is_some_and(|(end, _)| end.has(*index))
                })
        };
        routes.iter().enumerate().filter(|each| !reached(each)).map(|(index, _)| index).collect()
    }
}

impl End {
    /// Adds a route, unless another one is for the same methods.
    fn add(&mut self, index: usize, methods: Option<&[String]>, ties: &mut Vec<Tie>) {
        let Some(methods) = methods else {
            match self.others {
                Some(first) => {
                    ties.push(Tie { first, second: index, methods: TiedMethods::Others });
                }
                None => self.others = Some(index),
            }
            return;
        };
        let mut common: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for method in methods {
            match self.methods.iter().position(|listed| **listed == **method) {
                None => {
                    self.methods.push(method.as_str().into());
                    self.listed.push(index);
                }
                Some(place) if self.listed[place] != index => {
                    common.entry(self.listed[place]).or_default().push(method.clone());
                }
                Some(_) => {}
            }
        }
        ties.extend(common.into_iter().map(|(first, methods)| Tie {
            first,
            second: index,
            methods: TiedMethods::Listed(methods),
        }));
    }

    fn has(&self, index: usize) -> bool {
        self.others == Some(index) || self.listed.contains(&index)
    }
}

/// A node on the way, and what may still be tried there.
#[derive(Clone, Copy)]
struct Turn {
    node: NodeId,
    /// Where in the path the slash before the next segment stands.
    at: usize,
    /// How many parameters had their value then.
    values: usize,
    /// The most exact way that has not been tried.
    way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Literal,
    One,
    Rest,
}

impl Turn {
    fn into(node: NodeId, at: usize, values: &Values) -> Self {
        Self { node, at, values: values.len(), way: Way::Literal }
    }
}

/// The segment behind the slash at a place.
fn segment_behind(path: &str, slash: usize) -> Range<usize> {
    let start = slash + 1;
    let rest = path.as_bytes().get(start..).unwrap_or_default();
    // Segments are short: a call costs more than a step for each byte.
    start..start + rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())
}
