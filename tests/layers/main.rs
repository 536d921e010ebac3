//! The direction of layers, and what a pure layer keeps its hands off, held against the sources.
//!
//! Modules of one crate do not keep layers by themselves; this does. Comments, doc links and texts
//! do not count; tests inside the sources do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod paths;

use std::fs;
use std::path::Path;

use paths::{Mention, mentions};

/// Each folder under `src`, and what of the project it may use besides itself.
const LAYERS: [(&str, &[&str]); 9] = [
    ("gateway", &[]),
    ("protocol", &[]),
    ("config", &["gateway"]),
    ("mint", &["gateway"]),
    ("record", &["config", "gateway"]),
    ("remote", &["gateway"]),
    ("node", &["protocol", "config", "gateway", "record", "remote"]),
    ("replay", &["node", "config", "protocol", "gateway"]),
    ("cli", &["gateway", "protocol", "config", "mint", "record", "remote", "node", "replay"]),
];

/// Layers that are functions of what they are given.
const PURE: [&str; 3] = ["gateway", "protocol", "config"];

/// What would make them more than that, and why.
const BANNED: [(&str, &str); 9] = [
    ("std::fs", "a pure layer does no input or output"),
    ("std::net", "a pure layer does no input or output"),
    ("std::io", "a pure layer does no input or output"),
    ("std::env", "a pure layer is told what it needs to know"),
    ("std::process", "a pure layer starts and ends nothing"),
    ("std::thread", "a pure layer spawns nothing"),
    ("std::time::SystemTime::now", "time is an argument"),
    ("std::time::Instant::now", "time is an argument"),
    ("tracing", "a pure layer logs nothing; reasons go out as values"),
];

/// The one place where a stream comes in, as a trait that its caller fills.
const ALLOWED: [(&str, &[&str]); 1] = [(
    "src/protocol/framing.rs",
    &["std::io", "std::io::Read", "std::io::Result", "std::io::ErrorKind::Interrupted"],
)];

/// Every breach of the rules in one file.
fn faults(file: &str, source: &str) -> Vec<String> {
    let layer = file.strip_prefix("src/").unwrap().split('/').next().unwrap();
    let mut faults = Vec::new();
    for Mention { path, line } in mentions(file, source) {
        let why = match path.strip_prefix("crate::") {
            Some(inner) => wrong_layer(layer, inner.split("::").next().unwrap()),
            None => impure(file, layer, &path),
        };
        if let Some(why) = why {
            faults.push(format!("{file}:{line}: `{path}`: {why}"));
        }
    }
    faults
}

fn wrong_layer(layer: &str, used: &str) -> Option<String> {
    let row = LAYERS.iter().find(|(name, _)| *name == layer);
    let Some((_, allowed)) = row else {
        // lib.rs and main.rs stand above all layers.
        return (!layer.ends_with(".rs")).then(|| format!("`{layer}` is no layer of the table"));
    };
    if used == layer || allowed.contains(&used) {
        return None;
    }
    Some(match allowed.is_empty() {
        true => format!("`{layer}` uses nothing else of the project"),
        false => format!("`{layer}` uses {} and nothing else of the project", allowed.join(", ")),
    })
}

fn impure(file: &str, layer: &str, path: &str) -> Option<String> {
    let allowed = ALLOWED.iter().find(|(known, _)| *known == file).map_or(&[][..], |row| row.1);
    if !PURE.contains(&layer) || allowed.contains(&path) {
        return None;
    }
    let within = |banned: &str| {
        path.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    BANNED.iter().find(|(banned, _)| within(banned)).map(|(_, why)| (*why).to_owned())
}

/// Every source under a folder, with its path from the project's folder.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(sources(&path));
        } else if path.ends_with(".rs") {
            found.push((path, fs::read_to_string(entry.path()).unwrap()));
        }
    }
    found
}

