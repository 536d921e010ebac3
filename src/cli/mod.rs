//! The command line: parses arguments, picks a face, and maps errors to exit codes.
//!
//! 0: done, or nobody reads the output any more. 1: something failed, or a check came out
//! negative. 2: wrong usage, or a configuration (a key, say) that cannot be used.

mod check;
mod config;
mod explain;
mod key;
mod key_file;
mod logging;
mod node;
mod output;
mod policy;
mod record_report;
mod replay;
mod schema;
mod token;
mod token_claims;
mod token_input;
mod token_inspect;
mod token_sign;
mod token_verify;
mod what_if;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use self::output::Output;

/// Decides who is calling and what they may do, and can decide it again.
///
/// Without a subcommand it is the node: it reads JSON messages on standard input, an `init` that
/// names the key and then `api_request`s, and answers each on standard output.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    node: node::NodeArgs,
}

const EXAMPLES: &str = "\
Examples:
  Answer a file of messages:
    portcullis < requests.jsonl

  Say why each request was decided as it was, at a fixed time:
    portcullis --explain --now 2026-01-01T00:00:00Z < requests.jsonl

  Use a key that no init brings, and log what is refused:
    portcullis --key issuer.pub.pem --log debug < requests.jsonl

  Compare recorded conversations with what is answered today:
    portcullis replay fixtures

Exit status: 0 at the end of the input, and when nobody reads the answers any more; 1 when reading
or writing fails; 2 on wrong usage or a broken configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run recorded conversations again and compare the answers byte for byte; decide recorded
    /// decisions again and compare those
    Replay(replay::ReplayArgs),
    /// Decide recorded decisions under another configuration and show what would change
    WhatIf(what_if::WhatIfArgs),
    /// Sign, inspect and verify tokens
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Make keys
    Key(key::KeyArgs),
    /// Say why one request is decided as it is, and what would turn that round
    Explain(explain::ExplainArgs),
    /// Check a configuration: all of its faults at once, and what is unwise
    Check(check::CheckArgs),
    /// Print a commented configuration to begin with
    #[command(after_help = schema::STARTER_EXAMPLES)]
    InitConfig,
    /// Print the JSON Schema of the configuration, or its reference
    Schema(schema::SchemaArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis
  portcullis completions zsh > \"${fpath[1]}/_portcullis\"
  portcullis completions fish > ~/.config/fish/completions/portcullis.fish";

/// How a command came out when it did not fail.
enum Verdict {
    /// All is well.
    Positive,
    /// It did what it should, and what it found is not well.
    Negative,
}

/// Why a command failed.
enum Failure {
    /// What was given cannot be used.
    Usage(anyhow::Error),
    /// It could not be done.
    Other(anyhow::Error),
}

impl Failure {
    fn error(&self) -> &anyhow::Error {
        match self {
            Self::Usage(error) | Self::Other(error) => error,
        }
    }

    /// True where it failed because nobody reads the output any more.
    fn is_unread(&self) -> bool {
        matches!(self, Self::Other(error) if is_broken_pipe(error))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    // clap prints what is wrong and exits with 2, or with 0 after --help and --version.
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(Verdict::Positive) => ExitCode::SUCCESS,
        Ok(Verdict::Negative) => ExitCode::from(1),
        Err(failure) if failure.is_unread() => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure.error());
            ExitCode::from(match failure {
                Failure::Usage(_) => 2,
                Failure::Other(_) => 1,
            })
        }
    }
}

fn run(arguments: Arguments) -> Result<Verdict, Failure> {
    let out = &mut Output::lock();
    match arguments.command {
        None => node::run(&arguments.node),
        Some(Command::Replay(args)) => replay::run(&args, out),
        Some(Command::WhatIf(args)) => what_if::run(&args, out),
        Some(Command::Token(command)) => token::run(&command, out),
        Some(Command::Key(args)) => {
            key::run(&args, out)?;
            Ok(Verdict::Positive)
        }
        Some(Command::Explain(args)) => explain::run(&args, out),
        Some(Command::Check(args)) => check::run(&args, out),
        Some(Command::InitConfig) => {
            schema::starter(out)?;
            Ok(Verdict::Positive)
        }
        Some(Command::Schema(args)) => {
            schema::run(&args, out)?;
            Ok(Verdict::Positive)
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "portcullis", &mut script);
            out.write_all(&script).map_err(anyhow::Error::from)?;
            Ok(Verdict::Positive)
        }
    }
}

fn complain(error: &anyhow::Error) {
    // Where standard error is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "portcullis: {error:#}");
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        // serde_json wraps the error of its writer so that it is no link of the chain.
        let wrapped = cause.downcast_ref().and_then(serde_json::Error::io_error_kind);
        wrapped.or_else(|| cause.downcast_ref().map(io::Error::kind))
    };
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
