//! Opaque tokens (RFC 7662), asked about at a server of ours.

use serde_json::{Value, json};

use crate::http_server::{Asked, Reply, Server};
use crate::running::{Folder, Running, messages};
use crate::support::{allowed, init, init_ok, invalid, key_text, refused, request, request_with};

const ADA: &str = r#"{"user_id": "ada", "role": null, "permissions": []}"#;
const FAILED: &str = "Service unavailable: introspection";
const SECRET: &str = "s3cr3t-of-the-client";

/// The token that a request of the node asks about.
fn token_of(asked: &Asked) -> &str {
    let form = asked.body.strip_prefix("token=").unwrap();
    form.strip_suffix("&token_type_hint=access_token").unwrap()
}

/// A server that knows these tokens, each with its answer; any other is not active.
fn knows<const N: usize>(tokens: [(&'static str, Value); N]) -> Server {
    Server::asked_for(move |asked| {
        let known = tokens.iter().find(|(token, _)| *token == token_of(asked));
        let answer = known.map_or(json!({"active": false}), |(_, answer)| answer.clone());
        Reply::ok(answer.to_string())
    })
}

/// A node that asks a server, with these names besides.
fn node(folder: &Folder, server: &Server, introspection: &str, more: &str) -> Running {
    let url = server.url();
    let toml = format!(
        "{more}\n[introspection]\nurl = \"{}\"\nclient_id = \"gateway\"\n\
         client_secret = \"env:SECRET\"\n{introspection}\n",
        url.as_str()
    );
    let config = format!("--config={}", folder.write("gateway.toml", toml));
    let mut node = Running::start_in(&[("SECRET", SECRET)], &[&config]);
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    node
}

/// Long enough for whatever is not meant to take long.
const PATIENT: &str = "timeout = \"60s\"\nmax_per_second = 1000000";

fn holding(permissions: &str) -> String {
    ADA.replace("[]", permissions)
}

#[test]
fn an_active_token_is_judged_like_any_other_but_may_lack_an_expiry() {
    let far = 4_102_444_800_u64;
    let server = knows([
        ("plain", json!({"active": true, "sub": "ada"})),
        ("scoped", json!({"active": true, "sub": "ada", "scope": "read  write read"})),
        ("listed", json!({"active": true, "sub": "ada", "permissions": ["a b"], "scp": ["c"]})),
        ("role", json!({"active": true, "sub": "ada", "role": "clerk"})),
        ("fresh", json!({"active": true, "sub": "ada", "exp": far})),
        ("stale", json!({"active": true, "sub": "ada", "exp": 1})),
        ("early", json!({"active": true, "sub": "ada", "nbf": far})),
        ("wrong-exp", json!({"active": true, "sub": "ada", "exp": "never"})),
        ("null-exp", json!({"active": true, "sub": "ada", "exp": null})),
        ("nobody", json!({"active": true})),
        ("number", json!({"active": true, "sub": 5})),
        ("control", json!({"active": true, "sub": "a\u{0}da"})),
        ("yes", json!({"active": "true", "sub": "ada"})),
        ("one", json!({"active": 1, "sub": "ada"})),
        ("no", json!({"active": false, "sub": "ada"})),
        ("audience", json!({"active": true, "sub": "ada", "aud": "orders-api"})),
        ("star", json!({"active": true, "sub": "ada", "scope": "*"})),
    ]);
    let folder = Folder::new();
    let roles = "[roles]\nclerk = [\"orders:*\"]\n";
    let mut node = node(&folder, &server, PATIENT, roles);
    let clerk = r#"{"user_id": "ada", "role": "clerk", "permissions": ["orders:*"]}"#;
    for (token, expected) in [
        ("plain", Some(ADA)),
        ("scoped", Some(&*holding(r#"["read", "write"]"#))),
        ("listed", Some(&*holding(r#"["a b", "c"]"#))),
        ("role", Some(clerk)),
        ("fresh", Some(ADA)),
        ("early", None),
        ("wrong-exp", None),
        ("null-exp", None),
        ("nobody", None),
        ("number", None),
        ("control", None),
        ("yes", None),
        ("one", None),
        ("no", None),
        ("unheard-of", None),
        // Where no audience is configured, a token that names one was made for others.
        ("audience", None),
    ] {
        let expected = expected.map_or(invalid(1), |context| allowed(1, context));
        assert_eq!(node.ask(request(1, token)), expected, "{token}");
    }
    assert_eq!(node.ask(request(1, "stale")), refused(1, 401, "Token expired"));
    for (token, required, may) in [
        ("scoped", "read", true),
        ("scoped", "rea", false),
        ("role", "orders:read", true),
        // A star that a token brings is a letter.
        ("star", "read", false),
        ("star", "*", true),
    ] {
        let answer = node.ask(request_with(1, token, &json!({ "required_permission": required })));
        assert_eq!(answer.contains("\"status\": 200"), may, "{token} {required}: {answer}");
    }
    assert_eq!(node.end().stderr, "");
}

#[test]
fn the_issuer_and_the_audience_are_judged_where_they_are_configured() {
    let server = knows([
        (
            "good",
            json!({"active": true, "sub": "ada", "iss": "https://us.example", "aud": ["x", "orders"]}),
        ),
        ("no-aud", json!({"active": true, "sub": "ada", "iss": "https://us.example"})),
        (
            "other-aud",
            json!({"active": true, "sub": "ada", "iss": "https://us.example", "aud": "Orders"}),
        ),
        ("no-iss", json!({"active": true, "sub": "ada", "aud": "orders"})),
        (
            "other-iss",
            json!({"active": true, "sub": "ada", "iss": "https://us.example/", "aud": "orders"}),
        ),
        (
            "odd-aud",
            json!({"active": true, "sub": "ada", "iss": "https://us.example", "aud": ["orders", 5]}),
        ),
    ]);
    let folder = Folder::new();
    let jwt = "[jwt]\nissuer = \"https://us.example\"\naudience = \"orders\"\n";
    let mut node = node(&folder, &server, PATIENT, jwt);
    assert_eq!(node.ask(request(1, "good")), allowed(1, ADA));
    for token in ["no-aud", "other-aud", "no-iss", "other-iss", "odd-aud"] {
        assert_eq!(node.ask(request(1, token)), invalid(1), "{token}");
    }
}

#[test]
fn an_answer_is_remembered_a_no_as_well_as_a_yes_and_nothing_past_the_expiry() {
    let server = knows([
        ("yes", json!({"active": true, "sub": "ada"})),
        ("stale", json!({"active": true, "sub": "ada", "exp": 1})),
    ]);
    let folder = Folder::new();
    let mut node = node(&folder, &server, &format!("{PATIENT}\ncache = \"1h\""), "");
    for _ in 0..100 {
        assert_eq!(node.ask(request(1, "yes")), allowed(1, ADA));
        assert_eq!(node.ask(request(2, "no")), invalid(2));
    }
    assert_eq!(server.count(), 2);
    for calls in 3..6 {
        assert_eq!(node.ask(request(3, "stale")), refused(3, 401, "Token expired"));
        assert_eq!(server.count(), calls);
    }
    let metrics = node.metrics();
    assert_eq!(metrics["introspection_calls_total"], 5);
    assert_eq!(metrics["introspection_remembered_total"], 198);
    // An init does not make the server forget, nor the node.
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    assert_eq!(node.ask(request(1, "yes")), allowed(1, ADA));
    assert_eq!(server.count(), 5);
}

#[test]
fn nothing_is_remembered_where_the_cache_is_off() {
    let server = knows([("yes", json!({"active": true, "sub": "ada"}))]);
    let folder = Folder::new();
    let mut node = node(&folder, &server, &format!("{PATIENT}\ncache = \"0s\""), "");
    for calls in 1..4 {
        assert_eq!(node.ask(request(1, "yes")), allowed(1, ADA));
        assert_eq!(server.count(), calls);
    }
}

#[test]
fn a_server_that_fails_is_503_and_said_once_and_nothing_of_it_stays() {
    let failures = [
        Reply::Status(500, b"{\"active\":true,\"sub\":\"ada\"}".to_vec()),
        Reply::Status(401, b"{\"active\":true,\"sub\":\"ada\"}".to_vec()),
        Reply::Raw(b"garbage\r\n\r\n".to_vec()),
        Reply::ok("<html>"),
        Reply::ok(vec![b' '; 64 * 1024 + 1]),
        Reply::ok(r#"{"active":false,"active":true,"sub":"ada"}"#),
    ];
    let (server, switch) = Server::switched(Reply::Silence);
    let folder = Folder::new();
    let mut node = node(&folder, &server, PATIENT, "");
    for reply in &failures {
        switch.set(reply.clone());
        assert_eq!(node.ask(request(1, "opaque")), refused(1, 503, FAILED), "{reply:?}");
    }
    switch.set(Reply::ok(r#"{"active":true,"sub":"ada"}"#));
    assert_eq!(node.ask(request(1, "opaque")), allowed(1, ADA));
    let log = messages(&node.end().stderr);
    let url = server.url();
    assert_eq!(
        log,
        [
            format!(
                "introspection at {url}: it answered with status 500; only 200 counts, and no redirect is followed; opaque tokens are refused meanwhile"
            ),
            format!("introspection at {url}: it answers again"),
        ]
    );
}

#[test]
fn a_server_that_is_silent_is_503_and_is_given_a_rest() {
    let (server, switch) = Server::switched(Reply::Silence);
    let folder = Folder::new();
    let mut node = node(&folder, &server, "timeout = \"50ms\"", "");
    for id in 1..20 {
        assert_eq!(node.ask(request(id, &format!("opaque-{id}"))), refused(id, 503, FAILED));
    }
    switch.set(Reply::ok(r#"{"active":true,"sub":"ada"}"#));
    while node.ask(request(1, "opaque")) != allowed(1, ADA) {}
    let log = messages(&node.end().stderr);
    assert_eq!(log.len(), 2, "{log:?}");
}

/// A flood in one piece. What a second holds is a matter of the clock, so the server's own count is
/// held against the node's.
#[test]
fn more_than_max_per_second_is_503_without_a_question() {
    let server = knows([("yes", json!({"active": true, "sub": "ada"}))]);
    let folder = Folder::new();
    let mut node = node(&folder, &server, "timeout = \"60s\"\nmax_per_second = 3", "");
    let lines: Vec<_> = (0..500).map(|id| request(id, &format!("random-{id}"))).collect();
    let answers = node.ask_all(&lines);
    let mut asked = 0;
    for (id, answer) in answers.iter().enumerate() {
        match *answer == invalid(id) {
            true => asked += 1,
            false => assert_eq!(*answer, refused(id, 503, FAILED)),
        }
    }
    assert_eq!(answers[..3], [0, 1, 2].map(invalid));
    let metrics = node.metrics();
    assert_eq!(asked, server.count());
    assert_eq!(metrics["introspection_calls_total"], asked as u64);
    assert_eq!(metrics["introspection_withheld_total"], 500 - asked as u64);
    assert!(asked < 500, "{asked}");
}

#[test]
fn what_may_be_a_jwt_never_goes_there() {
    let server = knows([("yes", json!({"active": true, "sub": "ada"}))]);
    let folder = Folder::new();
    let mut node = node(&folder, &server, PATIENT, "");
    let long = "x".repeat(16 * 1024 + 1);
    for token in ["a.b.c", "..", "e30.e30.", "a.b.", ".a.b", &long] {
        assert_eq!(node.ask(request(1, token)), invalid(1), "{token:.10}");
    }
    for (authorization, row) in [
        ("Bearer", "Invalid authentication credentials"),
        ("Bearer a b", "Invalid authentication credentials"),
        ("Basic eWVz", "Invalid authentication credentials"),
    ] {
        let headers = json!({"headers": {"Authorization": authorization}});
        assert_eq!(node.ask(request_with(1, "", &headers)), refused(1, 401, row));
    }
    assert_eq!(server.count(), 0);
    // Neither two segments nor four are a JWT.
    for (calls, token) in (1..).zip(["a.b", "a.b.c.d", "abc", "a.b.c.d.e"]) {
        assert_eq!(node.ask(request(1, token)), invalid(1), "{token}");
        assert_eq!(server.count(), calls, "{token}");
    }
}

#[test]
fn an_opaque_token_is_revoked_by_jti_and_user() {
    let server = knows([
        ("one", json!({"active": true, "sub": "ada", "jti": "j1", "iat": 1})),
        ("two", json!({"active": true, "sub": "ada", "jti": "j2", "iat": 1})),
    ]);
    let folder = Folder::new();
    let mut node = node(&folder, &server, PATIENT, "");
    assert_eq!(node.ask(request(1, "one")), allowed(1, ADA));
    node.tell(json!({"type": "revoke", "jti": "j1"}));
    assert_eq!(node.ask(request(1, "one")), invalid(1));
    assert_eq!(node.ask(request(1, "two")), allowed(1, ADA));
    node.tell(json!({"type": "revoke", "user": "ada"}));
    assert_eq!(node.ask(request(1, "two")), invalid(1));
}
