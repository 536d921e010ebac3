//! R37, R42, H4, H6, H12: one credential, and it is what it is.

use std::fmt::Write;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::super::ADA;
use super::super::support::{allowed, invalid, refused};
use super::{Conversation, ours};

const KEY: &str = "pk_live_0123456789abcdefghijklmnopqrstuv";

fn api_key(id: &str, key: &str, more: &str) -> String {
    let mut hexadecimal = String::new();
    for byte in digest(&SHA256, key.as_bytes()).as_ref() {
        write!(hexadecimal, "{byte:02x}").unwrap();
    }
    format!("[[api_keys]]\nid = \"{id}\"\nsha256 = \"{hexadecimal}\"\n{more}\n")
}

fn policy() -> String {
    let mut toml = "[jwt]\nkeys = [\"env:OURS\"]\n[rate_limit]\ndefault = \"1000/s\"\n".to_owned();
    toml += &api_key("ci", KEY, "user = \"ada\"");
    toml += &api_key("other", &KEY.replace("pk", "pq"), "user = \"bob\"");
    toml
}

fn with(
    conversation: &mut Conversation,
    about: &str,
    headers: Value,
    answer: impl FnOnce(usize) -> String,
) {
    conversation.ask(about, "", &json!({ "headers": headers }), answer);
}

#[test]
fn h04_h06_r37_a_request_has_one_credential() {
    let mut conversation = Conversation::by(&policy());
    let token = ours(r#""a":1"#);
    let bearer = format!("Bearer {token}");
    let api_key = format!("ApiKey {KEY}");
    let several = |id| refused(id, 400, "Bad request: more than one credential");
    let row3 = |id| refused(id, 401, "Invalid authentication credentials");
    let ok = |id| allowed(id, ADA);
    for (about, headers) in [
        ("a token", json!({ "Authorization": bearer })),
        ("an API key", json!({ "X-API-Key": KEY })),
        ("an API key by scheme", json!({ "authorization": api_key })),
        ("a list of one", json!({ "Authorization": [bearer] })),
        // Neither a cookie nor a query is a credential.
        ("a cookie besides", json!({ "Authorization": bearer, "Cookie": format!("token={KEY}") })),
        (
            "a proxy's besides",
            json!({ "Authorization": bearer, "Proxy-Authorization": "Bearer x" }),
        ),
    ] {
        with(&mut conversation, about, headers, ok);
    }
    for (about, headers) in [
        ("the same twice", json!({ "Authorization": [bearer, bearer] })),
        ("good and bad", json!({ "Authorization": [bearer, "Bearer x"] })),
        ("bad and good", json!({ "Authorization": ["Bearer x", bearer] })),
        ("in two cases", json!({ "Authorization": bearer, "authorization": bearer })),
        ("a token and an API key", json!({ "Authorization": bearer, "X-API-Key": KEY })),
        ("a token and a bad API key", json!({ "Authorization": bearer, "x-api-key": "x" })),
        ("an API key twice", json!({ "X-API-Key": KEY, "Authorization": api_key })),
        ("an API key in a list", json!({ "X-API-Key": [KEY, KEY] })),
        ("an API key good and bad", json!({ "X-API-Key": [KEY, "x"] })),
    ] {
        with(&mut conversation, about, headers, several);
    }
    for (about, value) in [
        ("joined by a comma", format!("{bearer}, {bearer}")),
        ("joined by a comma alone", format!("{bearer},Bearer")),
        ("an API key with a comma", format!("{api_key},{KEY}")),
        ("two words", format!("{bearer} {token}")),
    ] {
        with(&mut conversation, about, json!({ "Authorization": value }), row3);
    }
    conversation.check();
}

/// Found by their digest, so that where a wrong one differs says nothing; how long it takes is not
/// for a test to say.
#[test]
fn h12_an_api_key_is_right_to_the_last_byte() {
    let mut conversation = Conversation::by(&policy());
    with(&mut conversation, "the key", json!({ "X-API-Key": KEY }), |id| allowed(id, ADA));
    let changed = |at: usize| {
        let mut bytes = KEY.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).unwrap()
    };
    let mut wrong: Vec<String> = (0..KEY.len()).map(changed).collect();
    wrong.extend([
        KEY.to_uppercase(),
        KEY[1..].into(),
        KEY[..KEY.len() - 1].into(),
        format!("{KEY}x"),
        format!("{KEY}\u{0}"),
        KEY.repeat(1000),
    ]);
    for key in wrong {
        with(&mut conversation, "a wrong key", json!({ "X-API-Key": key }), invalid);
    }
    // What a key is found by is none, nor what names it.
    for key in ["ci", "ada", "*", "%"] {
        with(&mut conversation, "no key", json!({ "X-API-Key": key }), invalid);
    }
    let digest = policy().split("sha256 = \"").nth(1).unwrap()[..64].to_owned();
    with(&mut conversation, "its digest", json!({ "X-API-Key": digest }), invalid);
    conversation.check();
}

/// The same name by token and by API key is two callers.
#[test]
fn r42_a_caller_is_told_apart_by_kind_and_issuer() {
    let toml = policy().replace("1000/s", "2/h");
    let mut conversation = Conversation::by(&toml);
    let token = ours(r#""a":1"#);
    let full =
        |id| refused(id, 429, "Rate limit exceeded").replace("\"}}", "\", \"retry_after\": 3600}}");
    for turn in 0..3 {
        let by_token = json!({ "Authorization": format!("Bearer {token}") });
        let other = ours(r#""iss":"https://elsewhere.example""#);
        let elsewhere = json!({ "Authorization": format!("Bearer {other}") });
        for headers in [by_token, json!({ "X-API-Key": KEY }), elsewhere] {
            let about = format!("turn {turn}: {headers}");
            with(&mut conversation, &about, headers, |id| match turn {
                2 => full(id),
                _ => allowed(id, ADA),
            });
        }
    }
    conversation.check();
}
