//! Objects of common shape, read in one pass: printable ASCII without escapes, whose members are
//! strings, lists of strings, small whole numbers, `true` or `false`.
//!
//! A fast path and nothing else: for everything out of the ordinary it says "unsure", and
//! serde_json decides. A property test shows that the two agree; the benchmark of tokens that are
//! all different shows what it saves.

use std::borrow::Cow;

use super::{Members, Reader, Value};

/// Reads an object; none where unsure.
pub(super) fn object<'t, M: Members<'t>>(text: &'t str, members: &mut M) -> Option<()> {
    // One pass that the compiler vectorises; what follows may rely on it.
    if !text.bytes().fold(true, |plain, b| plain & (b' '..=b'~').contains(&b) & (b != b'\\')) {
        return None;
    }
    let mut reader = Reader::new(members);
    let mut rest = Rest(text);
    rest.token(b'{')?;
    if rest.token(b'}').is_none() {
        loop {
            let name = rest.string()?;
            rest.token(b':')?;
            let skip = |rest: &mut Rest<'t>| rest.value().map(drop).ok_or(());
            let read = |rest: &mut Rest<'t>| rest.value().ok_or(());
            reader.take(Cow::Borrowed(name.as_bytes()), &mut rest, read, skip).ok()?;
            if rest.token(b',').is_none() {
                break rest.token(b'}')?;
            }
        }
    }
    rest.blanks();
    (rest.0.is_empty() && !reader.duplicate).then_some(())
}

/// What is still to be read.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn value(&mut self) -> Option<Value<'t>> {
        self.blanks();
        match self.0.as_bytes().first()? {
            b'"' => self.string().map(Cow::Borrowed).map(Value::String),
            b'[' => self.strings().map(Value::Strings),
            b'0'..=b'9' => self.number().map(Value::Number),
            _ => ["true", "false"].into_iter().find_map(|word| self.word(word)),
        }
    }

    fn strings(&mut self) -> Option<Vec<Cow<'t, str>>> {
        self.token(b'[')?;
        if self.token(b']').is_some() {
            return Some(Vec::new());
        }
        let mut texts = Vec::with_capacity(4);
        loop {
            texts.push(Cow::Borrowed(self.string()?));
            if self.token(b',').is_none() {
                return self.token(b']').map(|()| texts);
            }
        }
    }

    #[inline]
    fn string(&mut self) -> Option<&'t str> {
        self.token(b'"')?;
        let end = match first_quote(self.0.as_bytes()) {
            Some(near) => near,
            None => memchr::memchr(b'"', self.0.as_bytes())?,
        };
        let (text, rest) = self.0.split_at_checked(end)?;
        self.0 = rest.get(1..)?;
        Some(text)
    }

    /// A whole number of at most 15 digits, which binary64 holds exactly. What stands behind it,
    /// a fraction say, is no comma and no bracket, so it is not missed.
    fn number(&mut self) -> Option<f64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let digits = self
            .0
            .get(..length)
            .filter(|digits| digits.len() <= 15 && (*digits == "0" || !digits.starts_with('0')))?;
        self.0 = self.0.get(length..)?;
        let value = digits.bytes().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        Some(value as f64)
    }

    fn word(&mut self, word: &'static str) -> Option<Value<'t>> {
        self.0 = self.0.strip_prefix(word)?;
        Some(Value::Other(word))
    }

    /// One byte, behind any blanks.
    fn token(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        if self.0.as_bytes().first() != Some(&byte) {
            return None;
        }
        self.0 = self.0.get(1..)?;
        Some(())
    }

    fn blanks(&mut self) {
        while let Some((b' ', _)) = self.0.as_bytes().split_first() {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
    }
}

/// The first quote, where one of the next 16 bytes is one: two steps of eight bytes at once, since
/// names and most values are short, and a vectorised search costs more than they do.
#[inline]
fn first_quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().take(2).enumerate().find_map(|(index, eight)| {
        // The lowest byte that was a quote, and is zero now, is the lowest to borrow.
        let zeroed = u64::from_le_bytes(*eight) ^ QUOTES;
        let found = zeroed.wrapping_sub(ONES) & !zeroed & (ONES << 7);
        (found != 0).then(|| index * 8 + found.trailing_zeros() as usize / 8)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::read_any_object;
    use super::*;

    /// Keeps every kind of value.
    #[derive(Debug, Default, PartialEq)]
    struct Kept<'t>([Option<Value<'t>>; 3]);

    impl<'t> Members<'t> for Kept<'t> {
        fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Value<'t>>> {
            let Self([a, b, c]) = self;
            match name {
                b"a" => Some(a),
                b"b" => Some(b),
                b"c" => Some(c),
                _ => None,
            }
        }

        fn clear(&mut self) {
            *self = Self::default();
        }
    }

    /// True where the scan is sure, and right.
    fn is_read_alike(text: &str) -> bool {
        let (mut scanned, mut read) = (Kept::default(), Kept::default());
        if object(text, &mut scanned).is_none() {
            return false;
        }
        assert_eq!(read_any_object(text, &mut read).map(|()| read), Ok(scanned), "{text}");
        true
    }

    #[test]
    fn common_objects_are_read_in_one_pass() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":"x","b":["y","z"],"c":1767225600,"d":[],"e":true,"f":false}"#,
            r#"{ "a" : 0 , "b" : [ "y" , "z" ] }"#,
            r#"{"a":999999999999999}"#,
        ] {
            assert!(is_read_alike(text), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_full_reader() {
        for text in [
            "",
            "[]",
            "{",
            "{}}",
            "{} x",
            "{\n}",
            r#"{"a":1,}"#,
            r#"{"a":01}"#,
            r#"{"a":-1}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1e1}"#,
            r#"{"a":9999999999999999}"#,
            r#"{"a":null}"#,
            r#"{"a":truer}"#,
            r#"{"a":{}}"#,
            r#"{"a":["x",1]}"#,
            r#"{"a":["x",]}"#,
            r#"{"a":[["x"]]}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"é"}"#,
            "{\"a\":\"\u{7f}\"}",
            r#"{"a":1,"a":1}"#,
            r#"{"x":1,"x":1}"#,
            r#"{"a" 1}"#,
            r#"{"a":1 "b":2}"#,
        ] {
            assert!(!is_read_alike(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn what_is_read_in_one_pass_is_read_to_the_same_members(
            parts in proptest::collection::vec(select(&[
                r#""a":"#, r#""b":"#, r#""x":"#, r#""y":"#, "\"v\"", "7", "0", "10", "[\"p\"]", "[]",
                "{}", "true", "null", "-", ".", "1e400", ",", ",", ",", " ", "\"", "\\", "[", "]", "é",
            ][..]), 0..14),
        ) {
            is_read_alike(&format!("{{{}}}", parts.concat()));
        }
    }
}
