//! Key sets by URL: rotation, floods, and servers that are down, slow, huge or lying.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::http_server::{Reply, Server};
use crate::running::{Folder, Running, messages};
use crate::support::{
    allowed, init_ok, invalid, message, public_jwk, refused, request, request_with, signing_key,
    token,
};

const ADA: &str = r#"{"user_id": "ada", "role": null, "permissions": []}"#;
/// Nothing happens by itself; what is asked for is waited for; once.
const QUIET: &str =
    r#"{ refresh = "1h", timeout = "60s", unknown_kid_wait = "60s", unknown_kid_cooldown = "1h" }"#;
/// The same, but an unknown key always brings a fetch forward.
const EAGER: &str = r#"{ refresh = "1h", timeout = "60s", unknown_kid_wait = "60s", unknown_kid_cooldown = "1ms" }"#;

/// Which key a test's key of this name is.
fn file_of(kid: &str) -> &'static str {
    match kid {
        "a" => "p256",
        "b" => "ed25519",
        _ => "p384",
    }
}

fn jwk(kid: &str) -> Value {
    let mut jwk = public_jwk(file_of(kid));
    jwk["kid"] = kid.into();
    jwk
}

/// A good set with keys of these names.
fn set(kids: &[&str]) -> Reply {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    Reply::ok(json!({ "keys": keys }).to_string())
}

