//! Reads a line exactly as [`super::Recorder`] writes it, in one pass.
//!
//! What is written otherwise, or holds an escape, is left to `read`: there a line of any shape is
//! understood, and this only ever comes to the same. What state told and what the credential proved is
//! found here and not judged; both recur from line to line, and are read once.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::read::{Answer, DecisionLine, RequestLine, count_header};
use crate::gateway::recorded::CredentialHeaders;
use crate::gateway::{Now, Steady, Timestamp};

/// Every check passed: how most explanations begin.
const ALL_PASSED: &str = concat!(
    r#"{"passed":["request","credential","scheme","expiry","token","rate_limit","route","#,
    r#""permission","step_up","availability"],"failed":null,"reason":null}"#
);

/// Reads a line; none where that is not certain.
pub(super) fn decision(text: &str) -> Option<DecisionLine<'_>> {
    let mut scan = Scan { text, at: 0 };
    scan.eat(r#"{"n":"#)?;
    let number = scan.number()?;
    scan.eat(r#","time":"#)?;
    let wall = Timestamp::from_seconds(scan.fraction()?.parse().ok()?)?;
    scan.eat(r#","steady":"#)?;
    let steady = scan.signed()?;
    scan.eat(r#","request":{"method":"#)?;
    let method = scan.string()?;
    scan.eat(r#","path":"#)?;
    let path = scan.string()?;
    scan.eat(r#","headers":["#)?;
    let mut headers = CredentialHeaders::default();
    scan.list(|name| count_header(name, &mut headers))?;
    scan.eat(r#","required":["#)?;
    let mut required = SmallVec::new();
    scan.list(|permission| required.push(Cow::Borrowed(permission)))?;
    scan.eat(r#","client":"#)?;
    let client = scan.string_or_null()?.map(Cow::Borrowed);
    scan.eat(r#"},"state":"#)?;
    let state = scan.flat_object()?;
    scan.eat(r#","decision":"#)?;
    let from = scan.at;
    let answer = scan.answer()?;
    let decision = text.get(from..scan.at)?;
    scan.eat(r#","explain":"#)?;
    let from = scan.at;
    if scan.eat(ALL_PASSED).is_none() {
        scan.explanation()?;
    }
    let explanation = text.get(from..scan.at)?;
    scan.eat(r#","credential":"#)?;
    let credential = text.get(scan.at..)?.strip_suffix('}')?;
    let (method, path) = (Cow::Borrowed(method), Cow::Borrowed(path));
    Some(DecisionLine {
        number,
        now: Now { wall, steady: Steady::from_nanoseconds(steady) },
        request: RequestLine::Request { method, path, headers, required, client },
        state,
        answer,
        decision,
        explanation,
        credential,
    })
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, literal: &str) -> Option<()> {
        self.rest().starts_with(literal.as_bytes()).then(|| self.at += literal.len())
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let taken = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(taken)
    }

    fn digits(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        // JSON knows no leading zeros.
        let is_plain = length == 1 || (length > 1 && rest.first() != Some(&b'0'));
        if !is_plain { None } else { self.take(length) }
    }

    fn number(&mut self) -> Option<u64> {
        self.digits()?.parse().ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let from = self.at;
        let _ = self.eat("-");
        self.digits()?;
        self.text.get(from..self.at)?.parse().ok()
    }

    /// A number that may have a fraction.
    fn fraction(&mut self) -> Option<&'a str> {
        let from = self.at;
        let _ = self.eat("-");
        self.digits()?;
        if self.eat(".").is_some() {
            let length = self.rest().iter().position(|byte| !byte.is_ascii_digit())?;
            if length == 0 {
                return None;
            }
            self.take(length)?;
        }
        self.text.get(from..self.at)
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.eat("\"")?;
        let odd = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
        let length = self.rest().iter().position(odd)?;
        let text = self.take(length)?;
        self.eat("\"")?;
        Some(text)
    }

    fn string_or_null(&mut self) -> Option<Option<&'a str>> {
        match self.eat("null") {
            Some(()) => Some(None),
            None => self.string().map(Some),
        }
    }

    fn number_or_null(&mut self) -> Option<Option<u64>> {
        match self.eat("null") {
            Some(()) => Some(None),
            None => self.number().map(Some),
        }
    }

    /// The strings of a list behind its bracket.
    fn list(&mut self, mut take: impl FnMut(&'a str)) -> Option<()> {
        if self.eat("]").is_some() {
            return Some(());
        }
        loop {
            take(self.string()?);
            if self.eat(",").is_none() {
                return self.eat("]");
            }
        }
    }

    /// An object in which there is no other.
    fn flat_object(&mut self) -> Option<&'a str> {
        let length = memchr::memchr(b'}', self.rest())? + 1;
        self.take(length)
    }

    fn answer(&mut self) -> Option<Answer<'a>> {
        self.eat(r#"{"status":"#)?;
        let status = u16::try_from(self.number()?).ok()?;
        self.eat(r#","retry_after":"#)?;
        let retry_after = self.number_or_null()?;
        self.eat(r#","route":"#)?;
        let route = self.number_or_null()?;
        self.eat(r#","service":"#)?;
        let service = self.string_or_null()?.map(Cow::Borrowed);
        self.eat(r#","error":"#)?;
        let error = self.string_or_null()?.map(Cow::Borrowed);
        self.eat("}")?;
        Some(Answer { status, retry_after, route, service, error })
    }

    fn explanation(&mut self) -> Option<()> {
        self.eat(r#"{"passed":["#)?;
        self.list(drop)?;
        self.eat(r#","failed":"#)?;
        self.string_or_null()?;
        self.eat(r#","reason":"#)?;
        self.string_or_null()?;
        self.eat("}")
    }
}
