//! Which patterns lie under which, and which no path can reach.

use std::collections::BTreeMap;

use crate::gateway::policy::{Access, Route};
use crate::gateway::route::RoutePattern;

/// All patterns of a policy, as a tree of segments.
#[derive(Default)]
pub(super) struct Patterns<'r> {
    root: Branch<'r>,
}

#[derive(Default)]
struct Branch<'r> {
    literals: BTreeMap<&'r str, Branch<'r>>,
    parameter: Option<Box<Branch<'r>>>,
    /// A pattern that ends here.
    ends: bool,
    /// A pattern that ends here in `{*rest}`.
    rest: bool,
    /// The first protected route that ends here, with its segments or its rest.
    protected: Option<usize>,
    protected_rest: Option<usize>,
}

#[derive(Clone, Copy)]
enum Segment<'r> {
    Literal(&'r str),
    Parameter,
    Rest,
}

const MOST_SEGMENTS: usize = 100;

fn segments(pattern: &RoutePattern) -> impl Iterator<Item = Segment<'_>> {
    let text = pattern.as_str();
    let text = text.strip_prefix('/').unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    text.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(rest) if rest.starts_with('*') => Segment::Rest,
        Some(_) => Segment::Parameter,
        None => Segment::Literal(segment),
    })
}

impl<'r> Patterns<'r> {
    pub(super) fn of(routes: &'r [Route]) -> Self {
        let mut patterns = Self::default();
        // The walks below go down a call a segment; no path of a person's making has so many.
        let few = |route: &&Route| segments(&route.pattern).nth(MOST_SEGMENTS).is_none();
        for (index, route) in routes.iter().enumerate().filter(|(_, route)| few(route)) {
            let protected = (route.access != Access::Public).then_some(index);
            patterns.insert(&route.pattern, protected);
        }
        patterns
    }

    fn insert(&mut self, pattern: &'r RoutePattern, protected: Option<usize>) {
        let mut branch = &mut self.root;
        for segment in segments(pattern) {
            branch = match segment {
                Segment::Literal(text) => branch.literals.entry(text).or_default(),
                Segment::Parameter => branch.parameter.get_or_insert_default(),
                Segment::Rest => {
                    branch.rest = true;
                    branch.protected_rest = branch.protected_rest.or(protected);
                    return;
                }
            };
        }
        branch.ends = true;
        branch.protected = branch.protected.or(protected);
    }

    /// A protected route with another pattern, all of whose paths this pattern matches too.
    pub(super) fn protected_under(&self, pattern: &RoutePattern) -> Option<usize> {
        let all: Vec<_> = segments(pattern).collect();
        self.root.protected_under(&all, true)
    }

    /// True where every path of the pattern is matched by one that goes before it.
    pub(super) fn is_unreachable(&self, pattern: &RoutePattern) -> bool {
        let mut branch = &self.root;
        for segment in segments(pattern) {
            branch = match segment {
                Segment::Literal(text) => match branch.literals.get(text) {
                    Some(branch) => branch,
                    None => return false,
                },
                Segment::Parameter => match &branch.parameter {
                    Some(branch) => branch,
                    None => return false,
                },
                Segment::Rest => return branch.takes_all_below(),
            };
        }
        false
    }
}

impl Branch<'_> {
    /// `same`: the way here is the pattern's own, segment by segment.
    fn protected_under(&self, pattern: &[Segment<'_>], same: bool) -> Option<usize> {
        match pattern.split_first() {
            None => self.protected.filter(|_| !same),
            Some((Segment::Literal(text), rest)) => {
                self.literals.get(text).and_then(|branch| branch.protected_under(rest, same))
            }
            Some((Segment::Parameter, rest)) => {
                let literals = self.literals.values();
                let mut found = literals.filter_map(|branch| branch.protected_under(rest, false));
                found.next().or_else(|| self.parameter.as_ref()?.protected_under(rest, same))
            }
            Some((Segment::Rest, _)) => {
                self.any_protected_below().or(self.protected_rest.filter(|_| !same))
            }
        }
    }

    /// One with at least one segment more.
    fn any_protected_below(&self) -> Option<usize> {
        let below = self.literals.values().chain(self.parameter.as_deref());
        let found = |branch: &Self| {
            branch.protected.or(branch.protected_rest).or_else(|| branch.any_protected_below())
        };
        below.into_iter().find_map(found)
    }

    /// True where the patterns below take one segment and any number of further ones. A parameter
    /// takes no segment with a `;`, but neither does a rest.
    fn takes_all_below(&self) -> bool {
        self.parameter
            .as_ref()
            .is_some_and(|below| below.ends && (below.rest || below.takes_all_below()))
    }
}
