//! No token, secret or key is ever shown: not in an answer, not in a log at any level, not in an
//! error about the very thing.
//!
//! A thousand tokens and hundreds of keys, good and broken in every way that comes to mind, go
//! through the built binary; then no twelve characters in a row of any of them may stand in what
//! it wrote. What a token says (its claims, decoded) and what a key is called are no secrets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use portcullis::mint::{self, Kind, SigningKey, sign_bytes};
use serde_json::{Value, json};
use support::{Run, run};
use tempfile::TempDir;

mod configuration;
#[path = "../support/http_server.rs"]
mod http_server;
mod policy;

#[path = "../support/redis_server.rs"]
mod redis_server;
#[path = "../support/command.rs"]
mod support;
#[path = "../support/ways.rs"]
mod ways;

const NOW: &str = "--now=2026-01-01T00:00:00Z";

/// Every run of [`Self::WINDOW`] bytes that must not be seen, and what is shorter as a whole.
#[derive(Default)]
struct Forbidden {
    windows: HashSet<[u8; Self::WINDOW], foldhash::fast::RandomState>,
    short: HashSet<String>,
}

impl Forbidden {
    const WINDOW: usize = 12;

    fn add(&mut self, text: &str) {
        if text.len() >= Self::WINDOW {
            let windows = text.as_bytes().windows(Self::WINDOW);
            self.windows
                .extend(windows.filter_map(|window| <[u8; Self::WINDOW]>::try_from(window).ok()));
        } else if text.len() >= 8 {
            self.short.insert(text.to_owned());
        }
    }

    fn add_token(&mut self, token: &str) {
        token.split(['.', ' ', '\n', '=']).for_each(|segment| self.add(segment));
    }

    /// The lines of base64 of PEM, the values of a JWK but for what names or describes it, and of
    /// anything else the whole.
    fn add_key(&mut self, key: &str) {
        let described = ["kty", "crv", "alg", "use", "kid", "key_ops"];
        if let Ok(Value::Object(jwk)) = serde_json::from_str(key) {
            let values = jwk.iter().filter(|(name, _)| !described.contains(&name.as_str()));
            values.filter_map(|(_, value)| value.as_str()).for_each(|value| self.add(value));
        } else if key.contains("-----") {
            key.lines().filter(|line| !line.contains("---")).for_each(|line| self.add(line));
        } else {
            self.add(key.trim_end());
        }
    }

    fn check(&self, run: &Run, what: &str) {
        self.check_text(&run.stdout, &format!("{what}: stdout"));
        self.check_text(&run.stderr, &format!("{what}: stderr"));
    }

    fn check_text(&self, text: &str, what: &str) {
        if let Some(seen) = self.seen_in(text) {
            assert_eq!(seen, "", "{what} holds what nobody may see");
        }
    }

    /// What of a text nobody may see, with what stands around it.
    fn seen_in(&self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let at = bytes.windows(Self::WINDOW).position(|window| self.windows.contains(window));
        let at = at.or_else(|| self.short.iter().find_map(|short| text.find(short.as_str())))?;
        let around = &bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())];
        Some(String::from_utf8_lossy(around).into_owned())
    }
}

/// A pair of keys: what signs (where it is there to sign), and what verifies.
struct Pair {
    private: String,
    public: String,
}

fn pairs() -> Vec<Pair> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/keys");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut pairs = vec![Pair { private: read("secret.txt"), public: read("secret.txt") }];
    for name in ["rsa", "rsa-1024", "p256", "p384", "ed25519"] {
        let [private, public] =
            ["private", "public"].map(|half| read(&format!("{name}.{half}.pem")));
        pairs.push(Pair { private, public });
    }
    for kind in [Kind::Ed25519, Kind::P256, Kind::P384, Kind::Hmac256] {
        let made = mint::generate(kind).unwrap();
        let private = serde_json::to_string(made.private_jwk()).unwrap();
        let public = made.public_jwk().map(|jwk| serde_json::to_string(&jwk).unwrap());
        pairs.push(Pair { public: public.unwrap_or_else(|| private.clone()), private });
    }
    for password in
        ["correct horse battery staple", "hunter2hunter2", "p4ssw0rd", "Zm9vYmFyYmF6cXV4Cg=="]
    {
        pairs.push(Pair { private: password.to_owned(), public: password.to_owned() });
    }
    pairs
}

