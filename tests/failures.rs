//! What happens when input, output, keys or arguments fail: a status, a sentence, no panic, and
//! never more memory than a message is worth.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use support::{Run, portcullis, run};
use tempfile::TempDir;

#[path = "support/command.rs"]
mod support;

const REQUEST: &str = r#"{"src":"c","dest":"g","body":{"type":"api_request","msg_id":7,"method":"GET","path":"/users"}}
"#;
const ANSWER: &str = r#"{"src": "g", "dest": "c", "body": {"type": "api_response", "in_reply_to": 7, "status": 401, "error": "Missing Authorization header"}}
"#;
const NO_TOKEN: &str = r#"{"valid": false, "reason": "the token is not three segments parted by dots"}
"#;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn secret() -> String {
    root().join("scripts/keys/secret.txt").to_str().unwrap().to_owned()
}

fn malformed(line: u64, why: &str) -> String {
    let text = format!("Malformed message on line {line}: {why}");
    format!(
        "{{\"src\": \"gateway\", \"dest\": \"unknown\", \"body\": {{\"type\": \"error\", \"code\": 12, \"text\": \"{text}\"}}}}\n"
    )
}

/// The node or another command in the middle of a conversation.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = portcullis(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().map(BufReader::new));
        Self { child, stdin, stdout }
    }

    fn send(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Sends `text` again and again until nobody takes it any more.
    fn send_until_it_has_gone(&mut self, text: &str) {
        let mut stdin = self.stdin.take().unwrap();
        while stdin.write_all(text.as_bytes()).is_ok() {}
    }

    /// The status, what is left of standard output, and standard error.
    fn end(mut self) -> Run {
        drop(self.stdin.take());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        if let Some(mut rest) = self.stdout.take() {
            rest.read_to_string(&mut stdout).unwrap();
        }
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = self.child.wait().unwrap().code().unwrap();
        Run { status, stdout, stderr }
    }
}

fn quiet(status: i32, stdout: &str) -> Run {
    Run { status, stdout: stdout.to_owned(), stderr: String::new() }
}

