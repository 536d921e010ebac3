//! The lines of a record, to the letter.

use std::sync::Arc;

use portcullis::gateway::ask::Introspection;
use portcullis::gateway::key::KeySet;
use portcullis::gateway::{BadRequest, breaker::Outcome};
use portcullis::mint::{SigningKey, sign_bytes};
use portcullis::record::{Event, RecordSettings, Redaction};

use super::live::{Asked, Live, NOW, Record, keys, now};

pub const SECRET: &str = "a secret of 32 bytes or more, here";

pub const TREE: &str = r#"
[jwt]
keys = ["env:KEY"]
audience = "api"
[roles]
admin = ["*"]
user = ["read"]
[services.users-service]
[services.status-service]
[rate_limit]
default = "3/min"
per_address = "2/min"
[introspection]
url = "https://auth.example/introspect"
client_id = "gateway"
client_secret = "env:SECRET"
[record]
claims = ["department"]
[[api_keys]]
id = "ci"
sha256 = "e4d5c6a0c8e1f4e2ac3d2f35c2bb7ec8ba4a7a5b8c0d8b4bb0d4a2ae21e4e0d1"
user = "ci-bot"
role = "user"
[[routes]]
path = "/api/users/{id}"
methods = ["GET"]
service = "users-service"
permissions = ["read"]
[[routes]]
path = "/status"
service = "status-service"
public = true
"#;

pub fn secret() -> Arc<KeySet> {
    keys(SECRET)
}

/// A token of a user with more claims.
pub fn token(user: &str, claims: &str) -> String {
    signed(&format!("{{\"sub\":\"{user}\",\"exp\":{},\"aud\":\"api\"{claims}}}", NOW + 100.0))
}

pub fn signed(claims: &str) -> String {
    let key = SigningKey::read(SECRET).unwrap();
    let header = br#"{"alg":"HS256","typ":"JWT"}"#;
    sign_bytes(&key, key.default_algorithm(), header, claims.as_bytes()).unwrap()
}

#[test]
fn a_user_in_a_path_is_redacted_where_a_parameter_stands() {
    let tree = |routes: &str| format!("[jwt]\nkeys = [\"env:K\"]\naudience = \"api\"\n{routes}");
    let routes = concat!(
        "[services.s]\n",
        "[[routes]]\npath = \"/users/{id}\"\nservice = \"s\"\nclaims = { sub = \"{id}\" }\n",
        "[[routes]]\npath = \"/ada/{*rest}\"\nservice = \"s\"\n",
    );
    let settings =
        RecordSettings { redact: Redaction { user: true, client: false }, ..Default::default() };
    for (routes, path, shown, status) in [
        (routes, "/users/ada", "/users/HASH", 200),
        (routes, "/users/%61da/", "/users/HASH/", 200),
        (routes, "/users/bob", "/users/bob", 403),
        (routes, "/ada/x/ada/y", "/ada/x/HASH/y", 200),
        (routes, "/else/ada", "/else/ada", 404),
        ("", "/api/v1/ada/ada/x", "/api/v1/ada/HASH/x", 200),
        ("", "/users/ada", "/users/HASH", 200),
    ] {
        let mut live = Live::new(&tree(routes), &[(None, secret())]);
        let asked = Asked::get(path).bearer(&token("ada", ""));
        let record = Record::of(&mut live, &[asked], settings);
        let text = record.text();
        let text = text.lines().nth(1).unwrap();
        let part = |from: &str| {
            let rest = text.split_once(from).unwrap().1;
            rest[..rest.find(['"', ',']).unwrap()].to_owned()
        };
        let hash = part("\"user_id\":\"");
        assert_eq!(part("\"path\":\"/").replace(&hash, "HASH"), shown[1..], "{path}");
        assert_eq!(part("\"status\":"), status.to_string(), "{path}");
        let replayed = record.replay();
        // Whether it is another user is not told apart from whether it is redacted.
        let undecidable = u64::from(status == 403);
        let came = (replayed.passed, replayed.failed, replayed.undecidable);
        assert_eq!(came, (1 - undecidable, 0, undecidable), "{path}");
    }
}

/// Replaces what differs from run to run.
fn shown(record: &Record) -> String {
    let program = format!("\"program\":\"{}\"", env!("CARGO_PKG_VERSION"));
    record.text().replace(&program, "\"program\":\"VERSION\"")
}

