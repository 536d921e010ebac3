//! The path that a service sees.

use super::super::path::NormalPath;
use super::pattern::{PatternFault, RoutePattern, Segment, segments};
use super::values::Values;

/// The path that a service sees, made of literals and the pattern's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    /// The parameter at this place in the pattern's order.
    Parameter(usize),
}

impl Rewrite {
    /// Reads a rewrite for the paths of a pattern: in normal form as well, each parameter a whole
    /// segment. What `{*rest}` stands for may be written `{rest}` too.
    ///
    /// # Errors
    /// Where it is none, or names a parameter that the pattern has not.
    pub fn parse(text: &str, pattern: &RoutePattern) -> Result<Self, PatternFault> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        for segment in segments(text)? {
            literal.push('/');
            match Segment::parse(segment)? {
                Segment::Literal(segment) => literal.push_str(&segment),
                parameter => {
                    let index = place(&parameter, pattern)?;
                    parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                    parts.push(Part::Parameter(index));
                }
            }
        }
        if text.ends_with('/') {
            literal.push('/');
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.into()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path that the service sees for a path of the pattern: the values as they stand there, and
    /// its slash at the end, if it has one. The query follows as it was sent.
    pub fn apply(&self, values: &Values, path: &NormalPath<'_>, query: Option<&str>) -> String {
        let mut written = String::with_capacity(self.text.len() + path.as_str().len());
        for part in &self.parts {
            written.push_str(match part {
                Part::Literal(text) => text,
                Part::Parameter(index) => values.at(*index, path).unwrap_or_default(),
            });
        }
        if path.as_str().ends_with('/') && !written.ends_with('/') {
            written.push('/');
        }
        with_query(written, query)
    }
}

/// What is sent to the service of a route for a request target: the path, rewritten where the route
/// says so, else in normal form; then the query, if there is one, as it stands in the target.
pub fn forwarded(
    rewrite: Option<&Rewrite>,
    values: &Values,
    path: &NormalPath<'_>,
    target: &str,
) -> String {
    let query = target.split_once('?').map(|(_, query)| query);
    match rewrite {
        Some(rewrite) => rewrite.apply(values, path, query),
        None => with_query(path.as_str().to_owned(), query),
    }
}

fn with_query(mut path: String, query: Option<&str>) -> String {
    if let Some(query) = query {
        path.push('?');
        path.push_str(query);
    }
    path
}

/// Where the parameter that a rewrite names stands among those of the pattern.
fn place(named: &Segment, pattern: &RoutePattern) -> Result<usize, PatternFault> {
    let name = named.name().unwrap_or_default();
    let mut parameters = pattern.segments().iter().filter(|segment| segment.name().is_some());
    let Some((index, parameter)) =
        parameters.by_ref().enumerate().find(|(_, parameter)| parameter.name() == Some(name))
    else {
        let known = pattern.parameters().map(str::to_owned).collect();
        return Err(PatternFault::UnknownParameter { name: name.to_owned(), known });
    };
    match (named, parameter) {
        (Segment::Rest(_), Segment::One(_)) => Err(PatternFault::NotRest(name.to_owned())),
        _ => Ok(index),
    }
}
