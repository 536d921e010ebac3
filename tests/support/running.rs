//! The built binary in the middle of a conversation.
#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder that goes when the test does.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and says where it is.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A text in which this folder is called FOLDER.
    pub(crate) fn nameless(&self, text: &str) -> String {
        text.replace(self.0.path().to_str().unwrap(), "FOLDER")
    }
}

/// A node that runs by itself, until it is told that its input ends.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    log: Arc<Log>,
    logging: Option<JoinHandle<()>>,
}

/// What it has written to standard error so far.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    more: Condvar,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    /// What of its standard output had not been read.
    pub(crate) stdout: String,
    /// All that it logged.
    pub(crate) stderr: String,
}

impl Running {
    /// Starts one with these arguments and nothing in its environment.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    /// Starts one with these variables.
    pub(crate) fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(arguments.iter().map(OsStr::new))
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let log = Arc::new(Log::default());
        let (stderr, written) = (child.stderr.take().unwrap(), Arc::clone(&log));
        let logging = thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let mut text = written.text.lock().unwrap();
                text.push_str(&line.unwrap());
                text.push('\n');
                written.more.notify_all();
            }
        });
        Self { child, stdin, stdout, log, logging: Some(logging) }
    }

    /// Starts one by a configuration in TOML, which stands in this folder.
    pub(crate) fn configured(folder: &Folder, toml: &str, arguments: &[&str]) -> Self {
        let config = format!("--config={}", folder.write("gateway.toml", toml));
        Self::start(&[&[config.as_str()], arguments].concat())
    }

    /// Sends a line.
    pub(crate) fn send(&mut self, line: impl AsRef<str>) {
        self.send_raw(&format!("{}\n", line.as_ref()));
    }

    /// Sends a text that need not end a line.
    pub(crate) fn send_raw(&mut self, text: &str) {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Sends a line to a node that may have gone away.
    pub(crate) fn try_to_send(&mut self, line: &str) {
        let _ = self.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes());
    }

    /// The next line of its output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "it ended: {:?}\n{}", line, self.log());
        line.pop();
        line
    }

    /// Sends a line, and reads the next one of its output.
    pub(crate) fn ask(&mut self, line: impl AsRef<str>) -> String {
        self.send(line);
        self.line()
    }

    /// Sends all lines while their answers are read.
    pub(crate) fn ask_all(&mut self, lines: &[String]) -> Vec<String> {
        let mut stdin = self.stdin.take().unwrap();
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let writer = thread::spawn(move || {
            stdin.write_all(text.as_bytes()).unwrap();
            stdin
        });
        let answers = lines.iter().map(|_| self.line()).collect();
        self.stdin = Some(writer.join().unwrap());
        answers
    }

    /// Sends a message of the operator, and reads the body of its answer.
    pub(crate) fn tell(&mut self, body: Value) -> Value {
        let line = self.ask(json!({"src": "client", "dest": "gateway", "body": body}).to_string());
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        answer["body"].take()
    }

    pub(crate) fn health(&mut self) -> Value {
        self.tell(json!({"type": "health"}))
    }

    /// The names of the keys in force.
    pub(crate) fn key_names(&mut self) -> Vec<String> {
        serde_json::from_value(self.health()["keys"].take()).unwrap()
    }

    /// Every series by its name and labels.
    pub(crate) fn metrics(&mut self) -> BTreeMap<String, u64> {
        let answer = self.tell(json!({"type": "metrics"}));
        let text = answer["metrics"].as_str().unwrap();
        let series = text.lines().filter(|line| !line.starts_with('#'));
        series
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let name = name.strip_prefix("portcullis_").unwrap();
                (name.to_owned(), value.parse().unwrap())
            })
            .collect()
    }

    /// One of them.
    pub(crate) fn metric(&mut self, name: &str) -> u64 {
        self.metrics()[name]
    }

    /// All that it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    /// Waits until it has logged this.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let mut log = self.log.text.lock().unwrap();
        while !log.contains(text) {
            log = self.log.more.wait(log).unwrap();
        }
    }

    /// Ends its input, and waits for it.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap().code().unwrap();
        self.logging.take().unwrap().join().unwrap();
        Ended { status, stdout, stderr: self.log() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The messages of a log, one a line, without time, level and target.
pub(crate) fn messages(log: &str) -> Vec<String> {
    log.lines()
        .map(|line| {
            let from = line.find(" portcullis::").map_or(0, |at| at + 1);
            let line = &line[from..];
            line.split_once(": ").map_or(line, |(_, message)| message).to_owned()
        })
        .collect()
}

/// A path of the project as text.
pub(crate) fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
