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
    /// What is never shown: stretches that do not touch, in ascending order.
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
        self.hidden.dedup_by(|next, hidden| {
            let touch = next.start <= hidden.end;
            if touch {
                hidden.end = hidden.end.max(next.end);
            }
            touch
        });
    }

    /// Keeps from being shown what may be a secret in a text that could not be read, so that nothing
    /// tells secrets from the rest: all that is long, be it of short words, and where a line speaks of
    /// secrets every word; but not the names of the tree.
    pub(super) fn hide_values(&mut self, source: usize) {
        if matches!(self.origin, Origin::Variable(_) | Origin::Option(_)) {
            // What their names stand for tells whether they may be secrets.
            return;
        }
        let mut places: Vec<Place> = Vec::new();
        // A line speaks of secrets, or goes on with a value that such a line began.
        let mut is_doubtful = false;
        for line in self.text.split('\n') {
            is_doubtful = speaks_of_secrets(line) || (is_doubtful && !begins_entry(line));
            for stretch in line.split(HARD_MARKS) {
                let mut words: Vec<Range<usize>> = self.doubtful_words(stretch);
                if !is_doubtful && let (Some(first), Some(last)) = (words.first(), words.last()) {
                    let whole = first.start..last.end;
                    words = if whole.len() >= LONG { vec![whole] } else { Vec::new() };
                }
                places.extend(words.iter().map(|word| Place::at(source, word.clone())));
            }
        }
        self.hide(places);
    }

    /// Where there are words in a part of the text that may be secrets; those of one text together.
    fn doubtful_words(&self, part: &str) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        let parts = |c: char| c.is_ascii_whitespace() || SOFT_MARKS.contains(&c);
        for word in part.split(parts).filter(|word| !is_harmless(word)) {
            let start = word.as_ptr() as usize - self.text.as_ptr() as usize;
            let end = start + word.len();
            match found.last_mut() {
                Some(last) if self.text.get(last.end..start).is_some_and(is_blank) => {
                    last.end = end;
                }
                _ => found.push(start..end),
            }
        }
        found
    }

    /// Takes note that names and values of what was read may be anything.
    pub(super) fn set_broken(&mut self) {
        self.broken = true;
    }

    /// True where it could not be read, so that nothing tells secrets from the rest.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The stretches that are not to be shown within a line.
    pub(super) fn hidden_within(&self, line: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (start, end) = (line.start, line.end);
        let first = self.hidden.partition_point(|hidden| hidden.end <= start);
        let inside = self.hidden.iter().skip(first).take_while(move |hidden| hidden.start < end);
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

/// A text of so many bytes is longer than most names, and may be a secret wherever it stands.
const LONG: usize = 12;

/// What parts texts in any notation.
const HARD_MARKS: [char; 9] = ['{', '}', '[', ']', '(', ')', '"', '\'', '#'];

/// What parts words, and may stand within a text as well.
const SOFT_MARKS: [char; 4] = [':', ',', '.', '='];

fn is_blank(between: &str) -> bool {
    between.bytes().all(|byte| byte == b' ')
}

/// True where a remark quotes what may be a secret.
pub(super) fn may_quote(path: &str, message: &str) -> bool {
    let names = path.split(['.', '[', ']', '"']);
    let quoted = message.split('`').skip(1).step_by(2);
    !names.chain(quoted).all(is_harmless)
}

/// A name of the tree, or a number, duration or rate that is too short for a secret.
fn is_harmless(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = (1..=5).contains(&digits)
        && matches!(&word[digits..], "" | "ms" | "s" | "m" | "h" | "/s" | "/min" | "/h");
    is_number || matches!(word, "" | "true" | "false" | "null" | "-") || Shape::is_name(word)
}

fn speaks_of_secrets(line: &str) -> bool {
    const WORDS: [&str; 8] =
        ["secret", "secrt", "key", "password", "passwd", "token", "-----", "://"];
    let line = line.to_ascii_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

/// `name = value`, `name: value`, `"name": value`, `- name: value` or `[name.other]`, of a name that
/// means something: a line that says something for itself. A passphrase with a colon in it does not.
fn begins_entry(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['{', ' ']);
    let (name, is_header) = match line.strip_prefix('[') {
        Some(header) => (header.trim_start_matches('[').split(['.', ']']).next(), true),
        None => (line.split_once(['=', ':']).map(|(name, _)| name), false),
    };
    let name = name.unwrap_or_default().trim();
    let unquoted = ['"', '\'']
        .iter()
        .find_map(|quote| name.strip_prefix(*quote).and_then(|name| name.strip_suffix(*quote)));
    Shape::is_name(if is_header { name } else { unquoted.unwrap_or(name) })
}
