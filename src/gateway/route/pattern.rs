//! Patterns of paths.

use std::fmt;

use super::super::path::{NormalPath, PathFault};

/// The paths that a route is for: literal segments, `{name}` for one segment, and `{*rest}`, at the
/// end, for one or more. Written in the normal form of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePattern {
    text: String,
    segments: Vec<Segment>,
}

/// A part of a pattern between slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Itself.
    Literal(Box<str>),
    /// One segment, whatever it is.
    One(Box<str>),
    /// All that is left, one segment or more.
    Rest(Box<str>),
}

/// The same for whoever compares a pattern with a path that it does not match.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum PatternPart<'p> {
    Literal(&'p str),
    One(&'p str),
    Rest(&'p str),
}

impl<'p> PatternPart<'p> {
    /// The segment that stands here where one is wanted that fits: itself, if it can; a parameter's
    /// name in place of none.
    pub(in super::super) fn standing_for(self, segment: &'p str) -> &'p str {
        match self {
            Self::Literal(text) => text,
            Self::One(name) | Self::Rest(name) => match segment {
                "" => name,
                text if has_semicolon(text) => name,
                text => text,
            },
        }
    }
}

impl fmt::Display for PatternPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::One(name) => write!(f, "{{{name}}}"),
            Self::Rest(name) => write!(f, "{{*{name}}}"),
        }
    }
}

/// True for a segment that no parameter stands for.
pub(in super::super) fn has_semicolon(segment: &str) -> bool {
    last_semicolon(segment).is_some()
}

/// Why a text is no pattern, or no rewrite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It begins with something else than a slash.
    #[error("a pattern begins with `/`")]
    NotAbsolute,
    /// It has a `?`.
    #[error("a pattern has no query: end it before the `?`")]
    Query,
    /// Paths like it are refused before any route is looked up.
    #[error("{0}, so no request could ever have it")]
    Ambiguous(PathFault),
    /// No path looks like it, since paths are brought into normal form first.
    #[error("paths are matched in normal form: write `{0}`")]
    NotNormal(String),
    /// A brace beside something else.
    #[error("`{0}`: a parameter is a whole segment, as in `/users/{{id}}`")]
    PartOfSegment(String),
    /// A name that is none.
    #[error("`{0}`: the name of a parameter is made of letters, digits, `_` and `-`")]
    Name(String),
    /// Something stands behind what takes all the rest.
    #[error("`{{*{0}}}` takes all that follows, so it stands last")]
    NotLast(String),
    /// Two parameters of one name.
    #[error("two parameters are named `{0}`: give each a name of its own")]
    Twice(String),
    /// A rewrite names what its pattern has not.
    #[error("the path has no parameter `{name}`{}", list(.known))]
    UnknownParameter {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A rewrite takes one segment for many.
    #[error("`{0}` is one segment of the path: write `{{{0}}}`")]
    NotRest(String),
}

fn list(names: &[String]) -> String {
    match names {
        [] => ", nor any other".to_owned(),
        names => format!(": it has `{}`", names.join("`, `")),
    }
}

impl RoutePattern {
    /// Reads a pattern. One slash at its end makes no difference.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let segments: Vec<_> = segments(text)?.map(Segment::parse).collect::<Result<_, _>>()?;
        for (index, segment) in segments.iter().enumerate() {
            let Some(name) = segment.name() else { continue };
            if segments.iter().take(index).any(|other| other.name() == Some(name)) {
                return Err(PatternFault::Twice(name.to_owned()));
            }
            if matches!(segment, Segment::Rest(_)) && index + 1 < segments.len() {
                return Err(PatternFault::NotLast(name.to_owned()));
            }
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its parameters, in the order in which they stand.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    /// Its parts, in order.
    pub(in super::super) fn parts(&self) -> impl Iterator<Item = PatternPart<'_>> {
        self.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => PatternPart::Literal(text),
            Segment::One(name) => PatternPart::One(name),
            Segment::Rest(name) => PatternPart::Rest(name),
        })
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

impl Segment {
    pub(super) fn parse(text: &str) -> Result<Self, PatternFault> {
        if !text.contains(['{', '}']) {
            return Ok(Self::Literal(text.into()));
        }
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let inner = inner.filter(|inner| !inner.contains(['{', '}']));
        let inner = inner.ok_or_else(|| PatternFault::PartOfSegment(text.to_owned()))?;
        let name = inner.strip_prefix('*').unwrap_or(inner);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(PatternFault::Name(text.to_owned()));
        }
        Ok(if name == inner { Self::One(name.into()) } else { Self::Rest(name.into()) })
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::One(name) | Self::Rest(name) => Some(name),
        }
    }
}

/// The segments of a text in normal form, one slash at its end not counted.
pub(super) fn segments(text: &str) -> Result<impl Iterator<Item = &str>, PatternFault> {
    let inner = text.strip_prefix('/').ok_or(PatternFault::NotAbsolute)?;
    if text.contains('?') {
        return Err(PatternFault::Query);
    }
    let normal = NormalPath::parse(text).map_err(PatternFault::Ambiguous)?;
    if normal.as_str() != text {
        return Err(PatternFault::NotNormal(normal.as_str().to_owned()));
    }
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    Ok(inner.split('/').filter(|segment| !segment.is_empty()))
}

/// Where the last `;` stands, plain or encoded. Some servers cut off a segment what follows it, so
/// no parameter of ours stands for such a segment.
pub(super) fn last_semicolon(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.iter().fold(false, |any, byte| any | matches!(byte, b';' | b'%')) {
        return None;
    }
    memchr::memrchr2_iter(b';', b'%', bytes).find(|&at| {
        let escape = bytes.get(at..at + 3).unwrap_or_default();
        bytes.get(at) == Some(&b';') || escape.eq_ignore_ascii_case(b"%3b")
    })
}
