//! `portcullis token`: sign, inspect and verify tokens.

use std::io::Write;

use clap::Subcommand;

use super::{Failure, Verdict, token_inspect, token_sign, token_verify};

/// Commands about tokens.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Sign a token
    Sign(token_sign::TokenSignArgs),
    /// Show what a token says, without a key
    Inspect(token_inspect::TokenInspectArgs),
    /// Say whether tokens are valid under a key, and why not
    Verify(token_verify::TokenVerifyArgs),
}

/// Runs one of them.
pub(super) fn run(command: &TokenCommand, out: &mut dyn Write) -> Result<Verdict, Failure> {
    match command {
        TokenCommand::Sign(args) => {
            token_sign::run(args, out)?;
            Ok(Verdict::Positive)
        }
        TokenCommand::Inspect(args) => {
            token_inspect::run(args, out)?;
            Ok(Verdict::Positive)
        }
        TokenCommand::Verify(args) => token_verify::run(args, out),
    }
}
