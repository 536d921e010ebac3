//! Forwarding under the system's clock: deadlines that nobody has to wake, services that answer
//! late or never, and two nodes wired together.

use serde_json::{Value, json};

use crate::running::{Folder, Running};
use crate::support::{init, init_ok, key_text, message, request_with, signing_key, token};

/// Long enough never to fire, and short enough not to be waited for.
const LONG: &str = "timeout = \"1h\"";
const SHORT: &str = "timeout = \"300ms\"";

fn ada() -> String {
    let claims = r#"{"sub":"ada","role":"clerk","scope":"read","exp":4102444800}"#;
    token(&signing_key("secret.txt"), r#"{"alg":"HS256"}"#, claims)
}

/// A node that forwards to two services, of which each has this in its table.
fn node(folder: &Folder, users: &str, orders: &str, arguments: &[&str]) -> Running {
    let toml = format!(
        "[services.users]\n{users}\n[services.orders]\n{orders}\n\
         [[routes]]\npath = \"/users/{{*rest}}\"\nservice = \"users\"\nrewrite = \"/v1/{{*rest}}\"\n\
         [[routes]]\npath = \"/orders/{{id}}\"\nservice = \"orders\"\n"
    );
    let mut node = Running::configured(folder, &toml, &[&["--forward"], arguments].concat());
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    node
}

fn ask_for(id: usize, path: &str) -> String {
    request_with(id, &ada(), &json!({ "path": path }))
}

fn forwarded(number: u64, service: &str, path: &str) -> String {
    format!(
        r#"{{"src": "gateway", "dest": "{service}", "body": {{"type": "api_request", "msg_id": {number}, "method": "GET", "path": "{path}", "headers": {{"X-User-ID": "ada", "X-User-Role": "clerk", "X-User-Permissions": "read"}}}}}}"#
    )
}

fn failed(id: usize, status: u16, error: &str) -> String {
    crate::support::refused(id, status, error)
}

/// What a service answers.
fn of_service(service: &str, number: u64, status: u16, body: Value) -> String {
    json!({
        "src": service,
        "dest": "gateway",
        "body": {"type": "api_response", "in_reply_to": number, "status": status, "body": body},
    })
    .to_string()
}

fn answered(id: usize, service: &str, status: u16, body: &str) -> String {
    format!(
        r#"{{"src": "gateway", "dest": "client", "body": {{"type": "api_response", "in_reply_to": {id}, "status": {status}, "service": "{service}", "user_context": {{"user_id": "ada", "role": "clerk", "permissions": ["read"]}}, "body": {body}}}}}"#
    )
}

#[test]
fn a_service_that_says_nothing_is_504_and_nobody_has_to_ask() {
    let folder = Folder::new();
    let mut node = node(&folder, SHORT, LONG, &[]);
    assert_eq!(node.ask(ask_for(1, "/users/7?x=1")), forwarded(1, "users", "/v1/7?x=1"));
    // No more input: the deadline fires by itself.
    assert_eq!(node.line(), failed(1, 504, "Gateway timeout: users"));
    // What comes too late has no effect and is counted.
    node.send(of_service("users", 1, 200, json!("late")));
    let metrics = node.metrics();
    assert_eq!(metrics["answers_dropped_total"], 1);
    assert_eq!(metrics["forwarded_under_way"], 0);
    assert_eq!(metrics["requests_total{status=\"504\"}"], 1);
    // And it all works again.
    assert_eq!(node.ask(ask_for(2, "/users/8")), forwarded(2, "users", "/v1/8"));
    assert_eq!(
        node.ask(of_service("users", 2, 201, json!({"a": 1}))),
        answered(2, "users", 201, r#"{"a": 1}"#)
    );
    assert_eq!(node.end().stdout, "");
}

#[test]
fn deadlines_fire_in_order_whatever_else_is_under_way() {
    let folder = Folder::new();
    let mut node = node(&folder, SHORT, "timeout = \"100ms\"", &[]);
    let asked = [ask_for(1, "/users/1"), ask_for(2, "/orders/2"), ask_for(3, "/users/3")];
    let sent = node.ask_all(&asked);
    assert_eq!(
        sent,
        [
            forwarded(1, "users", "/v1/1"),
            forwarded(2, "orders", "/orders/2"),
            forwarded(3, "users", "/v1/3"),
        ]
    );
    assert_eq!(node.line(), failed(2, 504, "Gateway timeout: orders"));
    assert_eq!(node.line(), failed(1, 504, "Gateway timeout: users"));
    assert_eq!(node.line(), failed(3, 504, "Gateway timeout: users"));
}

/// A line that has not ended keeps the loop waiting; the deadline does not wait for it.
#[test]
fn half_a_message_holds_up_no_deadline() {
    let folder = Folder::new();
    let mut node = node(&folder, SHORT, LONG, &[]);
    let next = ask_for(2, "/orders/2");
    let (head, tail) = next.split_at(40);
    node.send_raw(&format!("{}\n{head}", ask_for(1, "/users/1")));
    assert_eq!(node.line(), forwarded(1, "users", "/v1/1"));
    assert_eq!(node.line(), failed(1, 504, "Gateway timeout: users"));
    assert_eq!(node.ask(tail), forwarded(2, "orders", "/orders/2"));
}

#[test]
fn answers_count_from_where_the_request_went_and_once() {
    let folder = Folder::new();
    let mut node = node(&folder, LONG, LONG, &[]);
    assert_eq!(node.ask(ask_for(1, "/users/1")), forwarded(1, "users", "/v1/1"));
    let ok = |service: &str, number| of_service(service, number, 200, json!(7));
    for dropped in [
        ok("orders", 1),
        ok("users", 2),
        ok("users", 0),
        ok("client", 1),
        ok("gateway", 1),
        r#"{"body":{"type":"api_response","in_reply_to":1,"status":200}}"#.to_owned(),
        r#"{"src":"users","body":{"type":"api_response","in_reply_to":"1","status":200}}"#.to_owned(),
        r#"{"src":"users","body":{"type":"api_response","in_reply_to":[1],"status":200}}"#.to_owned(),
        r#"{"src":"users","body":{"type":"api_response","in_reply_to":18446744073709551617,"status":200}}"#.to_owned(),
        r#"{"src":"users","src":"users","body":{"type":"api_response","in_reply_to":1,"status":200}}"#.to_owned(),
    ] {
        node.send(dropped);
    }
    assert_eq!(node.metric("answers_dropped_total"), 10);
    assert_eq!(node.ask(ok("users", 1)), answered(1, "users", 200, "7"));
    node.send(ok("users", 1));
    assert_eq!(node.metric("answers_dropped_total"), 11);
}

#[test]
fn what_is_no_answer_of_a_service_is_502() {
    let folder = Folder::new();
    let mut node =
        node(&folder, "timeout = \"1h\"\ncircuit_breaker = { failures = 1000 }", LONG, &[]);
    let bodies = [
        r#"{"type":"error","in_reply_to":N,"code":13,"text":"crash"}"#,
        r#"{"type":"api_response","in_reply_to":N}"#,
        r#"{"type":"api_response","in_reply_to":N,"status":"200"}"#,
        r#"{"type":"api_response","in_reply_to":N,"status":200.5}"#,
        r#"{"type":"api_response","in_reply_to":N,"status":99}"#,
        r#"{"type":"api_response","in_reply_to":N,"status":600}"#,
        r#"{"type":"init_ok","in_reply_to":N}"#,
        r#"{"type":"api_request","in_reply_to":N,"method":"GET","path":"/"}"#,
        r#"{"in_reply_to":N}"#,
    ];
    for (number, body) in (1..).zip(bodies) {
        let id = number as usize;
        assert_eq!(node.ask(ask_for(id, "/users/1")), forwarded(number, "users", "/v1/1"));
        let body = body.replace('N', &number.to_string());
        let answer = node.ask(format!(r#"{{"src":"users","dest":"gateway","body":{body}}}"#));
        assert_eq!(answer, failed(id, 502, "Bad gateway: users"), "{body}");
    }
    for (number, status) in (10..).zip([100, 204, 404, 500, 503, 599]) {
        let id = number as usize;
        assert_eq!(node.ask(ask_for(id, "/users/1")), forwarded(number, "users", "/v1/1"));
        let answer = node.ask(of_service("users", number, status, json!("as it is")));
        assert_eq!(answer, answered(id, "users", status, "\"as it is\""));
    }
}

#[test]
fn the_end_of_the_input_answers_all_that_is_under_way() {
    let folder = Folder::new();
    let mut node = node(&folder, LONG, LONG, &[]);
    let asked = [ask_for(1, "/users/1"), ask_for(2, "/orders/2"), ask_for(3, "/users/3")];
    node.ask_all(&asked);
    assert_eq!(node.ask(of_service("orders", 2, 200, json!(2))), answered(2, "orders", 200, "2"));
    let ended = node.end();
    let expected = [1, 3].map(|id| failed(id, 504, "Gateway timeout: users") + "\n").concat();
    assert_eq!((ended.status, ended.stdout, ended.stderr.as_str()), (0, expected, ""));
}

#[test]
fn a_circuit_opens_by_timeouts_and_lets_probes_through_by_itself() {
    let folder = Folder::new();
    let users = "timeout = \"50ms\"\ncircuit_breaker = { failures = 2, open_for = \"1s\" }";
    let mut node = node(&folder, users, LONG, &[]);
    for id in [1, 2] {
        assert_eq!(node.ask(ask_for(id, "/users/1")), forwarded(id as u64, "users", "/v1/1"));
        assert_eq!(node.line(), failed(id, 504, "Gateway timeout: users"));
    }
    let open = |id: usize, seconds: u64| {
        let error = "Service unavailable: circuit open for users";
        let answer = failed(id, 503, error);
        answer.replace("\"}}", &format!("\", \"retry_after\": {seconds}}}}}"))
    };
    // Another service is not held up by it.
    assert_eq!(node.ask(ask_for(3, "/orders/1")), forwarded(3, "orders", "/orders/1"));
    let probe = loop {
        let answer = node.ask(ask_for(4, "/users/1"));
        if answer != open(4, 1) {
            break answer;
        }
    };
    assert_eq!(probe, forwarded(4, "users", "/v1/1"));
    // One probe, and the rest are refused meanwhile.
    assert_eq!(node.ask(ask_for(5, "/users/1")), open(5, 1));
    assert_eq!(node.ask(of_service("users", 4, 200, json!(1))), answered(4, "users", 200, "1"));
    assert_eq!(node.ask(ask_for(6, "/users/1")), forwarded(5, "users", "/v1/1"));
}

/// The outer node forwards to the inner one, which believes its own key alone and answers as a
/// service does.
#[test]
fn a_node_is_a_service_of_another_one() {
    let folder = Folder::new();
    let mut outer = node(&folder, LONG, LONG, &["--explain"]);
    let inner_folder = Folder::new();
    let inner_toml =
        "[services.v1]\n[[routes]]\npath = \"/v1/{*rest}\"\nservice = \"v1\"\npublic = true\n";
    let mut inner = Running::configured(&inner_folder, inner_toml, &[]);
    for id in 1..50 {
        let sent = outer.ask(ask_for(id, "/users/1"));
        // What reaches the second node is a message like any other, without a credential.
        assert!(!sent.contains("Bearer") && !sent.contains(&ada()[..20]), "{sent}");
        let answer = inner.ask(&sent);
        let expected = format!(
            r#"{{"src": "users", "dest": "gateway", "body": {{"type": "api_response", "in_reply_to": {id}, "status": 200, "service": "v1", "user_context": null}}}}"#
        );
        assert_eq!(answer, expected);
        let back: Value = serde_json::from_str(&outer.ask(&answer)).unwrap();
        assert_eq!(back["dest"], "client");
        assert_eq!(back["body"]["in_reply_to"], id);
        assert_eq!(back["body"]["status"], 200);
        assert_eq!(back["body"]["service"], "users");
        assert_eq!(back["body"]["user_context"]["user_id"], "ada");
        assert!(back["body"]["explain"].is_array());
    }
    // Two nodes never answer each other's answers for ever.
    let confused = inner.ask(message(json!({"type": "nonsense", "msg_id": 1})));
    outer.send(&confused);
    let metrics = outer.metrics();
    assert_eq!((metrics["forwarded_total"], metrics["answers_dropped_total"]), (49, 1));
    assert_eq!((outer.end().stdout.as_str(), inner.end().stdout.as_str()), ("", ""));
}

/// A hundred thousand may be with a service; one more is refused.
#[test]
fn a_service_that_never_answers_costs_bounded_memory() {
    let folder = Folder::new();
    let users = "timeout = \"1h\"\ncircuit_breaker = { failures = 1000000 }";
    let mut node = node(&folder, users, LONG, &[]);
    let line = ask_for(1, "/users/1");
    let lines: Vec<_> = (0..100_001).map(|_| line.clone()).collect();
    let sent = node.ask_all(&lines);
    assert_eq!(sent[99_999], forwarded(100_000, "users", "/v1/1"));
    let refused: Value = serde_json::from_str(&sent[100_000]).unwrap();
    assert_eq!(refused["body"]["status"], 503);
    assert_eq!(node.metric("forwarded_under_way"), 100_000);
    node.send(of_service("users", 5, 200, json!(1)));
    assert_eq!(node.line(), answered(1, "users", 200, "1"));
    assert_eq!(node.ask(&line), forwarded(100_001, "users", "/v1/1"));
}
