//! Logs: on standard error, for people or machines. Standard output belongs to the answers.

use std::io;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// What to log, and how.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// What to log on standard error: off, error, warn, info, debug, trace, or a filter like
    /// portcullis=debug; at debug each refused message gets a line
    #[arg(long, value_name = "LEVEL|FILTER", default_value = "warn")]
    log: String,

    /// How to log
    #[arg(long, value_enum, default_value_t = Format::Text)]
    log_format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Default for LogArgs {
    /// Warnings, as text: for commands whose logs nobody would tune.
    fn default() -> Self {
        Self { log: "warn".to_owned(), log_format: Format::Text }
    }
}

impl LogArgs {
    /// Starts logging.
    pub(super) fn start(&self) -> Result<()> {
        // A filter of one word names a target, of which there is none like a misspelt level.
        let word = self.log.chars().all(|c| c.is_ascii_alphabetic());
        if word && self.log.parse::<LevelFilter>().is_err() && self.log != "portcullis" {
            bail!("--log: `{}` is no level; use off, error, warn, info, debug or trace", self.log);
        }
        let filter = EnvFilter::builder()
            .parse(&self.log)
            .map_err(|fault| anyhow!("--log: `{}` is no filter: {fault}", self.log))?;
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
        // A second start in one process changes nothing.
        let _ = match self.log_format {
            Format::Text => {
                let colours = io::IsTerminal::is_terminal(&io::stderr());
                logs.with_ansi(colours).try_init()
            }
            Format::Json => logs.json().flatten_event(true).try_init(),
        };
        Ok(())
    }
}
