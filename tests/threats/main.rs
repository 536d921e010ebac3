//! What must be refused: classes of attack that went through real gateways and libraries, each as
//! a table of requests and whole answers. A name like `a13` is the class's number in the project's
//! list of threats. Where that list and the protocol differ, the protocol decides, and a comment
//! says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod algorithms;
mod cache;
mod claims;
mod encoding;
mod paths;
mod policy;
mod signatures;
#[path = "../support/mod.rs"]
mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use support::{NOW, allowed, answers, init, init_ok, invalid, key_text, refused, request};

/// Who every good token here is about.
const ADA: &str = r#"{"user_id": "ada", "role": null, "permissions": []}"#;
/// A good payload.
const GOOD: &str = r#"{"sub":"ada","exp":1767229200}"#;
const HS256: &str = r#"{"alg":"HS256"}"#;

/// What a token is answered with.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    /// It may pass, as [`ADA`].
    Allowed,
    /// It may pass, with this user context.
    AllowedAs(String),
    /// Row 5.
    Invalid,
    /// Row 4.
    Expired,
    /// Row 3.
    NoToken,
}

impl Verdict {
    fn answer(&self, msg_id: usize) -> String {
        match self {
            Self::Allowed => allowed(msg_id, ADA),
            Self::AllowedAs(context) => allowed(msg_id, context),
            Self::Invalid => invalid(msg_id),
            Self::Expired => refused(msg_id, 401, "Token expired"),
            Self::NoToken => refused(msg_id, 401, "Invalid authentication credentials"),
        }
    }
}

/// Tokens under one key, with what each is about and its verdict.
struct Table {
    key: String,
    cases: Vec<(String, String, Verdict)>,
}

impl Table {
    fn new(key: &str) -> Self {
        Self { key: key.to_owned(), cases: Vec::new() }
    }

    fn add(&mut self, about: impl Into<String>, token: impl Into<String>, verdict: Verdict) {
        self.cases.push((about.into(), token.into(), verdict));
    }

    /// All in one conversation. A table in which nothing may pass would prove nothing.
    fn check(self) {
        let lines = [init(&self.key)].into_iter();
        let requests = (1..).zip(&self.cases).map(|(id, (_, token, _))| request(id, token));
        let answers = answers(&lines.chain(requests).collect::<Vec<_>>());
        assert_eq!(answers[0], init_ok());
        assert_eq!(answers.len(), 1 + self.cases.len());
        for (id, (about, token, verdict)) in (1..).zip(&self.cases) {
            assert_eq!(answers[id], verdict.answer(id), "{about}: {token}");
        }
        let passes =
            |verdict: &Verdict| matches!(verdict, Verdict::Allowed | Verdict::AllowedAs(_));
        assert!(self.cases.iter().any(|(_, _, verdict)| passes(verdict)), "nothing passes");
    }
}

/// The answer to an init whose key is refused, and the tail of its text.
fn key_refused(why: &str) -> String {
    format!(
        r#"{{"src": "gateway", "dest": "client", "body": {{"type": "error", "in_reply_to": 0, "code": 12, "text": "Invalid init: jwt_public_key: {why}"}}}}"#
    )
}

fn assert_key_refused(key: &str, why: &str) {
    assert_eq!(answers(&[init(key)]), [key_refused(why)], "{key}");
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of these segments, whatever they are, signed over their text with HMAC.
fn hmac_over(
    algorithm: hmac::Algorithm,
    secret: &[u8],
    header: impl AsRef<str>,
    payload: impl AsRef<str>,
) -> String {
    let signed = format!("{}.{}", header.as_ref(), payload.as_ref());
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", base64url(tag))
}

/// A token with a good HS256 signature of the usual secret.
fn hs256(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let secret = key_text("secret.txt");
    hmac_over(hmac::HMAC_SHA256, secret.as_bytes(), base64url(header), base64url(payload))
}

/// Claims that are good but for what is added.
fn claims(more: &str) -> String {
    format!(r#"{{"sub":"ada","exp":{},{more}}}"#, NOW + 3600)
}

/// The token with its signature replaced.
fn with_signature(token: &str, signature: &[u8]) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.{}", base64url(signature))
}

/// The signature of a token.
fn signature_of(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit_once('.').unwrap().1).unwrap()
}
