//! Bits of JSON, written compactly.

use crate::gateway::Identity;

/// A string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    string_part(out, text);
    out.push(b'"');
}

/// A part of a string, without the quotes.
pub(super) fn string_part(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (place, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(bytes.get(clean..place).unwrap_or_default());
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            _ => out.extend(format!("\\u{byte:04x}").bytes()),
        }
        clean = place + 1;
    }
    out.extend_from_slice(bytes.get(clean..).unwrap_or_default());
}

/// A string, or `null`.
pub(super) fn string_or_null(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// A list of strings.
pub(super) fn strings<'t>(out: &mut Vec<u8>, texts: impl IntoIterator<Item = &'t str>) {
    out.push(b'[');
    for (place, text) in texts.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        string(out, text);
    }
    out.push(b']');
}

/// A whole number.
pub(super) fn number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    let mut left = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
        start -= 1;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

/// A whole number, or `null`.
pub(super) fn number_or_null(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => number(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// A caller, under the name that is to be shown.
pub(super) fn user(out: &mut Vec<u8>, name: &str, identity: &Identity) {
    out.extend_from_slice(b"{\"user_id\":");
    string(out, name);
    out.extend_from_slice(b",\"role\":");
    string_or_null(out, identity.role());
    out.extend_from_slice(b",\"permissions\":");
    strings(out, identity.permissions());
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_what_a_reader_of_json_reads() {
        for text in ["", "a", "\"", "a\"b\\c", "\u{0}\u{1f}\n\r\t x", "\u{7f}é\u{1f600}"] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn a_number_is_written_in_digits() {
        for value in [0, 7, 10, 1_234_567_890, u64::MAX] {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
