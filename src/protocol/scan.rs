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
    // Filled in place: moving it about would cost more than reading it.
    let mut address = Address::default();
    let mut request = ApiRequest {
        method: Cow::Borrowed(""),
        path: Cow::Borrowed(""),
        headers: Headers::new(),
        required: Required::new(),
        client_ip: None,
        body: None,
    };
    let mut seen = Seen(0);
    scan.object(|scan, name| match name {
        "src" => set(&mut address.src, Cow::Borrowed(scan.string()?)),
        "dest" => set(&mut address.dest, Cow::Borrowed(scan.string()?)),
        "body" => seen.once(0).and_then(|()| scan.body(&mut address.msg_id, &mut request)),
        _ => None,
    })?;
    scan.blanks();
    let complete = seen.0 == 1 && scan.at == line.len();
    complete.then_some(Message { address, body: Body::ApiRequest(Ok(request)) })
}

/// A place in a line of printable ASCII without backslashes.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn body(&mut self, msg_id: &mut Option<MsgId<'a>>, request: &mut ApiRequest<'a>) -> Option<()> {
        let mut seen = Seen(0);
        let mut kind = "";
        self.object(|scan, name| {
            match name {
                "type" => kind = seen.once(0).and_then(|()| scan.string())?,
                "method" => request.method = Cow::Borrowed(scan.filled(seen.once(1))?),
                "path" => request.path = Cow::Borrowed(scan.filled(seen.once(2))?),
                "headers" => seen.once(3).and_then(|()| scan.headers(&mut request.headers))?,
                "required_permission" => {
                    request.required.push(Cow::Borrowed(scan.filled(seen.once(4))?));
                }
                "msg_id" => set(msg_id, MsgId(scan.integer()?))?,
                "client_ip" => set(&mut request.client_ip, Cow::Borrowed(scan.string()?))?,
                _ => return None,
            }
            Some(())
        })?;
        // Type, method and path must be there.
        (kind == "api_request" && seen.0 & 0b111 == 0b111).then_some(())
    }

    fn headers(&mut self, headers: &mut Headers<'a>) -> Option<()> {
        self.object(|scan, name| {
            headers.push((Cow::Borrowed(name), Cow::Borrowed(scan.string()?)));
            Some(())
        })
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

    /// A string that is not empty, of a member that has not been seen before.
    fn filled(&mut self, first: Option<()>) -> Option<&'a str> {
        first?;
        self.string().filter(|text| !text.is_empty())
    }

    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = match first_quote(rest) {
            Some(near) => near,
            None => memchr::memchr(b'"', rest)?,
        };
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
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

/// The first quote, where one of the next 16 bytes is one. Names and most values are short, and a
/// vectorised search costs more than they do; these are two steps of eight bytes at once.
#[inline]
fn first_quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    let (eights, _) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().take(2).enumerate() {
        // The lowest byte that was a quote, and is zero now, is the lowest to borrow.
        let zeroed = u64::from_le_bytes(*eight) ^ QUOTES;
        let found = zeroed.wrapping_sub(ONES) & !zeroed & (ONES << 7);
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// Members that stood there, a bit for each.
struct Seen(u8);

impl Seen {
    /// None where the member stood there before.
    fn once(&mut self, member: u8) -> Option<()> {
        let bit = 1 << member;
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first.then_some(())
    }
}

/// None where the member stood there before.
fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    match slot.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
