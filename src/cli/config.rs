//! Where the configuration comes from: a file, the environment, options.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use portcullis::config::{Layers, Resolver};

/// No configuration is longer; a device that never ends is refused.
const MAX_CONFIG_BYTES: u64 = 64 << 20;

/// No key or secret is longer.
const MAX_SECRET_BYTES: u64 = 1 << 20;

/// A file, laid over by the environment and by options of the form `NAME=VALUE`.
pub(super) fn layers(file: Option<&Path>, set: &[String]) -> Result<Layers> {
    let mut layers = Layers::new();
    if let Some(path) = file {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut bytes))
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        if bytes.len() as u64 > MAX_CONFIG_BYTES {
            bail!("{} is longer than 64 MiB, which no configuration is", path.display());
        }
        layers = layers.file(path, &bytes);
    }
    layers = layers.environment(env::vars_os());
    Ok(set.iter().fold(layers, |layers, assignment| layers.set("--set", assignment)))
}

/// This process's environment and files.
pub(super) struct Surroundings;

impl Resolver for Surroundings {
    fn variable(&mut self, name: &str) -> Result<String, String> {
        match env::var(name) {
            Ok(value) => Ok(value),
            Err(env::VarError::NotPresent) => Err("is not set".to_owned()),
            // The error holds the value.
            Err(env::VarError::NotUnicode(_)) => Err("is not UTF-8".to_owned()),
        }
    }

    fn file(&mut self, path: &Path) -> Result<String, String> {
        let mut bytes = Vec::new();
        let read = File::open(path)
            .and_then(|file| file.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|error| reason(&error))?;
        if bytes.len() as u64 > MAX_SECRET_BYTES {
            return Err("it is longer than 1 MiB, which no key is".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| {
            "it is not text; a key in DER becomes PEM with `openssl pkey -inform DER -in FILE`"
                .to_owned()
        })
    }
}

/// Without the number that the system gives an error.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
