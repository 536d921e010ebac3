//! Secrets that were written into a configuration by mistake: wherever they stand, in whatever
//! notation, whole or broken off, what is said about them does not show them.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use portcullis::config::{Colours, Configuration, Diagnosis, Layers};
use portcullis::mint::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{portcullis, run, run_as};
use super::ways::{WAYS, toml, yaml};
use super::{Forbidden, halves, inits, pairs, tokens};

/// Trees in which a secret stands where none may.
fn mistakes(secret: &str) -> Vec<Value> {
    let introspection = |url: &str, client_secret: Value| json!({"introspection": {"url": url, "client_id": "gateway", "client_secret": client_secret}});
    let url = "https://auth.example/introspect";
    vec![
        json!({"jwt": {"keys": [secret]}}),
        json!({"jwt": {"keys": secret}}),
        json!({"jwt": {"keys": [[secret]]}}),
        json!({"jwt": {"keys": {"a": secret}}}),
        json!({"jwt": {"keys": ["file:keys/a.pem", secret]}}),
        json!({"jwt": {"key": secret}}),
        json!({"jwt": {"secret": {"value": [secret]}}}),
        json!({"jwt": secret}),
        json!({"jwt_public_key": secret}),
        json!({"issuers": {"https://p.example": {"keys": [secret], "permissions": [], "roles": []}}}),
        json!({"issuers": {"https://p.example": {"key": secret, "permissions": [], "roles": []}}}),
        json!({"issuers": {"https://p.example": secret}}),
        introspection(url, secret.into()),
        introspection(url, json!([secret])),
        introspection(url, json!({"value": secret})),
        introspection(&format!("https://gateway:{secret}@auth.example/introspect"), json!("env:A")),
        introspection(&format!("http://auth.example/introspect?secret={secret}"), json!("env:A")),
        json!({"introspection": {"url": url, "client_id": "g", "client_secrets": secret}}),
        json!({"introspection": secret}),
        json!({"rate_limit": {"store": secret}}),
        json!({"rate_limit": {"store": format!("redis://:{secret}@127.0.0.1:6379/0")}}),
        json!({"rate_limit": {"store": format!("redis://user:{secret}@127.0.0.1")}}),
        json!({"rate_limit": {"store": {"url": secret}}}),
        json!({"rate_limit": {"password": secret}}),
        json!({"api_keys": [{"id": "ci", "sha256": secret}]}),
        json!({"api_keys": [{"id": "ci", "key": secret}]}),
        json!({"api_keys": [secret]}),
        json!({"api_keys": {"ci": secret}}),
        json!({"api_keys": secret}),
        json!({"services": {"a": {"targets": [format!("http://user:{secret}@127.0.0.1")]}}}),
        json!({"services": {"a": {"headers": {"Authorization": secret}}}}),
        json!({"record": {"key": secret}}),
        json!({"password": secret}),
        json!({"a": {"b": [{"c": secret}]}}),
    ]
}

fn shown(diagnosis: &Diagnosis) -> String {
    let findings = serde_json::to_string(&diagnosis.findings()).unwrap();
    format!("{diagnosis}\n{}\n{findings}\n{diagnosis:?}", diagnosis.render(Colours::None))
}

/// All that is said about a configuration; a good one must know its secret in no form either.
fn said(read: Result<Configuration, Diagnosis>) -> String {
    match read {
        Err(diagnosis) => shown(&diagnosis),
        Ok(configuration) => configuration.warnings(None).render(Colours::None),
    }
}

fn by_file(name: &str, text: &str) -> Result<Configuration, Diagnosis> {
    Layers::new().file(Path::new(name), text.as_bytes()).read()
}

