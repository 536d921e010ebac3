//! `portcullis` without a subcommand: the node.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::node::{self, Clock, DEFAULT_MAX_MESSAGE_BYTES, Options};
use tracing::warn;

use super::logging::LogArgs;
use super::{Failure, Verdict, key_file};

/// Options of the node.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of the node")]
pub(super) struct NodeArgs {
    /// Stop the clock at this instant: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse, allow_negative_numbers = true)]
    now: Option<Timestamp>,

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

    /// A verification key in force without an init: PEM, JWK, JWK Set, or a secret
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    #[command(flatten)]
    logs: LogArgs,
}

/// Runs the node on standard input and output.
pub(super) fn run(args: &NodeArgs) -> Result<Verdict, Failure> {
    args.logs.start().map_err(Failure::Usage)?;
    let options = Options {
        clock: args.now.map_or(Clock::System, Clock::Frozen),
        explain: args.explain,
        max_message_bytes: args.max_message_bytes,
        jobs: args.jobs,
        keys: args.key.as_deref().map(keys_in).transpose().map_err(Failure::Usage)?,
    };
    node::run(io::stdin().lock(), io::stdout().lock(), options).map_err(anyhow::Error::from)?;
    Ok(Verdict::Positive)
}

/// The keys in a file.
pub(super) fn keys_in(path: &std::path::Path) -> Result<Arc<KeySet>> {
    let text = key_file::read(path)?;
    let (keys, warnings) = KeyText::Text(&text)
        .read()
        .with_context(|| format!("cannot use the key in {}", path.display()))?;
    for warning in warnings {
        warn!("{}: {warning}", path.display());
    }
    Ok(Arc::new(keys))
}
