//! A recorded conversation, had once more with a node under some configuration.
//!
//! Services answer the requests that they get. Under another configuration they may get fewer or
//! more, under other numbers; what a service answered to a request it answers to it again, and what
//! it does not get it does not answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use portcullis::config::Layers;
use portcullis::node;
use portcullis::replay::Fixture;
use serde_json::Value;

/// The path of something in the fixtures' folder.
pub fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// A conversation as it was recorded.
pub struct Conversation {
    fixture: Fixture,
    pub input: String,
    pub output: String,
    /// For each number under which a request was sent on, which of the requests that was.
    sent_as: BTreeMap<u64, usize>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It is sent on; this is what its service gets, but for the number.
    Sent { service: String, message: Value },
    /// It is refused.
    Refused { status: u64, error: String },
}

/// A request of a client.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: Value,
}

impl Conversation {
    pub fn read(name: &str) -> Self {
        let path = fixtures(&format!("{name}.in.jsonl"));
        let fixture = Fixture::find(&path).unwrap().pop().unwrap();
        let input = String::from_utf8(fixture.input().unwrap()).unwrap();
        let output = std::fs::read_to_string(fixtures(&format!("{name}.out.jsonl"))).unwrap();
        let mut talk = Self { fixture, input, output, sent_as: BTreeMap::new() };
        let plain = talk.options();
        let (heard, said) = talk.have(plain, None);
        assert_eq!(said, talk.output);
        talk.sent_as = heard;
        talk
    }

    fn options(&self) -> node::Options {
        self.fixture.options().unwrap()
    }

    /// The requests of clients, in order.
    pub fn asked(&self) -> Vec<Asked> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let requests = self.input.lines().map(body).filter(|body| body["type"] == "api_request");
        let asked = requests.map(|body| Asked {
            method: text(&body["method"]),
            path: text(&body["path"]),
            headers: body["headers"].clone(),
        });
        asked.collect()
    }

    /// What became of each request when the conversation was recorded.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.outcomes_in(&self.output, &self.sent_as)
    }

    /// What becomes of each request under another configuration.
    pub fn outcomes_under(&self, config: &Path) -> Vec<Outcome> {
        let bytes = std::fs::read(config).unwrap();
        let layers = Arc::new(Layers::new().file(config, &bytes));
        let options = node::Options { layers, ..self.options() };
        let (sent_as, said) = self.have(options, Some(&self.sent_as));
        self.outcomes_in(&said, &sent_as)
    }

    fn outcomes_in(&self, said: &str, sent_as: &BTreeMap<u64, usize>) -> Vec<Outcome> {
        let (mut sent, mut answers) = (BTreeMap::new(), BTreeMap::new());
        for line in said.lines() {
            let message: Value = serde_json::from_str(line).unwrap();
            let mut body = message["body"].clone();
            if body["type"] == "api_request" {
                let number = body.as_object_mut().unwrap().remove("msg_id").unwrap();
                let service = message["dest"].as_str().unwrap().to_owned();
                let request = sent_as[&number.as_u64().unwrap()];
                sent.insert(request, Outcome::Sent { service, message: body });
            } else if body["type"] == "api_response" {
                let error = body["error"].as_str().unwrap_or_default().to_owned();
                let status = body["status"].as_u64().unwrap();
                let id = body["in_reply_to"].as_u64().unwrap();
                answers.insert(id, Outcome::Refused { status, error });
            }
        }
        let requests = self.input.lines().map(body).filter(|body| body["type"] == "api_request");
        let outcome = |(at, body): (usize, Value)| {
            let answer = || answers[&body["msg_id"].as_u64().unwrap()].clone();
            sent.get(&at).cloned().unwrap_or_else(answer)
        };
        requests.enumerate().map(outcome).collect()
    }

    /// Has the conversation: under which numbers which requests were sent on, and all that was said.
    fn have(
        &self,
        options: node::Options,
        then: Option<&BTreeMap<u64, usize>>,
    ) -> (BTreeMap<u64, usize>, String) {
        let said = Said::default();
        let lines: Vec<&str> = self.input.lines().collect();
        let mut others = Others { lines: &lines, then, said: said.clone(), ..Others::default() };
        node::run(&mut others, said.clone(), options).unwrap();
        others.listen();
        let text = String::from_utf8(said.0.borrow().clone()).unwrap();
        (others.sent_as, text)
    }
}

fn body(line: &str) -> Value {
    serde_json::from_str::<Value>(line).unwrap()["body"].take()
}

/// What a node has said so far.
#[derive(Clone, Default)]
struct Said(Rc<RefCell<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everybody but the node: they speak one after the other, and hear what is said in between.
#[derive(Default)]
struct Others<'c> {
    lines: &'c [&'c str],
    /// Under which numbers the services got the requests when they gave their answers; none where
    /// that is now.
    then: Option<&'c BTreeMap<u64, usize>>,
    said: Said,
    heard: usize,
    /// How many requests there have been.
    asked: usize,
    sent_as: BTreeMap<u64, usize>,
}

impl Others<'_> {
    /// Takes in what the node has said; what it sends on is the request that was made last.
    fn listen(&mut self) {
        let said = self.said.0.borrow();
        let new = std::str::from_utf8(&said[self.heard..]).unwrap();
        for body in new.lines().map(body).filter(|body| body["type"] == "api_request") {
            self.sent_as.insert(body["msg_id"].as_u64().unwrap(), self.asked - 1);
        }
        self.heard = said.len();
    }

    /// What stands in the next line, as it is to be said now.
    fn next(&mut self) -> Option<String> {
        loop {
            let (line, rest) = self.lines.split_first()?;
            self.lines = rest;
            let mut message: Value = serde_json::from_str(line).unwrap();
            let is_request = message["body"]["type"] == "api_request";
            self.asked += usize::from(is_request);
            // Services answer, or say that something is wrong; operators are never answers.
            match (self.then, message["body"]["in_reply_to"].as_u64()) {
                (Some(then), Some(number)) => {
                    let now = self.sent_as.iter().find(|(_, at)| **at == then[&number]);
                    let Some((now, _)) = now else { continue };
                    message["body"]["in_reply_to"] = (*now).into();
                    return Some(format!("{message}\n"));
                }
                _ => return Some(format!("{line}\n")),
            }
        }
    }
}

impl Read for &mut Others<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.listen();
        let line = self.next().unwrap_or_default();
        assert!(line.len() <= buffer.len(), "a message fits");
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}
