//! Key sets by URL.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use portcullis::remote::{KeySetStatus, KeySetTiming, KeySets, KeySource, RemoteUrl};
use serde_json::{Value, json};

use crate::http_server::{Reply, Server};
use crate::logged::{logged, logged_anywhere};
use crate::support::{key_text, public_jwk};

/// Long enough for whatever is not meant to take long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing happens by itself; what is asked for is waited for.
fn timing() -> KeySetTiming {
    KeySetTiming {
        refresh: Duration::from_secs(3600),
        timeout: PATIENCE,
        unknown_kid_wait: PATIENCE,
        unknown_kid_cooldown: Duration::ZERO,
        max_stale: Duration::from_secs(3600),
    }
}

fn jwk(kid: &str) -> Value {
    let mut jwk = public_jwk("p256");
    jwk["kid"] = kid.into();
    jwk
}

fn set(kids: &[&str]) -> Vec<u8> {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(kid)).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

fn start(url: &RemoteUrl, timing: KeySetTiming) -> KeySets {
    let sets = KeySets::start([KeySource { url: url.clone(), timing }]).unwrap();
    sets.wait_for_first();
    sets
}

/// The names of the keys in force.
fn kids(sets: &KeySets, url: &RemoteUrl) -> Option<Vec<String>> {
    let set = sets.set(url)?;
    Some(set.keys.keys().iter().map(|key| key.name().unwrap().to_owned()).collect())
}

fn status(sets: &KeySets) -> (usize, u64, u64) {
    let [KeySetStatus { keys, fetches, failures, .. }] = sets.status(Instant::now())[..] else {
        panic!("one source")
    };
    (keys, fetches, failures)
}

