//! What the protocol's §1 makes of an input, said once more and in another way: the whole input
//! in memory, line by line, JSON judged by serde_json from the message's beginning each time.
//! Slow, without limits, and short enough to be compared with the protocol by eye.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A message, and the line it began on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A complete object, which gets an answer.
    Object(usize),
    /// A complete object that is itself an answer.
    Answer,
    /// Something malformed.
    Broken(usize),
}

/// What is at the start of a text.
enum Prefix {
    Object(usize),
    Incomplete,
    Broken,
}

/// Between messages, in a message, or behind a broken one.
enum State {
    Idle,
    Gathering { line: usize, text: Vec<u8> },
    Skipping,
}

/// Every message of an input, in order.
pub(crate) fn messages(input: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut state = State::Idle;
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    for (number, line) in (1..).zip(input.split(|&byte| byte == b'\n')) {
        state = take_line(state, number, line, &mut found);
    }
    if let State::Gathering { line, .. } = state {
        found.push(Found::Broken(line));
    }
    found
}

fn take_line(state: State, number: usize, line: &[u8], found: &mut Vec<Found>) -> State {
    let line = without_blanks(line);
    let begins = line.first() == Some(&b'{');
    match state {
        state if line.is_empty() => state,
        State::Skipping if !begins => State::Skipping,
        State::Idle | State::Skipping => take_objects(number, line, found),
        State::Gathering { line: began, .. } if begins && starts_anew(line) => {
            found.push(Found::Broken(began));
            take_objects(number, line, found)
        }
        State::Gathering { line: began, mut text } => {
            let before = text.len();
            text.extend_from_slice(line);
            match prefix(&text) {
                Prefix::Object(length) => {
                    found.push(object(&text[..length], began));
                    take_objects(number, without_blanks(&line[length - before..]), found)
                }
                Prefix::Incomplete => {
                    text.push(b'\n');
                    State::Gathering { line: began, text }
                }
                Prefix::Broken => {
                    found.push(Found::Broken(began));
                    if begins { take_objects(number, line, found) } else { State::Skipping }
                }
            }
        }
    }
}

/// The objects on a line that does not continue a message.
fn take_objects(number: usize, mut line: &[u8], found: &mut Vec<Found>) -> State {
    while !line.is_empty() {
        match prefix(line) {
            Prefix::Object(length) => {
                found.push(object(&line[..length], number));
                line = without_blanks(&line[length..]);
            }
            Prefix::Incomplete => {
                return State::Gathering { line: number, text: [line, b"\n"].concat() };
            }
            Prefix::Broken => {
                found.push(Found::Broken(number));
                break;
            }
        }
    }
    State::Idle
}

fn prefix(text: &[u8]) -> Prefix {
    if text.first() != Some(&b'{') {
        return Prefix::Broken;
    }
    // The line has ended, and serde_json looks at the four digits of an escape at once.
    let ended = [text, b"\n\n\n\n"].concat();
    let mut objects = serde_json::Deserializer::from_slice(&ended).into_iter::<IgnoredAny>();
    let is_text = |range: Range<usize>| str::from_utf8(&text[range]).is_ok();
    match objects.next() {
        Some(Ok(_)) if is_text(0..objects.byte_offset()) => Prefix::Object(objects.byte_offset()),
        Some(Err(error)) if error.is_eof() && is_text(0..text.len()) => Prefix::Incomplete,
        _ => Prefix::Broken,
    }
}

fn starts_anew(line: &[u8]) -> bool {
    let Prefix::Object(length) = prefix(line) else { return false };
    let envelope = members(&line[..length]);
    envelope.iter().any(|(name, value)| name.0 == b"body" && value.starts_with('{'))
        && envelope.iter().any(|(name, _)| name.0 == b"src" || name.0 == b"dest")
}

fn object(json: &[u8], line: usize) -> Found {
    let is_answer = |(name, value): &(Text, String)| match name.0.as_slice() {
        b"in_reply_to" => value != "null",
        b"type" => serde_json::from_str::<Text>(value).is_ok_and(|Text(kind)| {
            kind == b"error" || kind == b"api_response" || kind.ends_with(b"_ok")
        }),
        _ => false,
    };
    let bodies = members(json).into_iter().filter(|(name, _)| name.0 == b"body");
    let answers = bodies.flat_map(|(_, body)| members(body.as_bytes())).any(|m| is_answer(&m));
    if answers { Found::Answer } else { Found::Object(line) }
}

/// The members of an object, twice where they stand twice; none of anything else.
fn members(json: &[u8]) -> Vec<(Text, String)> {
    serde_json::from_slice::<Members>(json).map_or(Vec::new(), |members| members.0)
}

struct Members(Vec<(Text, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<Text, &RawValue>()? {
            members.push((name, value.get().to_owned()));
        }
        Ok(Members(members))
    }
}

/// A string as bytes, as it may hold a lone surrogate.
struct Text(Vec<u8>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }
}

fn without_blanks(line: &[u8]) -> &[u8] {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
    &line[line.iter().take_while(blank).count()..]
}