/// Ada's token, signed by the key that has the first name, and naming the second.
fn signed_naming(key: &str, kid: &str, more: &str) -> String {
    let key = signing_key(&format!("{}.private.pem", file_of(key)));
    let header = format!(r#"{{"alg":"{:?}","kid":"{kid}"}}"#, key.default_algorithm());
    token(&key, header, format!(r#"{{"sub":"ada","exp":4102444800{more}}}"#))
}

fn token_of(kid: &str) -> String {
    signed_naming(kid, kid, "")
}

/// A token that names a key that there is nowhere.
fn stray(number: usize) -> String {
    signed_naming("a", &format!("random-{number}"), "")
}

fn init() -> String {
    message(json!({"type": "init", "msg_id": 0}))
}

fn configuration(url: &str, jwks: &str) -> String {
    format!("[jwt]\nkeys = [\"{url}\"]\njwks = {jwks}\n")
}

/// A node whose keys come from a server, with its init behind it.
fn node(folder: &Folder, server: &Server, jwks: &str) -> Running {
    let toml = configuration(server.url().as_str(), jwks);
    let mut node = Running::configured(folder, &toml, &[]);
    assert_eq!(node.ask(init()), init_ok());
    node
}

#[test]
fn a_new_key_is_good_at_once_and_costs_one_fetch() {
    let (server, switch) = Server::switched(set(&["a"]));
    let folder = Folder::new();
    let mut node = node(&folder, &server, QUIET);
    for id in 1..10 {
        assert_eq!(node.ask(request(id, &token_of("a"))), allowed(id, ADA));
    }
    assert_eq!(server.count(), 1);
    switch.set(set(&["a", "b"]));
    for (id, kid) in (1..).zip(["b", "a", "b", "a"]) {
        assert_eq!(node.ask(request(id, &token_of(kid))), allowed(id, ADA));
    }
    assert_eq!(server.count(), 2);
    assert_eq!(node.key_names(), ["a", "b"]);
    assert_eq!(node.end().stderr, "");
}

#[test]
fn a_key_that_its_set_drops_is_gone_after_the_next_fetch() {
    let (server, switch) = Server::switched(set(&["a", "b"]));
    let folder = Folder::new();
    let jwks = r#"{ refresh = "20ms", timeout = "60s" }"#;
    let mut node = node(&folder, &server, jwks);
    for (id, kid) in (1..).zip(["a", "b", "a"]) {
        assert_eq!(node.ask(request(id, &token_of(kid))), allowed(id, ADA));
    }
    switch.set(set(&["b"]));
    while node.key_names() != ["b"] {}
    // It was remembered as good, which is over now.
    assert_eq!(node.ask(request(1, &token_of("a"))), invalid(1));
    assert_eq!(node.ask(request(2, &token_of("b"))), allowed(2, ADA));
    assert_eq!(node.end().stderr, "");
}

/// A flood in one piece, with good tokens in between, on one thread and on several.
#[test]
fn a_flood_of_random_keys_costs_one_fetch_and_no_good_token() {
    for jobs in ["1", "3"] {
        let (server, _) = Server::switched(set(&["a"]));
        let folder = Folder::new();
        let toml = configuration(server.url().as_str(), QUIET);
        let mut node = Running::configured(&folder, &toml, &["--jobs", jobs]);
        assert_eq!(node.ask(init()), init_ok());
        let (mut lines, mut expected) = (Vec::new(), Vec::new());
        for id in 0..1_000 {
            lines.push(request(id, &stray(id)));
            expected.push(invalid(id));
            if id % 10 == 0 {
                lines.push(request(id, &token_of("a")));
                expected.push(allowed(id, ADA));
            }
        }
        assert_eq!(node.ask_all(&lines), expected);
        assert_eq!(server.count(), 2);
        // Nothing of it is left over: what is unknown stays so for an hour, and what is known works.
        assert_eq!(node.ask(request(1, &token_of("b"))), invalid(1));
        assert_eq!(node.ask(request(2, &token_of("a"))), allowed(2, ADA));
        assert_eq!(server.count(), 2);
        assert_eq!(node.metric("key_set_fetches_total"), 2);
    }
}

#[test]
fn no_token_is_good_until_a_server_that_was_down_has_a_set() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = Folder::new();
    let url = format!("http://{address}/path");
    let mut node = Running::configured(&folder, &configuration(&url, EAGER), &[]);
    assert_eq!(node.ask(init()), init_ok());
    for id in 1..4 {
        assert_eq!(node.ask(request(id, &token_of("a"))), invalid(id));
    }
    let health = node.health();
    assert_eq!(health["keys"], json!([]));
    assert_eq!(health["key_sets"], json!([{"url": url, "age": null}]));
    let _server = Server::start_at(TcpListener::bind(address).unwrap(), |_| set(&["a"]));
    while node.ask(request(7, &token_of("a"))) != allowed(7, ADA) {}
    assert_eq!(node.key_names(), ["a"]);
    let log = messages(&node.end().stderr);
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log[0].ends_with("; there are no keys of it"), "{log:?}");
    assert_eq!(log[1], format!("key set {url}: it can be had again"));
}

#[test]
fn what_is_no_good_set_leaves_the_last_good_one_in_force() {
    let elsewhere = Server::scripted(vec![set(&["b"])]);
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        elsewhere.url().as_str()
    );
    let mut huge = json!({"keys": [jwk("b")]}).to_string().into_bytes();
    huge.resize(1024 * 1024 + 1, b' ');
    let strange = (0..101).map(|number| json!({"kty": "PQ", "kid": number.to_string()}));
    let with = |keys: Value| Reply::ok(json!({ "keys": keys }).to_string());
    let bad = [
        ("HTML", Reply::ok("<!DOCTYPE html><title>Sign in</title>")),
        ("garbage", Reply::Raw(b"\0\x01\x02 garbage \r\n\r\n".to_vec())),
        ("huge", Reply::ok(huge)),
        ("many", with(strange.chain([jwk("b")]).collect())),
        ("slow", Reply::Drip(vec![b' '; 1024 * 1024])),
        ("silent", Reply::Silence),
        ("a redirect", Reply::Raw(redirect.into_bytes())),
        ("an error", Reply::Status(500, b"{}".to_vec())),
        ("an empty set", with(json!([]))),
        ("a secret", with(json!([{"kty": "oct", "kid": "b", "k": "AAAAAAAAAAAAAAAAAAAAAA"}]))),
        ("one name twice", with(json!([jwk("b"), jwk("b")]))),
    ];
    let (server, switch) = Server::switched(set(&["a"]));
    let folder = Folder::new();
    let jwks = EAGER.replace("timeout = \"60s\"", "timeout = \"200ms\"");
    let mut node = node(&folder, &server, &jwks);
    let mut strays = 0..;
    for (failures, (about, reply)) in (0..).zip(&bad) {
        switch.set(reply.clone());
        let before = node.metric("key_set_failures_total");
        assert!(before >= failures, "{about}");
        while node.metric("key_set_failures_total") == before {
            let stray = stray(strays.next().unwrap());
            assert_eq!(node.ask(request(1, &stray)), invalid(1), "{about}");
            assert_eq!(node.key_names(), ["a"], "{about}");
        }
        assert_eq!(node.ask(request(2, &token_of("a"))), allowed(2, ADA), "{about}");
        assert_eq!(node.ask(request(3, &token_of("b"))), invalid(3), "{about}");
        assert_eq!(node.key_names(), ["a"], "{about}");
        switch.set(set(&["a"]));
        let line = format!("key set {}: it can be had again\n", server.url());
        while node.log().matches(&line).count() as u64 == failures {
            let stray = stray(strays.next().unwrap());
            assert_eq!(node.ask(request(4, &stray)), invalid(4), "{about}");
        }
    }
    assert_eq!(elsewhere.count(), 0);
    // A line when it begins, and a line when it is over.
    let log = messages(&node.end().stderr);
    assert_eq!(log.len(), 2 * bad.len(), "{log:#?}");
    for (failed, (about, _)) in log.iter().step_by(2).zip(&bad) {
        let stays = "; the last good one stays in force for 3600s";
        assert!(failed.ends_with(stays), "{about}: {failed}");
    }
}

