//! Opaque tokens (RFC 7662).

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::gateway::{ObjectFault, Timestamp};
use portcullis::remote::{
    CallFault, Introspected, Introspection, IntrospectionCounts, IntrospectionFault,
    IntrospectionSettings, Moment, RemoteUrl, Secret,
};

use crate::http_server::{Reply, Server};
use crate::logged::logged;
use crate::support::NOW;

/// Both clocks, so many seconds after a start.
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn at(&self, seconds: f64) -> Moment {
        Moment {
            date: Timestamp::from_seconds(NOW as f64 + seconds).unwrap(),
            steady: self.0 + Duration::from_secs_f64(seconds),
        }
    }
}

fn settings(server: &Server) -> IntrospectionSettings {
    settings_for(server.url())
}

pub(crate) fn settings_for(url: RemoteUrl) -> IntrospectionSettings {
    IntrospectionSettings {
        url,
        client_id: "gateway".to_owned(),
        client_secret: Secret::new("s3cr3t-of-the-client"),
        cache: Duration::from_secs(30),
        timeout: Duration::from_secs(60),
        max_per_second: 50,
    }
}

fn active(json: &str) -> Introspected {
    Introspected::Active(Arc::from(json))
}

/// What one answer comes to.
fn ask(reply: Reply) -> Introspected {
    let server = Server::scripted(vec![reply]);
    Introspection::new(settings(&server)).ask("token", Clock::start().at(0.0))
}

