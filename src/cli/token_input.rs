//! Tokens on standard input, one a line, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use anyhow::{Context, Result};

/// No token is near this long, so that what is longer need not be kept to be judged (bytes).
const MAX_LINE_BYTES: usize = 1 << 20;

/// One line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenLine {
    /// A token, or something else; blanks around it are cut.
    Text(String),
    /// More than [`MAX_LINE_BYTES`].
    TooLong,
}

/// Reads line by line.
pub(super) struct TokenLines<R> {
    input: BufReader<R>,
}

impl<R: Read> TokenLines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input) }
    }

    /// True where the next line has arrived as a whole; else whoever waits for an answer should
    /// get it before more is read.
    pub(super) fn is_next_here(&self) -> bool {
        memchr::memchr(b'\n', self.input.buffer()).is_some()
    }

    /// The next line that is not blank; none at the end of the input.
    pub(super) fn next(&mut self) -> Result<Option<TokenLine>> {
        self.read().context("cannot read from standard input")
    }

    fn read(&mut self) -> io::Result<Option<TokenLine>> {
        loop {
            let mut line = Vec::new();
            let limit = MAX_LINE_BYTES as u64 + 1;
            let length = (&mut self.input).take(limit).read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(None);
            }
            if length > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
                self.input.skip_until(b'\n')?;
                return Ok(Some(TokenLine::TooLong));
            }
            // What is not UTF-8 becomes a character that is in no token, so it is judged as such.
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_matches([' ', '\t', '\r', '\n']);
            if !text.is_empty() {
                return Ok(Some(TokenLine::Text(text.to_owned())));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test may panic")]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<String> {
        let mut lines = TokenLines::new(input);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(match line {
                TokenLine::Text(text) => text,
                TokenLine::TooLong => "too long".to_owned(),
            });
        }
        all
    }

    #[test]
    fn each_line_that_is_not_blank_is_one() {
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"\n \t\r\n a.b.c \r\n\nd e\nlast"), ["a.b.c", "d e", "last"]);
        assert_eq!(lines(b"a\xff\n"), ["a\u{fffd}"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_and_is_not_kept() {
        let longest = "a".repeat(MAX_LINE_BYTES);
        assert_eq!(lines(format!("{longest}\nb").as_bytes()), [&longest, "b"]);
        assert_eq!(lines(format!("{longest}a\nb\n").as_bytes()), ["too long", "b"]);
        assert_eq!(lines(format!("{longest}{longest}a").as_bytes()), ["too long"]);
    }
}
