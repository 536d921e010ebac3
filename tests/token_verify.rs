//! `portcullis token verify` judges as the gateway does, and says so in one line for each token.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::mint::{Kind, SigningKey, sign_bytes};
use serde_json::{Value, json};
use support::{Run, key, run, token};
use tempfile::TempDir;

#[path = "support/command.rs"]
mod support;

fn verify(folder: &TempDir, key: &str, rest: &[&str], input: &[u8]) -> Run {
    let path = folder.path().join("key");
    fs::write(&path, key).unwrap();
    let mut arguments = vec!["token", "verify", "--key", path.to_str().unwrap()];
    arguments.extend(rest);
    run(arguments, input)
}

fn raw_token(key: &SigningKey, payload: &str) -> String {
    sign_bytes(key, key.default_algorithm(), br#"{"alg":"HS256"}"#, payload.as_bytes()).unwrap()
}

#[test]
fn each_token_gets_its_line_in_order() {
    let folder = TempDir::new().unwrap();
    let (signer, secret) = key(Kind::Hmac256);
    let good = raw_token(
        &signer,
        r#" {"sub" : "ada\u0041\/","exp":1.50E3,"n":[1,{}],"é":null,"n2":12345678901234567890123} "#,
    );
    let expired = raw_token(&signer, r#"{"exp":999,"sub":5,"aud":"x"}"#);
    let early = raw_token(&signer, r#"{"exp":1001,"sub":"ada","nbf":1000.5}"#);
    let timeless = raw_token(&signer, r#"{"sub":"ada"}"#);
    let twice = raw_token(&signer, r#"{"exp":2000,"sub":"ada","sub":"eve"}"#);
    let prose = raw_token(&signer, "It’s a dangerous business, Frodo");
    let (head, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{head}.AAAA");
    let long = "a".repeat(2 << 20);
    let input = format!(
        "\n{good}\r\n  \t\n {expired}\t\n{early}\n{timeless}\n{twice}\n{prose}\n{forged}\n{long}\nBearer {good}\n{good}"
    );
    let valid = r#"{"valid": true, "algorithm": "HS256", "key": null, "claims": {"sub": "adaA/", "exp": 1.50E3, "n": [1, {}], "\u00e9": null, "n2": 12345678901234567890123}}"#;
    let expected = [
        valid,
        r#"{"valid": false, "reason": "the token has expired", "claims": {"exp": 999, "sub": 5, "aud": "x"}}"#,
        r#"{"valid": false, "reason": "the token is not valid yet", "claims": {"exp": 1001, "sub": "ada", "nbf": 1000.5}}"#,
        r#"{"valid": false, "reason": "the claim `exp` is missing", "claims": {"sub": "ada"}}"#,
        r#"{"valid": false, "reason": "the payload has a member twice", "claims": {"exp": 2000, "sub": "ada", "sub": "eve"}}"#,
        r#"{"valid": false, "reason": "the payload is not one JSON object"}"#,
        r#"{"valid": false, "reason": "the signature does not fit"}"#,
        r#"{"valid": false, "reason": "the token is longer than 16 KiB"}"#,
        r#"{"valid": false, "reason": "the token's header is not canonical base64url"}"#,
        valid,
        "",
    ];
    let run = verify(&folder, &secret, &["--now", "1000"], input.as_bytes());
    assert_eq!(run.stdout, expected.join("\n"));
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
}

#[test]
fn tokens_may_be_arguments_and_all_valid_is_0() {
    let folder = TempDir::new().unwrap();
    let (signer, secret) = key(Kind::Hmac256);
    let tokens = [1, 2].map(|n| token(&signer, &json!({"sub": "ada", "exp": 2000, "n": n})));
    let run = verify(&folder, &secret, &["--now=1000", &tokens[0], &tokens[1]], b"not read");
    let line = |n| {
        format!(
            "{{\"valid\": true, \"algorithm\": \"HS256\", \"key\": null, \"claims\": {{\"exp\": 2000, \"n\": {n}, \"sub\": \"ada\"}}}}\n"
        )
    };
    assert_eq!(run.stdout, line(1) + &line(2));
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let nothing = verify(&folder, &secret, &[], b"\n");
    assert_eq!(nothing, Run { status: 0, stdout: String::new(), stderr: String::new() });
}

#[test]
fn any_kind_of_key_file_will_do() {
    let folder = TempDir::new().unwrap();
    for kind in [Kind::P256, Kind::P384, Kind::Ed25519] {
        let made = portcullis::mint::generate(kind).unwrap();
        let jwk = serde_json::to_value(made.private_jwk()).unwrap();
        let kid = &jwk["kid"];
        let signer = SigningKey::read(&jwk.to_string()).unwrap();
        let token = token(&signer, &json!({"sub": "ada", "exp": 2000}));
        let public = serde_json::to_value(made.public_jwk().unwrap()).unwrap();
        let algorithm = &public["alg"];
        assert!(algorithm.is_string() && kid.is_string(), "{public}");
        for (text, name) in [
            (made.public_pem().unwrap().to_owned(), &Value::Null),
            (public.to_string(), kid),
            (json!({"keys": [public]}).to_string(), kid),
        ] {
            let run = verify(&folder, &text, &["--now=1000"], token.as_bytes());
            let line = format!(
                "{{\"valid\": true, \"algorithm\": {algorithm}, \"key\": {name}, \"claims\": {{\"exp\": 2000, \"sub\": \"ada\"}}}}\n"
            );
            assert_eq!(run, Run { status: 0, stdout: line, stderr: String::new() });
        }
    }
}

#[test]
fn a_key_that_cannot_be_used_is_2_and_a_weak_one_a_warning() {
    let folder = TempDir::new().unwrap();
    let run = verify(&folder, r#"{"kty":"oct"}"#, &[], b"a.b.c");
    let path = folder.path().join("key");
    let message =
        format!("portcullis: cannot use the key in {}: the JWK lacks `k`\n", path.display());
    assert_eq!(run, Run { status: 2, stdout: String::new(), stderr: message });
    let run = verify(&folder, "short", &[], b"");
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.contains("WARN") && run.stderr.contains("40 bits"), "{}", run.stderr);
}

/// The examples that the RFCs print (tests/vectors/README.md), through the built binary.
#[test]
fn published_signatures_are_judged_right() {
    let folder = TempDir::new().unwrap();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rfc.json");
    let vectors: Vec<Value> = serde_json::from_slice(&fs::read(vectors).unwrap()).unwrap();
    assert!(vectors.len() > 30, "{}", vectors.len());
    let mut seen = (0, 0, 0);
    for vector in &vectors {
        let token = vector["token"].as_str().unwrap();
        let key = vector["key"].to_string();
        let run = verify(&folder, &key, &["--signature-only", "--", token], b"");
        let name = &vector["name"];
        match vector["signature"].as_str().unwrap() {
            "valid" => {
                let payload = token.split('.').nth(1).unwrap();
                let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
                let header: Value = serde_json::from_slice(&header).unwrap();
                let kid = &vector["key"]["kid"];
                let line = format!(
                    "{{\"valid\": true, \"algorithm\": {}, \"key\": {kid}, \"payload\": \"{payload}\"}}\n",
                    header["alg"],
                );
                assert_eq!(run.stdout, line, "{name}");
                assert_eq!(run.status, 0, "{name}");
                seen.0 += 1;
            }
            "invalid" => {
                let line = "{\"valid\": false, \"reason\": \"the signature does not fit\"}\n";
                assert_eq!((run.status, run.stdout.as_str()), (1, line), "{name}");
                seen.1 += 1;
            }
            "refused" => {
                let unusable = vector["key"]["crv"] == "P-521";
                assert_eq!(run.status, if unusable { 2 } else { 1 }, "{name}: {run:?}");
                assert!(!run.stdout.contains("true") && !run.stdout.contains("fit\""), "{run:?}");
                assert_eq!(run.stdout.is_empty(), unusable, "{name}");
                seen.2 += 1;
            }
            other => assert_eq!(other, "", "{name}"),
        }
    }
    assert!(seen.0 > 5 && seen.1 > 5 && seen.2 > 3, "{seen:?}");
}
