//! The route that was meant, perhaps.

use super::super::path::NormalPath;
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
    let step = |method: &Box<str>| {
        Step::new(Kind::Route, Change::Method(method.to_string()), text.clone())
    };
    allowed.iter().take(2 * MOST).map(step).collect()
}

fn paths(rules: &Rules, path: &NormalPath<'_>, method: &str) -> Vec<Step> {
    let inner = path.as_str().strip_prefix('/').unwrap_or_default();
    let segments: Vec<&str> = inner.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.len() > MOST_SEGMENTS {
        return Vec::new();
    }
    let routes = rules.routes().unwrap_or_default();
    let mut near: Vec<(usize, bool, usize, Likeness)> = routes
        .iter()
        .enumerate()
        .filter_map(|(place, route)| {
            let likeness = Likeness::of(&route.route.pattern, &segments)?;
            let methods = route.route.methods.as_ref();
            let other_method = methods.is_some_and(|listed| !listed.iter().any(|m| m == method));
            Some((likeness.cost, other_method, place, likeness))
        })
        .collect();
    near.sort_by_key(|(cost, other_method, place, _)| (*cost, *other_method, *place));
    let step = |(.., place, likeness): (usize, bool, usize, Likeness)| {
        let route = &routes.get(place)?.route;
        let methods = route.methods.as_ref().filter(|methods| !methods.is_empty());
        let methods =
            methods.map_or_else(String::new, |methods| format!("{} ", methods.join(", ")));
        let text = format!(
            "no route for {}; {methods}{} differs in {}",
            path.as_str(),
            route.pattern.as_str(),
            both(&likeness.differences),
        );
        Some(Step::new(Kind::Route, Change::Path(likeness.target), text))
    };
    near.into_iter().take(MOST).filter_map(step).collect()
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
                if let (Some((above, part)), Some((before, segment))) = (part, segment) {
                    moves.push((
                        at(above, before).saturating_add(difference(part, segment)),
                        Move::Both,
                    ));
                    if matches!(part, PatternPart::Rest(_)) && !refuses(segment) {
                        moves.push((at(row, before), Move::More));
                    }
                }
                if let Some((before, _)) = segment {
                    moves.push((at(row, before).saturating_add(SEGMENT), Move::Surplus));
                }
                if let Some((above, _)) = part {
                    moves.push((at(above, column).saturating_add(SEGMENT), Move::Lacking));
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
        _ => 0,
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
