//! `portcullis explain`, as a person reads it: each row of the table refused, each kind of change
//! that is suggested. Each snapshot is the whole run.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use portcullis::mint::{SigningKey, sign_bytes};
use serde_json::{Value, json};
use support::{Run, portcullis};
use tempfile::TempDir;

#[path = "../support/command.rs"]
mod support;

const NOW: u64 = 1_767_225_600;
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/gateway.toml");
const SECRET: &str = "test-only: the secret of [jwt], long enough";
const PARTNER: &str = "test-only: the secret of the partner, long enough";
const API_KEY: &str = "test-only-api-key-of-ci";

/// A run, with this on its standard input.
fn run(arguments: &[&str], input: &str) -> Run {
    let mut child = portcullis([&["explain"], arguments].concat())
        .envs([("SECRET", SECRET), ("PARTNER", PARTNER)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What does not read has gone away, which is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn shown(run: &Run) -> String {
    let mut text = run.stdout.clone();
    for line in run.stderr.lines() {
        let _ = writeln!(text, "stderr: {}", line.replace(env!("CARGO_MANIFEST_DIR"), "HERE"));
    }
    text + &format!("exit status {}\n", run.status)
}

fn signed(secret: &str, claims: &Value) -> String {
    let key = SigningKey::read(secret).unwrap();
    sign_bytes(&key, key.default_algorithm(), br#"{"alg":"HS256"}"#, claims.to_string().as_bytes())
        .unwrap()
}

/// The claims of a token of `[jwt]`, with some added or replaced.
fn claims(members: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://auth.example", "aud": "orders-api", "sub": "ada",
        "iat": NOW - 600, "exp": NOW + 1800,
    });
    for (name, value) in members.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn token(members: &Value) -> String {
    signed(SECRET, &claims(members))
}

fn partner() -> String {
    signed(PARTNER, &claims(&json!({"iss": "https://partner.example", "role": "partner"})))
}

/// A message, pretty-printed.
fn message(method: &str, path: &str, headers: &Value, members: &Value) -> String {
    let mut body = json!({
        "type": "api_request", "msg_id": 1, "method": method, "path": path, "headers": headers,
    });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    format!("{:#}\n", json!({"src": "client", "dest": "gateway", "body": body}))
}

fn with_token(method: &str, path: &str, token: &str) -> String {
    let headers = json!({"Authorization": format!("Bearer {token}")});
    message(method, path, &headers, &json!({}))
}

/// No piece of a credential stands in it.
fn assert_silent(run: &Run, input: &str) {
    let secrets = [SECRET, PARTNER, API_KEY];
    let message = serde_json::Deserializer::from_str(input).into_iter::<Value>().next();
    let headers = message.and_then(|message| Some(message.ok()?.pointer("/body/headers")?.clone()));
    let values: Vec<String> = headers
        .iter()
        .flat_map(|headers| headers.as_object().into_iter().flatten())
        .filter_map(|(_, value)| value.as_str())
        .flat_map(|value| value.split([' ', '.']))
        .filter(|piece| piece.len() >= 12)
        .map(str::to_owned)
        .collect();
    for piece in secrets.iter().copied().chain(values.iter().map(String::as_str)) {
        assert!(!run.stdout.contains(piece) && !run.stderr.contains(piece), "{piece} in {run:?}");
    }
}

const AT: [&str; 4] = ["--config", CONFIG, "--now", "2026-01-01T00:00:00Z"];

#[test]
fn each_row_and_each_kind_of_change_is_told() {
    let analyst = token(&json!({"role": "analyst"}));
    let operator = token(&json!({"role": "operator"}));
    let bound = token(&json!({"project": "a", "acr": "pwd", "auth_time": NOW - 60}));
    let stale = token(&json!({"project": "b", "acr": "mfa", "auth_time": NOW - 600}));
    let mut forged = operator.clone();
    forged.truncate(forged.len() - 6);
    forged += "AAAAAA";
    let key = json!({"X-API-Key": API_KEY});
    let none = json!({});
    for (name, input) in [
        ("request", message("GET", "/api/users/../7", &none, &none)),
        ("two-credentials", {
            let both =
                json!({"Authorization": format!("Bearer {operator}"), "X-API-Key": "another"});
            message("GET", "/api/users/7", &both, &none)
        }),
        ("credential", message("GET", "/api/users/7", &none, &none)),
        (
            "credential-public",
            message("GET", "/status", &none, &json!({"required_permission": "x"})),
        ),
        ("scheme", message("GET", "/api/users/7", &json!({"Authorization": operator}), &none)),
        (
            "expired",
            with_token(
                "GET",
                "/api/users/7",
                &token(&json!({"role": "operator", "exp": NOW - 300})),
            ),
        ),
        (
            "expired-and-more",
            with_token(
                "GET",
                "/api/users/7",
                &token(&json!({"role": "analyst", "exp": NOW - 300})),
            ),
        ),
        (
            "never-good",
            with_token("GET", "/api/users/7", &token(&json!({"aud": "x", "exp": NOW - 300}))),
        ),
        (
            "not-yet",
            with_token(
                "GET",
                "/api/users/7",
                &token(&json!({"role": "operator", "nbf": NOW + 300})),
            ),
        ),
        ("signature", with_token("GET", "/api/users/7", &forged)),
        ("audience", with_token("GET", "/api/users/7", &token(&json!({"aud": "other-api"})))),
        ("lifetime", with_token("GET", "/api/users/7", &token(&json!({"exp": NOW + 86_400})))),
        ("revoked", with_token("GET", "/api/users/7", &token(&json!({"jti": "stolen"})))),
        (
            "api-key-unknown",
            message("GET", "/api/users/7", &json!({"X-API-Key": "another-api-key"}), &none),
        ),
        ("method", with_token("DELETE", "/api/users/7", &operator)),
        ("path", with_token("GET", "/api/user/7", &operator)),
        ("path-longer", with_token("GET", "/api/users/7/keys", &operator)),
        ("path-far", with_token("GET", "/one/two/three/four/five/six", &operator)),
        ("permission", with_token("GET", "/api/users/7", &analyst)),
        ("role", with_token("PUT", "/api/users/7", &analyst)),
        ("permission-any", with_token("PUT", "/api/users/7", &operator)),
        ("claim", with_token("GET", "/b/prefect/runs/1", &bound)),
        ("issuer", with_token("GET", "/api/users/7", &partner())),
        (
            "ceiling",
            message(
                "GET",
                "/orders/7",
                &json!({"Authorization": format!("Bearer {}", partner())}),
                &json!({"required_permission": "orders:write"}),
            ),
        ),
        ("step-up", with_token("GET", "/b/prefect/runs/1", &stale)),
        ("api-key-step-up", message("GET", "/b/prefect/runs/1", &key, &none)),
        ("allowed", with_token("GET", "/api/users/7?page=2", &operator)),
        (
            "allowed-api-key",
            message("GET", "/api/users/7", &key, &json!({"client_ip": "192.0.2.1"})),
        ),
        ("allowed-partner", with_token("GET", "/orders/7", &partner())),
        ("allowed-public", message("GET", "/status", &none, &none)),
    ] {
        let run = run(&AT, &input);
        assert_silent(&run, &input);
        assert_eq!(run.status, i32::from(!name.starts_with("allowed")), "{name}");
        insta::assert_snapshot!(name, shown(&run));
    }
}

#[test]
fn a_program_reads_the_same() {
    let input =
        with_token("PUT", "/api/users/7", &token(&json!({"role": "analyst", "exp": NOW - 300})));
    let run = run(&[&AT[..], &["--format", "json"]].concat(), &input);
    assert_silent(&run, &input);
    insta::assert_snapshot!("json", shown(&run));
}

#[test]
fn arguments_make_the_same_request_as_a_message() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("token.txt");
    let token = token(&json!({"role": "operator"}));
    fs::write(&file, format!("{token}\n")).unwrap();
    let arguments = [
        "--method",
        "PUT",
        "--path",
        "/api/users/7",
        "--token-file",
        file.to_str().unwrap(),
        "--require",
        "users:read",
        "--require",
        "x",
        "--header",
        "X-Trace: a:b",
        "--client-ip",
        "192.0.2.1",
    ];
    let by_arguments = run(&[&AT[..], &arguments].concat(), "");
    let headers = json!({"Authorization": format!("Bearer {token}"), "X-Trace": "a:b"});
    let members = json!({"required_permission": ["users:read", "x"], "client_ip": "192.0.2.1"});
    assert_eq!(by_arguments, run(&AT, &message("PUT", "/api/users/7", &headers, &members)));
    assert_eq!(by_arguments.status, 1);
}

#[test]
fn the_head_of_a_conversation_brings_key_and_configuration() {
    let init = json!({"src": "client", "dest": "gateway", "body": {
        "type": "init", "msg_id": 1, "jwt_public_key": SECRET,
        "config": {"jwt": {"issuer": "https://auth.example", "audience": "orders-api"}, "roles": {"operator": ["users:*"]}},
    }});
    let revoke = json!({"src": "client", "body": {"type": "revoke", "user": "eve"}});
    let headers = json!({"Authorization": format!("Bearer {}", token(&json!({"sub": "eve", "role": "operator", "iat": NOW - 1})))});
    let request =
        message("GET", "/api/users/7", &headers, &json!({"required_permission": "users:read"}));
    let head = format!("{init}\n{revoke}\n{request}not read any more");
    let run = run(&["--now", "2026-01-01T00:00:00Z"], &head);
    assert_silent(&run, &request);
    insta::assert_snapshot!("conversation", shown(&run));
}

#[test]
fn what_cannot_be_explained_is_wrong_usage() {
    let mut text = String::new();
    let request = message("GET", "/", &json!({}), &json!({}));
    let url = "jwt.jwks.timeout=1s";
    for (arguments, input) in [
        (&["--now", "0"][..], ""),
        (&["--now", "0"], "{\"src\": \"client\""),
        (&["--now", "0"], "{\"src\":\"c\",\"body\":{\"type\":\"echo\"}}"),
        (&["--now", "0"], "{\"src\":\"c\",\"body\":{\"type\":\"init\",\"jwt_public_key\":\"\"}}"),
        (&["--now", "0", "--method", "GET"], ""),
        (&["--now", "0", "--path", "/", "--header", "secret"], ""),
        (&["--now", "0", "--path", "/", "--token-file", "/nowhere/token.txt"], ""),
        (&["--now", "0", "--set", "routs=[]", "--set", "jwt.leeway=5"], &request),
        (
            &["--now", "0", "--set", url, "--set", "jwt.keys=[\"https://auth.example/jwks.json\"]"],
            &request,
        ),
    ] {
        let run = run(arguments, input);
        let _ = write!(text, "$ portcullis explain {}\n{}\n", arguments.join(" "), shown(&run));
        assert_eq!(run.status, 2, "{arguments:?}");
    }
    insta::assert_snapshot!("usage", text);
}

#[test]
fn nothing_moves_the_cursor_or_fakes_a_line() {
    let sneaky = "\u{1b}[2J\nIt may pass\u{202e}";
    let headers =
        json!({"Authorization": format!("Bearer {}", token(&json!({"project": sneaky})))});
    let members = json!({"required_permission": sneaky, "client_ip": sneaky});
    let run = run(&AT, &message(sneaky, "/b/prefect/x", &headers, &members));
    let is_plain = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(run.stdout.chars().all(is_plain), "{}", run.stdout);
    assert!(!run.stdout.contains("\nIt may pass"), "{}", run.stdout);
}
