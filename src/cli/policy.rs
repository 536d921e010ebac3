//! What commands that decide are told alike: the configuration, a key, and the time.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use portcullis::config::{Colours, Diagnosis};
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::node::{Clock, NodeError, Options};
use tracing::warn;

use super::config::layers;
use super::{Failure, key_file};

/// What decisions are made by.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Stop the clock at this instant: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse, allow_negative_numbers = true)]
    now: Option<Timestamp>,

    /// A verification key in force without an init: PEM, JWK, JWK Set, or a secret
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// The configuration, in TOML, YAML or JSON by its ending
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set one name of the configuration, over the file and the environment: `jwt.leeway=5s`
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl PolicyArgs {
    /// A node that decides so, and records where it is told to.
    pub(super) fn options(&self, record: Option<&Path>) -> Result<Options, Failure> {
        let environment: BTreeMap<_, _> = std::env::vars_os().collect();
        let mut layers = layers(self.config.as_deref(), &self.set).map_err(Failure::Usage)?;
        if let Some(file) = record {
            let file = file.to_str().ok_or_else(|| anyhow!("--record takes a path in UTF-8"));
            let file = file.map_err(Failure::Usage)?;
            layers = layers.option("--record", &["record", "file"], file);
        }
        Ok(Options {
            clock: self.now.map_or(Clock::System, Clock::Frozen),
            keys: self.key.as_deref().map(keys_in).transpose().map_err(Failure::Usage)?,
            layers: Arc::new(layers),
            environment: Arc::new(environment),
            ..Options::default()
        })
    }
}

/// Why a node failed; faults of its configuration have been shown by then.
pub(super) fn failure(error: NodeError) -> Failure {
    match error {
        NodeError::Configuration(diagnosis) => {
            show(&diagnosis);
            let faults = diagnosis.faults().len();
            let plural = if faults == 1 { "a fault" } else { "faults" };
            Failure::Usage(anyhow!("the configuration has {plural}, so nothing was started"))
        }
        error @ (NodeError::StoppedClock(_) | NodeError::Record(_)) => Failure::Usage(error.into()),
        error => Failure::Other(error.into()),
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

/// The keys in a file.
pub(super) fn keys_in(path: &Path) -> Result<Arc<KeySet>> {
    let text = key_file::read(path)?;
    let (keys, warnings) = KeyText::Text(&text)
        .read()
        .with_context(|| format!("cannot use the key in {}", path.display()))?;
    for warning in warnings {
        warn!("{}: {warning}", path.display());
    }
    Ok(Arc::new(keys))
}
