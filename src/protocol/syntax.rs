//! JSON syntax (RFC 8259), judged a piece at a time.
//!
//! Framing has to know where an object ends, or that it can no longer become one, before all of
//! it has arrived. This automaton takes the bytes as they come, keeps its nesting on the heap, and
//! says the same as serde_json (a property test holds the two together). Whether strings are
//! UTF-8 is judged by its caller.

/// How far an object has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Everything so far may still become an object.
    Incomplete,
    /// The object ends before this offset of the bytes fed last.
    Complete(usize),
    /// The byte at this offset of the bytes fed last can not stand there.
    Broken(usize),
}

/// The state of an object under way.
#[derive(Debug)]
pub(super) struct Syntax {
    open: Vec<Container>,
    expects: Expects,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    /// The `{` of the object itself.
    Object,
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    CommaOrEnd,
    /// Inside a string, which is a member's name or a value.
    Text(Role),
    Escape(Role),
    /// So many hex digits of a `\u`.
    Hex(Role, u8),
    /// The rest of `true`, `false` or `null`.
    Literal(&'static [u8]),
    Number(Digits),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Name,
    Value,
}

/// Where in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    AfterMinus,
    AfterZero,
    Integer,
    AfterPoint,
    Fraction,
    AfterExponent,
    AfterSign,
    Exponent,
}

impl Syntax {
    /// Before the first byte, which must be `{`.
    pub(super) fn new() -> Self {
        Self { open: Vec::new(), expects: Expects::Object }
    }

    /// Takes more bytes. After [`Progress::Complete`] or [`Progress::Broken`] it is spent.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Expects::Text(_) = self.expects {
                at += plain_length(bytes.get(at..).unwrap_or_default());
                let Some(&special) = bytes.get(at) else { break };
                if self.text(special).is_none() {
                    return Progress::Broken(at);
                }
            } else if self.step(byte).is_none() {
                return Progress::Broken(at);
            } else if self.open.is_empty() {
                return Progress::Complete(at + 1);
            }
            at += 1;
        }
        Progress::Incomplete
    }

    /// One byte outside the plain part of a string.
    fn step(&mut self, byte: u8) -> Option<()> {
        if let Expects::Number(digits) = self.expects {
            match digits.next(byte) {
                Some(digits) => {
                    self.expects = Expects::Number(digits);
                    return Some(());
                }
                // The byte is behind the number, if the number may end here.
                None if digits.may_end() => self.expects = Expects::CommaOrEnd,
                None => return None,
            }
        }
        let blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.expects = match self.expects {
            Expects::Escape(role) => match byte {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Expects::Text(role),
                b'u' => Expects::Hex(role, 4),
                _ => return None,
            },
            Expects::Hex(role, left) if byte.is_ascii_hexdigit() => match left {
                1 => Expects::Text(role),
                _ => Expects::Hex(role, left - 1),
            },
            Expects::Literal([expected, rest @ ..]) if byte == *expected => match rest {
                [] => Expects::CommaOrEnd,
                _ => Expects::Literal(rest),
            },
            Expects::Hex(..) | Expects::Literal(_) => return None,
            same if blank => same,
            Expects::Object if byte == b'{' => self.enter(Container::Object),
            Expects::Value => self.value(byte)?,
            Expects::ValueOrEnd if byte == b']' => self.leave(Container::Array)?,
            Expects::ValueOrEnd => self.value(byte)?,
            Expects::NameOrEnd if byte == b'}' => self.leave(Container::Object)?,
            Expects::Name | Expects::NameOrEnd if byte == b'"' => Expects::Text(Role::Name),
            Expects::Colon if byte == b':' => Expects::Value,
            Expects::CommaOrEnd => match (byte, self.open.last()?) {
                (b',', Container::Object) => Expects::Name,
                (b',', Container::Array) => Expects::Value,
                (b'}', _) => self.leave(Container::Object)?,
                (b']', _) => self.leave(Container::Array)?,
                _ => return None,
            },
            _ => return None,
        };
        Some(())
    }

    /// A byte that is not plain, inside a string.
    fn text(&mut self, byte: u8) -> Option<()> {
        let Expects::Text(role) = self.expects else { return None };
        self.expects = match (byte, role) {
            (b'"', Role::Name) => Expects::Colon,
            (b'"', Role::Value) => Expects::CommaOrEnd,
            (b'\\', _) => Expects::Escape(role),
            _ => return None,
        };
        Some(())
    }

    fn value(&mut self, byte: u8) -> Option<Expects> {
        Some(match byte {
            b'{' => self.enter(Container::Object),
            b'[' => self.enter(Container::Array),
            b'"' => Expects::Text(Role::Value),
            b't' => Expects::Literal(b"rue"),
            b'f' => Expects::Literal(b"alse"),
            b'n' => Expects::Literal(b"ull"),
            b'-' => Expects::Number(Digits::AfterMinus),
            b'0' => Expects::Number(Digits::AfterZero),
            b'1'..=b'9' => Expects::Number(Digits::Integer),
            _ => return None,
        })
    }

    fn enter(&mut self, container: Container) -> Expects {
        self.open.push(container);
        match container {
            Container::Object => Expects::NameOrEnd,
            Container::Array => Expects::ValueOrEnd,
        }
    }

    fn leave(&mut self, container: Container) -> Option<Expects> {
        (self.open.pop()? == container).then_some(Expects::CommaOrEnd)
    }
}

