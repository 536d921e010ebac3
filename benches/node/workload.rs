//! Messages to answer, and the keys and tokens in them.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::gateway::key::{Algorithm, KeySet, KeyText};
use portcullis::mint::{self, Kind, SigningKey};

/// How often tokens recur.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    One,
    Thousand,
    Different,
}

/// Messages and what is needed to judge them.
pub(crate) struct Workload {
    pub(crate) input: Vec<u8>,
    pub(crate) messages: usize,
    /// Each token that occurs, once.
    pub(crate) tokens: Vec<String>,
    pub(crate) public_key: String,
    keys: KeySet,
    /// What is signed and the signature, one a message.
    signed: Vec<(String, Vec<u8>)>,
    algorithm: Algorithm,
}

impl Tokens {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Thousand => "1,000",
            Self::Different => "different",
        }
    }
}

/// A fresh key pair: what signs, and what verifies.
pub(crate) fn key_pair(algorithm: Algorithm) -> (SigningKey, String) {
    let kind = match algorithm {
        Algorithm::HS256 => Kind::Hmac256,
        Algorithm::RS256 => Kind::Rsa2048,
        Algorithm::ES256 => Kind::P256,
        _ => Kind::Ed25519,
    };
    let key = mint::generate(kind).unwrap();
    let private = key.private_text();
    let public = key.public_pem().unwrap_or(private).to_owned();
    (SigningKey::read(private).unwrap(), public)
}

/// A token of ordinary size for the `number`th user.
pub(crate) fn token(key: &SigningKey, algorithm: Algorithm, number: usize) -> String {
    let header = format!(r#"{{"alg":"{algorithm:?}","typ":"JWT"}}"#);
    let claims = format!(
        concat!(
            r#"{{"sub":"user-{number:07}","role":"admin","permissions":["read","write"],"#,
            r#""iss":"https://auth.example.com","iat":1767225600,"exp":4102444800,"jti":"{number:07}"}}"#,
        ),
        number = number
    );
    mint::sign_bytes(key, algorithm, header.as_bytes(), claims.as_bytes()).unwrap()
}

/// One message, padded to 480 bytes where the token leaves room.
pub(crate) fn message(id: usize, token: &str) -> String {
    let plain = |padding: &str| {
        format!(
            concat!(
                r#"{{"src":"client","dest":"gateway","body":{{"type":"api_request","msg_id":{},"#,
                r#""method":"GET","path":"/api/users/123","headers":{{"Authorization":"Bearer {}","#,
                r#""User-Agent":"bench{}"}},"required_permission":"read"}}}}"#,
            ),
            id, token, padding
        )
    };
    let length = plain("").len();
    plain(&"-".repeat(480_usize.saturating_sub(length + 1)))
}

impl Workload {
    pub(crate) fn new(algorithm: Algorithm, tokens: Tokens) -> Self {
        let (messages, different) = match (tokens, algorithm) {
            (Tokens::One, _) => (20_000, 1),
            (Tokens::Thousand, _) => (20_000, 1_000),
            (Tokens::Different, Algorithm::HS256) => (20_000, 20_000),
            (Tokens::Different, Algorithm::RS256) => (4_000, 4_000),
            (Tokens::Different, _) => (6_000, 6_000),
        };
        let (key, public_key) = key_pair(algorithm);
        let tokens: Vec<String> = (0..different).map(|n| token(&key, algorithm, n)).collect();
        let mut input = String::new();
        for id in 0..messages {
            // A stride that shares no factor with the count visits the tokens out of order.
            let _ = writeln!(input, "{}", message(id, &tokens[id * 619 % different]));
        }
        let signed = tokens.iter().map(|token| {
            let (signed, signature) = token.rsplit_once('.').unwrap();
            (signed.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap())
        });
        Self {
            input: input.into_bytes(),
            messages,
            signed: signed.collect(),
            keys: KeyText::Text(&public_key).read().unwrap().0,
            tokens,
            public_key,
            algorithm,
        }
    }

    /// The bare signature check of every message's token: one call of ring each, on a key that
    /// was prepared and a signature that was decoded before.
    pub(crate) fn check(&self) {
        let verifier = self.keys.keys()[0].verifier(self.algorithm).unwrap();
        // Where tokens recur no floor holds a check; a few show what one costs.
        let checks = if self.signed.len() == self.messages { self.messages } else { 100 };
        for (signed, signature) in self.signed.iter().cycle().take(checks) {
            verifier.verify(signed.as_bytes(), signature).unwrap();
        }
    }

    pub(crate) fn message_bytes(&self) -> usize {
        self.input.len() / self.messages
    }
}
