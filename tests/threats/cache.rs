//! C8: what was decided once is decided again at every use.

use std::sync::Arc;

use portcullis::gateway::key::KeyText;
use portcullis::gateway::{Decision, Denial, Gateway, Request, Timestamp};
use serde_json::json;

use super::ADA;
use super::support::{
    NOW, allowed, answers, init, init_ok, invalid, key_text, refused, request, request_with,
    signing_key, token,
};

/// A kind of key that is remembered at once, and one that is remembered at the second use.
const KEYS: [(&str, &str, &str); 2] = [
    ("p256.private.pem", "p256.public.pem", r#"{"alg":"ES256"}"#),
    ("secret.txt", "secret.txt", r#"{"alg":"HS256"}"#),
];

#[test]
fn c08_a_remembered_token_is_checked_for_each_request_anew() {
    for (private, public, header) in KEYS {
        let claims = format!(r#"{{"sub":"ada","exp":{},"scope":"read"}}"#, NOW + 1);
        let token = token(&signing_key(private), header, claims);
        let ask =
            |id, required| request_with(id, &token, &json!({ "required_permission": required }));
        let may = |id| allowed(id, &ADA.replace("[]", "[\"read\"]"));
        let may_not = |id, required| {
            let error = format!("Insufficient permissions: required [{required}], have [read]");
            refused(id, 403, &error)
        };
        let mut other = token.clone();
        other.replace_range(other.len() - 2.., "AA");
        let answers = answers(&[
            init(&key_text(public)),
            ask(1, "read"),
            ask(2, "read"),
            ask(3, "delete"),
            ask(4, "read"),
            ask(5, "reader"),
            request(6, &other),
            request_with(7, &token, &json!({"path": "/api"})),
            ask(8, "read"),
            init(&key_text("rsa.public.pem")),
            ask(9, "read"),
            init(&key_text(public)),
            ask(10, "read"),
        ]);
        let expected = [
            init_ok(),
            may(1),
            may(2),
            may_not(3, "delete"),
            may(4),
            may_not(5, "reader"),
            invalid(6),
            refused(7, 404, "Service not recognized"),
            may(8),
            init_ok(),
            invalid(9),
            init_ok(),
            may(10),
        ];
        assert_eq!(answers, expected);
    }
}

#[test]
fn c08_a_remembered_token_is_held_against_the_clock_anew() {
    for (private, public, header) in KEYS {
        let claims = format!(r#"{{"sub":"ada","exp":{},"nbf":{NOW}}}"#, NOW + 10);
        let token = token(&signing_key(private), header, claims);
        let mut gateway = Gateway::new();
        gateway.replace_keys(Arc::new(KeyText::Text(&key_text(public)).read().unwrap().0));
        let headers = [("Authorization".into(), format!("Bearer {token}").into())];
        let request = Request {
            method: "GET",
            target: "/users",
            headers: &headers,
            required: &[],
            client_ip: None,
        };
        for (seconds, expected) in [
            (0.0, None),
            (9.999, None),
            (10.0, Some("Token expired")),
            (0.0, None),
            (-0.001, Some("Invalid or expired token")),
            (1e9, Some("Token expired")),
            (5.0, None),
        ] {
            let now = Timestamp::from_seconds(NOW as f64 + seconds).unwrap();
            let denied = match gateway.decide(Ok(request.clone()), now) {
                Decision::Allow(_) => None,
                Decision::Deny(denied) => Some(denied.denial).as_ref().map(Denial::to_string),
            };
            assert_eq!(denied.as_deref(), expected, "{header} at {seconds}");
        }
    }
}