/// Cuts a text at the start of a character near this share of it.
fn halves(text: &str) -> (&str, &str) {
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    text.split_at(middle)
}

/// A key, and the ways in which it is pasted wrongly.
fn broken_keys(key: &str) -> Vec<String> {
    let (head, tail) = halves(key);
    let lines: Vec<&str> = key.lines().collect();
    let body: Vec<&str> = lines.iter().copied().filter(|line| !line.contains("---")).collect();
    vec![
        key.to_owned(),
        head.to_owned(),
        tail.to_owned(),
        format!("{head}{tail}{key}"),
        format!("{head}!{tail}"),
        format!("{head}\0{tail}"),
        format!("{head}\u{1b}[31m{tail}"),
        format!("{head}\"{tail}"),
        format!("{{{key}"),
        format!("{{\"kty\":\"oct\",\"k\":\"{}\"}}", body.concat()),
        format!("{{\"keys\":[{key}]}}"),
        format!("{{\"keys\":[{key},{key}]}}"),
        format!("{key}}}"),
        format!("ssh-rsa {}", body.concat()),
        format!(" \u{feff}{key}"),
        lines[1.min(lines.len() - 1)..].join("\n"),
        lines[..lines.len().max(2) - 1].join("\n"),
        body.concat(),
        lines.join("\\n"),
        key.replace("PUBLIC KEY", "SECRET THING").replace("PRIVATE KEY", "SECRET THING"),
        key.replace("-----BEGIN", "----BEGIN"),
        key.replace("\"d\":\"", "\"d\":[\"").replace("\"x\":\"", "\"x\":{\""),
        key.replace("\"x\":", "\"crv\":").replace("\"k\":", "\"kty\":"),
        key.replace("\"kty\":\"", "\"kty\":\"X"),
    ]
}

/// Payloads that make a token good, expired, early, or invalid in some other way.
const PAYLOADS: [&str; 14] = [
    r#"{"sub":"ada","exp":4000000000,"role":"admin","permissions":["read"]}"#,
    r#"{"sub":"ada","exp":4000000000,"scope":"read write","iat":1}"#,
    r#"{"sub":"ada","exp":1000000000}"#,
    r#"{"sub":"ada","exp":4000000000,"nbf":3999999999}"#,
    r#"{"sub":"ada","exp":4000000000,"aud":"orders"}"#,
    r#"{"sub":"ada","exp":"soon"}"#,
    r#"{"sub":"ada"}"#,
    r#"{"exp":4000000000}"#,
    r#"{"sub":5,"exp":4000000000}"#,
    r#"{"sub":"ada\u0007","exp":4000000000}"#,
    r#"{"sub":"ada","sub":"eve","exp":4000000000}"#,
    r#"{"sub":"ada","exp":4000000000,"permissions":{"read":true}}"#,
    r#"["ada"]"#,
    "It's a dangerous business, Frodo, going out your door.",
];

const HEADERS: [&str; 6] = [
    r#"{"alg":"ALG","typ":"JWT"}"#,
    r#"{"alg":"ALG","kid":"2026-01"}"#,
    r#"{"alg":"none","typ":"JWT"}"#,
    r#"{"alg":"ALG","crit":["exp"]}"#,
    r#"{"alg":"ALG","alg":"ALG"}"#,
    r#"{"alg":"ALG""#,
];

/// Each token comes broken in so many ways, less one, and then as it should be.
const EACH: usize = 9;

fn tokens(pairs: &[Pair]) -> Vec<String> {
    let mut tokens = Vec::new();
    for key in pairs.iter().filter_map(|pair| SigningKey::read(pair.private.trim_end()).ok()) {
        let algorithm = key.default_algorithm();
        for payload in PAYLOADS {
            for header in &HEADERS[..if payload == PAYLOADS[0] { HEADERS.len() } else { 1 }] {
                let header = header.replace("ALG", &format!("{algorithm:?}"));
                let good =
                    sign_bytes(&key, algorithm, header.as_bytes(), payload.as_bytes()).unwrap();
                let (head, tail) = halves(&good);
                tokens.extend([
                    format!("{head}{tail}A"),
                    format!("{head}%{tail}"),
                    format!("{head}\u{e9}{tail}"),
                    format!("{good}=="),
                    format!("{good}.AAAAAAAA"),
                    good.rsplit_once('.').unwrap().0.to_owned(),
                    head.to_owned(),
                    good.replace('.', "_"),
                ]);
                tokens.push(good);
            }
        }
    }
    tokens
}

