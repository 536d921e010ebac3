//! The least that answering costs: no rule is checked that the fixed shape does not need.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Read, Write};

use foldhash::fast::RandomState;
use serde::Deserialize;

use crate::workload::Workload;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    msg_id: u64,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    headers: Headers<'a>,
    #[serde(borrow)]
    required_permission: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Headers<'a> {
    #[serde(rename = "Authorization", borrow)]
    authorization: Cow<'a, str>,
}

/// Counts what is written, and whether any answer was a refusal.
#[derive(Default)]
pub(crate) struct Sink {
    pub(crate) lines: usize,
    pub(crate) refused: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines += memchr::memchr_iter(b'\n', bytes).count();
        self.refused |= memchr::memmem::find(bytes, b"\"error\"").is_some();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers every message as a 200.
pub(crate) fn run(load: &Workload) {
    let fragment =
        r#"{"user_id": "user-0000001", "role": "admin", "permissions": ["read", "write"]}"#;
    // Where tokens recur each is found; where all differ none is.
    let known = if load.tokens.len() == load.messages { &[] } else { load.tokens.as_slice() };
    let mut users: HashMap<&[u8], &str, RandomState> = HashMap::default();
    users.extend(known.iter().map(|token| (token.as_bytes(), fragment)));

    let mut input = load.input.as_slice();
    let mut buffer = vec![0; 256 * 1024];
    let mut filled = 0;
    let mut out = Vec::with_capacity(512 * 1024);
    let mut sink = Sink::default();
    loop {
        let read = input.read(&mut buffer[filled..]).unwrap();
        filled += read;
        let mut start = 0;
        while let Some(newline) = memchr::memchr(b'\n', &buffer[start..filled]) {
            let line = std::str::from_utf8(&buffer[start..start + newline]).unwrap();
            start += newline + 1;
            let message: Message<'_> = serde_json::from_str(line).unwrap();
            let body = &message.body;
            std::hint::black_box((&body.method, &body.required_permission));
            let token = body.headers.authorization.strip_prefix("Bearer ").unwrap();
            let user = users.get(token.as_bytes()).copied().unwrap_or(fragment);
            let service = body.path.split('/').nth(2).unwrap();
            answer(&mut out, &message, service, user);
        }
        sink.write_all(&out).unwrap();
        out.clear();
        buffer.copy_within(start..filled, 0);
        filled -= start;
        if read == 0 {
            break;
        }
    }
    assert_eq!(sink.lines, load.messages);
}

fn answer(out: &mut Vec<u8>, message: &Message<'_>, service: &str, user: &str) {
    out.extend_from_slice(b"{\"src\": \"");
    out.extend_from_slice(message.dest.as_bytes());
    out.extend_from_slice(b"\", \"dest\": \"");
    out.extend_from_slice(message.src.as_bytes());
    out.extend_from_slice(b"\", \"body\": {\"type\": \"api_response\", \"in_reply_to\": ");
    write!(out, "{}", message.body.msg_id).unwrap();
    out.extend_from_slice(b", \"status\": 200, \"service\": \"");
    out.extend_from_slice(service.as_bytes());
    out.extend_from_slice(b"-service\", \"user_context\": ");
    out.extend_from_slice(user.as_bytes());
    out.extend_from_slice(b"}}\n");
}
