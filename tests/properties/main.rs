//! What must hold for any input, on generated ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod cache;
mod framing;
mod layout;
mod limits;
mod nearest;
mod neighbours;
mod policy;
mod reads;
mod reference;
#[path = "../support/mod.rs"]
mod support;

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// So many cases, or as many as `PROPTEST_CASES` says. What fails is printed, in its smallest form,
/// and written nowhere.
fn cases(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let cases = asked.unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// One change to a text.
#[derive(Clone, Debug)]
enum Edit {
    Remove(Index),
    Insert(Index, u8),
    Replace(Index, u8),
    Truncate(Index),
}

impl Edit {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<Index>;
        prop_oneof![
            3 => at().prop_map(Self::Remove),
            3 => (at(), byte()).prop_map(|(at, byte)| Self::Insert(at, byte)),
            3 => (at(), byte()).prop_map(|(at, byte)| Self::Replace(at, byte)),
            1 => at().prop_map(Self::Truncate),
        ]
    }

    fn apply(&self, text: &mut Vec<u8>) {
        let length = text.len();
        match self {
            Self::Insert(at, byte) => text.insert(at.index(length + 1), *byte),
            _ if length == 0 => {}
            Self::Remove(at) => drop(text.remove(at.index(length))),
            Self::Replace(at, byte) => text[at.index(length)] = *byte,
            Self::Truncate(at) => text.truncate(at.index(length)),
        }
    }
}

/// A byte, most often one that means something.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => select(b"{}[]\":,\\\n\r\t 0-ex\0\x7f\xc3\xef\xff".as_slice()),
        1 => any::<u8>(),
    ]
}

/// Bytes that a failed test shows as text.
#[derive(Clone)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// A text after some edits.
fn edited(text: impl Strategy<Value = Vec<u8>>, edits: usize) -> impl Strategy<Value = Input> {
    (text, vec(Edit::any(), 0..=edits)).prop_map(|(mut text, edits)| {
        edits.iter().for_each(|edit| edit.apply(&mut text));
        Input(text)
    })
}
