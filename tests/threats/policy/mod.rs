//! The same classes of attack on a gateway with a policy.
//!
//! Which stands where, of those that meet a node at all:
//!
//! - R22, R23, R28 to R31, C2 to C5: `claims`. R24, R25: `claims`, with a leeway. R27 is a fault of
//!   the configuration, in `tests/live/start_up.rs`.
//! - R40: `tests/live/introspection.rs` and `tests/remote/introspection.rs`.
//! - R41, H1 to H3, H7, H8, H10: `headers`. R37, H4, H6: `credentials`, with R42 and H12.
//! - C6, C7: `permissions`, and P7 with them. C8: `remembered`, and `tests/properties/policy.rs`.
//! - H9: `limits`. H14: `tests/secrets`. O2: `metrics`.
//! - K1 to K3: `super::algorithms` and the fixtures `init-*` and `jwks-*`. K4 to K7, K9:
//!   `tests/remote/key_sets.rs` and `tests/live/key_sets.rs`. K8: `tests/live/key_sets.rs`.
//! - H5: the fixtures `credential-*`. H11 and H13 are of HTTP, and so are S1 to S10.

mod claims;
mod credentials;
mod headers;
mod limits;
mod metrics;
mod permissions;
mod remembered;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use portcullis::config::Layers;
use portcullis::node::{Allowed, Options};
use serde_json::{Value, json};

use super::support::{
    self, init_ok, key_text, message, options, refused, request_with, signing_key,
};

/// The issuer of `[jwt]`, and a further one.
const US: &str = "https://us.example";
const THEM: &str = "https://them.example";

/// Requests, with what each is about and its whole answer.
struct Conversation {
    options: Options,
    lines: Vec<String>,
    expected: Vec<(String, String)>,
}

impl Conversation {
    /// By a configuration in TOML, with the variables OURS and THEIRS for two public keys.
    fn by(toml: &str) -> Self {
        let keys = [("OURS", "p256"), ("THEIRS", "ed25519"), ("SECRET", "secret")];
        let environment = keys.map(|(name, key)| {
            let text = match key {
                "secret" => key_text("secret.txt"),
                _ => key_text(&format!("{key}.public.pem")),
            };
            (OsString::from(name), OsString::from(text))
        });
        let layers = Layers::new().file(Path::new("gateway.toml"), toml.as_bytes());
        layers.read().unwrap_or_else(|diagnosis| panic!("{diagnosis}"));
        let options = Options {
            layers: Arc::new(layers),
            environment: Arc::new(environment.into()),
            ..options()
        };
        let init = message(json!({"type": "init", "msg_id": 0}));
        Self { options, lines: vec![init], expected: vec![("the init".into(), init_ok())] }
    }

    /// The same, with what may pass sent on to its service.
    fn forwarding(toml: &str) -> Self {
        let mut conversation = Self::by(toml);
        conversation.options.allowed = Allowed::Forwarded;
        conversation
    }

    /// The number of the next request.
    fn next(&self) -> usize {
        self.lines.len()
    }

    /// A line, and its answer.
    fn line(&mut self, about: impl Into<String>, line: String, answer: String) {
        self.lines.push(line);
        self.expected.push((about.into(), answer));
    }

    /// A request for `/api/users/123` with these members, and its answer.
    fn ask(
        &mut self,
        about: impl Into<String>,
        token: &str,
        members: &Value,
        answer: impl FnOnce(usize) -> String,
    ) {
        let id = self.next();
        self.line(about, request_with(id, token, members), answer(id));
    }

    /// A token, and whether it is good.
    fn token(&mut self, about: impl Into<String>, token: &str, verdict: &super::Verdict) {
        self.ask(about, token, &json!({}), |id| verdict.answer(id));
    }

    fn answers(self) -> Vec<String> {
        let input = self.lines.join("\n");
        let output = String::from_utf8(support::run(input.as_bytes(), self.options)).unwrap();
        output.lines().map(str::to_owned).collect()
    }

    /// All of it, line by line.
    fn check(mut self) {
        let expected = std::mem::take(&mut self.expected);
        let lines = self.lines.clone();
        let mut answers = self.answers();
        // What is with a service when the input ends.
        let sent = expected.iter().filter(|(_, answer)| answer.contains("\"api_request\"")).count();
        let given_up = answers.split_off(answers.len() - sent);
        assert!(given_up.iter().all(|answer| answer.contains("\"status\": 504")), "{given_up:?}");
        for ((about, expected), (answer, line)) in expected.iter().zip(answers.iter().zip(&lines)) {
            assert_eq!(answer, expected, "{about}: {line}");
        }
        assert_eq!(answers.len(), expected.len());
        let passes = |answer: &String| {
            answer.contains("\"status\": 200") || answer.contains("\"type\": \"api_request\"")
        };
        assert!(answers.iter().any(passes), "nothing passes");
    }
}

/// A token signed by our key, or theirs.
fn signed(key: &str, header: &str, claims: &str) -> String {
    let key = signing_key(match key {
        "ours" => "p256.private.pem",
        "theirs" => "ed25519.private.pem",
        other => panic!("{other}"),
    });
    let alg = format!("{:?}", key.default_algorithm());
    support::token(&key, header.replace("ALG", &alg), claims)
}

/// Our token with these claims beside `sub` and `exp`.
fn ours(more: &str) -> String {
    signed("ours", r#"{"alg":"ALG"}"#, &super::claims(more))
}

/// The answer that says what is required.
fn forbidden(id: usize, required: &str, held: &str) -> String {
    refused(id, 403, &format!("Insufficient permissions: required [{required}], have [{held}]"))
}
