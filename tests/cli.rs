//! What a person reads: help, explanations, complaints. Each snapshot is the whole run.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::mint::{SigningKey, sign_bytes};
use support::{Run, run};
use tempfile::TempDir;

#[path = "support/command.rs"]
mod support;

const NOW: &str = "--now=2026-01-01T00:00:00Z";

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/keys")
}

/// A run as text; `folder` is called FOLDER, wherever it is.
fn shown(arguments: &[&str], run: &Run, folder: Option<&TempDir>) -> String {
    let mut text = format!("$ portcullis {}\n", arguments.join(" "));
    text += &run.stdout;
    for line in run.stderr.lines() {
        let _ = writeln!(text, "stderr: {line}");
    }
    let _ = writeln!(text, "exit status {}", run.status);
    match folder {
        Some(folder) => text.replace(folder.path().to_str().unwrap(), "FOLDER"),
        None => text,
    }
}

/// The subcommands that a help text lists, `help` itself left out.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_explains_itself() {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = Vec::new();
    while let Some(command) = commands.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let run = run(&arguments, b"");
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{arguments:?}");
        let wide = run.stdout.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{arguments:?}");
        for name in subcommands(&run.stdout) {
            commands.push([command.clone(), vec![name]].concat());
        }
        let name = ["help", &command.join("-")].join("-");
        insta::assert_snapshot!(name.trim_end_matches('-'), run.stdout);
        seen.push(command.join(" "));
    }
    assert!(seen.contains(&"token verify".to_owned()) && seen.len() >= 9, "{seen:?}");
}

#[test]
fn the_summary_is_shorter_than_the_help() {
    let run = run(["-h"], b"");
    insta::assert_snapshot!("summary", run.stdout);
}

