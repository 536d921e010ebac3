//! Answers as bytes, laid out to the letter as Python's `json.dumps` lays them out by default:
//! `", "` between members, `": "` after a name, ASCII alone.

use std::collections::HashMap;

use super::message::MsgId;

/// Writes the members of one JSON object.
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

/// Writes one answer, and the newline that ends it. `members` adds what follows `in_reply_to`.
pub fn answer(
    out: &mut Vec<u8>,
    (src, dest): (&str, &str),
    (kind, in_reply_to): (&'static str, Option<&MsgId<'_>>),
    members: impl FnOnce(&mut ObjectWriter<'_>),
) {
    out.extend_from_slice(b"{\"src\": ");
    string(out, &[src]);
    out.extend_from_slice(b", \"dest\": ");
    string(out, &[dest]);
    out.extend_from_slice(b", \"body\": {\"type\": \"");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'"');
    if let Some(id) = in_reply_to {
        out.extend_from_slice(b", \"in_reply_to\": ");
        id.write(out);
    }
    members(&mut ObjectWriter { out, empty: false });
    out.extend_from_slice(b"}}\n");
}

/// Writes one message of our own, and the newline that ends it. `members` adds what follows `msg_id`.
pub fn message(
    out: &mut Vec<u8>,
    (src, dest): (&str, &str),
    (kind, msg_id): (&'static str, u64),
    members: impl FnOnce(&mut ObjectWriter<'_>),
) {
    answer(out, (src, dest), (kind, None), |body| {
        body.number("msg_id", msg_id);
        members(body);
    });
}

/// Writes an object of its own, without a newline.
pub fn object(out: &mut Vec<u8>, members: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push(b'{');
    members(&mut ObjectWriter { out, empty: true });
    out.push(b'}');
}

/// Writes a list of objects, each written by `members`.
pub fn objects<T>(
    out: &mut Vec<u8>,
    values: &[T],
    mut members: impl FnMut(&T, &mut ObjectWriter<'_>),
) {
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        object(out, |o| members(value, o));
    }
    out.push(b']');
}

impl ObjectWriter<'_> {
    /// A string.
    pub fn text(&mut self, name: &'static str, value: &str) {
        self.text_of(name, &[value]);
    }

    /// A string made of parts.
    pub fn text_of(&mut self, name: &'static str, parts: &[&str]) {
        self.name(name);
        string(self.out, parts);
    }

    /// A string, or `null` where there is none.
    pub fn text_or_null(&mut self, name: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, b"null"),
        }
    }

    /// A number.
    pub fn number(&mut self, name: &'static str, value: u64) {
        self.name(name);
        let mut digits = [0; 20];
        let mut left = value;
        let mut start = digits.len();
        for place in digits.iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
            start -= 1;
            if left == 0 {
                break;
            }
        }
        self.out.extend_from_slice(digits.get(start..).unwrap_or_default());
    }

    /// A truth.
    pub fn boolean(&mut self, name: &'static str, value: bool) {
        self.raw(name, if value { b"true" } else { b"false" });
    }

    /// Any value, whose text is known to be well-formed JSON.
    pub fn json(&mut self, name: &'static str, text: &str) {
        self.name(name);
        json(self.out, text);
    }

    /// A list of strings.
    pub fn texts<'t>(&mut self, name: &'static str, values: impl Iterator<Item = &'t str>) {
        self.name(name);
        strings(self.out, values);
    }

    /// An object of strings and lists of strings; a name that comes several times is a list, where it
    /// comes first.
    pub fn texts_by_name<'t>(
        &mut self,
        name: &'static str,
        pairs: impl Iterator<Item = (&'t str, &'t str)>,
    ) {
        let mut grouped: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (name, value) in pairs {
            let place = *places.entry(name).or_insert(grouped.len());
            match grouped.get_mut(place) {
                Some((_, values)) => values.push(value),
                None => grouped.push((name, vec![value])),
            }
        }
        self.name(name);
        self.out.push(b'{');
        for (index, (name, values)) in grouped.into_iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            string(self.out, &[name]);
            self.out.extend_from_slice(b": ");
            match values.as_slice() {
                [value] => string(self.out, &[value]),
                several => strings(self.out, several.iter().copied()),
            }
        }
        self.out.push(b'}');
    }

    /// An object, written by `members`.
    pub fn object(&mut self, name: &'static str, members: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.name(name);
        object(self.out, members);
    }

    /// A list of objects, each written by `members`.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        values: &[T],
        members: impl FnMut(&T, &mut ObjectWriter<'_>),
    ) {
        self.name(name);
        objects(self.out, values, members);
    }

    /// A value that is laid out already.
    pub fn raw(&mut self, name: &'static str, json: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(json);
    }

    /// Names are our own, so nothing in them needs escaping.
    #[inline]
    fn name(&mut self, name: &'static str) {
        self.out.extend_from_slice(if self.empty { b"\"" } else { b", \"" });
        self.empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\": ");
    }
}