/// Every notation of a tree.
fn notations(tree: &Value) -> [(&'static str, String); 4] {
    [
        ("gateway.toml", toml(tree).unwrap()),
        ("gateway.yaml", yaml(tree)),
        ("gateway.json", tree.to_string()),
        ("gateway.json", format!("{tree:#}")),
    ]
}

/// Keys, passwords, and tokens.
fn secrets() -> Vec<String> {
    let pairs = pairs();
    let mut secrets: Vec<String> =
        pairs.iter().flat_map(|pair| [pair.private.clone(), pair.public.clone()]).collect();
    secrets.extend(tokens(&pairs).into_iter().step_by(97));
    secrets.retain(|secret| SigningKey::read(secret.trim_end()).is_ok() || !secret.is_empty());
    secrets
}

fn forbidden(secret: &str) -> Forbidden {
    let mut forbidden = Forbidden::default();
    match secret.matches('.').count() {
        2.. => forbidden.add_token(secret),
        _ => forbidden.add_key(secret),
    }
    forbidden
}

#[test]
fn a_secret_in_a_configuration_is_refused_and_not_shown() {
    for secret in secrets() {
        let forbidden = forbidden(&secret);
        for tree in mistakes(&secret) {
            for (name, text) in notations(&tree) {
                let outcome = by_file(name, &text);
                assert!(outcome.is_err(), "{name}: {text}");
                forbidden.check_text(&said(outcome), &format!("{name} {text}"));
            }
            let init = Layers::new().with_init(&tree.to_string());
            forbidden.check_text(&said(init), &format!("init {tree}"));
            for (name, value) in tree.as_object().unwrap() {
                let bare = value.as_str().map(str::to_owned);
                let one = json!({"x": value});
                let inline = toml(&one).unwrap()["\"x\" = ".len()..].trim().to_owned();
                for value in bare.into_iter().chain([inline]) {
                    let option = Layers::new().set("--set", &format!("{name}={value}")).read();
                    forbidden.check_text(&said(option), &format!("option {name}={value}"));
                    let variable = format!("PORTCULLIS__{}", name.to_uppercase());
                    let pair = (OsString::from(&variable), OsString::from(&value));
                    let variable = Layers::new().environment([pair]).read();
                    forbidden.check_text(&said(variable), &format!("variable {name}={value}"));
                }
            }
        }
    }
}

/// A file that was saved half-written, or with a quote too few.
#[test]
fn a_secret_in_a_configuration_that_breaks_off_is_not_shown() {
    for secret in secrets().iter().step_by(7) {
        let forbidden = forbidden(secret);
        for tree in mistakes(secret) {
            for (name, text) in notations(&tree) {
                let begins = text.find(&secret[..secret.len().min(8)]).unwrap_or(0);
                let (from, to) = (begins.saturating_sub(2), text.len());
                for step in 0..6 {
                    let at = from + (to - from) * step / 6;
                    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
                    let (head, tail) = text.split_at(at);
                    let unquoted = text.replacen(['"', '\''], "", step + 1);
                    for broken in [
                        head.to_owned(),
                        format!("{head}\"{tail}"),
                        format!("{head}\n{tail}"),
                        format!("{head}}}{tail}"),
                        unquoted,
                    ] {
                        forbidden
                            .check_text(&said(by_file(name, &broken)), &format!("{name} {broken}"));
                    }
                }
            }
        }
    }
}

/// The same by the command: the node, and `check` in every format.
#[test]
fn the_command_shows_no_secret_of_a_configuration() {
    let folder = TempDir::new().unwrap();
    for secret in secrets().iter().step_by(11) {
        let forbidden = forbidden(secret);
        let (_, tail) = halves(secret);
        for tree in mistakes(secret) {
            for (at, (name, text)) in notations(&tree).iter().enumerate() {
                let path = folder.path().join(name);
                // Whole, and with junk in the middle of the secret.
                let text = if at == 3 {
                    text.replacen(tail, &format!("\n{tail}"), 1)
                } else {
                    text.clone()
                };
                fs::write(&path, text).unwrap();
                let path = path.to_str().unwrap();
                for arguments in [
                    &["--log=trace", "--config", path][..],
                    &["check", path],
                    &["check", "--format=json", "--resolve", "--matrix", path],
                ] {
                    let run = run(arguments, b"");
                    assert_ne!(run.status, 0, "{arguments:?}: {tree}");
                    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
                    forbidden.check(&run, &format!("{arguments:?} {tree}"));
                }
            }
            for way in &WAYS[3..] {
                let Some(given) = way.give(&tree, folder.path()) else { continue };
                let mut command = portcullis(&given.arguments);
                command.envs(given.environment);
                forbidden.check(&run_as(command, b""), &format!("{} {tree}", way.name));
            }
        }
    }
}

#[test]
fn the_node_shows_no_secret_of_an_inits_configuration() {
    let mut forbidden = Forbidden::default();
    let mut input = inits("hunter2hunter2");
    for secret in secrets() {
        match secret.matches('.').count() {
            2.. => forbidden.add_token(&secret),
            _ => forbidden.add_key(&secret),
        }
        for tree in mistakes(&secret) {
            let body = json!({"type": "init", "jwt_public_key": "hunter2hunter2", "config": tree});
            input += &format!("{}\n", json!({"src": "c", "dest": "g", "body": body}));
        }
    }
    for arguments in [&["--log=trace"][..], &["--log=trace", "--explain", "--log-format=json"]] {
        let run = run(arguments, input.as_bytes());
        assert!(run.stdout.matches("Invalid init: config: ").count() > 500);
        forbidden.check(&run, &arguments.join(" "));
    }
}

/// What a configuration names is read, and what is wrong with it is said without it.
#[test]
fn a_secret_that_is_named_is_not_shown() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gateway.toml");
    let toml = "[jwt]\nkeys = [\"env:SECRET\", \"file:secret\"]\n\
        [introspection]\nurl = \"https://127.0.0.1:1/\"\nclient_id = \"g\"\nclient_secret = \"env:SECRET\"\n\
        [rate_limit]\ndefault = \"5/s\"\nstore = \"env:REDIS\"\n";
    fs::write(&path, toml).unwrap();
    for secret in secrets().iter().step_by(2) {
        let forbidden = forbidden(secret);
        fs::write(folder.path().join("secret"), secret).unwrap();
        let one_line = secret.replace('\n', "");
        for url in [
            format!("redis://:{one_line}@127.0.0.1:1/0"),
            format!("redis://{one_line}"),
            one_line.clone(),
        ] {
            let path = path.to_str().unwrap();
            for arguments in [
                &["--log=trace", "--config", path][..],
                &["check", "--resolve", path],
                &["check", "--resolve", "--format=json", path],
            ] {
                let mut command = portcullis(arguments);
                command.env("SECRET", secret).env("REDIS", &url);
                forbidden.check(&run_as(command, b""), &format!("{arguments:?} {url}"));
            }
        }
    }
}
