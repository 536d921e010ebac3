//! The common shape of an `api_request`, read in one pass.
//!
//! A fast path and nothing else: printable ASCII without escapes, known members, each once, of the
//! plainest type. For everything out of the ordinary it says "unsure", and the full reader
//! decides. Whatever it does read, the full reader reads to the same message (a property test),
//! at several times the cost (`cargo bench`).

use std::borrow::Cow;

use super::message::{Address, ApiRequest, Body, Headers, Message, MsgId, Required};

/// Reads a line that is one request of common shape; none where unsure.
pub(super) fn request(line: &[u8]) -> Option<Message<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // One pass that the compiler vectorises; what follows may rely on it.
    if !line.iter().fold(true, |plain, &b| plain & (b' '..=b'~').contains(&b) & (b != b'\\')) {
        return None;
    }
    let mut scan = Scan { text: std::str::from_utf8(line).ok()?, at: 0 };
    let message = scan.envelope()?;
    scan.blanks();
    (scan.at == line.len()).then_some(message)
}

/// A place in a line of printable ASCII without backslashes.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn envelope(&mut self) -> Option<Message<'a>> {
        let (mut src, mut dest, mut body) = (None, None, None);
        self.object(|scan, name| match name {
            "src" => set(&mut src, Cow::Borrowed(scan.string()?)),
            "dest" => set(&mut dest, Cow::Borrowed(scan.string()?)),
            "body" => set(&mut body, scan.body()?),
            _ => None,
        })?;
        let (msg_id, request) = body?;
        let address = Address { src, dest, msg_id };
        Some(Message { address, body: Body::ApiRequest(Ok(request)) })
    }

    fn body(&mut self) -> Option<(Option<MsgId<'a>>, ApiRequest<'a>)> {
        let (mut kind, mut msg_id, mut method, mut path) = (None, None, None, None);
        let (mut headers, mut required, mut client_ip) = (None, None, None);
        self.object(|scan, name| match name {
            "type" => set(&mut kind, scan.string()?),
            "msg_id" => set(&mut msg_id, MsgId(scan.integer()?)),
            "method" => set(&mut method, scan.string()?),
            "path" => set(&mut path, scan.string()?),
            "headers" => set(&mut headers, scan.headers()?),
            "required_permission" => set(&mut required, scan.string()?),
            "client_ip" => set(&mut client_ip, Cow::Borrowed(scan.string()?)),
            _ => None,
        })?;
        if kind != Some("api_request") || [method, path, required].contains(&Some("")) {
            return None;
        }
        let request = ApiRequest {
            method: Cow::Borrowed(method?),
            path: Cow::Borrowed(path?),
            headers: headers.unwrap_or_default(),
            required: required.into_iter().map(Cow::Borrowed).collect::<Required<'_>>(),
            client_ip,
        };
        Some((msg_id, request))
    }

    fn headers(&mut self) -> Option<Headers<'a>> {
        let mut headers = Headers::new();
        self.object(|scan, name| {
            headers.push((Cow::Borrowed(name), Cow::Borrowed(scan.string()?)));
            Some(())
        })?;
        Some(headers)
    }

    /// An object, whose values `member` reads.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.token(b'{')?;
        if self.token(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.token(b':')?;
            member(self, name)?;
            if self.token(b',').is_none() {
                return self.token(b'}');
            }
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let rest = self.text.get(self.at..)?;
        let end = memchr::memchr(b'"', rest.as_bytes())?;
        self.at += end + 1;
        rest.get(..end)
    }

    /// An integer without sign.
    fn integer(&mut self) -> Option<&'a str> {
        self.blanks();
        let rest = self.text.get(self.at..)?;
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let digits = rest.get(..length).filter(|d| *d == "0" || !d.starts_with('0'))?;
        self.at += length;
        // What stands behind, a fraction say, is no comma and no brace, so it is not missed.
        (length > 0).then_some(digits)
    }

    /// One byte, behind any blanks.
    fn token(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.text.as_bytes().get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while self.text.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }
}

/// None where the member stands there already.
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    match slot.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
