//! Reads a line exactly as [`super::Recorder`] writes it, in one pass.
//!
//! What is written otherwise, or holds an escape, is left to `read`: there a line of any shape is
//! understood, and this only ever comes to the same. What state told and what the credential proved is
//! found here and not judged; both recur from line to line, and are read once.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::read::{Answer, DecisionLine, RequestLine, count_header};
use super::write::ALL_PASSED;
use crate::gateway::recorded::CredentialHeaders;
use crate::gateway::{Now, Steady, Timestamp};

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
    // Nothing stands around it in a line as it is written.
    if !(credential == "null" || (credential.starts_with('{') && credential.ends_with('}'))) {
        return None;
    }
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
        // JSON has a zero with a sign, which is no integer to the reader.
        self.text.get(from..self.at).filter(|digits| *digits != "-0")?.parse().ok()
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
        self.take(length).filter(|object| object.starts_with('{'))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::read::{CredentialLine, StateLine};
    use super::*;

    const LINES: [&str; 3] = [
        concat!(
            r#"{"n":1,"time":1767225600.25,"steady":-5,"request":{"method":"GET","path":"/api/users/7","#,
            r#""headers":["Authorization","X-API-Key"],"required":["read","é"],"client":"192.0.2.1"},"#,
            r#""state":{"window":"general","limit":"3/min","room":"free","room_after":null,"#,
            r#""store_failed":false,"circuit":"closed","circuit_after":null,"revoked":"no","#,
            r#""introspection":null,"key_version":1},"decision":{"status":200,"retry_after":null,"#,
            r#""route":0,"service":"users-service","error":null},"explain":{"passed":["request","#,
            r#""credential","scheme","expiry","token","rate_limit","route","permission","step_up","#,
            r#""availability"],"failed":null,"reason":null},"credential":{"kind":"token","#,
            r#""alg":"HS256","typ":null,"key":null,"thumbprint":null,"claims":{"sub":"a"},"#,
            r#""user":{"user_id":"a","role":null,"permissions":[]}}}"#
        ),
        concat!(
            r#"{"n":20,"time":0,"steady":0,"request":{"method":"GET","path":"/a","headers":[],"#,
            r#""required":[],"client":null},"state":{"window":null,"limit":null,"room":null,"#,
            r#""room_after":null,"store_failed":false,"circuit":null,"circuit_after":null,"#,
            r#""revoked":null,"introspection":null,"key_version":1},"decision":{"status":401,"#,
            r#""retry_after":null,"route":null,"service":null,"error":"Token expired"},"explain":"#,
            r#"{"passed":["request"],"failed":"expiry","reason":"x"},"credential":{"kind":null,"#,
            r#""failure":"expired","of":null}}"#
        ),
        concat!(
            r#"{"n":3,"time":0.5,"steady":1,"request":{"method":"G\"","path":"/a","headers":[],"#,
            r#""required":[],"client":null},"state":{"window":null,"limit":null,"room":null,"#,
            r#""room_after":null,"store_failed":false,"circuit":null,"circuit_after":null,"#,
            r#""revoked":null,"introspection":null,"key_version":1},"decision":{"status":429,"#,
            r#""retry_after":7,"route":null,"service":null,"error":"e"},"explain":{"passed":[],"#,
            r#""failed":"rate_limit","reason":null},"credential":null}"#
        ),
    ];

    /// Where the scan is certain, the reader of any shape comes to the same, or finds fault with what
    /// the scan leaves to be judged later.
    fn check(line: &str) -> bool {
        let Some(scanned) = decision(line) else { return false };
        match DecisionLine::read(line) {
            Ok(read) => assert_eq!(scanned, read, "{line}"),
            Err(fault) => assert!(
                StateLine::read(scanned.state).is_err()
                    || CredentialLine::read(scanned.credential).is_err(),
                "{fault} {line}"
            ),
        }
        true
    }

    #[test]
    fn lines_as_they_are_written_are_scanned() {
        assert_eq!(LINES.map(check), [true, true, false]);
        for line in LINES {
            for (place, _) in line.char_indices() {
                check(&line[..place]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_changed_is_read_the_same_or_not_scanned(
            line in 0..3_usize,
            place in any::<prop::sample::Index>(),
            length in 0..3_usize,
            with in prop_oneof![
                prop::sample::select(vec!["", "\"", "\\", "}", "{", "[", "]", ",", ":", "0", "-", ".",
                    "1", "\u{1}", "\n", " ", "null", "\"a\"", "e9", "é", "\",\"n\":2,\"", "}}"]),
            ],
        ) {
            let text: Vec<char> = LINES[line].chars().collect();
            let from = place.index(text.len());
            let to = (from + length).min(text.len());
            let changed: String = text[..from]
                .iter()
                .copied()
                .chain(with.chars())
                .chain(text[to..].iter().copied())
                .collect();
            check(&changed);
        }
    }
}