#[test]
fn the_first_set_is_there_when_it_has_been_waited_for() {
    let server = Server::scripted(vec![Reply::ok(set(&["a", "b"]))]);
    let url = server.url();
    let sets = start(&url, timing());
    assert_eq!(kids(&sets, &url), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(status(&sets), (2, 1, 0));
    assert_eq!(sets.version(), 1);
    let age = sets.status(Instant::now() + Duration::from_secs(5))[0].age.unwrap();
    assert!((5..60).contains(&age.as_secs()), "{age:?}");
    assert!(sets.set(&"https://elsewhere.example/".parse().unwrap()).is_none());
    let head = server.asked().remove(0).head;
    assert_eq!(head[0], "GET /path HTTP/1.1");
    assert!(head.contains(&"accept: application/jwk-set+json, application/json".to_owned()));
}

#[test]
fn a_rotation_loses_no_key() {
    let server =
        Server::scripted([&["old"][..], &["old", "new"], &["new"]].map(set).map(Reply::ok).into());
    let url = server.url();
    let sets = start(&url, timing());
    assert!(sets.wait_for_key(std::slice::from_ref(&url), "new"));
    assert_eq!(kids(&sets, &url), Some(vec!["old".to_owned(), "new".to_owned()]));
    // What is known already costs nothing.
    assert!(sets.wait_for_key(std::slice::from_ref(&url), "old"));
    assert_eq!(server.count(), 2);
    assert!(!sets.wait_for_key(std::slice::from_ref(&url), "unknown"));
    assert_eq!(kids(&sets, &url), Some(vec!["new".to_owned()]));
    assert_eq!((server.count(), sets.version()), (3, 3));
    // No cookie that was set is sent.
    assert!(!server.asked().iter().any(|asked| asked.head.join("\n").contains("cookie")));
}

#[test]
fn the_same_set_again_is_no_change() {
    let server = Server::scripted(vec![Reply::ok(set(&["a"]))]);
    let url = server.url();
    let sets = start(&url, timing());
    let before = sets.set(&url).unwrap();
    assert!(!sets.wait_for_key(std::slice::from_ref(&url), "b"));
    assert_eq!(status(&sets), (1, 2, 0));
    assert_eq!(sets.version(), 1);
    assert!(Arc::ptr_eq(&before, &sets.set(&url).unwrap()));
}

#[test]
fn ten_thousand_unknown_keys_cost_one_fetch_and_one_wait() {
    let server = Server::scripted(vec![Reply::ok(set(&["a"]))]);
    let url = server.url();
    let timing = KeySetTiming { unknown_kid_cooldown: PATIENCE, ..timing() };
    let sets = start(&url, timing);
    for number in 0..10_000 {
        assert!(!sets.wait_for_key(std::slice::from_ref(&url), &format!("random-{number}")));
    }
    assert_eq!(server.count(), 2);
    assert!(sets.wait_for_key(std::slice::from_ref(&url), "a"));
}

#[test]
fn a_slow_server_is_waited_for_once_and_not_for_long() {
    let server = Server::start(|before| match before {
        0 => Reply::ok(set(&["a"])),
        _ => Reply::Silence,
    });
    let url = server.url();
    let wait = Duration::from_millis(1);
    let timing =
        KeySetTiming { unknown_kid_wait: wait, unknown_kid_cooldown: PATIENCE, ..timing() };
    let sets = start(&url, timing);
    for number in 0..1_000 {
        assert!(!sets.wait_for_key(std::slice::from_ref(&url), &format!("random-{number}")));
    }
    // The fetch is still under way.
    assert_eq!(kids(&sets, &url), Some(vec!["a".to_owned()]));
    assert_eq!(status(&sets), (1, 1, 0));
}

/// A JWK Set of so many keys.
fn many(count: usize) -> Vec<u8> {
    let kids: Vec<_> = (0..count).map(|number| number.to_string()).collect();
    set(&kids.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A good set, so long (bytes).
fn long(length: usize) -> Vec<u8> {
    let mut body = set(&["b"]);
    body.resize(length, b' ');
    body
}

#[test]
fn what_is_no_good_set_never_replaces_the_last_good_one() {
    let elsewhere = Server::scripted(vec![Reply::ok(set(&["b"]))]);
    let redirect = |status: u16| {
        let to = elsewhere.url();
        let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {}\r\n", to.as_str());
        Reply::Raw(format!("{head}Content-Length: 0\r\n\r\n").into_bytes())
    };
    let keys = |keys: Value| Reply::ok(json!({ "keys": keys }).to_string());
    let private: Value = {
        let mut private = jwk("b");
        private["d"] = "AAAA".into();
        private
    };
    let cases = [
        ("status 500", Reply::Status(500, set(&["b"]))),
        ("status 404", Reply::Status(404, set(&["b"]))),
        ("status 206", Reply::Status(206, set(&["b"]))),
        ("a redirect", redirect(302)),
        ("a permanent redirect", redirect(308)),
        ("HTML", Reply::ok("<!DOCTYPE html><title>Sign in</title>")),
        ("nothing", Reply::ok("")),
        ("no HTTP", Reply::Raw(b"\0\x01\x02 garbage \r\n\r\n".to_vec())),
        ("no answer", Reply::Raw(Vec::new())),
        ("half an answer", Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec())),
        ("no UTF-8", Reply::ok(b"{\"keys\":[\xff]}".to_vec())),
        ("compressed", Reply::ok(b"\x1f\x8b\x08\0\0\0\0\0".to_vec())),
        ("too long", Reply::ok(long(1024 * 1024 + 1))),
        ("an empty set", keys(json!([]))),
        ("a key alone", Reply::ok(jwk("b").to_string())),
        ("a text", Reply::ok(key_text("p256.public.pem"))),
        ("101 keys", Reply::ok(many(101))),
        ("a secret", keys(json!([{"kty": "oct", "kid": "b", "k": "AAAAAAAAAAAAAAAAAAAAAA"}]))),
        ("a secret among others", keys(json!([jwk("b"), {"kty": "oct", "k": "AAAA"}]))),
        (
            "a secret for encryption",
            keys(json!([jwk("b"), {"kty": "oct", "use": "enc", "k": "AA"}])),
        ),
        ("a private key", keys(json!([private]))),
        ("one name twice", Reply::ok(set(&["b", "b"]))),
        ("a broken key", keys(json!([jwk("b"), {"kty": "EC", "crv": "P-256", "x": "AA"}]))),
        ("unknown kinds alone", keys(json!([{"kty": "PQ", "kid": "b"}]))),
    ];
    for (name, reply) in cases {
        let server =
            Server::scripted(vec![Reply::ok(set(&["a"])), reply, Reply::ok(set(&["a", "b"]))]);
        let url = server.url();
        let sets = start(&url, timing());
        assert!(!sets.wait_for_key(std::slice::from_ref(&url), "b"), "{name}");
        assert_eq!(kids(&sets, &url), Some(vec!["a".to_owned()]), "{name}");
        assert_eq!((status(&sets), sets.version()), ((1, 2, 1), 1), "{name}");
        assert!(sets.wait_for_key(std::slice::from_ref(&url), "b"), "{name}");
        assert_eq!((status(&sets), sets.version()), ((2, 3, 1), 2), "{name}");
    }
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_deadline_holds_for_the_whole_of_an_answer() {
    for reply in [Reply::Drip(set(&["a"])), Reply::Silence] {
        let server = Server::scripted(vec![reply]);
        let url = server.url();
        let timing = KeySetTiming { timeout: Duration::from_millis(200), ..timing() };
        let sets = KeySets::start([KeySource { url: url.clone(), timing }]).unwrap();
        // Returns when the attempt is over, whatever trickles in.
        assert!(!sets.wait_for_key(std::slice::from_ref(&url), "a"));
        let (keys, fetches, failures) = status(&sets);
        assert_eq!((keys, fetches), (0, failures));
        assert!(failures > 0);
    }
}

#[test]
fn the_largest_sets_are_taken() {
    for (name, body, keys) in [
        ("100 keys", many(100), 100),
        ("1 MiB", long(1024 * 1024), 1),
        (
            "unknown kinds",
            {
                let keys = json!([jwk("a"), {"kty": "PQ"}, {"kty": "EC", "crv": "P-521"}]);
                json!({ "keys": keys }).to_string().into_bytes()
            },
            1,
        ),
    ] {
        let server = Server::scripted(vec![Reply::ok(body)]);
        let sets = start(&server.url(), timing());
        assert_eq!(status(&sets), (keys, 1, 0), "{name}");
    }
}

#[test]
fn a_server_that_is_down_at_first_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url: RemoteUrl = format!("http://{address}/path").parse().unwrap();
    let sets = start(&url, timing());
    assert_eq!(kids(&sets, &url), None);
    let (keys, fetches, failures) = status(&sets);
    assert_eq!((keys, fetches), (0, failures));
    let _server = Server::start_at(TcpListener::bind(address).unwrap(), |_| Reply::ok(set(&["a"])));
    assert!(sets.wait_for_key(std::slice::from_ref(&url), "a"));
}

#[test]
fn keys_that_cannot_be_renewed_are_gone_after_max_stale() {
    let server = Server::scripted(vec![Reply::ok(set(&["a"])), Reply::Status(500, Vec::new())]);
    let url = server.url();
    let timing = KeySetTiming { max_stale: Duration::ZERO, ..timing() };
    let sets = start(&url, timing);
    assert!(!sets.wait_for_key(std::slice::from_ref(&url), "b"));
    let begun = Instant::now();
    while sets.version() < 2 && begun.elapsed() < PATIENCE {
        thread::yield_now();
    }
    assert_eq!((kids(&sets, &url), sets.version()), (None, 2));
    assert_eq!(sets.status(Instant::now())[0].age, None);
}

#[test]
fn sets_do_not_wait_for_each_other() {
    let slow = Server::scripted(vec![Reply::Silence]);
    let good = Server::scripted([&["a"][..], &["a", "b"]].map(set).map(Reply::ok).into());
    let urls = [slow.url(), good.url()];
    let sources =
        [&urls[0], &urls[1], &urls[1]].map(|url| KeySource { url: url.clone(), timing: timing() });
    let sets = KeySets::start(sources).unwrap();
    // A URL that is named twice is fetched once.
    assert_eq!(sets.status(Instant::now()).len(), 2);
    assert!(sets.wait_for_key(&urls, "a"));
    assert!(sets.wait_for_key(&urls, "b"));
    assert_eq!(kids(&sets, &urls[0]), None);
}

#[test]
fn a_change_of_state_is_logged_once() {
    // Starts the log.
    logged(|| ());
    let with_unknown = json!({"keys": [jwk("a"), {"kty": "PQ"}]}).to_string();
    let failure = Reply::Status(500, b"what the server says".to_vec());
    let server = Server::scripted(vec![
        failure.clone(),
        failure.clone(),
        Reply::ok(with_unknown.clone()),
        Reply::ok(with_unknown),
        failure,
        Reply::ok("{}"),
        Reply::ok(set(&["b"])),
    ]);
    let url = server.url();
    let sets = start(&url, timing());
    while !sets.wait_for_key(std::slice::from_ref(&url), "b") {}
    let failed = "it answered with status 500; only 200 counts, and no redirect is followed";
    let expected = [
        format!("{failed}; there are no keys of it"),
        "it can be had again".to_owned(),
        "key 2 of the set is left out: its kind (`kty`, `crv`) is not supported".to_owned(),
        format!("{failed}; the last good one stays in force for 3600s"),
        "it can be had again".to_owned(),
    ];
    let expected = expected.map(|line| format!("WARN key set {url}: {line}"));
    assert_eq!(logged_anywhere(&format!("key set {url}: ")), expected);
}
