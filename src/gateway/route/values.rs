//! What the parameters of a pattern stand for in one path.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use super::super::path::NormalPath;
use super::pattern::RoutePattern;

/// Where the values of a pattern's parameters stand in a path, in the pattern's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(SmallVec<[Range<usize>; 2]>);

impl Values {
    /// The value of a parameter, as it stands in the path. `pattern` and `path` are those that the
    /// values were found with.
    pub fn value<'p>(
        &self,
        name: &str,
        pattern: &RoutePattern,
        path: &'p NormalPath<'_>,
    ) -> Option<&'p str> {
        let index = pattern.parameters().position(|parameter| parameter == name)?;
        self.at(index, path)
    }

    /// The same, percent-decoded once; none where that gives no UTF-8.
    pub fn decoded<'p>(
        &self,
        name: &str,
        pattern: &RoutePattern,
        path: &'p NormalPath<'_>,
    ) -> Option<Cow<'p, str>> {
        decode(self.value(name, pattern, path)?)
    }

    /// The values as they stand in the path.
    pub fn iter<'p>(&self, path: &'p NormalPath<'_>) -> impl Iterator<Item = &'p str> {
        self.0.iter().filter_map(|range| path.as_str().get(range.clone()))
    }

    /// The path with other segments in place of some of those that the parameters stand for. `other` is
    /// told each of them, percent-decoded once.
    pub fn replaced(
        &self,
        path: &NormalPath<'_>,
        mut other: impl FnMut(&str) -> Option<String>,
    ) -> String {
        let text = path.as_str();
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for range in &self.0 {
            out.push_str(text.get(done..range.start).unwrap_or_default());
            for (place, segment) in
                text.get(range.clone()).unwrap_or_default().split('/').enumerate()
            {
                if place > 0 {
                    out.push('/');
                }
                match decode(segment).and_then(|decoded| other(&decoded)) {
                    Some(replaced) => out.push_str(&replaced),
                    None => out.push_str(segment),
                }
            }
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// The value of the parameter at a place in the pattern's order.
    pub(super) fn at<'p>(&self, index: usize, path: &'p NormalPath<'_>) -> Option<&'p str> {
        path.as_str().get(self.0.get(index)?.clone())
    }

    pub(super) fn push(&mut self, range: Range<usize>) {
        self.0.push(range);
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Percent-decodes a part of a normalised path, in which each `%` has its two digits.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => u8::try_from(hex(bytes.next())? * 16 + hex(bytes.next())?).ok()?,
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}
