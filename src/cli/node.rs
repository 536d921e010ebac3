//! `portcullis` without a subcommand: the node.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use portcullis::node::{self, Allowed, DEFAULT_MAX_MESSAGE_BYTES, Options};

use super::logging::LogArgs;
use super::policy::{PolicyArgs, failure};
use super::{Failure, Verdict};

/// Options of the node.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of the node")]
pub(super) struct NodeArgs {
    #[command(flatten)]
    policy: PolicyArgs,

    /// Add to each answer the checks that were made, and why the one that decided failed
    #[arg(long)]
    explain: bool,

    /// The longest message that is read, in bytes
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_MESSAGE_BYTES,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1 << 40))]
    max_message_bytes: usize,

    /// Threads that check signatures; the answers and their order are the same with any number
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    jobs: NonZeroUsize,

    /// Record every decision in this file, one JSON object a line, for `replay` and `what-if`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Send each request that may pass to the node named like its service, and hand on the answer
    #[arg(long)]
    forward: bool,

    #[command(flatten)]
    logs: LogArgs,
}

/// Runs the node on standard input and output.
pub(super) fn run(args: &NodeArgs) -> Result<Verdict, Failure> {
    args.logs.start().map_err(Failure::Usage)?;
    let options = Options {
        explain: args.explain,
        max_message_bytes: args.max_message_bytes,
        jobs: args.jobs,
        allowed: match args.forward {
            true => Allowed::Forwarded,
            false => Allowed::Answered,
        },
        ..args.policy.options(args.record.as_deref())?
    };
    node::run_with(io::stdin().lock(), io::stdout().lock(), options).map_err(failure)?;
    Ok(Verdict::Positive)
}
