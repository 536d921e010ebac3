//! The route that was meant, perhaps.

use std::collections::BTreeSet;

use super::super::path::NormalPath;
use super::super::policy::Route;
use super::super::request::Request;
use super::super::route::{Found, PatternPart, RoutePattern};
use super::super::rules::{Destination, Rules};
use super::super::unmet::both;
use super::supposed::Change;
use super::{Kind, Step};

/// The most routes that are tried.
const MOST: usize = 4;

/// What a route may be away from a path: two segments more or less, or about as much.
const FARTHEST: usize = 2 * SEGMENT;

/// What a segment too many, or too few, costs.
const SEGMENT: usize = 100;

/// Paths with more segments, or longer ones, are like no route.
const MOST_SEGMENTS: usize = 32;
const LONGEST_SEGMENT: usize = 128;

/// Other methods for the path; where no pattern matches it, patterns that nearly do.
pub(super) fn nearest(rules: &Rules, request: &Request<'_>) -> Vec<Step> {
    let Ok(path) = NormalPath::parse(request.target) else { return Vec::new() };
    match rules.find(&path, request.method) {
        None | Some(Found::Route { .. }) => Vec::new(),
        Some(Found::NoMethod { allowed }) => methods(rules, &path, request.method, allowed),
        Some(Found::NoPattern) => paths(rules, &path, request.method),
    }
}

fn methods(rules: &Rules, path: &NormalPath<'_>, method: &str, allowed: &[Box<str>]) -> Vec<Step> {
    let first = allowed.first().map(|method| rules.destination(path, method));
    let Some(Destination::Route { route, .. }) = first else { return Vec::new() };
    let (pattern, are) =
        (route.route.pattern.as_str(), if allowed.len() == 1 { "is" } else { "are" });
    let names: Vec<&str> = allowed.iter().map(|method| &**method).collect();
    let text = format!("method {method} is not listed on {pattern}: {} {are}", names.join(", "));
    let step =
        |method: &str| Step::new(Kind::Route, Change::Method(method.to_owned()), text.clone());
    names.into_iter().take(2 * MOST).map(step).collect()
}

fn paths(rules: &Rules, path: &NormalPath<'_>, method: &str) -> Vec<Step> {
    let inner = path.as_str().strip_prefix('/').unwrap_or_default();
    let segments: Vec<&str> = inner.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.len() > MOST_SEGMENTS {
        return Vec::new();
    }
    let routes = rules.routes().unwrap_or_default();
    let mut near: Vec<Near<'_>> =
        routes.iter().filter_map(|route| Near::of(&route.route, &segments, method)).collect();
    near.sort_by_key(|near| (near.likeness.cost, near.has_method));
    let nearest = near.first().map_or(0, |near| near.likeness.cost);
    near.retain(|near| near.likeness.cost <= nearest + SEGMENT / 2);
    // Of the routes of one pattern the first says it all; the method comes later.
    let mut targets = BTreeSet::new();
    near.retain(|near| targets.insert(near.likeness.target.clone()));
    near.into_iter().take(MOST).map(|near| near.step(path, method)).collect()
}

/// A route that a path nearly has.
struct Near<'r> {
    route: &'r Route,
    has_method: HasMethod,
    likeness: Likeness,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HasMethod {
    Yes,
    No,
}

impl<'r> Near<'r> {
    fn of(route: &'r Route, segments: &[&str], method: &str) -> Option<Self> {
        let listed = |methods: &Vec<String>| methods.iter().any(|listed| listed == method);
        let has_method = match route.methods.as_ref().is_none_or(listed) {
            true => HasMethod::Yes,
            false => HasMethod::No,
        };
        Some(Self { route, has_method, likeness: Likeness::of(&route.pattern, segments)? })
    }

    fn step(self, path: &NormalPath<'_>, method: &str) -> Step {
        let methods = match self.has_method {
            HasMethod::Yes => method.to_owned(),
            HasMethod::No => {
                self.route.methods.iter().flatten().cloned().collect::<Vec<_>>().join(", ")
            }
        };
        let text = format!(
            "no route for {}; {methods} {} differs in {}",
            path.as_str(),
            self.route.pattern.as_str(),
            both(&self.likeness.differences),
        );
        Step::new(Kind::Route, Change::Path(self.likeness.target), text)
    }
}

/// How like a pattern a path is, and what it would be if it were of the pattern.
struct Likeness {
    cost: usize,
    differences: Vec<String>,
    target: String,
}

/// How a part of a pattern and a segment go together.
#[derive(Clone, Copy)]
enum Move {
    Start,
    Both,
    /// A segment that is one too many.
    Surplus,
    /// A part that no segment stands for.
    Lacking,
    /// One more segment for what takes all the rest.
    More,
}