#[test]
fn each_answer_comes_before_more_input_is_waited_for() {
    let mut node = Running::start(&[]);
    let mut verify = Running::start(&["token", "verify", "--key", &secret()]);
    for _ in 0..3 {
        node.send(REQUEST);
        assert_eq!(node.line(), ANSWER);
        // The half of the next line that is there already must not hold the answer back.
        verify.send("a token\nand half of ano");
        assert_eq!(verify.line(), NO_TOKEN);
        verify.send("ther one\n");
        assert_eq!(verify.line(), NO_TOKEN);
    }
    assert_eq!(node.end(), quiet(0, ""));
    assert_eq!(verify.end(), quiet(1, ""));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for (arguments, input) in
        [(&[][..], REQUEST), (&["token", "verify", "--key", &secret()], "a token\n")]
    {
        let mut running = Running::start(arguments);
        running.send(input);
        assert_ne!(running.line(), "");
        running.stdout = None;
        running.send_until_it_has_gone(input);
        assert_eq!(running.end(), quiet(0, ""), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_is_not_there_is_no_failure() {
    let fixtures = root().join("fixtures");
    let fixtures = fixtures.to_str().unwrap();
    for arguments in [
        &["replay", fixtures][..],
        &["replay", "--format", "json", fixtures],
        &["token", "inspect", "e30.e30.e30"],
        &["token", "sign", "--key", &secret()],
        &["key", "generate", "--kind", "ed25519"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut running = Running::start(arguments);
        running.stdout = None;
        assert_eq!(running.end(), quiet(0, ""), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_1_and_named() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let fixture = root().join("fixtures/sample-init-ok.in.jsonl");
    let fixture = fixture.to_str().unwrap();
    for arguments in [
        &[][..],
        &["replay", fixture],
        &["replay", "--format", "json", fixture],
        &["token", "verify", "--key", &secret()],
        &["token", "inspect", "e30.e30.e30"],
        &["token", "sign", "--key", &secret()],
        &["key", "generate", "--kind", "ed25519"],
        &["completions", "bash"],
    ] {
        let mut child = portcullis(arguments)
            .stdin(Stdio::piped())
            .stdout(full.try_clone().unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Most commands read nothing, and may be gone before this is written.
        let _ = child.stdin.take().unwrap().write_all(REQUEST.as_bytes());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let message = "portcullis: cannot write to standard output: No space left on device";
        assert!(stderr.starts_with(message), "{arguments:?}: {stderr}");
        assert_eq!((stderr.lines().count(), output.status.code()), (1, Some(1)), "{arguments:?}");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_1_and_named() {
    for arguments in [&[][..], &["token", "verify", "--key", &secret()], &["token", "inspect"]] {
        let output = portcullis(arguments).stdin(File::open(root()).unwrap()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let message = "portcullis: cannot read from standard input: Is a directory";
        assert!(stderr.starts_with(message), "{arguments:?}: {stderr}");
        assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    }
}

/// A program whose standard input or output is closed meets `/dev/null` there instead.
#[test]
fn closed_input_and_output_are_empty_ones() {
    for (redirection, stdout) in [("<&-", ""), (">&-", ""), ("2>&-", ANSWER)] {
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("exec \"$0\" {redirection}"), env!("CARGO_BIN_EXE_portcullis")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // With its input closed it may be gone before this is written.
        let _ = child.stdin.take().unwrap().write_all(REQUEST.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{redirection}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), stdout, "{redirection}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{redirection}");
    }
}

#[test]
fn a_broken_key_or_clock_is_2_before_anything_is_read() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key.pem");
    fs::write(&key, "-----BEGIN PUBLIC KEY-----\nAAAA\n").unwrap();
    let key = key.to_str().unwrap();
    for arguments in [&["--key", key][..], &["--now", "rubbish"], &["--now", ""], &["--now=nan"]] {
        let run = run(arguments, REQUEST.as_bytes());
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(if arguments[0] == "--key" { key } else { "--now" }));
    }
}

#[test]
fn the_end_of_the_input_in_mid_message_is_answered() {
    let cut = REQUEST.trim_end().strip_suffix('}').unwrap();
    let cut_line = format!("{cut}\n");
    for (rest, why) in [
        (cut, "the message is incomplete"),
        (&cut_line, "the message is incomplete"),
        ("{", "the message is incomplete"),
        ("{\n\"src\":", "the message is incomplete"),
        // No string goes beyond its line, and the last line ends with the input.
        ("{\n\"src\":\"c", "not valid JSON"),
    ] {
        let run = run([""; 0], format!("{REQUEST}{rest}").as_bytes());
        assert_eq!(run, quiet(0, &(ANSWER.to_owned() + &malformed(2, why))), "{rest}");
    }
    assert_eq!(run([""; 0], REQUEST.trim_end().as_bytes()), quiet(0, ANSWER));
}

/// The most memory that a process has had resident (bytes).
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// 64 MiB without a newline are one error, and no more memory than any other input; the message
/// behind them is answered.
#[cfg(target_os = "linux")]
#[test]
fn a_line_without_an_end_costs_bounded_memory() {
    let node = ["--max-message-bytes", "65536"];
    let too_long = malformed(1, "the message is longer than 65536 bytes");
    let no_object = malformed(1, "a message is a JSON object");
    let key = secret();
    let verify = ["token", "verify", "--key", &key];
    let too_long_token = "{\"valid\": false, \"reason\": \"the token is longer than 16 KiB\"}\n";
    for (arguments, start, piece, then, answers) in [
        // A message of one line, a message over many, and what is no message at all.
        (&node[..], "{\"a\":\"", "x", REQUEST, [too_long.as_str(), ANSWER]),
        (&node, "{\"a\":[", "1,\n", REQUEST, [&too_long, ANSWER]),
        (&node, "{\"a\":", "[", REQUEST, [&too_long, ANSWER]),
        (&node, "", "x", REQUEST, [&no_object, ANSWER]),
        (&node, "", " ", REQUEST, [ANSWER, ""]),
        (&verify, "", "x", "a token\n", [too_long_token, NO_TOKEN]),
    ] {
        let mut running = Running::start(arguments);
        running.send(start);
        let block = piece.repeat((1 << 20) / piece.len());
        for _ in 0..64 {
            running.send(&block);
        }
        running.send("\n");
        running.send(then);
        for answer in answers.into_iter().filter(|answer| !answer.is_empty()) {
            assert_eq!(running.line(), answer, "{start}{piece}");
        }
        let peak = peak(&running.child);
        assert!(peak < 24 << 20, "{start}{piece}: {} MiB", peak >> 20);
        assert_eq!(running.end().stdout, "");
    }
}

/// A key file may be a device that never ends.
#[test]
fn an_endless_key_file_is_refused() {
    if !Path::new("/dev/zero").exists() {
        return;
    }
    let run = run(["--key", "/dev/zero"], b"");
    let stderr = "portcullis: /dev/zero is longer than 1 MiB, which no key is\n".to_owned();
    assert_eq!(run, Run { status: 2, stdout: String::new(), stderr });
}