#[test]
fn a_token_is_shown_with_what_is_wrong_with_it() {
    let key = SigningKey::read(&fs::read_to_string(keys().join("secret.txt")).unwrap()).unwrap();
    let token = |header: &str, claims: &str| {
        sign_bytes(&key, key.default_algorithm(), header.as_bytes(), claims.as_bytes()).unwrap()
    };
    let plain = token(
        r#"{"alg":"RS256","typ":"JWT","kid":"2026-01"}"#,
        r#"{"sub":"user123","role":"admin","permissions":["read","write"],"iat":1767225600,"exp":1767229200}"#,
    );
    let hostile = token(
        "{\"typ\":\"\\u001b[2J\",\"alg\":\"none\"}",
        "{\"sub\":\"ada\u{202e}\",\"exp\":1e3,\"nbf\":\"soon\",\"aud\":\"élan\",\"\\r\\nsignature\":\"valid\",\"sub\":\"\\u0007\"}",
    );
    let unsigned = token(r#"{"alg":"none"}"#, r#"{"iat":1767225599.5,"nbf":1767312000}"#);
    let (unsigned, _) = unsigned.rsplit_once('.').unwrap();
    for (name, token) in
        [("plain", plain), ("hostile", hostile), ("unsigned", format!("{unsigned}."))]
    {
        for format in ["table", "json"] {
            let arguments = ["token", "inspect", NOW, "--format", format];
            let run = run(arguments, token.as_bytes());
            assert!(run.stdout.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
            let segments = token.split('.').filter(|segment| segment.len() >= 8);
            assert!(segments.into_iter().all(|segment| !run.stdout.contains(segment)));
            insta::assert_snapshot!(
                format!("inspect-{name}-{format}"),
                shown(&arguments, &run, None)
            );
        }
    }
}

#[test]
fn what_is_no_token_cannot_be_inspected() {
    let mut text = String::new();
    let json = URL_SAFE_NO_PAD.encode("prose");
    let long = "a".repeat((1 << 20) + 1);
    for input in ["", " \n", "ab.cd", "e30=.e30.AAAA", &format!("{json}.e30.AAAA"), "a\nb", &long] {
        let arguments = ["token", "inspect"];
        text += &shown(&arguments, &run(arguments, input.as_bytes()), None);
    }
    insta::assert_snapshot!("inspect-no-token", text);
}

#[test]
fn a_replay_shows_where_it_differs() {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for (name, change) in [
        ("sample-init-ok", None),
        ("sample-three-answers", Some(("\"status\": 401", "\"status\": 400"))),
        ("token-explain", Some(("\"in_reply_to\": 3", "\"in_reply_to\": 33"))),
    ] {
        for ending in ["in.jsonl", "out.jsonl", "toml"] {
            let file = format!("{name}.{ending}");
            let mut text = fs::read_to_string(fixtures.join(&file)).unwrap();
            if let (Some((from, to)), "out.jsonl") = (change, ending) {
                assert!(text.contains(from), "{file}");
                text = text.replacen(from, to, 1);
            }
            fs::write(folder.path().join(file), text).unwrap();
        }
    }
    let path = folder.path().to_str().unwrap();
    let mut seen = String::new();
    for arguments in [
        &["replay", path][..],
        &["replay", "--format", "json", &format!("{path}/sample-three-answers.in.jsonl")],
        &["replay", "--bless", path],
        &["replay", path],
        &["replay", &format!("{path}/nowhere")],
        &["replay", &format!("{path}/token-explain.toml")],
    ] {
        seen += &shown(arguments, &run(arguments, b""), Some(&folder));
    }
    insta::assert_snapshot!("replay", seen);
}

#[test]
fn wrong_usage_is_2_and_says_what_would_be_right() {
    let folder = TempDir::new().unwrap();
    let there = folder.path().join("there.pem");
    fs::write(&there, "").unwrap();
    let there = there.to_str().unwrap();
    let secret = keys().join("secret.txt");
    let secret = secret.to_str().unwrap();
    let rsa = keys().join("rsa.private.pem");
    let rsa = rsa.to_str().unwrap();
    let mut seen = String::new();
    for arguments in [
        &["--nonsense"][..],
        &["nonsense"],
        &["--now", "rubbish"],
        &["--max-message-bytes", "0"],
        &["--jobs", "0"],
        &["--log", "a=b=c"],
        &["--log-format", "xml"],
        &["--explain", "replay", "fixtures"],
        &["replay"],
        &["token"],
        &["token", "inspect", "--now", "2026-01-01"],
        &["token", "verify"],
        &["token", "verify", "--key", secret, "--now", "soon"],
        &["token", "verify", "--key", secret, "--now", "0", "--signature-only"],
        &["token", "sign"],
        &["token", "sign", "--key", secret, "--claim", "sub"],
        &["token", "sign", "--key", secret, "--sub", "a", "--claim", "sub=b"],
        &["token", "sign", "--key", rsa, "--algorithm", "HS256"],
        &["key", "generate"],
        &["key", "generate", "--kind", "p256", "--private", there],
        &["key", "generate", "--kind", "p256", "--private", there, "--public", there],
        &["key", "generate", "--kind", "hmac-256", "--private", there],
        &["key", "generate", "--kind", "hmac-256", "--private", "a", "--public", "b"],
        &["key", "generate", "--kind", "api-key", "--private", there],
        &["key", "generate", "--kind", "api-key", "--private", "a", "--public", "b"],
        &["key", "generate", "--kind", "api-key", "--format", "jwk"],
        &["completions", "tcsh"],
    ] {
        let run = run(arguments, b"");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        seen += &shown(arguments, &run, Some(&folder));
        seen.push('\n');
    }
    let keys = keys();
    insta::assert_snapshot!("usage", seen.replace(keys.to_str().unwrap(), "KEYS"));
}

/// What a made API key is to a gateway: the entry that was printed lets in who sends the key, and
/// nobody who sends another text.
#[test]
fn the_entry_of_a_made_api_key_lets_the_key_in() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let private = file("ci\n[jwt].key");
    let to_file = run(["key", "generate", "--kind", "api-key", "--private", &private], b"");
    let printed = run(["key", "generate", "--kind", "api-key"], b"");
    assert_eq!([to_file.status, printed.status], [0, 0]);
    let kept = fs::read_to_string(&private).unwrap();
    let shown_name = private.replace('\n', "\\u{a}");
    let comment = format!("# wrote the API key to {shown_name}\n");
    let (key, entry) = printed.stdout.split_once("\n\n").unwrap();
    for (key, tree) in [
        (kept.strip_suffix('\n').unwrap(), to_file.stdout.strip_prefix(&comment).unwrap()),
        (key, entry),
    ] {
        assert!(key.len() == 47 && key.starts_with("pck_"), "{key}");
        assert!(!tree.contains(key), "{tree}");
        fs::write(file("gateway.toml"), tree).unwrap();
        let asked = |id: u8, key: &str| {
            format!(
                r#"{{"src":"c","dest":"g","body":{{"type":"api_request","msg_id":{id},"method":"GET","path":"/api/users/1","headers":{{"X-API-Key":"{key}"}}}}}}"#
            )
        };
        let init = r#"{"src":"c","dest":"g","body":{"type":"init","msg_id":0}}"#;
        let other = format!("{key}A");
        let input = [init, &asked(1, key), &asked(2, &other), &asked(3, &key[4..])].join("\n");
        let answered = run(["--config", &file("gateway.toml")], input.as_bytes());
        let statuses: Vec<_> = answered
            .stdout
            .lines()
            .skip(1)
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|answer| {
                (
                    answer["body"]["status"].clone(),
                    answer["body"]["user_context"]["user_id"].clone(),
                )
            })
            .collect();
        let refused = (401.into(), serde_json::Value::Null);
        assert_eq!(
            statuses,
            [(200.into(), "USER".into()), refused.clone(), refused],
            "{answered:?}"
        );
    }
}

