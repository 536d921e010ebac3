//! Any bytes through a node: it never panics, it writes whole lines of JSON, and how the bytes
//! arrive makes no difference.
#![no_main]

use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use portcullis::gateway::Timestamp;
use portcullis::node::{self, Clock, DEFAULT_MAX_MESSAGE_BYTES, Options};

/// Input that arrives in pieces of one size.
struct Pieces<'i> {
    input: &'i [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(buffer.len());
        self.input.read(&mut buffer[..size])
    }
}

fn run(input: &[u8], size: usize, max_message_bytes: usize) -> Vec<u8> {
    let now = Timestamp::from_seconds(1_767_225_600.0).expect("a finite number");
    let options = Options { clock: Clock::Frozen(now), max_message_bytes, ..Options::default() };
    let mut answers = Vec::new();
    node::run(Pieces { input, size }, &mut answers, options).expect("nothing here fails to read");
    answers
}

fuzz_target!(|input: &[u8]| {
    for limit in [DEFAULT_MAX_MESSAGE_BYTES, 64, 1 + input.len() % 8] {
        let at_once = run(input, usize::MAX, limit);
        for size in [1, 2 + input.len() % 11] {
            assert_eq!(run(input, size, limit), at_once, "under {limit}, in pieces of {size}");
        }
        assert!(at_once.is_ascii());
        for line in at_once.split_inclusive(|&byte| byte == b'\n') {
            assert_eq!(line.last(), Some(&b'\n'));
            serde_json::from_slice::<serde::de::IgnoredAny>(line).expect("an answer is JSON");
        }
    }
});
