//! Limits that several nodes share through a Redis of ours.

use std::thread;

use redis::Commands;
use serde_json::{Value, json};

use crate::redis_server::RedisServer;
use crate::running::{Folder, Running, messages};
use crate::support::{
    allowed, init, init_ok, key_text, refused, request, request_with, signing_key, token,
};

const PASSWORD: &str = "correct-horse-battery-staple";

fn token_for(user: &str, role: &str) -> String {
    let claims = format!(r#"{{"sub":"{user}","role":"{role}","exp":4102444800}}"#);
    token(&signing_key("secret.txt"), r#"{"alg":"HS256"}"#, claims)
}

fn context(user: &str, role: &str) -> String {
    format!(r#"{{"user_id": "{user}", "role": "{role}", "permissions": []}}"#)
}

/// A node with these limits, in a Redis that its environment names.
fn node(folder: &Folder, url: &str, limits: &str) -> Running {
    let toml = format!("[rate_limit]\nstore = \"env:REDIS_URL\"\n{limits}\n");
    let config = format!("--config={}", folder.write("gateway.toml", toml));
    let mut node = Running::start_in(&[("REDIS_URL", url)], &["--log=trace", &config]);
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    node
}

fn status(answer: &str) -> u64 {
    serde_json::from_str::<Value>(answer).unwrap()["body"]["status"].as_u64().unwrap()
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    admitted: u64,
    /// Redis did not answer in time, so that nobody knows whether they were counted.
    lost: u64,
}

/// Asks until the window is full.
fn fill(node: &mut Running, user: &str, role: &str) -> Tally {
    let line = request(1, &token_for(user, role));
    let mut tally = Tally::default();
    loop {
        match status(&node.ask(&line)) {
            200 => tally.admitted += 1,
            429 => break,
            503 => {}
            other => panic!("{other}"),
        }
    }
    tally.lost = node.metric("shared_limit_failures_total");
    tally
}

/// What a slow machine lost may have been counted or not; nothing else may be missing, and never is
/// there one too many.
fn assert_filled(tallies: &[Tally], limit: u64) {
    let admitted = tallies.iter().map(|tally| tally.admitted).sum::<u64>();
    let lost = tallies.iter().map(|tally| tally.lost).sum::<u64>();
    assert!(admitted <= limit && admitted + lost >= limit, "{limit}: {tallies:?}");
}

#[test]
fn several_nodes_share_one_limit_exactly() {
    let Some(redis) = RedisServer::start(Some(PASSWORD)) else { return };
    let folders: Vec<_> = (0..4).map(|_| Folder::new()).collect();
    let url = redis.text();
    let tallies: Vec<_> = thread::scope(|scope| {
        let nodes: Vec<_> = folders
            .iter()
            .map(|folder| {
                let url = &url;
                scope.spawn(move || {
                    let limits = "default = \"100/h\"\non_store_failure = \"deny\"";
                    let mut node = node(folder, url, limits);
                    let tally = fill(&mut node, "ada", "clerk");
                    // Another caller is not held up by it.
                    while status(&node.ask(request(1, &token_for("bob", "clerk")))) == 503 {}
                    (tally, node.end())
                })
            })
            .collect();
        let ended: Vec<_> = nodes.into_iter().map(|node| node.join().unwrap()).collect();
        for (_, ended) in &ended {
            assert!(!ended.stderr.contains(PASSWORD), "{}", ended.stderr);
        }
        ended.into_iter().map(|(tally, _)| tally).collect()
    });
    assert_filled(&tallies, 100);
}

#[test]
fn roles_of_different_limits_and_nodes_share_the_general_window() {
    let Some(redis) = RedisServer::start(None) else { return };
    let folder = Folder::new();
    let limits =
        "on_store_failure = \"deny\"\n[rate_limit.roles]\nclerk = \"3/h\"\nboss = \"10/h\"";
    let mut nodes = [node(&folder, &redis.text(), limits), node(&folder, &redis.text(), limits)];
    let first = fill(&mut nodes[0], "ada", "clerk");
    assert_filled(&[first], 3);
    // The same caller in another role: three of ten are taken, whichever node is asked.
    let second = fill(&mut nodes[1], "ada", "boss");
    assert_filled(&[first, second], 10);
    let answer: Value =
        serde_json::from_str(&nodes[0].ask(request(1, &token_for("ada", "boss")))).unwrap();
    assert_eq!(answer["body"]["error"], "Rate limit exceeded");
    let retry_after = answer["body"]["retry_after"].as_u64().unwrap();
    assert!((3000..=3600).contains(&retry_after), "{retry_after}");
}

#[test]
fn a_route_with_a_limit_of_its_own_and_an_address_have_windows_of_their_own() {
    let Some(redis) = RedisServer::start(None) else { return };
    let folder = Folder::new();
    let limits = "default = \"2/h\"\nper_address = \"3/h\"\non_store_failure = \"deny\"\n\
         [services.users-service]\n[[routes]]\npath = \"/api/users/{id}\"\nservice = \"users-service\"\n\
         [[routes]]\npath = \"/dear\"\nservice = \"users-service\"\nrate_limit = \"5/h\"\n";
    let mut nodes = [node(&folder, &redis.text(), limits), node(&folder, &redis.text(), limits)];
    let general = fill(&mut nodes[0], "ada", "clerk");
    assert_filled(&[general], 2);
    let dear = request_with(1, &token_for("ada", "clerk"), &json!({"path": "/dear"}));
    let bad = request_with(2, "x", &json!({"client_ip": "192.0.2.1"}));
    let mut admitted = (0, 0);
    for node in &mut nodes {
        for _ in 0..10 {
            admitted.0 += u64::from(status(&node.ask(&dear)) == 200);
            admitted.1 += u64::from(status(&node.ask(&bad)) == 401);
        }
    }
    let lost: u64 = nodes.iter_mut().map(|node| node.metric("shared_limit_failures_total")).sum();
    assert!(admitted.0 <= 5 && admitted.1 <= 3, "{admitted:?}");
    assert!(lost > 0 || admitted == (5, 3), "{admitted:?}");
}

/// With a Redis, without it, and with it again.
fn without_redis(on_failure: &str, meanwhile: impl FnOnce(&mut Running)) {
    let Some(redis) = RedisServer::start(Some(PASSWORD)) else { return };
    let folder = Folder::new();
    let limits = format!("default = \"3/h\"\non_store_failure = \"{on_failure}\"");
    let mut node = node(&folder, &redis.text(), &limits);
    let port = redis.port();
    while node.metric("shared_limit_calls_total") == node.metric("shared_limit_failures_total") {
        node.ask(request(1, &token_for("early", "clerk")));
    }
    drop(redis);
    meanwhile(&mut node);
    // Nobody else has taken its port meanwhile, as a rule.
    let Some(redis) = RedisServer::start_at(port, Some(PASSWORD)) else { return };
    let again = "it counts again";
    while node.log().matches(again).count() == 0 {
        node.ask(request(1, &token_for("late", "clerk")));
    }
    let keys: Vec<String> = redis.client().get_connection().unwrap().keys("*").unwrap();
    assert_eq!(keys.len(), 1, "{keys:?}");
    let ended = node.end();
    assert_eq!(ended.status, 0);
    for secret in [PASSWORD, &PASSWORD[..12], &PASSWORD[12..]] {
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret));
    }
    let warnings: Vec<_> = messages(&ended.stderr)
        .into_iter()
        .filter(|line| line.starts_with("rate limits at "))
        .collect();
    let url = format!("rate limits at redis://127.0.0.1:{port}/0: ");
    assert!(warnings.iter().all(|line| line.starts_with(&url)), "{warnings:?}");
    // One line when it fails, and one when that is over, however many requests came in between.
    assert_eq!(warnings.len() % 2, 0, "{warnings:?}");
    for pair in warnings.chunks(2) {
        assert!(!pair[0].ends_with(again) && pair[1].ends_with(again), "{warnings:?}");
    }
}

#[test]
fn without_redis_this_nodes_own_count_decides() {
    without_redis("local", |node| {
        let line = request(1, &token_for("ada", "clerk"));
        for _ in 0..3 {
            assert_eq!(node.ask(&line), allowed(1, &context("ada", "clerk")));
        }
        for _ in 0..5 {
            assert_eq!(status(&node.ask(&line)), 429);
        }
    });
}

#[test]
fn without_redis_nobody_passes() {
    without_redis("deny", |node| {
        for user in ["ada", "bob"] {
            let line = request(1, &token_for(user, "clerk"));
            for _ in 0..5 {
                let error = "Service unavailable: rate limit";
                assert_eq!(node.ask(&line), refused(1, 503, error));
            }
        }
    });
}

#[test]
fn without_redis_everybody_passes() {
    without_redis("allow", |node| {
        let line = request(1, &token_for("ada", "clerk"));
        for _ in 0..20 {
            assert_eq!(node.ask(&line), allowed(1, &context("ada", "clerk")));
        }
    });
}

#[test]
fn a_wrong_password_is_one_line_of_the_log_and_is_not_shown() {
    let Some(redis) = RedisServer::start(Some(PASSWORD)) else { return };
    let folder = Folder::new();
    let wrong = "incorrect-horse-battery-staple";
    let url = format!("redis://:{wrong}@127.0.0.1:{}/0", redis.port());
    let limits = "default = \"3/h\"\non_store_failure = \"deny\"";
    let mut node = node(&folder, &url, limits);
    for _ in 0..20 {
        assert_eq!(status(&node.ask(request(1, &token_for("ada", "clerk")))), 503);
    }
    let ended = node.end();
    let lines: Vec<_> =
        ended.stderr.lines().filter(|line| line.contains("rate limits at")).collect();
    assert_eq!(lines.len(), 1, "{}", ended.stderr);
    assert!(!ended.stderr.contains("horse"), "{}", ended.stderr);
}