#[test]
fn every_layer_uses_only_what_is_below_it() {
    let sources = sources("src");
    for (layer, _) in LAYERS {
        let folder = format!("src/{layer}/");
        assert!(sources.iter().any(|(file, _)| file.starts_with(&folder)), "no {folder}");
    }
    let faults: Vec<_> = sources.iter().flat_map(|(file, source)| faults(file, source)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_folder_is_a_layer_of_the_table() {
    for (file, _) in sources("src") {
        let mut parts = file.split('/').skip(1);
        let first = parts.next().unwrap();
        let known = parts.next().is_none() || LAYERS.iter().any(|(layer, _)| *layer == first);
        assert!(known, "{file}: say in the table of tests/layers/main.rs what `{first}` may use");
    }
}

/// The checker sees what it should see, and nothing else.
#[test]
fn a_bad_sample_is_found_out() {
    let sample = r##"
//! [`crate::node`] and `use crate::node;` in a comment
/* use std::fs; /* nested */ use crate::cli; */
use crate::protocol::{Frame, framing::{self, Framer}};
use super::super::node::Node;
use super::json::Members;
use std::{fs, collections::HashMap, io::{self as input, Read as _}};
use std::time::{Duration, Instant, SystemTime};
/// Links to [tracing](tracing::debug) and [`std::thread`].
fn f<'a>(text: &'a str) -> crate::gateway::Decision<'a> {
    let quoted = ("use crate::node;", r#"std::env::var("x")"#, '"', b"tracing::", '\'');
    let since = SystemTime::UNIX_EPOCH;
    let now = SystemTime::now();
    let _ = portcullis::cli::main() + input::stdin() + ::std::env::args::<'a>();
    tracing::debug!("{}", std::process::id());
    std::thread::spawn(|| Instant :: now());
    self.tracing.io.fs();
}
#[cfg(test)]
mod tests {
    use super::super::time::Timestamp;
    use super::super::super::mint;
    #[tracing::instrument]
    fn g() {}
}
"##;
    let expected = [
        "4: `crate::protocol::Frame`: `gateway` uses nothing else of the project",
        "4: `crate::protocol::framing`: `gateway` uses nothing else of the project",
        "4: `crate::protocol::framing::Framer`: `gateway` uses nothing else of the project",
        "5: `crate::node::Node`: `gateway` uses nothing else of the project",
        "7: `std::fs`: a pure layer does no input or output",
        "7: `std::io`: a pure layer does no input or output",
        "7: `std::io::Read`: a pure layer does no input or output",
        "13: `std::time::SystemTime::now`: time is an argument",
        "14: `crate::cli::main`: `gateway` uses nothing else of the project",
        "14: `std::io::stdin`: a pure layer does no input or output",
        "14: `std::env::args`: a pure layer is told what it needs to know",
        "15: `tracing::debug`: a pure layer logs nothing; reasons go out as values",
        "15: `std::process::id`: a pure layer starts and ends nothing",
        "16: `std::thread::spawn`: a pure layer spawns nothing",
        "16: `std::time::Instant::now`: time is an argument",
        "22: `crate::mint`: `gateway` uses nothing else of the project",
        "23: `tracing::instrument`: a pure layer logs nothing; reasons go out as values",
    ];
    let file = "src/gateway/sample.rs";
    assert_eq!(faults(file, sample), expected.map(|fault| format!("{file}:{fault}")));
}

#[test]
fn what_a_layer_may_use_depends_on_the_layer() {
    for (file, source, expected) in [
        ("src/node/mod.rs", "use crate::{gateway::Gateway, protocol};", &[][..]),
        ("src/node/mod.rs", "use std::{io, thread};", &[]),
        ("src/node/mod.rs", "use super::gateway::Gateway;", &[]),
        (
            "src/node/mod.rs",
            "use super::mint;",
            &[
                "src/node/mod.rs:1: `crate::mint`: `node` uses protocol, config, gateway, record, remote and nothing else of the project",
            ],
        ),
        ("src/node/deep/mod.rs", "use super::super::gateway;", &[]),
        ("src/protocol/framing.rs", "use std::io::{self, Read}; fn f() -> io::Result<()>", &[]),
        (
            "src/protocol/framing.rs",
            "use std::io; fn f() { io::stdout() }",
            &["src/protocol/framing.rs:1: `std::io::stdout`: a pure layer does no input or output"],
        ),
        ("src/lib.rs", "pub mod gateway; use crate::gateway::Gateway;", &[]),
        ("src/mint/mod.rs", "use crate::gateway;\nuse std::fs;", &[]),
        (
            "src/new/mod.rs",
            "use crate::gateway;",
            &["src/new/mod.rs:1: `crate::gateway`: `new` is no layer of the table"],
        ),
    ] {
        assert_eq!(faults(file, source), expected, "{source}");
    }
}