#[test]
fn every_kind_of_line() {
    let mut live = Live::new(TREE, &[(None, secret())]);
    let record = Record::new();
    let mut recorder = record.open(RecordSettings::default());
    live.start(&mut recorder, Event::Begin);
    let users = || Asked::get("/api/users/7?access_token=never");
    let admin = token("ada", r#","role":"admin","department":["fab1",2],"jti":"j","x":"unkept""#);
    let active = format!(r#"{{"active":true,"sub":"eve","exp":{},"aud":"api"}}"#, NOW + 9.0);
    let mut opaque = users().bearer("opaque");
    let requests = [
        users().bearer(&admin).header("User-Agent", "never").needs("users:read"),
        users().bearer(&token("bob", "")),
        users().bearer(&signed(r#"{"sub":"old","exp":1,"aud":"api"}"#)),
        users().bearer(&signed(r#"{"sub":"eve","exp":9999999999,"aud":"other"}"#)),
        Asked { client: None, ..users().bearer(&(token("eve", "") + "x")) },
        Asked {
            client: Some("2001:db8::1".to_owned()),
            ..users().header("Authorization", "Basic")
        },
        Asked::get("/api/../x").bearer(&admin),
        Asked::get("/status"),
        Asked::get("/status"),
        Asked::get("/nowhere").bearer(&admin).at(0.5),
        users().header("X-API-Key", "unknown").at(61.0),
        users().bearer("a").header("x-api-key", "b").at(61.0),
    ];
    for asked in &requests {
        live.decide(asked, Some(&mut recorder));
    }
    for answer in
        [Introspection::Failed, Introspection::Inactive, Introspection::Active(active.into())]
    {
        opaque.introspection = answer;
        opaque.client = None;
        live.decide(&opaque, Some(&mut recorder));
    }
    let member = BadRequest::Member { member: "method".into(), problem: "is missing".into() };
    live.decide_malformed(member, &mut recorder);
    for _ in 0..5 {
        let service = "status-service".into();
        live.gateway.report(&service, Default::default(), Outcome::Failure, now(62.0));
    }
    live.decide(&Asked::get("/status").at(62.0), Some(&mut recorder));
    for _ in 0..2 {
        live.decide(&users().bearer(&admin).at(62.0), Some(&mut recorder));
    }
    live.configure(&TREE.replace("[[api_keys]]", "[revocation]\njtis = [\"j\"]\n[[api_keys]]"));
    live.start(&mut recorder, Event::Change);
    live.decide(&users().bearer(&admin).at(62.0), Some(&mut recorder));
    recorder.flush().unwrap();
    insta::assert_snapshot!(shown(&record));
    let replayed = record.replay();
    assert_eq!((replayed.passed, replayed.failed), (20, 0), "{:?}", replayed.differences);
    assert!(!record.text().contains("never") && !record.text().contains("unkept"));
}

#[test]
fn who_is_redacted_stands_nowhere_in_the_record() {
    let mut live = Live::new(TREE, &[(None, secret())]);
    let settings = RecordSettings {
        redact: Redaction { user: true, client: true },
        ..RecordSettings::default()
    };
    let mine = |user: &str| format!(r#","role":"user","department":"{user}","email":["{user}"]"#);
    let tree = TREE.replace("\"department\"", "\"department\", \"email\"");
    live.configure(&tree);
    let ask = |user: &str, client: &str| Asked {
        client: Some(client.to_owned()),
        ..Asked::get("/api/users/7").bearer(&token(user, &mine(user)))
    };
    let requests = [
        ask("ada.lovelace", "192.0.2.77"),
        ask("ada.lovelace", "::ffff:192.0.2.77"),
        ask("grace.hopper", "2001:db8::77"),
        ask("grace.hopper", "nonsense.77"),
    ];
    let record = Record::of(&mut live, &requests, settings);
    let text = record.text();
    for hidden in ["ada", "lovelace", "grace", "hopper", "192.0.2", "2001:db8", "nonsense"] {
        assert!(!text.contains(hidden), "{hidden} stands in\n{text}");
    }
    let part = |line: usize, from: &str| {
        let line = text.lines().nth(line).unwrap();
        let rest = line.split_once(from).unwrap().1;
        rest[..rest.find('"').unwrap()].to_owned()
    };
    let clients: Vec<_> = (1..=4).map(|line| part(line, "\"client\":\"")).collect();
    let users: Vec<_> = (1..=4).map(|line| part(line, "\"user_id\":\"")).collect();
    assert_eq!(clients[0], clients[1]);
    assert!(clients[1] != clients[2] && clients[2] != clients[3]);
    assert!(users[0] == users[1] && users[1] != users[2] && users[2] == users[3]);
    assert_eq!(part(1, "\"department\":\""), users[0]);
    assert_eq!(part(3, "\"email\":[\""), users[2]);
    assert_eq!((record.replay().passed, record.replay().failed), (4, 0));
    // Another opening has another key.
    let mut other = Live::new(&tree, &[(None, secret())]);
    let again = Record::of(&mut other, &requests[..1], settings);
    assert!(!again.text().contains(&users[0]) && !again.text().contains(&clients[0]));
}

#[test]
fn of_a_thousand_credentials_good_and_bad_no_part_is_recorded() {
    let mut live = Live::new(TREE, &[(None, secret())]);
    let mut secrets = Vec::new();
    let mut requests = Vec::new();
    for number in 0..250 {
        let good = token(&format!("user-{number}"), &format!(r#","jti":"{number}""#));
        let (signed_part, signature) = good.rsplit_once('.').unwrap();
        let (header, payload) = signed_part.split_once('.').unwrap();
        let bad = format!("{header}.{payload}.{}", signature.chars().rev().collect::<String>());
        let key = format!("key-{number}-0123456789abcdef0123456789abcdef");
        secrets.extend([payload.to_owned(), signature.to_owned(), key.clone()]);
        secrets.extend(bad.split('.').map(str::to_owned));
        let asked = || Asked::get("/api/users/7");
        requests.extend([
            asked().bearer(&good),
            asked().bearer(&bad),
            asked().header("X-API-Key", &key),
            asked().header("Authorization", &format!("ApiKey {key}")),
            asked().header("Authorization", &good),
            asked().bearer(&format!("{good} {key}")),
            asked().header(&format!("X {good}"), "x"),
            Asked::get(&good).header("X-Token", &good),
            Asked { target: format!("/api/users/7?token={good}#{key}"), ..asked() },
            Asked { target: format!("/api/users/7#{key}"), ..asked() },
        ]);
    }
    let record = Record::of(&mut live, &requests, RecordSettings::default());
    let text = record.text();
    assert_eq!(text.lines().count(), 1 + requests.len());
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret}");
    }
    assert!(!text.contains(SECRET));
    assert_eq!(record.replay().failed, 0);
}
