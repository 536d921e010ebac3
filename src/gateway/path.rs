//! Request paths in the one form that is matched against routes.
//!
//! A path that two readers could understand differently is refused, not repaired: dot segments,
//! encoded separators and raw bytes outside RFC 3986 never reach a route.

use std::borrow::Cow;

/// A path without its query, in normal form: percent-encoded unreserved characters decoded once
/// (RFC 3986 §6.2.2.2), repeated slashes merged, no dot segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath<'a>(Cow<'a, str>);

/// Why a path is ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It begins with something else than a slash.
    #[error("the path must begin with `/`")]
    NotAbsolute,
    /// `.` or `..`, plain or encoded, alone or followed by `;`.
    #[error("the path has a dot segment")]
    DotSegment,
    /// `%2F`, `%5C`, `%00` to `%1F` or `%7F`.
    #[error("the path encodes a slash, a backslash or a control character")]
    EncodedSeparator,
    /// A `%` without two hex digits behind it.
    #[error("the path has a `%` without two hex digits")]
    BadEscape,
    /// A control character, a space, a backslash, `#`, or anything beyond ASCII.
    #[error("the path has a character that must be percent-encoded")]
    RawCharacter,
}

impl<'a> NormalPath<'a> {
    /// Takes a request target, drops its query, and brings the path into normal form.
    ///
    /// # Errors
    /// Where the path is ambiguous.
    pub fn parse(target: &'a str) -> Result<Self, PathFault> {
        let raw = match memchr::memchr(b'?', target.as_bytes()) {
            Some(query) => target.get(..query).unwrap_or(target),
            None => target,
        };
        if !raw.starts_with('/') {
            return Err(PathFault::NotAbsolute);
        }
        let path = if is_plain(raw.as_bytes()) { Cow::Borrowed(raw) } else { normalise(raw)? };
        Ok(Self(path))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A part of the path, borrowed from the request where the path is.
    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> Cow<'a, str> {
        match &self.0 {
            Cow::Borrowed(path) => Cow::Borrowed(path.get(range).unwrap_or_default()),
            Cow::Owned(path) => Cow::Owned(path.get(range).unwrap_or_default().to_owned()),
        }
    }
}

/// Nothing to decode, to merge or to refuse: the common case, seen in one pass.
fn is_plain(path: &[u8]) -> bool {
    let mut previous = 0;
    path.iter().all(|&byte| {
        let fine = match byte {
            b'/' => previous != b'/',
            // A segment that begins with a dot might be a dot segment.
            b'.' => previous != b'/',
            b'%' | b'\\' | b'#' => false,
            _ => byte.is_ascii_graphic(),
        };
        previous = byte;
        fine
    })
}

fn normalise(raw: &str) -> Result<Cow<'_, str>, PathFault> {
    let mut path = String::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'/' if path.ends_with('/') => {}
            b'%' => {
                let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else {
                    return Err(PathFault::BadEscape);
                };
                let (Some(h), Some(l)) = (hex(high), hex(low)) else {
                    return Err(PathFault::BadEscape);
                };
                match h * 16 + l {
                    b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(PathFault::EncodedSeparator),
                    decoded if is_unreserved(decoded) => path.push(char::from(decoded)),
                    // Not decoded here, so that nothing can be decoded twice.
                    _ => path.extend(['%', char::from(high), char::from(low)]),
                }
            }
            b'\\' | b'#' => return Err(PathFault::RawCharacter),
            _ if byte.is_ascii_graphic() => path.push(char::from(byte)),
            _ => return Err(PathFault::RawCharacter),
        }
    }
    if path.split('/').any(is_dot_segment) {
        return Err(PathFault::DotSegment);
    }
    Ok(if path == raw { Cow::Borrowed(raw) } else { Cow::Owned(path) })
}

/// Some servers cut `;parameters` off a segment before they resolve dots.
fn is_dot_segment(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    let name = name.split_once("%3b").map_or(name, |(name, _)| name);
    let name = name.split_once("%3B").map_or(name, |(name, _)| name);
    matches!(name, "." | "..")
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(target: &str) -> Result<String, PathFault> {
        NormalPath::parse(target).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn one_resource_has_one_spelling() {
        for (target, path) in [
            ("/api/users/123", "/api/users/123"),
            ("/api/users?next=/../x#y", "/api/users"),
            ("//api///users/", "/api/users/"),
            ("/%61pi/%7Euser%2d1", "/api/~user-1"),
            ("/a%20b%C3%a9", "/a%20b%C3%a9"),
            ("/%2525", "/%2525"),
            ("/%252e%252e/x", "/%252e%252e/x"),
            ("/...", "/..."),
            ("/.well-known/x", "/.well-known/x"),
            ("/a.b/..c", "/a.b/..c"),
            ("/a;b=.", "/a;b=."),
            ("/{x}|^`\"<>", "/{x}|^`\"<>"),
        ] {
            assert_eq!(parse(target).as_deref(), Ok(path), "{target}");
        }
    }

    #[test]
    fn an_ambiguous_path_is_refused() {
        use PathFault::*;
        for (target, fault) in [
            ("", NotAbsolute),
            ("?x", NotAbsolute),
            ("users", NotAbsolute),
            ("http://host/x", NotAbsolute),
            ("*", NotAbsolute),
            ("/.", DotSegment),
            ("/a/../b", DotSegment),
            ("/a/%2e%2E/b", DotSegment),
            ("/a/.%2e", DotSegment),
            ("/a/..;x=1/b", DotSegment),
            ("/a/.;", DotSegment),
            ("/a/..%3bx", DotSegment),
            ("/a/%2e%3B", DotSegment),
            ("/a%2fb", EncodedSeparator),
            ("/a%5Cb", EncodedSeparator),
            ("/a%00", EncodedSeparator),
            ("/a%1f", EncodedSeparator),
            ("/a%7F", EncodedSeparator),
            ("/a%", BadEscape),
            ("/a%2", BadEscape),
            ("/a%g0", BadEscape),
            ("/a%+1", BadEscape),
            ("/a b", RawCharacter),
            ("/a\\b", RawCharacter),
            ("/a#b", RawCharacter),
            ("/a\tb", RawCharacter),
            ("/a\u{7f}", RawCharacter),
            ("/\u{ff0e}\u{ff0e}/x", RawCharacter),
        ] {
            assert_eq!(parse(target), Err(fault), "{target}");
        }
    }

    proptest::proptest! {
        #[test]
        fn normal_form_is_stable(target in "/[a-b./%;2eE3bB5c?#]{0,24}") {
            if let Ok(path) = parse(&target) {
                proptest::prop_assert!(!path.contains("//") && !path.contains('?'));
                // Decoding happens once, so `%252e` may become `%2e` only by a second reader.
                let plain = !path.contains('%');
                if plain {
                    proptest::prop_assert_eq!(parse(&path), Ok(path.clone()));
                }
            }
        }
    }
}
