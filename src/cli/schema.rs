//! `portcullis schema` and `portcullis init-config`: what a configuration can hold.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use portcullis::config;

const SCHEMA_EXAMPLES: &str = "\
Examples:
  portcullis schema > portcullis.schema.json    # an editor completes names with it
  portcullis schema --markdown                  # every name, its type, default and meaning

A TOML file names its schema in a comment at its top: `#:schema portcullis.schema.json`; a YAML file:
`# yaml-language-server: $schema=portcullis.schema.json`.";

/// Arguments of `portcullis schema`.
#[derive(Debug, Args)]
#[command(after_help = SCHEMA_EXAMPLES)]
pub(super) struct SchemaArgs {
    /// Print the reference for people instead
    #[arg(long)]
    markdown: bool,
}

pub(super) const STARTER_EXAMPLES: &str = "\
Examples:
  portcullis init-config > portcullis.toml
  portcullis check --strict portcullis.toml";

/// Prints the schema.
pub(super) fn run(args: &SchemaArgs, out: &mut dyn Write) -> Result<()> {
    let text = if args.markdown { config::reference() } else { config::schema() };
    Ok(out.write_all(text.as_bytes())?)
}

/// Prints a configuration to begin with.
pub(super) fn starter(out: &mut dyn Write) -> Result<()> {
    Ok(out.write_all(config::STARTER.as_bytes())?)
}
