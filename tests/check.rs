//! `portcullis check`, `init-config` and `schema`, as somebody runs them.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;

use serde_json::Value;
use support::{Run, portcullis, run};
use tempfile::TempDir;

#[path = "support/command.rs"]
mod support;

const EXAMPLE: &str = include_str!("config/example.toml");

const FAULTY: &str = "\
[jwt]
keys = [\"hunter2\"]
leway = \"5s\"

[[routes]]
path = \"/users/{id}\"
service = \"users\"
permissions = [\"users:*\"]
";

const UNWISE: &str = "\
[services.users]

[[routes]]
path = \"/users\"
service = \"users\"
";

/// A folder of configurations.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("example.toml", EXAMPLE),
        ("faulty.toml", FAULTY),
        ("unwise.toml", UNWISE),
        ("unresolved.yaml", "jwt: {max_lifetime: 1h, keys: [\"file:none.pem\", env:NONE]}\n"),
        ("resolved.yaml", "jwt: {max_lifetime: 1h, keys: [\"file:key.txt\"]}\n"),
        ("key.txt", "hunter2\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A run within the folder, as a person sees it.
fn shown(folder: &TempDir, arguments: &[&str]) -> String {
    let output = portcullis(arguments).current_dir(folder.path()).output().unwrap();
    let mut text = format!("$ portcullis {}\n", arguments.join(" "));
    text += &String::from_utf8(output.stdout).unwrap();
    for line in String::from_utf8(output.stderr).unwrap().lines() {
        text += &format!("stderr: {line}\n");
    }
    text += &format!("exit status {}\n\n", output.status.code().unwrap());
    assert!(!text.contains("hunter2"), "{text}");
    text
}

#[test]
fn a_configuration_is_checked() {
    let folder = folder();
    let runs: &[&[&str]] = &[
        &["check", "example.toml"],
        &["check", "--strict", "example.toml"],
        &["check", "faulty.toml"],
        &["check", "--format", "json", "faulty.toml"],
        &["check", "unwise.toml"],
        &["check", "--strict", "unwise.toml"],
        &["check", "--strict", "--format", "json", "unwise.toml"],
        &["check", "--set", "jwt.max_lifetime=1h", "--set", "routes=[]", "--strict", "unwise.toml"],
        &["check", "--set", "jwt.max_lifetime=later", "unwise.toml"],
        &["check", "unresolved.yaml"],
        &["check", "--resolve", "unresolved.yaml"],
        &["check", "--resolve", "resolved.yaml"],
        &["check", "--resolve", "--set", "jwt.allow_weak_secrets=false", "resolved.yaml"],
        &["check", "missing.toml"],
        &["check", "key.txt"],
    ];
    let text: String = runs.iter().map(|arguments| shown(&folder, arguments)).collect();
    insta::assert_snapshot!("check", text);
}

#[test]
fn who_may_do_what_is_a_table() {
    let folder = folder();
    let text = [
        shown(&folder, &["check", "--matrix", "example.toml"]),
        shown(&folder, &["check", "--matrix", "--format", "json", "unwise.toml"]),
        shown(&folder, &["check", "--matrix", "resolved.yaml"]),
        shown(&folder, &["check", "--matrix", "faulty.toml"]),
    ];
    insta::assert_snapshot!("matrix", text.concat());
}

#[test]
fn the_environment_is_laid_over_the_file() {
    let folder = folder();
    let mut command = portcullis(["check", "example.toml"]);
    command.env("PORTCULLIS__JWT__LEEWAY", "soon").env("PORTCULLIS_LOG", "debug");
    let output = command.current_dir(folder.path()).output().unwrap();
    insta::assert_snapshot!("environment", String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_starter_passes_the_strictest_check() {
    let starter = run(["init-config"], b"");
    assert_eq!((starter.status, starter.stderr.as_str()), (0, ""));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("portcullis.toml"), starter.stdout).unwrap();
    let text = shown(&folder, &["check", "--strict", "portcullis.toml"]);
    assert_eq!(
        text,
        "$ portcullis check --strict portcullis.toml\n\
         portcullis.toml: no faults, no warnings\nexit status 0\n\n"
    );
}

#[test]
fn the_schema_and_the_reference_are_printed() {
    let Run { status, stdout, .. } = run(["schema"], b"");
    assert_eq!(status, 0);
    let schema: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(stdout, include_str!("../src/config/portcullis.schema.json"));
    let Run { status, stdout, .. } = run(["schema", "--markdown"], b"");
    assert_eq!(status, 0);
    assert!(stdout.starts_with("### `api_keys`\n"), "{stdout}");
}