impl Digits {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::AfterMinus, b'0') => Self::AfterZero,
            (Self::AfterMinus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::AfterZero | Self::Integer, b'.') => Self::AfterPoint,
            (Self::AfterPoint | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::AfterZero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::AfterExponent,
            (Self::AfterExponent, b'+' | b'-') => Self::AfterSign,
            (Self::AfterExponent | Self::AfterSign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    fn may_end(self) -> bool {
        matches!(self, Self::AfterZero | Self::Integer | Self::Fraction | Self::Exponent)
    }
}

/// Bytes up to the next one that means something inside a string.
fn plain_length(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
        .unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// serde_json's verdict on an object that begins the text. It calls a number that the end of
    /// the text cuts off broken, where it may go on; a digit more shows whether it may.
    fn by_serde_json(text: &str) -> Progress {
        let before = text.trim_end_matches(['-', '+', '.', 'e', 'E']);
        let in_number = before.ends_with(|c: char| c.is_ascii_digit()) || text.ends_with('-');
        let text = &match before != text && in_number {
            true => format!("{text}0"),
            false => text.to_owned(),
        };
        let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        match objects.next() {
            Some(Ok(_)) => Progress::Complete(objects.byte_offset()),
            Some(Err(error)) if !error.is_eof() => Progress::Broken(0),
            _ => Progress::Incomplete,
        }
    }

    fn by_pieces(text: &str, cuts: &[usize]) -> Progress {
        let mut syntax = Syntax::new();
        let mut start = 0;
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
        ends.push(text.len());
        ends.sort_unstable();
        for end in ends {
            match syntax.feed(&text.as_bytes()[start..end]) {
                Progress::Incomplete => start = end,
                Progress::Complete(at) => return Progress::Complete(start + at),
                Progress::Broken(_) => return Progress::Broken(0),
            }
        }
        Progress::Incomplete
    }

    #[test]
    fn every_prefix_is_judged_as_serde_json_judges_it() {
        for text in [
            r#"{"a":[1,-0.5e+10,0,"x\n\u00e9\ud800",true,false,null,{},[]],"":{"b":[[]]}} rest"#,
            "{ \"a\" :\t1 ,\r\n\"b\" : [ ] }",
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":1e}"#,
            r#"{"a":-}"#,
            r#"{"a":+1}"#,
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":tru}"#,
            r#"{"a" 1}"#,
            r#"{a:1}"#,
            r#"{"a":"\x"}"#,
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\n\"}",
            r#"{]"#,
            r#"{"a":[}"#,
            r#"{"a":1e400,"b":"é€😀"}"#,
            "{}",
            "{,}",
        ] {
            let ends = (1..=text.len()).filter(|end| text.is_char_boundary(*end));
            for prefix in ends.map(|end| &text[..end]) {
                assert_eq!(by_pieces(prefix, &[]), by_serde_json(prefix), "{prefix}");
            }
        }
    }

    /// serde_json looks at four hex digits at once, so a prefix is not judged alike.
    #[test]
    fn an_escape_has_four_hex_digits() {
        for (text, progress) in [
            (r#"{"a":"\u12aF"}"#, Progress::Complete(14)),
            (r#"{"a":"\u12a"}"#, Progress::Broken(0)),
            (r#"{"a":"\u12g4"}"#, Progress::Broken(0)),
            (r#"{"a":"\u"#, Progress::Incomplete),
            (r#"{"a":"\u00e"#, Progress::Incomplete),
        ] {
            assert_eq!(by_pieces(text, &[]), progress, "{text}");
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert_eq!(Syntax::new().feed(deep.as_bytes()), Progress::Incomplete);
        let closed = format!("{deep}{}}}", "]".repeat(1_000_000));
        assert_eq!(Syntax::new().feed(closed.as_bytes()), Progress::Complete(closed.len()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn any_text_in_any_pieces_is_judged_as_serde_json_judges_it(
            text in r#"\{[ \n{}\[\]:,"\\a0-9.eE+\-truefalsn/é]{0,40}"#,
            cuts in proptest::collection::vec(any::<usize>(), 0..4),
        ) {
            prop_assume!(!text.contains("\\u"));
            prop_assert_eq!(by_pieces(&text, &cuts), by_serde_json(&text));
        }
    }
}