/// K8: the fetch fails while a request brings two tokens, and others wait behind it.
#[test]
fn two_tokens_in_one_request_while_the_fetch_fails_are_a_bad_request_and_no_more() {
    let (server, switch) = Server::switched(set(&["a"]));
    let folder = Folder::new();
    let mut node = node(&folder, &server, EAGER);
    switch.set(Reply::Raw(Vec::new()));
    let two = |id: usize| {
        let bearers = [stray(id), token_of("a")].map(|token| format!("Bearer {token}"));
        request_with(id, "", &json!({"headers": {"Authorization": bearers}}))
    };
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for id in 0..100 {
        lines.extend([two(id), request(id, &stray(id)), request(id, &token_of("a"))]);
        let bad = refused(id, 400, "Bad request: more than one credential");
        expected.extend([bad, invalid(id), allowed(id, ADA)]);
    }
    assert_eq!(node.ask_all(&lines), expected);
    assert!(node.metric("key_set_failures_total") > 0);
    assert_eq!(node.end().status, 0);
}

#[test]
fn a_set_too_old_is_gone_and_its_tokens_with_it() {
    let (server, switch) = Server::switched(set(&["a"]));
    let folder = Folder::new();
    let jwks = EAGER.replace('}', ", max_stale = \"1ms\" }");
    let mut node = node(&folder, &server, &jwks);
    assert_eq!(node.ask(request(1, &token_of("a"))), allowed(1, ADA));
    switch.set(Reply::Status(500, Vec::new()));
    while !node.key_names().is_empty() {
        node.ask(request(2, &stray(0)));
    }
    assert_eq!(node.ask(request(3, &token_of("a"))), invalid(3));
    switch.set(set(&["a"]));
    while node.ask(request(4, &token_of("a"))) != allowed(4, ADA) {}
}

