//! `portcullis` without a subcommand: the node.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use portcullis::config::{Colours, Diagnosis, Layers};
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::node::{self, Allowed, Clock, DEFAULT_MAX_MESSAGE_BYTES, NodeError, Options};
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

    /// The configuration, in TOML, YAML or JSON by its ending
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set one name of the configuration, over the file and the environment: `jwt.leeway=5s`
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Send each request that may pass to the node named like its service, and hand on the answer
    #[arg(long)]
    forward: bool,

    #[command(flatten)]
    logs: LogArgs,
}

/// Runs the node on standard input and output.
pub(super) fn run(args: &NodeArgs) -> Result<Verdict, Failure> {
    args.logs.start().map_err(Failure::Usage)?;
    let environment: BTreeMap<_, _> = std::env::vars_os().collect();
    let options = Options {
        clock: args.now.map_or(Clock::System, Clock::Frozen),
        explain: args.explain,
        max_message_bytes: args.max_message_bytes,
        jobs: args.jobs,
        keys: args.key.as_deref().map(keys_in).transpose().map_err(Failure::Usage)?,
        layers: Arc::new(args.layers(&environment).map_err(Failure::Usage)?),
        environment: Arc::new(environment),
        allowed: match args.forward {
            true => Allowed::Forwarded,
            false => Allowed::Answered,
        },
    };
    match node::run_with(io::stdin().lock(), io::stdout().lock(), options) {
        Ok(()) => Ok(Verdict::Positive),
        Err(NodeError::Configuration(diagnosis)) => {
            show(&diagnosis);
            let faults = diagnosis.faults().len();
            let plural = if faults == 1 { "a fault" } else { "faults" };
            let error = anyhow!("the configuration has {plural}, so nothing was started");
            Err(Failure::Usage(error))
        }
        Err(error @ NodeError::StoppedClock(_)) => Err(Failure::Usage(error.into())),
        Err(error) => Err(Failure::Other(error.into())),
    }
}

/// Shows every fault on standard error.
fn show(diagnosis: &Diagnosis) {
    let colours = match io::stderr().is_terminal() {
        true => Colours::Terminal,
        false => Colours::None,
    };
    // Where standard error is gone there is nobody left to tell.
    let _ = io::stderr().write_all(diagnosis.render(colours).as_bytes());
}

impl NodeArgs {
    /// The layers of the configuration below any init's.
    fn layers(&self, environment: &BTreeMap<OsString, OsString>) -> Result<Layers> {
        let mut layers = Layers::new();
        if let Some(path) = &self.config {
            let bytes = fs::read(path)
                .with_context(|| format!("cannot read the configuration {}", path.display()))?;
            layers = layers.file(path, &bytes);
        }
        layers = layers.environment(environment.clone());
        for assignment in &self.set {
            layers = layers.set("--set", assignment);
        }
        Ok(layers)
    }
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
