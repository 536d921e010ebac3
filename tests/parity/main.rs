//! The same decisions, whichever way the tree comes: every conversation whose init brings one is
//! held again with that tree in a file of each notation, in variables, and in options, and with an
//! init that brings the key alone. The whole output must be the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "../support/by_command.rs"]
mod by_command;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/ways.rs"]
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use portcullis::replay::Fixture;
use serde_json::Value;
use support::fixtures;
use tempfile::TempDir;
use ways::{WAYS, Way};

/// A conversation without its tree, and the tree.
struct Moved {
    input: Vec<u8>,
    tree: Value,
}

/// Why a conversation cannot be held with its tree elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// A later init has another tree, or none, and replaces the first one's.
    ReplacedByAnInit,
    /// The init is refused, and where its tree is elsewhere nothing would be started.
    Refused,
    /// The tree is laid over others.
    LaidOverOthers,
    /// Something is decided before the init, and where the tree is elsewhere it would be in force.
    SpokenBefore,
    /// The init does not stand on a line of its own.
    OddlyLaidOut,
}

/// An init on a line of its own.
fn init_of(line: &str) -> Option<Value> {
    let message: Value = serde_json::from_str(line).ok()?;
    (message["body"]["type"] == "init").then_some(message)
}

/// Takes the tree out of a conversation; none where there is no tree in it.
fn moved(fixture: &Fixture) -> Option<Result<Moved, Reason>> {
    let bytes = fixture.input().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let inits: Vec<_> = lines
        .iter()
        .map(|line| init_of(line))
        .enumerate()
        .filter_map(|(at, init)| Some((at, init?)))
        .collect();
    let has_a_tree = |init: &Value| init["body"].get("config").is_some_and(|tree| !tree.is_null());
    if !inits.iter().any(|(_, init)| has_a_tree(init)) {
        // Laid out over several lines, or within junk.
        return text.contains("\"config\"").then_some(Err(Reason::OddlyLaidOut));
    }
    let (first, init) = &inits[0];
    if lines[..*first].iter().any(|line| !line.trim().is_empty()) {
        return Some(Err(Reason::SpokenBefore));
    }
    let expected = fs::read_to_string(format!("{}.out.jsonl", fixture.name())).unwrap();
    if !expected.lines().next().unwrap_or_default().contains("\"init_ok\"") {
        return Some(Err(Reason::Refused));
    }
    let laid = |argument: &String| {
        ["--config=", "--set="].iter().any(|option| argument.starts_with(option))
    };
    let variables = by_command::environment(fixture);
    if by_command::arguments(fixture).iter().any(laid) || !variables.is_empty() {
        return Some(Err(Reason::LaidOverOthers));
    }
    // Whoever is not the first one's sender appoints nothing, whatever they send.
    let of_the_owner: Vec<_> =
        inits.iter().filter(|(_, other)| other["src"] == init["src"]).collect();
    let trees: BTreeSet<String> =
        of_the_owner.iter().map(|(_, init)| init["body"]["config"].to_string()).collect();
    if trees.len() > 1 {
        return Some(Err(Reason::ReplacedByAnInit));
    }
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    for (at, init) in of_the_owner {
        let mut bare = init.clone();
        bare["body"].as_object_mut().unwrap().remove("config");
        lines[*at] = bare.to_string();
    }
    let tree = init["body"]["config"].clone();
    Some(Ok(Moved { input: (lines.join("\n") + "\n").into_bytes(), tree }))
}

/// What the command answers when the tree comes this way, and what it logs.
fn answered(fixture: &Fixture, moved: &Moved, way: &Way) -> Option<(Vec<u8>, String)> {
    let folder = TempDir::new().unwrap();
    let given = way.give(&moved.tree, folder.path())?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .env_clear()
        .envs(given.environment)
        .args(by_command::arguments(fixture))
        .args(given.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = moved.input.clone();
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Some((output.stdout, String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[test]
fn the_same_is_decided_whichever_way_the_tree_comes() {
    let mut skipped: BTreeMap<Reason, Vec<String>> = BTreeMap::new();
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = String::new();
    let mut conversations = 0;
    for fixture in fixtures() {
        let moved = match moved(&fixture) {
            None => continue,
            Some(Err(reason)) => {
                skipped.entry(reason).or_default().push(fixture.name().to_owned());
                continue;
            }
            Some(Ok(moved)) => moved,
        };
        conversations += 1;
        let expected = fixture.run().unwrap().answers;
        for way in &WAYS {
            let Some((answers, log)) = answered(&fixture, &moved, way) else { continue };
            *compared.entry(way.name).or_default() += 1;
            if answers != expected {
                faults += &format!("{} by {}: {log}\n", fixture.name(), way.name);
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(conversations >= 100, "{conversations} {skipped:#?}");
    assert!(compared.values().all(|count| *count >= 100), "{compared:?}");
    let left_out: usize = skipped.values().map(Vec::len).sum();
    assert!(left_out * 2 < conversations, "{conversations} {skipped:#?}");
}
