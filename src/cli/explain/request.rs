//! Which request: a message on standard input, or one made of the arguments. Either way it is a
//! message, and read like any other.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use portcullis::node::{DEFAULT_MAX_MESSAGE_BYTES, Explanation, Node};
use portcullis::protocol::{Body, Frame, Framer, Incoming, Message};
use serde_json::{Value, json};

use super::super::Failure;

/// No token is longer; a device that never ends is refused.
const MAX_TOKEN_FILE_BYTES: u64 = 1 << 20;

/// The request, where standard input does not hold it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The request, instead of a message on standard input")]
pub(super) struct RequestArgs {
    /// The path, with its query
    #[arg(long)]
    path: Option<String>,

    /// The method
    #[arg(long, default_value = "GET", requires = "path")]
    method: String,

    /// File with the token that is sent as `Authorization: Bearer`
    #[arg(long, value_name = "FILE", requires = "path")]
    token_file: Option<PathBuf>,

    /// A header
    #[arg(long = "header", value_name = "NAME:VALUE", requires = "path")]
    headers: Vec<String>,

    /// A permission that the request itself asks to be checked
    #[arg(long = "require", value_name = "PERMISSION", requires = "path")]
    required: Vec<String>,

    /// The client's address
    #[arg(long, value_name = "ADDRESS", requires = "path")]
    client_ip: Option<String>,
}

/// The name and the value. The error does not repeat what may be a secret.
fn header(text: &str) -> Result<(&str, String)> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim(), value.trim().to_owned()))
        }
        _ => bail!("--header: a header is written NAME:VALUE"),
    }
}

impl RequestArgs {
    /// Finds the request and has it explained.
    pub(super) fn explain(&self, node: &mut Node) -> Result<Explanation, Failure> {
        match &self.path {
            Some(path) => {
                let message = self.message(path).map_err(Failure::Usage)?.to_string();
                first_explained(node, message.as_bytes())
            }
            None if io::stdin().is_terminal() => Err(Failure::Usage(anyhow!(
                "there is no request: pipe a message in, or name one with --path"
            ))),
            None => first_explained(node, io::stdin().lock()),
        }
    }

    fn message(&self, path: &str) -> Result<Value> {
        let mut headers: Vec<(&str, Vec<String>)> = Vec::new();
        let token = self.token_file.as_deref().map(token_in).transpose()?;
        let bearer = token.map(|token| ("Authorization", format!("Bearer {token}")));
        let given: Vec<_> = self.headers.iter().map(|text| header(text)).collect::<Result<_>>()?;
        for (name, value) in bearer.into_iter().chain(given) {
            match headers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => headers.push((name, vec![value])),
            }
        }
        let headers: serde_json::Map<_, _> =
            headers.into_iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
        Ok(json!({"src": "explain", "dest": "gateway", "body": {
            "type": "api_request",
            "msg_id": 1,
            "method": self.method,
            "path": path,
            "headers": headers,
            "required_permissions": self.required,
            "client_ip": self.client_ip,
        }}))
    }
}

/// The token in a file; blanks around it do not count.
fn token_in(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_TOKEN_FILE_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read the token file {}", path.display()))?;
    if bytes.len() as u64 > MAX_TOKEN_FILE_BYTES {
        bail!("{} is longer than 1 MiB, which no token is", path.display());
    }
    // What is not UTF-8 becomes a character that is in no token, so it is judged as such.
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Hears everything up to the first request, and explains that.
fn first_explained(node: &mut Node, mut input: impl Read) -> Result<Explanation, Failure> {
    let mut framer = Framer::new(DEFAULT_MAX_MESSAGE_BYTES);
    loop {
        node.look_around();
        loop {
            match framer.next() {
                Frame::Starved => break,
                Frame::Ended => {
                    return Err(Failure::Usage(anyhow!("standard input holds no api_request")));
                }
                Frame::Message(line, incoming) => match &incoming {
                    Incoming::Message(Message { body: Body::ApiRequest(request), .. }) => {
                        return Ok(node.explain(request));
                    }
                    _ => heard(node, line, &incoming)?,
                },
            }
        }
        framer.fill(&mut input).context("cannot read from standard input")?;
    }
}

/// Takes a message that is no request. What the node does not understand is not passed over: it may
/// be what was to be explained.
fn heard(node: &mut Node, line: u64, incoming: &Incoming<'_>) -> Result<(), Failure> {
    let mut answer = Vec::new();
    node.answer(line, incoming, &mut answer);
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    match answer.pointer("/body/text").and_then(Value::as_str) {
        Some(text) => Err(Failure::Usage(anyhow!("line {line} of standard input: {text}"))),
        None => Ok(()),
    }
}