impl Likeness {
    /// The cheapest way from the segments to the pattern (Levenshtein, by segments); none where that
    /// is far.
    fn of(pattern: &RoutePattern, segments: &[&str]) -> Option<Self> {
        let parts: Vec<PatternPart<'_>> = pattern.parts().collect();
        if parts.len() > MOST_SEGMENTS {
            return None;
        }
        let (height, width) = (parts.len() + 1, segments.len() + 1);
        let mut table = vec![(0, Move::Start); height * width];
        for row in 0..height {
            for column in 0..width {
                let at = |row: usize, column: usize| {
                    table.get(row * width + column).map_or(usize::MAX, |(cost, _)| *cost)
                };
                let part = row.checked_sub(1).and_then(|row| Some((row, parts.get(row)?)));
                let segment =
                    column.checked_sub(1).and_then(|column| Some((column, segments.get(column)?)));
                let mut moves = Vec::with_capacity(4);
                // Of what costs the same the first is taken, so that what differs stands at the end.
                if let Some((before, _)) = segment {
                    moves.push((at(row, before).saturating_add(SEGMENT), Move::Surplus));
                }
                if let Some((above, _)) = part {
                    moves.push((at(above, column).saturating_add(SEGMENT), Move::Lacking));
                }
                if let (Some((above, part)), Some((before, segment))) = (part, segment) {
                    moves.push((
                        at(above, before).saturating_add(difference(part, segment)),
                        Move::Both,
                    ));
                    if matches!(part, PatternPart::Rest(_)) && !refuses(segment) {
                        moves.push((at(row, before), Move::More));
                    }
                }
                if let Some(best) = moves.into_iter().min_by_key(|(cost, _)| *cost) {
                    table[row * width + column] = best;
                }
            }
        }
        let cost = table.last()?.0;
        (cost <= FARTHEST).then(|| Self::walk(&table, &parts, segments, cost))
    }

    fn walk(
        table: &[(usize, Move)],
        parts: &[PatternPart<'_>],
        segments: &[&str],
        cost: usize,
    ) -> Self {
        let width = segments.len() + 1;
        let (mut row, mut column) = (parts.len(), segments.len());
        let (mut differences, mut target) = (Vec::new(), Vec::new());
        loop {
            let part = row.checked_sub(1).and_then(|row| parts.get(row));
            let segment = column.checked_sub(1).and_then(|column| segments.get(column)).copied();
            let Some((_, step)) = table.get(row * width + column) else { break };
            match (step, part, segment) {
                (Move::Both, Some(part), Some(segment)) => {
                    let fitting = part.standing_for(segment);
                    if fitting != segment {
                        differences.push(format!("`{fitting}` in place of `{segment}`"));
                    }
                    target.push(fitting.to_owned());
                    (row, column) = (row - 1, column - 1);
                }
                (Move::More, Some(_), Some(segment)) => {
                    target.push(segment.to_owned());
                    column -= 1;
                }
                (Move::Surplus, _, Some(segment)) => {
                    differences.push(format!("`{segment}`, which it has not"));
                    column -= 1;
                }
                (Move::Lacking, Some(part), _) => {
                    differences.push(format!("`{part}`, which is not there"));
                    target.push(part.standing_for("").to_owned());
                    row -= 1;
                }
                _ => break,
            }
        }
        differences.reverse();
        target.reverse();
        Self { cost, differences, target: format!("/{}", target.join("/")) }
    }
}

/// What it costs to take a segment for a part of a pattern.
fn difference(part: &PatternPart<'_>, segment: &str) -> usize {
    match part {
        PatternPart::Literal(text) if *text == segment => 0,
        PatternPart::Literal(text) if text.len().max(segment.len()) > LONGEST_SEGMENT => {
            2 * SEGMENT
        }
        PatternPart::Literal(text) if text.eq_ignore_ascii_case(segment) => SEGMENT / 10,
        PatternPart::Literal(text) => {
            let likeness = strsim::normalized_damerau_levenshtein(text, segment);
            // Nothing alike costs nearly as much as one more and one less.
            SEGMENT / 10 + ((1.0 - likeness) * 1.8 * SEGMENT as f64) as usize
        }
        _ if refuses(segment) => 2 * SEGMENT,
        // So that what a literal fits is no parameter.
        _ => 1,
    }
}

/// No parameter stands for a segment with a `;`.
fn refuses(segment: &str) -> bool {
    super::super::route::has_semicolon(segment)
}

/// The path with another value for one parameter of its route.
pub(super) fn with_parameter(
    destination: &Destination<'_, '_>,
    path: &NormalPath<'_>,
    name: &str,
    value: &str,
) -> Option<String> {
    let Destination::Route { route, values, .. } = destination else { return None };
    let mut standing = values.iter(path);
    let encoded = percent_encoded(value);
    let mut target = String::new();
    for part in route.route.pattern.parts() {
        target.push('/');
        target.push_str(match part {
            PatternPart::Literal(text) => text,
            PatternPart::One(parameter) | PatternPart::Rest(parameter) => {
                let stands = standing.next()?;
                if parameter == name { &encoded } else { stands }
            }
        });
    }
    NormalPath::parse(&target).ok().filter(|normal| normal.as_str() == target)?;
    Some(target)
}

/// RFC 3986 §2.1: all but what never needs it.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
