//! Where configuration comes from, and what of it may be shown.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::node::Place;

/// A text that configuration was read from.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) text: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// What is never shown, in ascending order.
    hidden: Vec<Range<usize>>,
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
        Self { origin, text, lines, hidden: Vec::new() }
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

    /// Keeps the line around a place from being shown where it may hold a secret. For texts that
    /// could not be read, so that nothing tells secrets from the rest.
    pub(super) fn hide_doubtful(&mut self, place: Place) {
        let (line, _) = self.line_column(place.start);
        if self.is_doubtful(line) {
            let text = self.shown(line);
            let name = if begins_entry(text) { text.find(['=', ':']) } else { None };
            let mut line = self.line(line);
            line.start += name.map_or(0, |name| name + 1);
            self.hide([Place { source: place.source, start: line.start, end: line.end }]);
        }
    }

    /// True where a line speaks of something secret, or goes on with a value that a line above
    /// began and that may be.
    fn is_doubtful(&self, line: usize) -> bool {
        /// Lines of a value that are looked back over; a PEM file of an 8192 bit key has fewer.
        const VALUE: usize = 150;
        let above = (line.saturating_sub(VALUE)..=line).rev().map(|line| self.shown(line));
        for (distance, text) in above.enumerate() {
            if speaks_of_secrets(text) || (distance == 0 && has_long_word(text)) {
                return true;
            }
            if begins_entry(text) {
                return false;
            }
        }
        false
    }

    fn shown(&self, line: usize) -> &str {
        self.text.get(self.line(line)).unwrap_or_default()
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

fn speaks_of_secrets(line: &str) -> bool {
    const WORDS: [&str; 8] =
        ["secret", "secrt", "key", "password", "passwd", "token", "-----", "://"];
    let line = line.to_ascii_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

/// A run of letters and digits as long as no name is.
fn has_long_word(line: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=');
    line.split(|c| !word(c)).any(|run| run.len() >= 32)
}

/// `name = value`, `name: value`, `"name": value`, `- name: value` or `[table]`: a line that says
/// something for itself. Base64 that ends in `=` does not.
fn begins_entry(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['{', ' ']);
    if line.starts_with('[') {
        return true;
    }
    let Some((name, value)) = line.split_once(['=', ':']) else { return false };
    let is_equation = line.as_bytes().get(name.len()) == Some(&b'=');
    let is_padding = is_equation && !name.ends_with(' ') && !value.starts_with(' ');
    let name = name.trim().trim_matches(['"', '\'']);
    let plain = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.' | b'-');
    !is_padding && !name.is_empty() && name.len() <= 40 && name.bytes().all(plain)
}
