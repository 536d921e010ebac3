//! Which patterns stand in each other's way.

use super::pattern::{RoutePattern, Segment, last_semicolon};

/// True where some path matches both patterns.
pub fn overlap(one: &RoutePattern, other: &RoutePattern) -> bool {
    let (mut one, mut other) = (one.segments(), other.segments());
    loop {
        match (one, other) {
            ([], []) => return true,
            ([Segment::Rest(_)], rest) | (rest, [Segment::Rest(_)]) => {
                return !rest.is_empty() && rest.iter().all(fits_parameter);
            }
            ([a, next_one @ ..], [b, next_other @ ..]) if have_common(a, b) => {
                (one, other) = (next_one, next_other);
            }
            _ => return false,
        }
    }
}

/// True where the wider pattern matches every path that the other one matches.
pub fn covers(wider: &RoutePattern, other: &RoutePattern) -> bool {
    let (mut wider, mut other) = (wider.segments(), other.segments());
    loop {
        match (wider, other) {
            ([], []) => return true,
            ([Segment::Rest(_)], rest) => {
                return !rest.is_empty() && rest.iter().all(fits_parameter);
            }
            ([a, next_wider @ ..], [b, next_other @ ..]) if contains(a, b) => {
                (wider, other) = (next_wider, next_other);
            }
            _ => return false,
        }
    }
}

/// True where a segment can be both.
fn have_common(one: &Segment, other: &Segment) -> bool {
    match (one, other) {
        (Segment::Literal(one), Segment::Literal(other)) => one == other,
        _ => fits_parameter(one) && fits_parameter(other),
    }
}

/// True where a segment is the first whenever it is the second.
fn contains(one: &Segment, other: &Segment) -> bool {
    match (one, other) {
        (Segment::Literal(_), Segment::Literal(_)) => one == other,
        (Segment::One(_), Segment::Literal(_) | Segment::One(_)) => fits_parameter(other),
        _ => false,
    }
}

/// True where a parameter can stand for it.
fn fits_parameter(segment: &Segment) -> bool {
    match segment {
        Segment::Literal(text) => last_semicolon(text).is_none(),
        Segment::One(_) | Segment::Rest(_) => true,
    }
}