#[test]
fn health_names_the_keys_and_says_how_old_their_sets_are() {
    let (ours, _) = Server::switched(set(&["a"]));
    let (theirs, _) = Server::switched(set(&["b", "c"]));
    let folder = Folder::new();
    let partner = format!(
        "[issuers.\"https://partner.example\"]\nkeys = [\"{}?tenant=1\"]\npermissions = []\nroles = []\n",
        theirs.url().as_str()
    );
    let toml = configuration(ours.url().as_str(), QUIET) + &partner;
    let mut node = Running::configured(&folder, &toml, &[]);
    assert_eq!(node.ask(init()), init_ok());
    let mut health = node.health();
    assert_eq!(health["keys"], json!(["a", "b", "c"]));
    let sets = health["key_sets"].as_array_mut().unwrap();
    for set in &mut *sets {
        assert!(set["age"].take().is_u64());
    }
    // A query may hold a secret, and stays with whoever wrote it.
    let [ours, theirs] = [&ours, &theirs].map(|server| server.url().to_string());
    let expected = json!([{"url": ours, "age": null}, {"url": theirs, "age": null}]);
    assert_eq!(health["key_sets"], expected);
}

#[test]
fn the_keys_of_an_issuer_verify_its_tokens_alone() {
    let (ours, _) = Server::switched(set(&["a"]));
    let (theirs, switch) = Server::switched(set(&["b"]));
    let folder = Folder::new();
    let issuers = format!(
        "[issuers.\"https://partner.example\"]\nkeys = [\"{}\"]\npermissions = [\"read\"]\nroles = []\n\
         [services.users-service]\n[[routes]]\npath = \"/api/users/{{id}}\"\nservice = \"users-service\"\n\
         issuers = [\"https://partner.example\"]\n",
        theirs.url().as_str()
    );
    let toml = configuration(ours.url().as_str(), QUIET) + &issuers;
    let mut node = Running::configured(&folder, &toml, &[]);
    assert_eq!(node.ask(init()), init_ok());
    let by = r#","iss":"https://partner.example","scope":"read write""#;
    let partner = ADA.replace("[]", "[\"read\"]");
    for (id, token, expected) in [
        (1, signed_naming("a", "a", ""), allowed(1, ADA)),
        (2, signed_naming("b", "b", by), allowed(2, &partner)),
        (3, signed_naming("b", "b", ""), invalid(3)),
        (4, signed_naming("a", "a", by), invalid(4)),
        (5, signed_naming("b", "a", by), invalid(5)),
        (6, signed_naming("a", "b", ""), invalid(6)),
    ] {
        assert_eq!(node.ask(request(id, &token)), expected);
    }
    // Each of the unknown names cost the set of its own issuer a fetch, and that once.
    assert_eq!((ours.count(), theirs.count()), (2, 2));
    switch.set(set(&["b", "c"]));
    assert_eq!(node.ask(request(7, &signed_naming("c", "c", by))), invalid(7));
    assert_eq!((ours.count(), theirs.count()), (2, 2));
}

#[test]
fn a_set_that_clashes_with_another_entry_is_left_out_and_that_is_said_once() {
    let (server, switch) = Server::switched(set(&["a", "b"]));
    let folder = Folder::new();
    // Another key of the same name.
    let mut given = public_jwk("p384");
    given["kid"] = "a".into();
    folder.write("given.jwk", given.to_string());
    let url = server.url();
    let toml =
        format!("[jwt]\nkeys = [\"file:given.jwk\", \"{}\"]\njwks = {EAGER}\n", url.as_str());
    let mut node = Running::configured(&folder, &toml, &[]);
    assert_eq!(node.ask(init()), init_ok());
    assert_eq!(node.key_names(), ["a"]);
    assert_eq!(node.ask(request(1, &signed_naming("c", "a", ""))), allowed(1, ADA));
    assert_eq!(node.ask(request(2, &token_of("a"))), invalid(2));
    assert_eq!(node.ask(request(3, &token_of("b"))), invalid(3));
    assert_eq!(node.ask(init()), init_ok());
    switch.set(set(&["b"]));
    while node.key_names() != ["a", "b"] {
        assert_eq!(node.ask(request(4, &stray(0))), invalid(4));
    }
    assert_eq!(node.ask(request(5, &token_of("b"))), allowed(5, ADA));
    let log = messages(&node.end().stderr);
    assert_eq!(log, [format!("the keys of {url} are left out: two keys have the `kid` \"a\"")]);
}
