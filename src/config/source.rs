//! Where configuration comes from, and what of it may be shown.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::node::Place;
use super::shape::Shape;

/// A text that configuration was read from.
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// What is never shown, in ascending order.
    hidden: Vec<Range<usize>>,
    /// It could not be read, so that nothing tells secrets from the rest.
    broken: bool,
}

/// Whose text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// An option of the command line.
    Option(String),
    /// `config` of an init.
    Init,
    /// A recording.
    Record,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Option(name) => write!(f, "option {name}"),
            Self::Init => f.write_str("init.config"),
            Self::Record => f.write_str("recorded configuration"),
        }
    }
}

impl Source {
    pub(super) fn new(origin: Origin, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { origin, text, lines, hidden: Vec::new(), broken: false }
    }

    /// The folder that relative paths begin in.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => path.parent(),
            _ => None,
        }
    }

    /// Keeps stretches of the text from ever being shown.
    pub(super) fn hide(&mut self, places: impl IntoIterator<Item = Place>) {
        self.hidden.extend(places.into_iter().map(|place| place.start..place.end));
        self.hidden.sort_by_key(|hidden| (hidden.start, hidden.end));
    }

    /// Keeps everything from being shown but names that mean something, small numbers and marks. For
    /// texts that could not be read, so that nothing tells secrets from the rest.
    pub(super) fn hide_values(&mut self, source: usize) {
        if matches!(self.origin, Origin::Variable(_) | Origin::Option(_)) {
            // What their names stand for tells whether they may be secrets.
            return;
        }
        self.broken = true;
        let text = self.text.as_str();
        let mut places: Vec<Place> = Vec::new();
        for word in text.split(|c: char| c.is_ascii_whitespace() || MARKS.contains(c)) {
            if word.is_empty() || is_harmless(word) {
                continue;
            }
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            let end = start + word.len();
            match places.last_mut() {
                // Words of one text.
                Some(last) if self.text.get(last.end..start).is_some_and(is_blank) => {
                    last.end = end;
                }
                _ => places.push(Place { source, start, end }),
            }
        }
        self.hide(places);
    }

    /// True where what a remark quotes of this text may be a secret.
    pub(super) fn makes_doubtful(&self, path: &str, message: &str) -> bool {
        let names = path.split(['.', '[', ']', '"']);
        let quoted = message.split('`').skip(1).step_by(2);
        self.broken && names.chain(quoted).any(|word| !(word.is_empty() || is_harmless(word)))
    }

    /// The stretches that are not to be shown within a line.
    pub(super) fn hidden_within(&self, line: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (start, end) = (line.start, line.end);
        let inside =
            self.hidden.iter().filter(move |hidden| hidden.start < end && hidden.end > start);
        inside.map(move |hidden| hidden.start.max(start)..hidden.end.min(end))
    }

    /// The line of an offset, counted from 0, and the bytes before it in that line.
    pub(super) fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= offset).saturating_sub(1);
        (line, offset - self.lines.get(line).copied().unwrap_or(0).min(offset))
    }

    /// The bytes of a line without its end.
    pub(super) fn line(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.trim_end_matches(['\n', '\r']).len()
    }
}

/// What parts words in any notation.
const MARKS: &str = "{}[]():,=\"'#";

fn is_blank(between: &str) -> bool {
    between.bytes().all(|byte| byte == b' ')
}

/// A name of the tree, or a number, duration or rate that is too short for a secret.
fn is_harmless(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = (1..=5).contains(&digits)
        && matches!(&word[digits..], "" | "ms" | "s" | "m" | "h" | "/s" | "/min" | "/h");
    is_number || matches!(word, "true" | "false" | "null" | "-") || Shape::is_name(word)
}
