//! The configuration layer, from texts to a policy or to every fault.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod defaults;
mod example;
mod faults;
mod layers;
mod properties;
mod recorded;
mod schema;
mod secrets;
mod sizes;
mod warnings;

use std::ffi::OsString;
use std::path::Path;

use portcullis::config::{Configuration, Diagnosis, Layers};

/// A file of this text.
fn file(name: &str, text: &str) -> Result<Configuration, Diagnosis> {
    layer(name, text).read()
}

/// A file of this text, as the lowest layer.
fn layer(name: &str, text: &str) -> Layers {
    Layers::new().file(Path::new(name), text.as_bytes())
}

/// Variables of the environment.
fn variables<'a>(all: &'a [(&str, &str)]) -> impl Iterator<Item = (OsString, OsString)> + 'a {
    all.iter().map(|(name, value)| (name.into(), value.into()))
}