#[test]
fn a_key_that_cannot_be_used_is_2_wherever_it_is_named() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let public = fs::read_to_string(keys().join("rsa.public.pem")).unwrap();
    let private = fs::read_to_string(keys().join("rsa.private.pem")).unwrap();
    for (name, text) in [
        ("empty", String::new()),
        ("cut.pem", public.replace("-----END PUBLIC KEY-----", "")),
        ("damaged.pem", public.replacen("MII", "MIJ", 1)),
        ("private.pem", private.clone()),
        ("two.pem", format!("{public}{public}")),
        ("bare.txt", public.lines().filter(|line| !line.starts_with('-')).collect()),
        ("broken.json", r#"{"kty":"RSA","n":"#.to_owned()),
        ("private.json", r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#.to_owned()),
        ("ssh.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ada\n".to_owned()),
        ("long", "a".repeat((1 << 20) + 1)),
    ] {
        fs::write(file(name), text).unwrap();
    }
    fs::write(file("latin1"), b"secret\xe9").unwrap();
    let names = [
        "absent",
        ".",
        "empty",
        "cut.pem",
        "damaged.pem",
        "private.pem",
        "two.pem",
        "bare.txt",
        "broken.json",
        "private.json",
        "ssh.pub",
        "long",
        "latin1",
    ];
    let mut seen = String::new();
    for name in names {
        let path = file(name);
        for command in [&["--key", &path][..], &["token", "verify", "--key", &path]] {
            let run = run(command, b"{}\n");
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command:?}");
            seen += &shown(command, &run, Some(&folder));
        }
        if name != "private.pem" {
            let command = ["token", "sign", "--key", &path];
            let run = run(command, b"");
            assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{command:?}");
            seen += &shown(&command, &run, Some(&folder));
        }
        seen.push('\n');
    }
    insta::assert_snapshot!("keys", seen);
}

#[test]
fn there_are_completions_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(["completions", shell], b"");
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{shell}");
        for word in ["portcullis", "max-message-bytes", "verify", "signature-only"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
        let syntax = match shell {
            "bash" | "zsh" | "fish" => {
                std::process::Command::new(shell).args(["-n", "-c", &run.stdout]).status().ok()
            }
            _ => None,
        };
        // Where the shell is there, it agrees that it is a script.
        assert!(syntax.is_none_or(|status| status.success()), "{shell}");
    }
}
