//! The built binary, run once.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use portcullis::mint::{Kind, SigningKey, TokenHeader, sign};
use serde_json::Value;

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The command, with nothing of the environment that changes what it prints.
pub fn portcullis(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).env_clear().env("COLUMNS", "100");
    command
}

/// Runs it with this on its standard input.
pub fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, input: &[u8]) -> Run {
    run_as(portcullis(arguments), input)
}

/// The same of a command that was made ready.
pub fn run_as(mut command: Command, input: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A child that answers while it reads would otherwise wait for us, and we for it. One that
    // does not read at all has gone away, which is no fault of the test.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A key of a kind, as its owner has it, and the text that verifies what it signs.
pub fn key(kind: Kind) -> (SigningKey, String) {
    let made = portcullis::mint::generate(kind).unwrap();
    let public = made.public_pem().unwrap_or(made.private_text()).to_owned();
    (SigningKey::read(made.private_text()).unwrap(), public)
}

/// A token with these claims, signed with the key's first algorithm.
pub fn token(key: &SigningKey, claims: &Value) -> String {
    let header = TokenHeader::for_key(key);
    sign(key, key.default_algorithm(), &header, claims.as_object().unwrap()).unwrap()
}