#[test]
fn the_call_is_as_the_rfc_says() {
    let server = Server::scripted(vec![Reply::ok(r#"{"active":true,"sub":"a"}"#)]);
    let mut introspection = Introspection::new(settings(&server));
    let answer = introspection.ask("to ken+/=&x=ü", Clock::start().at(0.0));
    assert_eq!(answer, active(r#"{"active":true,"sub":"a"}"#));
    let asked = server.asked().remove(0);
    assert_eq!(asked.body, "token=to+ken%2B%2F%3D%26x%3D%C3%BC&token_type_hint=access_token");
    assert_eq!(asked.head[0], "POST /path HTTP/1.1");
    let basic = STANDARD.encode("gateway:s3cr3t-of-the-client");
    for header in [
        "accept: application/json",
        "content-type: application/x-www-form-urlencoded",
        &format!("authorization: Basic {basic}"),
    ] {
        assert!(asked.head.contains(&header.to_owned()), "{header}: {:?}", asked.head);
    }
}

#[test]
fn good_is_only_what_is_called_active_with_the_json_true() {
    for json in [
        r#"{"active":false}"#,
        r#"{"active":false,"sub":"a"}"#,
        r#"{"active":"true"}"#,
        r#"{"active":1}"#,
        r#"{"active":null}"#,
        r#"{"sub":"a"}"#,
    ] {
        assert_eq!(ask(Reply::ok(json)), Introspected::Inactive, "{json}");
    }
}

#[test]
fn whatever_else_comes_is_a_failure() {
    let good = r#"{"active":true}"#;
    let elsewhere = Server::scripted(vec![Reply::ok(good)]);
    let to = elsewhere.url();
    let redirect =
        format!("HTTP/1.1 307 Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", to.as_str());
    let call = IntrospectionFault::Call;
    for (name, reply, fault) in [
        ("500", Reply::Status(500, good.into()), call(CallFault::Status(500))),
        ("401", Reply::Status(401, good.into()), call(CallFault::Status(401))),
        ("201", Reply::Status(201, good.into()), call(CallFault::Status(201))),
        ("a redirect", Reply::Raw(redirect.into_bytes()), call(CallFault::Status(307))),
        ("huge", Reply::ok(vec![b' '; 64 * 1024 + 1]), call(CallFault::TooLarge(64 * 1024))),
        ("no UTF-8", Reply::ok(b"\xff".to_vec()), call(CallFault::NotUtf8)),
        ("HTML", Reply::ok("<html>"), IntrospectionFault::Answer(ObjectFault::Syntax)),
        ("a list", Reply::ok("[true]"), IntrospectionFault::Answer(ObjectFault::Syntax)),
        ("two", Reply::ok(good.repeat(2)), IntrospectionFault::Answer(ObjectFault::Syntax)),
        (
            "twice",
            Reply::ok(r#"{"active":false,"active":true}"#),
            IntrospectionFault::Answer(ObjectFault::Duplicate),
        ),
    ] {
        assert_eq!(ask(reply), Introspected::Failed(fault), "{name}");
    }
    for reply in [
        Reply::Raw(b"garbage\r\n\r\n".to_vec()),
        Reply::Raw(Vec::new()),
        Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
    ] {
        let outcome = ask(reply.clone());
        assert!(matches!(outcome, Introspected::Failed(_)), "{reply:?}: {outcome:?}");
    }
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn a_server_that_lets_the_time_run_out_is_given_a_rest() {
    let good = r#"{"active":true}"#;
    let slow = format!("{good:>1000}").into_bytes();
    for reply in [Reply::Drip(slow), Reply::Silence] {
        let server = Server::scripted(vec![reply, Reply::ok(good)]);
        let timeout = Duration::from_millis(500);
        let mut introspection =
            Introspection::new(IntrospectionSettings { timeout, ..settings(&server) });
        let clock = Clock::start();
        let failed = Introspected::Failed;
        let timed_out = IntrospectionFault::Call(CallFault::Timeout);
        assert_eq!(introspection.ask("token", clock.at(0.0)), failed(timed_out));
        let resting = failed(IntrospectionFault::Resting);
        assert_eq!(introspection.ask("token", clock.at(1.4)), resting);
        assert_eq!(server.count(), 1);
        assert_eq!(introspection.ask("token", clock.at(1.5)), active(good));
    }
}

#[test]
fn an_answer_is_remembered_a_no_as_well_as_a_yes() {
    for json in [r#"{"active":true}"#, r#"{"active":false}"#, r#"{"sub":"a"}"#] {
        let server = Server::scripted(vec![Reply::ok(json)]);
        let mut introspection = Introspection::new(settings(&server));
        let clock = Clock::start();
        let first = introspection.ask("token", clock.at(0.0));
        assert_eq!(introspection.ask("token", clock.at(29.9)), first);
        assert_eq!(server.count(), 1, "{json}");
        assert_eq!(introspection.ask("another", clock.at(29.9)), first);
        assert_eq!(server.count(), 2, "{json}");
        assert_eq!(introspection.ask("token", clock.at(30.0)), first);
        assert_eq!(server.count(), 3, "{json}");
        let counts = IntrospectionCounts { calls: 3, failures: 0, remembered: 1, withheld: 0 };
        assert_eq!(introspection.counts(), counts);
    }
}

#[test]
fn nothing_is_remembered_past_the_tokens_own_expiry() {
    for (expires, asked_at, calls) in [
        (format!("{}", NOW + 10), [0.0, 9.9], 1),
        (format!("{}", NOW + 10), [0.0, 10.0], 2),
        (format!("{}.5", NOW + 10), [0.0, 10.4], 1),
        (format!("{NOW}"), [0.0, 0.0], 2),
        (format!("{}", NOW - 10), [0.0, 0.0], 2),
        ("\"soon\"".to_owned(), [0.0, 0.0], 2),
        ("null".to_owned(), [0.0, 0.0], 2),
    ] {
        let json = format!(r#"{{"active":true,"exp":{expires}}}"#);
        let server = Server::scripted(vec![Reply::ok(json.clone())]);
        let mut introspection = Introspection::new(settings(&server));
        let clock = Clock::start();
        for at in asked_at {
            assert_eq!(introspection.ask("token", clock.at(at)), active(&json));
        }
        assert_eq!(server.count(), calls, "{expires} {asked_at:?}");
    }
}

#[test]
fn a_failure_is_not_remembered() {
    let server =
        Server::scripted(vec![Reply::Status(500, Vec::new()), Reply::ok(r#"{"active":true}"#)]);
    let mut introspection = Introspection::new(settings(&server));
    let now = Clock::start().at(0.0);
    let failed = IntrospectionFault::Call(CallFault::Status(500));
    assert_eq!(introspection.ask("token", now), Introspected::Failed(failed));
    assert_eq!(introspection.ask("token", now), active(r#"{"active":true}"#));
}

#[test]
fn no_more_calls_are_sent_in_a_second_than_may_be() {
    let server = Server::scripted(vec![Reply::ok(r#"{"active":false}"#)]);
    let mut introspection =
        Introspection::new(IntrospectionSettings { max_per_second: 3, ..settings(&server) });
    let clock = Clock::start();
    let mut ask = |token: &str, at: f64| introspection.ask(token, clock.at(at));
    let too_many = Introspected::Failed(IntrospectionFault::TooMany);
    for (token, at) in [("a", 0.0), ("b", 0.5), ("c", 0.9)] {
        assert_eq!(ask(token, at), Introspected::Inactive);
    }
    for number in 0..10_000 {
        assert_eq!(ask(&format!("random-{number}"), 0.99), too_many);
    }
    // What is remembered costs nothing.
    assert_eq!(ask("a", 0.99), Introspected::Inactive);
    assert_eq!(server.count(), 3);
    assert_eq!(ask("d", 1.0), Introspected::Inactive);
    assert_eq!(ask("e", 1.4), too_many);
    assert_eq!(ask("e", 1.5), Introspected::Inactive);
    assert_eq!(server.count(), 5);
}

#[test]
fn a_failure_is_logged_when_it_begins_and_when_it_is_over_and_never_what_is_secret() {
    let replies = [500, 500, 503].map(|status| Reply::Status(status, b"the-token".to_vec()));
    let server = Server::scripted([&replies[..], &[Reply::ok(r#"{"active":true}"#)]].concat());
    let ((), lines) = logged(|| {
        let mut introspection = Introspection::new(settings(&server));
        for _ in 0..6 {
            introspection.ask("the-token", Clock::start().at(0.0));
        }
    });
    let url = server.url();
    assert_eq!(
        lines,
        [
            format!(
                "WARN introspection at {url}: it answered with status 500; only 200 counts, and no redirect is followed; opaque tokens are refused meanwhile"
            ),
            format!("WARN introspection at {url}: it answers again"),
        ]
    );
    let shown = format!("{:?}", settings(&server));
    assert!(!shown.contains("s3cr3t"), "{shown}");
}
