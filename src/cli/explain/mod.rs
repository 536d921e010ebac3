//! `portcullis explain`: why one request is decided as it is, and what would turn that round.
//!
//! The node itself decides it; here it is found out what to ask, and told. No token, key or header's
//! value is repeated.

mod json;
mod request;
mod text;

use std::io::{self, IsTerminal, Write};

use clap::{Args, ValueEnum};
use portcullis::config::Colours;
use portcullis::node::{Answer, Node, Options, Record};

use self::request::RequestArgs;
use super::logging::LogArgs;
use super::policy::{PolicyArgs, failure};
use super::{Failure, Verdict};

const EXAMPLES: &str = "\
Examples:
  A message as the node reads it, under a configuration:
    portcullis explain --config gateway.toml < request.json

  The head of a conversation: its init brings key and configuration, and its first request is
  explained, at a fixed time:
    head -n 2 talk.in.jsonl | portcullis explain --now 2026-01-01T00:30:00Z

  A request that nobody has written down, with a token in a file:
    portcullis explain --config gateway.toml --path /api/users/7 --token-file token.txt

  What would have to be so for a call to pass, for a program to read:
    portcullis explain --config gateway.toml --method DELETE --path /api/users/7 \\
      --token-file token.txt --require users:write --format json

Limits and circuits are taken as fresh: the request is its caller's first. Each change that is named
was tried, by deciding again with the change made; where one takes several steps, they are told
together. Headers among the arguments can be seen by others on the machine; standard input and
--token-file are private.

Exit status: 0 where the request may pass, 1 where it may not, 2 on wrong usage or a configuration
that cannot be used.";

/// Arguments of `portcullis explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    policy: PolicyArgs,

    /// How to tell it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    logs: LogArgs,

    #[command(flatten)]
    request: RequestArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One JSON object
    Json,
}

/// Explains one request.
pub(super) fn run(args: &ExplainArgs, out: &mut dyn Write) -> Result<Verdict, Failure> {
    args.logs.start().map_err(Failure::Usage)?;
    let options = Options { record: Record::Nothing, ..args.policy.options(None)? };
    let mut node = Node::new(options).map_err(failure)?;
    let explanation = args.request.explain(&mut node)?;
    let told = match args.format {
        Format::Text => text::shown(&explanation, colours()),
        Format::Json => json::shown(&explanation).map_err(Failure::Other)?,
    };
    out.write_all(told.as_bytes()).map_err(anyhow::Error::from)?;
    Ok(match explanation.answer {
        Answer::Passes { .. } => Verdict::Positive,
        Answer::Refused { .. } => Verdict::Negative,
    })
}

fn colours() -> Colours {
    match io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Colours::Terminal,
        false => Colours::None,
    }
}
