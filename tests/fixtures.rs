//! Every recorded conversation, through the library and through the command itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "support/by_command.rs"]
mod by_command;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::process::Command;

use by_command::{arguments, environment};
use portcullis::replay::Fixture;
use support::{fixtures, path, run};

/// What the command answers. It must end well.
fn by_the_command(fixture: &Fixture, more: &[&str]) -> Vec<u8> {
    let input = File::open(format!("{}.in.jsonl", fixture.name())).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .env_clear()
        .envs(environment(fixture))
        .args(arguments(fixture))
        .args(more)
        .stdin(input)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}: {complaint}", fixture.name());
    output.stdout
}

/// What the library answers with three threads.
fn by_three_threads(fixture: &Fixture) -> Vec<u8> {
    let options = fixture.options().unwrap();
    let options = portcullis::node::Options { jobs: NonZeroUsize::new(3).unwrap(), ..options };
    run(fixture.input().unwrap().as_slice(), options)
}

#[test]
fn every_fixture_is_answered_as_expected_by_every_face_with_any_number_of_threads() {
    let mut failures = String::new();
    for fixture in fixtures() {
        let outcome = fixture.run().unwrap();
        for difference in &outcome.differences {
            write!(failures, "{}: {difference}", fixture.name()).unwrap();
        }
        for (face, answers) in [
            ("the library with three threads", by_three_threads(&fixture)),
            ("the command", by_the_command(&fixture, &[])),
            ("the command with three threads", by_the_command(&fixture, &["--jobs", "3"])),
        ] {
            if answers != outcome.answers {
                writeln!(failures, "{}: {face} answers otherwise", fixture.name()).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_file_belongs_to_a_fixture_that_the_readme_names() {
    let readme = fs::read_to_string(path("fixtures/README.md")).unwrap();
    let named: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect();
    let mut inputs = BTreeSet::new();
    let mut others = BTreeSet::new();
    let mut naming = String::new();
    for file in names_in("fixtures") {
        match file.split_once('.').unwrap_or((&file, "")) {
            (name, "in.jsonl") => drop(inputs.insert(name.to_owned())),
            (name, "out.jsonl" | "toml") => drop(others.insert(name.to_owned())),
            ("config", "") | ("README", "md") => {}
            _ => panic!("fixtures/{file} belongs to nothing"),
        }
        if file.ends_with(".toml") {
            naming += &fs::read_to_string(path("fixtures").join(&file)).unwrap();
        }
    }
    assert_eq!(inputs, others);
    assert_eq!(inputs, named);

    let configurations = names_in("fixtures/config");
    for file in &configurations {
        naming += &fs::read_to_string(path("fixtures/config").join(file)).unwrap();
    }
    for file in configurations {
        let named = [format!("\"config/{file}\""), format!("\"file:{file}\"")];
        assert!(named.iter().any(|name| naming.contains(name)), "nobody names config/{file}");
    }
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The two conversations that are published with the protocol.
#[test]
fn the_public_samples_are_there_to_the_letter() {
    for (file, text) in [
        (
            "sample-init-ok.in.jsonl",
            r#"{"src":"client","dest":"gateway","body":{"type":"init","msg_id":1,"jwt_public_key":"public_key_here"}}
{"src":"client","dest":"gateway","body":{"type":"api_request","msg_id":2,"method":"GET","path":"/api/users/123","headers":{"Authorization":"Bearer valid_jwt_here"}}}
"#,
        ),
        (
            "sample-init-ok.out.jsonl",
            r#"{"src": "gateway", "dest": "client", "body": {"type": "init_ok", "in_reply_to": 1}}
"#,
        ),
        (
            "sample-no-init.in.jsonl",
            r#"{
  "src": "client",
  "dest": "gateway",
  "body": {
    "type": "api_request",
    "msg_id": 1,
    "method": "GET",
    "path": "/api/users/123",
    "headers": {
      "Authorization": "Bearer invalid_jwt"
    }
  }
}
"#,
        ),
        (
            "sample-no-init.out.jsonl",
            r#"{"src": "gateway", "dest": "client", "body": {"type": "api_response", "in_reply_to": 1, "status": 401, "error": "Invalid or expired token"}}
"#,
        ),
    ] {
        let stands = fs::read_to_string(path("fixtures").join(file)).unwrap();
        assert_eq!(stands, text, "{file}");
    }
}
