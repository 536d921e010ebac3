//! Writes messages for the node to answer, for timing it on a large file:
//! an init with a fresh key, then requests.
//!
//! `cargo run --release --example messages -- HS256 1000 1000000 > messages.jsonl` writes a million
//! requests with 1,000 different tokens.
#![allow(clippy::unwrap_used, reason = "an example ends where it cannot go on")]

use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;

use anyhow::{Context, bail};

#[allow(dead_code, reason = "the benchmark uses more of it")]
#[path = "../benches/node/workload.rs"]
mod workload;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [algorithm, tokens, messages] = arguments.as_slice() else {
        bail!("usage: messages ALGORITHM TOKENS MESSAGES, as in `messages HS256 1000 1000000`");
    };
    let algorithm = algorithm.parse().context("ALGORITHM is HS256, RS256, ES256 or EdDSA")?;
    let different: NonZeroUsize = tokens.parse().context("TOKENS is a number from 1 on")?;
    let different = different.get();
    let messages: usize = messages.parse().context("MESSAGES is a number")?;

    let (key, public) = workload::key_pair(algorithm);
    // Few are kept, so that a million different ones need no memory.
    let kept: Vec<String> =
        (0..different.min(10_000)).map(|n| workload::token(&key, algorithm, n)).collect();
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let key_json = serde_json::to_string(&public)?;
    writeln!(
        out,
        r#"{{"src":"client","dest":"gateway","body":{{"type":"init","msg_id":0,"jwt_public_key":{key_json}}}}}"#
    )?;
    for id in 1..=messages {
        let number = id % different;
        match kept.get(number) {
            Some(token) => writeln!(out, "{}", workload::message(id, token))?,
            None => {
                let token = workload::token(&key, algorithm, number);
                writeln!(out, "{}", workload::message(id, &token))?;
            }
        }
    }
    Ok(out.flush()?)
}
