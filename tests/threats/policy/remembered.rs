//! C8: a token that was good is judged by what is in force now.

use serde_json::{Value, json};

use super::super::ADA;
use super::super::support::{allowed, init_ok, invalid, message};
use super::{Conversation, forbidden, ours};

const JWT: &str = "[jwt]\nkeys = [\"env:OURS\"]\n";

fn told(conversation: &mut Conversation, body: Value, answer: &str) {
    let mut body = body;
    body["msg_id"] = 0.into();
    let answer = format!(
        r#"{{"src": "gateway", "dest": "client", "body": {{"type": "{answer}", "in_reply_to": 0}}}}"#
    );
    conversation.line(body.to_string(), message(body), answer);
}

fn revoked(conversation: &mut Conversation, body: Value) {
    let mut body = body;
    body["type"] = "revoke".into();
    body["msg_id"] = 0.into();
    let answer = r#"{"src": "gateway", "dest": "client", "body": {"type": "revoke_ok", "in_reply_to": 0, "durable": false}}"#;
    conversation.line(body.to_string(), message(body), answer.into());
}

#[test]
fn c08_what_is_revoked_falls_at_once_and_nothing_else() {
    for revocation in [
        json!({"jti": "j1"}),
        json!({"user": "ada"}),
        json!({"user": "ada", "before": 1_767_225_500}),
        json!({"kid": "k1"}),
    ] {
        let mut conversation = Conversation::by(JWT);
        let key = super::signing_key("p256.private.pem");
        let token = |sub: &str, jti: &str, iat: u64| {
            let claims = format!(r#"{{"sub":"{sub}","exp":4102444800,"jti":"{jti}","iat":{iat}}}"#);
            super::support::token(&key, r#"{"alg":"ES256"}"#, claims)
        };
        let first = token("ada", "j1", 1_767_225_000);
        let (later, other) = (token("ada", "j2", 1_767_225_550), token("bob", "j3", 1_767_225_000));
        let bob = ADA.replace("ada", "bob");
        // A key with a name, for the last of them.
        let mut jwk = super::support::public_jwk("p256");
        jwk["kid"] = "k1".into();
        let named = message(json!({"type": "init", "msg_id": 0, "jwt_public_key": jwk}));
        conversation.line("the key's name", named.clone(), init_ok());
        for _ in 0..3 {
            conversation.ask("good", &first, &json!({}), |id| allowed(id, ADA));
            conversation.ask("later", &later, &json!({}), |id| allowed(id, ADA));
            conversation.ask("other", &other, &json!({}), |id| allowed(id, &bob));
        }
        revoked(&mut conversation, revocation.clone());
        let of_all = revocation.get("kid").is_some();
        let of_user = of_all || revocation == json!({"user": "ada"});
        for _ in 0..2 {
            conversation.ask("first, revoked", &first, &json!({}), invalid);
            conversation.ask("later", &later, &json!({}), |id| match of_user {
                true => invalid(id),
                false => allowed(id, ADA),
            });
            conversation.ask("other", &other, &json!({}), |id| match of_all {
                true => invalid(id),
                false => allowed(id, &bob),
            });
        }
        // An init gives nothing back.
        conversation.line("again", named, init_ok());
        conversation.ask("first, still", &first, &json!({}), invalid);
        conversation.check();
    }
}

#[test]
fn c08_what_a_role_grants_is_what_it_grants_now() {
    let mut conversation =
        Conversation::by(&format!("{JWT}[roles]\nclerk = [\"read\", \"write\"]\n"));
    let token = ours(r#""role":"clerk""#);
    let write = json!({"required_permission": "write"});
    let may = |id| {
        allowed(id, r#"{"user_id": "ada", "role": "clerk", "permissions": ["read", "write"]}"#)
    };
    let init = |config: Value| message(json!({"type": "init", "msg_id": 0, "config": config}));
    (0..3).for_each(|_| conversation.ask("granted", &token, &write, may));
    conversation.line("cut", init(json!({"roles": {"clerk": ["read"]}})), init_ok());
    (0..2)
        .for_each(|_| conversation.ask("cut", &token, &write, |id| forbidden(id, "write", "read")));
    conversation.line("gone", init(json!({"roles": null})), init_ok());
    conversation.ask("gone", &token, &write, |id| forbidden(id, "write", ""));
    conversation.line("another audience", init(json!({"jwt": {"audience": "api"}})), init_ok());
    conversation.ask("another audience", &token, &write, invalid);
    conversation.line("a bound", init(json!({"jwt": {"max_lifetime": "1h"}})), init_ok());
    conversation.ask("a bound", &token, &write, invalid);
    conversation.line("as it was", message(json!({"type": "init", "msg_id": 0})), init_ok());
    conversation.ask("as it was", &token, &write, may);
    conversation.check();
}

#[test]
fn c08_a_remembered_token_grows_old_with_the_clock() {
    let mut conversation = Conversation::by(&format!("{JWT}leeway = \"5s\"\n"));
    let token = super::signed(
        "ours",
        r#"{"alg":"ALG"}"#,
        r#"{"sub":"ada","exp":1767225610,"nbf":1767225603}"#,
    );
    for (now, good) in [(1_767_225_600, true), (1_767_225_614, true), (1_767_225_615, false)] {
        told(&mut conversation, json!({"type": "tick", "now": now}), "tick_ok");
        for _ in 0..2 {
            conversation.ask(format!("at {now}"), &token, &json!({}), |id| match good {
                true => allowed(id, ADA),
                false => super::super::support::refused(id, 401, "Token expired"),
            });
        }
    }
    conversation.check();
}
