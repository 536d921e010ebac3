//! Neither the way the input arrives nor the number of threads makes a difference.

use std::io::{self, ErrorKind, Read};
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use portcullis::gateway::key::KeyText;
use portcullis::node::{DEFAULT_MAX_MESSAGE_BYTES, Options};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::framing::noise;
use super::support::{
    NOW, allowed, fixtures, init, init_ok, invalid, key_text, options, request, run, signing_key,
    token,
};
use super::{Input, cases, edited};

/// Input that arrives in pieces of given sizes, over and over; at a size of 0 the read is
/// interrupted.
pub(crate) struct Pieces<'i> {
    input: &'i [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'i, usize>>,
}

impl<'i> Pieces<'i> {
    pub(crate) fn new(input: &'i [u8], sizes: &'i [usize]) -> Self {
        Self { input, sizes: sizes.iter().cycle() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.sizes.next() {
            Some(0) => Err(ErrorKind::Interrupted.into()),
            size => {
                let size = size.copied().unwrap_or(usize::MAX).min(buffer.len());
                self.input.read(&mut buffer[..size])
            }
        }
    }
}

/// Every recorded input that is short enough to be run hundreds of times.
static INPUTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let inputs = fixtures().into_iter().map(|fixture| fixture.input().unwrap());
    inputs.filter(|input| input.len() < 20_000).collect()
});

/// Recorded inputs one behind the other, with some edits.
pub(crate) fn input() -> impl Strategy<Value = Input> {
    let recorded = vec(select(INPUTS.as_slice()), 1..=3).prop_map(|inputs| inputs.concat());
    edited(recorded, 6)
}

/// Sizes of reads; never only interruptions.
fn sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![0..4_usize, 0..300_usize, 0..20_000_usize];
    vec(size, 1..6).prop_map(|mut sizes| {
        sizes.push(1 + sizes.len());
        sizes
    })
}

fn limit() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => Just(DEFAULT_MAX_MESSAGE_BYTES),
        1 => Just(1024),
        1 => 1..200_usize,
        1 => 1..6_usize,
    ]
}

proptest! {
    #![proptest_config(cases(400))]
    #[test]
    fn any_split_into_reads_and_any_number_of_threads_give_the_same_bytes(
        Input(input) in prop_oneof![4 => input(), 1 => noise()],
        sizes in sizes(),
        jobs in 1..5_usize,
        limit in limit(),
        explain in any::<bool>(),
        key in select(&[None, Some("rsa.public.pem"), Some("p256.public.pem")][..]),
    ) {
        let keys = key.map(|file| Arc::new(KeyText::Text(&key_text(file)).read().unwrap().0));
        let options = Options { max_message_bytes: limit, explain, keys, ..options() };
        let at_once = run(input.as_slice(), options.clone());
        let options = Options { jobs: NonZeroUsize::new(jobs).unwrap(), ..options };
        let in_pieces = run(Pieces::new(&input, &sizes), options);
        prop_assert_eq!(
            String::from_utf8(in_pieces).unwrap(),
            String::from_utf8(at_once).unwrap()
        );
    }
}

/// Every input that is short is split into single bytes, under limits that it just exceeds.
#[test]
fn single_bytes_give_the_same_under_every_small_limit() {
    for text in ["\u{feff}{}\n{}", "\u{feff} {\n}\n\n", " \t{}{ } x\n{\r\n}\n{\"a\":\"\u{e9}\"}\nx"]
    {
        for limit in 1..12 {
            let options = Options { max_message_bytes: limit, ..options() };
            let at_once = run(text.as_bytes(), options.clone());
            let in_pieces = run(Pieces::new(text.as_bytes(), &[1]), options);
            assert_eq!(
                String::from_utf8(in_pieces).unwrap(),
                String::from_utf8(at_once).unwrap(),
                "{text:?} under {limit}"
            );
        }
    }
}

/// Threads look ahead only where the key was in force before a read; the first read is the init.
#[test]
fn tokens_that_were_checked_ahead_are_answered_each_in_its_turn() {
    let key = signing_key("p256.private.pem");
    let header = r#"{"alg":"ES256"}"#;
    let mut lines = vec![init(&key_text("p256.public.pem"))];
    let mut expected = vec![init_ok()];
    for number in 1..=40 {
        let user = number % 10;
        let claims = format!(r#"{{"sub":"user{user}","exp":{}}}"#, NOW + 1);
        let mut token = token(&key, header, claims);
        if number % 7 == 0 {
            token.replace_range(..2, "fy");
            expected.push(invalid(number));
        } else {
            expected.push(allowed(
                number,
                &format!(r#"{{"user_id": "user{user}", "role": null, "permissions": []}}"#),
            ));
        }
        lines.push(request(number, &token));
    }
    let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let sizes = [lines[0].len() + 1, input.len()];
    let options = Options { jobs: NonZeroUsize::new(3).unwrap(), ..options() };
    let answers = String::from_utf8(run(Pieces::new(input.as_bytes(), &sizes), options)).unwrap();
    assert_eq!(answers.lines().collect::<Vec<_>>(), expected);
}