/// Lays out anew a JSON text that is known to be well formed, whatever its depth. The order of
/// members stays (of those that stand twice, too), and so does the text of each number.
pub fn json(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => json_string(out, &mut rest),
            ',' => out.extend_from_slice(b", "),
            ':' => out.extend_from_slice(b": "),
            ' ' | '\t' | '\n' | '\r' => {}
            _ => escaped(out, c),
        }
    }
}

/// The rest of a string, up to and with its closing quote.
fn json_string(out: &mut Vec<u8>, rest: &mut std::str::Chars<'_>) {
    out.push(b'"');
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some('b') => escaped(out, '\u{8}'),
                Some('f') => escaped(out, '\u{c}'),
                Some('n') => escaped(out, '\n'),
                Some('r') => escaped(out, '\r'),
                Some('t') => escaped(out, '\t'),
                Some('u') => {
                    let digits = rest.by_ref().take(4).filter_map(|digit| digit.to_digit(16));
                    let unit = digits.fold(0, |unit, digit| unit * 16 + digit);
                    // Half a surrogate pair is no character, but an escape all the same.
                    match char::from_u32(unit) {
                        Some(c) => escaped(out, c),
                        None => escaped_unit(out, unit as u16),
                    }
                }
                Some(c) => escaped(out, c),
                None => break,
            },
            _ => escaped(out, c),
        }
    }
    out.push(b'"');
}

/// A list of strings.
fn strings<'t>(out: &mut Vec<u8>, values: impl Iterator<Item = &'t str>) {
    out.push(b'[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        string(out, &[value]);
    }
    out.push(b']');
}

/// A string in quotes, made of parts.
pub(super) fn string(out: &mut Vec<u8>, parts: &[&str]) {
    out.push(b'"');
    for part in parts {
        if part.bytes().all(|byte| PLAIN[usize::from(byte)]) {
            out.extend_from_slice(part.as_bytes());
        } else {
            part.chars().for_each(|c| escaped(out, c));
        }
    }
    out.push(b'"');
}

/// Bytes that stand for themselves.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        plain[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    plain
};

fn escaped(out: &mut Vec<u8>, c: char) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        ' '..='~' => out.push(c as u8),
        _ => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped_unit(out, *unit);
            }
        }
    }
}

fn escaped_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = (unit >> shift) as u8 & 15;
        out.push(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_laid_out_as_python_lays_them_out() {
        // Each right-hand side is what `json.dumps` of Python 3.11 prints.
        for (text, expected) in [
            ("plain ~!", r#""plain ~!""#),
            ("a/b", r#""a/b""#),
            ("\" \\ \u{8} \u{c} \n \r \t", r#""\" \\ \b \f \n \r \t""#),
            ("\0\u{1f}\u{7f}\u{80}", r#""\u0000\u001f\u007f\u0080""#),
            ("é€\u{ffff}", r#""\u00e9\u20ac\uffff""#),
            ("😀", r#""\ud83d\ude00""#),
        ] {
            let mut out = Vec::new();
            string(&mut out, &[text]);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn json_is_laid_out_as_python_lays_it_out() {
        // Each right-hand side is what `json.dumps(json.loads(...))` of Python 3.11 prints, but
        // for the number texts, which stay, and the member that stands twice.
        for (text, expected) in [
            (
                r#" { "a" :	[ 1 ,-2.50E+1,"x" ] , "b":{} } "#,
                r#"{"a": [1, -2.50E+1, "x"], "b": {}}"#,
            ),
            (r#"{"a":true,"a":null,"b":[]}"#, r#"{"a": true, "a": null, "b": []}"#),
            (r#"["\u0041\/\b\f\n\r\t\"\\", ":,{"]"#, r#"["A/\b\f\n\r\t\"\\", ":,{"]"#),
            (r#""é\u00E9\u000A\u007F""#, r#""\u00e9\u00e9\n\u007f""#),
            (r#""😀\uD83D\uDE00\uDC00\ud800""#, r#""\ud83d\ude00\ud83d\ude00\udc00\ud800""#),
            ("7", "7"),
        ] {
            let text = text.replace("\\t[", "\t[");
            let mut out = Vec::new();
            json(&mut out, &text);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 7, 10, 401, u64::MAX] {
            let mut out = Vec::new();
            object(&mut out, |o| o.number("n", value));
            assert_eq!(String::from_utf8_lossy(&out), format!("{{\"n\": {value}}}"));
        }
    }
}