/// The ways in which a token gets into a message; some of them are wrong.
fn requests(at: usize, token: &str) -> String {
    let mut body = json!({"type": "api_request", "msg_id": at, "method": "GET", "path": "/users"});
    let bearer = format!("Bearer {token}");
    let (headers, more) = match at % 14 {
        0..5 => (json!({"Authorization": bearer}), None),
        5 => (json!({"authorization": [bearer, bearer]}), None),
        6 => (json!({"Authorization": token}), None),
        7 => (json!({"Authorization": format!("Basic {token}")}), None),
        8 => (json!({"X-API-Key": token, "Cookie": token, "Authorization": {"t": token}}), None),
        9 => (json!({"Authorization": format!("{bearer} {token}")}), None),
        10 => (json!([bearer]), None),
        11 => (
            json!({"Authorization": bearer}),
            Some(("path", format!("/users?access_token={token}"))),
        ),
        12 => (json!({"Authorization": bearer}), Some(("path", format!("/users/{token}/%zz")))),
        _ => (json!({"Authorization": bearer}), Some(("path", format!("/../{token}")))),
    };
    body["headers"] = headers;
    if let Some((name, value)) = more {
        body[name] = value.into();
    }
    let message = json!({"src": "c", "dest": "g", "body": body}).to_string();
    match at % 37 {
        // The last brace is missing, or something stands behind it, or the JSON is broken.
        17 => format!("{}\n", &message[..message.len() - 1]),
        18 => format!("{message}{token}\n"),
        19 => format!("{}\n", message.replacen(':', " ", 1)),
        20 => format!("{token}\n"),
        _ => message + "\n",
    }
}

fn inits(key: &str) -> String {
    let init = |body: Value| json!({"src": "c", "dest": "g", "body": body}).to_string() + "\n";
    let of = |key: Value| init(json!({"type": "init", "msg_id": 1, "jwt_public_key": key}));
    let mut all = of(key.into());
    if let Ok(object) = serde_json::from_str::<Value>(key) {
        all += &of(object.clone());
        all += &of(json!({"keys": [object, {"kty": key}]}));
    }
    all += &of(json!([key]));
    all += &init(json!({"type": "init", "jwt_public_key": key, "config": {"jwt": {"key": key}}}));
    all += &init(json!({"type": "init", "jwt_public_key": key, "config": key}));
    all += &init(json!({"type": "init", "jwt_public_key": key, "node_id": [key]}));
    all += &json!({"src": "eve", "dest": "g", "body": {"type": "init", "jwt_public_key": key}})
        .to_string();
    all + "\n" + &format!("{{\"type\":\"init\",\"jwt_public_key\":{key}\n")
}

#[test]
fn the_node_shows_no_token_and_no_key() {
    let pairs = pairs();
    let tokens = tokens(&pairs);
    assert!(tokens.len() >= 1000, "{}", tokens.len());
    let mut forbidden = Forbidden::default();
    tokens.iter().for_each(|token| forbidden.add_token(token));
    let mut input = String::new();
    for pair in &pairs {
        forbidden.add_key(&pair.private);
        forbidden.add_key(&pair.public);
        for key in [&pair.private, &pair.public] {
            broken_keys(key).iter().for_each(|key| input += &inits(key));
        }
    }
    for (turn, pair) in pairs.iter().enumerate() {
        input += &inits(pair.public.trim_end());
        for (at, token) in tokens.iter().enumerate().skip(turn % 5).step_by(5) {
            input += &requests(at + turn, token);
        }
        // As it should be, too, so that every key in force meets tokens of its own.
        tokens.iter().skip(EACH - 1).step_by(EACH).for_each(|token| input += &requests(0, token));
    }
    for arguments in [
        &["--log", "trace", "--log-format", "text", NOW][..],
        &["--log", "trace", "--log-format", "json", "--explain", NOW],
        &["--log", "trace", "--jobs", "2", NOW],
    ] {
        let run = run(arguments, input.as_bytes());
        assert_eq!(run.status, 0, "{arguments:?}");
        // It was all judged, and the refusals logged.
        assert!(run.stdout.matches("\"status\": 200").count() > 20, "{arguments:?}");
        assert!(run.stdout.matches("Invalid init: jwt_public_key: ").count() > 100);
        assert!(run.stderr.matches("the signature does not fit").count() > 20, "{arguments:?}");
        forbidden.check(&run, &arguments.join(" "));
    }
}

