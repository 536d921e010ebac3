//! Reading a record, line by line.

mod decision;
mod facts;
mod start;

use std::io::{self, Read};

use super::scan;
use super::start::OPENING;

pub(super) use self::decision::count_header;
pub use self::decision::{Answer, DecisionLine, RequestLine};
pub use self::facts::{CredentialLine, StateLine};
pub use self::start::{KeysOfIssuer, StartLine};

/// A line of a record.
#[derive(Debug)]
pub enum Line<'a> {
    /// What is in force from here on.
    Start(Box<StartLine>),
    /// A decision.
    Decision(DecisionLine<'a>),
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ReadError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong.
    pub fault: RecordFault,
}

/// What is wrong with a line of a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// The file cannot be read.
    #[error("the record cannot be read on: {0}")]
    Read(io::Error),
    /// The first line opens no record.
    #[error("no record of decisions begins like this; give a file that --record has written")]
    NoRecord,
    /// A version to come.
    #[error("the record is of version {0}; this program reads version 1, so use a newer one")]
    Version(u64),
    /// Not as lines of a record are written.
    #[error("no line of a record: {0}; it was changed, and the record ends before it")]
    Syntax(String),
    /// A name that means nothing here.
    #[error("`{member}` cannot be {value:?}; it was changed, and the record ends before it")]
    Meaning {
        /// The member.
        member: &'static str,
        /// Its value.
        value: String,
    },
    /// A number that does not follow.
    #[error("decision {found} stands behind decision {last}; lines were moved or copied")]
    Order {
        /// The number before.
        last: u64,
        /// The number found.
        found: u64,
    },
    /// The tree of then is none of today.
    #[error("the recorded configuration cannot be used: {0}")]
    Configuration(String),
}

/// The lines of a record.
pub struct Records<R> {
    lines: Lines<R>,
    /// Of the line read last.
    line: u64,
    last: u64,
    missing: u64,
    truncated: Option<u64>,
}

/// The longest line (bytes): a whole tree stands in one.
const LONGEST_LINE: usize = 64 * 1024 * 1024;

/// Read at once (bytes).
const BLOCK: usize = 1024 * 1024;

struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where there is something.
    end: usize,
}

/// The next line, as far as there is one.
enum Next<'l> {
    Whole(&'l [u8]),
    /// A line without its end.
    Torn,
    End,
}

impl<R: Read> Lines<R> {
    fn next(&mut self) -> io::Result<Next<'_>> {
        let mut searched = self.start;
        loop {
            let unread = self.buffer.get(searched..self.end).unwrap_or_default();
            if let Some(place) = memchr::memchr(b'\n', unread) {
                let (from, to) = (self.start, searched + place);
                self.start = to + 1;
                return Ok(Next::Whole(self.buffer.get(from..to).unwrap_or_default()));
            }
            searched = self.end;
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                (searched, self.end, self.start) =
                    (searched - self.start, self.end - self.start, 0);
            }
            if self.end == self.buffer.len() {
                if self.end >= LONGEST_LINE {
                    return Err(io::Error::other("a line is longer than 64 MiB"));
                }
                self.buffer.resize((2 * self.end).max(BLOCK), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) if self.end == self.start => return Ok(Next::End),
                Ok(0) => return Ok(Next::Torn),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Records<R> {
    /// Reads a record.
    pub fn new(input: R) -> Self {
        let lines = Lines { input, buffer: Vec::new(), start: 0, end: 0 };
        Self { lines, line: 0, last: 0, missing: 0, truncated: None }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// Where the record cannot be read, or was not written like this.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        self.line += 1;
        let line = self.line;
        let failed = |fault| ReadError { line, fault };
        let bytes = match self.lines.next() {
            Ok(Next::Whole(bytes)) => bytes,
            Ok(Next::Torn) if line > 1 => {
                self.truncated = Some(line);
                return Ok(None);
            }
            Ok(Next::Torn) => return Err(failed(RecordFault::NoRecord)),
            Ok(Next::End) if line == 1 => return Err(failed(RecordFault::NoRecord)),
            Ok(Next::End) => return Ok(None),
            Err(error) => return Err(failed(RecordFault::Read(error))),
        };
        let text = std::str::from_utf8(bytes)
            .map_err(|error| failed(RecordFault::Syntax(error.to_string())))?;
        if bytes.starts_with(OPENING) {
            let start = StartLine::read(text).map_err(failed)?;
            return Ok(Some(Line::Start(Box::new(start))));
        }
        if line == 1 {
            return Err(failed(RecordFault::NoRecord));
        }
        let decision = match scan::decision(text) {
            Some(decision) => decision,
            None => DecisionLine::read(text).map_err(failed)?,
        };
        let (last, found) = (self.last, decision.number);
        if found <= last {
            return Err(failed(RecordFault::Order { last, found }));
        }
        self.missing += found - last - 1;
        self.last = found;
        Ok(Some(Line::Decision(decision)))
    }

    /// The line that was read last, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many decisions were dropped, as numbers tell.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The last line, where it has no end: the writer was stopped in the middle of it.
    pub fn truncated(&self) -> Option<u64> {
        self.truncated
    }
}

fn syntax(error: &serde_json::Error) -> RecordFault {
    RecordFault::Syntax(error.to_string())
}

fn meaning(member: &'static str, value: &str) -> RecordFault {
    RecordFault::Meaning { member, value: value.to_owned() }
}

fn named<T: Copy>(member: &'static str, all: &[(T, &str)], value: &str) -> Result<T, RecordFault> {
    let found = all.iter().find(|(_, name)| *name == value);
    found.map(|(meaning, _)| *meaning).ok_or_else(|| meaning(member, value))
}
