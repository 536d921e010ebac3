//! The configuration layer, from texts to a policy or to every fault.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod example;

use std::path::Path;

use portcullis::config::{Configuration, Diagnosis, Layers};

/// A file of this text.
fn file(name: &str, text: &str) -> Result<Configuration, Diagnosis> {
    Layers::new().file(Path::new(name), text.as_bytes()).read()
}