#[test]
fn the_token_commands_show_no_token_and_no_key() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    let path = path.to_str().unwrap();
    let pairs = pairs();
    let tokens = tokens(&pairs);
    let mut forbidden = Forbidden::default();
    tokens.iter().for_each(|token| forbidden.add_token(token));
    let lines = tokens.join("\n");
    for pair in &pairs {
        forbidden.add_key(&pair.private);
        forbidden.add_key(&pair.public);
        fs::write(path, &pair.public).unwrap();
        let run = run(["token", "verify", "--key", path, NOW], lines.as_bytes());
        forbidden.check(&run, "token verify");
        let judged = run.stdout.lines().count();
        assert!(run.status == 2 || judged == tokens.len(), "{judged}");
    }
    for token in tokens.iter().step_by(7) {
        for format in ["table", "json"] {
            let run = run(["token", "inspect", "--format", format], token.as_bytes());
            forbidden.check(&run, "token inspect");
        }
    }
}

#[test]
fn no_error_about_a_key_file_shows_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key");
    let path = path.to_str().unwrap();
    fs::write(folder.path().join("f.in.jsonl"), "").unwrap();
    fs::write(folder.path().join("f.out.jsonl"), "").unwrap();
    fs::write(folder.path().join("f.toml"), "key = \"key\"\n").unwrap();
    let mut refused = 0;
    for pair in pairs() {
        let mut forbidden = Forbidden::default();
        forbidden.add_key(&pair.private);
        forbidden.add_key(&pair.public);
        for key in [&pair.private, &pair.public].into_iter().flat_map(|key| broken_keys(key)) {
            fs::write(path, &key).unwrap();
            for arguments in [
                &["--key", path, "--log", "trace"][..],
                &["replay", folder.path().to_str().unwrap()],
            ] {
                let run = run(arguments, b"");
                refused += i32::from(run.status != 0);
                forbidden.check(&run, &arguments.join(" "));
            }
            // Signing shows a token of its own, which is what it is for; not so its errors.
            let mut run = run(["token", "sign", "--key", path], b"");
            if run.status == 0 {
                run.stdout.clear();
            }
            forbidden.check(&run, "token sign");
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn an_explanation_shows_no_token_and_no_key() {
    let folder = TempDir::new().unwrap();
    let [key, file] = ["key", "token"].map(|name| folder.path().join(name));
    let [key, file] = [key.to_str().unwrap(), file.to_str().unwrap()];
    let pairs = pairs();
    let tokens = tokens(&pairs);
    let mut forbidden = Forbidden::default();
    tokens.iter().for_each(|token| forbidden.add_token(token));
    let mut passed = 0;
    for (turn, pair) in pairs.iter().enumerate() {
        forbidden.add_key(&pair.private);
        forbidden.add_key(&pair.public);
        fs::write(key, &pair.public).unwrap();
        let mut some: Vec<&String> = tokens.iter().skip(turn).step_by(163).collect();
        some.extend(tokens.iter().skip(EACH - 1).step_by(2 * EACH));
        for (at, token) in some.into_iter().enumerate() {
            let format = ["text", "json"][at % 2];
            let given = ["explain", "--key", key, NOW, "--format", format, "--log", "trace"];
            let run = if at % 3 == 0 {
                run(given, requests(at, token).as_bytes())
            } else {
                fs::write(file, token).unwrap();
                run([&given[..], &["--path", "/users/7", "--token-file", file]].concat(), b"")
            };
            passed += i32::from(run.status == 0);
            forbidden.check(&run, "explain");
        }
    }
    assert!(passed > 3, "{passed}");
}
