//! What several test files share: the test keys, tokens, and conversations with a node in process.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use pkcs1::RsaPublicKey;
use portcullis::gateway::Timestamp;
use portcullis::mint::{SigningKey, sign_bytes};
use portcullis::node::{self, Clock, Options};
use portcullis::replay::Fixture;
use serde_json::{Value, json};
use spki::SubjectPublicKeyInfoRef;

/// 2026-01-01T00:00:00Z, where the clock stands (seconds since 1970).
pub(crate) const NOW: u64 = 1_767_225_600;

/// A path below the project's folder.
pub(crate) fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Every recorded conversation.
pub(crate) fn fixtures() -> Vec<Fixture> {
    Fixture::find(&path("fixtures")).unwrap()
}

/// The text of a test key, such as `rsa.public.pem`.
pub(crate) fn key_text(file: &str) -> String {
    fs::read_to_string(path("scripts/keys").join(file)).unwrap()
}

/// A test key that signs.
pub(crate) fn signing_key(file: &str) -> SigningKey {
    SigningKey::read(&key_text(file)).unwrap()
}

/// A token of any header and payload, with a good signature.
pub(crate) fn token(
    key: &SigningKey,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    token_with(key, key.default_algorithm(), header, payload)
}

/// The same, with an algorithm other than the key's first.
pub(crate) fn token_with(
    key: &SigningKey,
    algorithm: Algorithm,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    sign_bytes(key, algorithm, header.as_ref(), payload.as_ref()).unwrap()
}

/// Options whose clock stands at [`NOW`].
pub(crate) fn options() -> Options {
    options_at(NOW as f64)
}

/// Options whose clock stands at an instant (seconds since 1970).
pub(crate) fn options_at(seconds: f64) -> Options {
    let instant = Timestamp::from_seconds(seconds).unwrap();
    Options { clock: Clock::Frozen(instant), ..Options::default() }
}

/// All that a node answers.
pub(crate) fn run(input: impl Read, options: Options) -> Vec<u8> {
    let mut answers = Vec::new();
    node::run(input, &mut answers, options).unwrap();
    answers
}

/// All that a node answers to these lines, each in a line, at [`NOW`].
pub(crate) fn answers(lines: &[String]) -> Vec<String> {
    let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let output = String::from_utf8(run(input.as_bytes(), options())).unwrap();
    output.lines().map(str::to_owned).collect()
}

/// An init with a key.
pub(crate) fn init(key: &str) -> String {
    message(json!({"type": "init", "msg_id": 0, "jwt_public_key": key}))
}

/// A request for `/api/users/123` that carries a token.
pub(crate) fn request(msg_id: usize, token: &str) -> String {
    request_with(msg_id, token, &json!({}))
}

/// The same, with members added or replaced.
pub(crate) fn request_with(msg_id: usize, token: &str, members: &Value) -> String {
    let mut body = json!({
        "type": "api_request",
        "msg_id": msg_id,
        "method": "GET",
        "path": "/api/users/123",
        "headers": {"Authorization": format!("Bearer {token}")},
    });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    message(body)
}

/// A message from the usual sender.
pub(crate) fn message(body: Value) -> String {
    json!({"src": "client", "dest": "gateway", "body": body}).to_string()
}

/// The answer to a good init.
pub(crate) fn init_ok() -> String {
    r#"{"src": "gateway", "dest": "client", "body": {"type": "init_ok", "in_reply_to": 0}}"#.into()
}

/// The answer that refuses a request.
pub(crate) fn refused(msg_id: usize, status: u16, error: &str) -> String {
    format!(
        r#"{{"src": "gateway", "dest": "client", "body": {{"type": "api_response", "in_reply_to": {msg_id}, "status": {status}, "error": "{error}"}}}}"#
    )
}

/// The answer to a token that was never good.
pub(crate) fn invalid(msg_id: usize) -> String {
    refused(msg_id, 401, "Invalid or expired token")
}

/// The answer that lets a request pass to `users-service`.
pub(crate) fn allowed(msg_id: usize, user_context: &str) -> String {
    allowed_to(msg_id, "users-service", user_context)
}

/// The same for any service.
pub(crate) fn allowed_to(msg_id: usize, service: &str, user_context: &str) -> String {
    format!(
        r#"{{"src": "gateway", "dest": "client", "body": {{"type": "api_response", "in_reply_to": {msg_id}, "status": 200, "service": "{service}", "user_context": {user_context}}}}}"#
    )
}

/// The DER of a public test key (SPKI).
pub(crate) fn public_der(name: &str) -> Vec<u8> {
    pem::parse(key_text(&format!("{name}.public.pem"))).unwrap().into_contents()
}

/// A public test key as a JWK.
pub(crate) fn public_jwk(name: &str) -> Value {
    let der = public_der(name);
    let base64url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let info = SubjectPublicKeyInfoRef::try_from(der.as_slice()).unwrap();
    let key = info.subject_public_key.as_bytes().unwrap();
    let point = |crv: &str| {
        // Behind a byte that says that neither coordinate is left out.
        let (x, y) = key[1..].split_at(key.len() / 2);
        json!({"kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y)})
    };
    match key.len() {
        32 => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(key)}),
        65 => point("P-256"),
        97 => point("P-384"),
        _ => {
            let rsa = RsaPublicKey::try_from(key).unwrap();
            let (n, e) = (rsa.modulus.as_bytes(), rsa.public_exponent.as_bytes());
            json!({"kty": "RSA", "n": base64url(n), "e": base64url(e)})
        }
    }
}
