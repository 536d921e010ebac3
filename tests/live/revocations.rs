//! What is revoked by file and by message.

use std::fs::{self, OpenOptions};
use std::io::Write;

use serde_json::{Value, json};

use crate::running::{Folder, Running, messages};
use crate::support::{
    NOW, allowed, init, init_ok, invalid, key_text, message, request, signing_key, token,
};

const ADA: &str = r#"{"user_id": "ada", "role": null, "permissions": []}"#;

fn token_of(jti: &str) -> String {
    let claims = format!(r#"{{"sub":"ada","jti":"{jti}","iat":{NOW},"exp":4102444800}}"#);
    token(&signing_key("secret.txt"), r#"{"alg":"HS256"}"#, claims)
}

/// A node that follows a file, under a clock that stands still.
fn node(folder: &Folder) -> Running {
    let toml = "[revocation]\nfile = \"revoked.jsonl\"\n";
    let mut node = Running::configured(folder, toml, &["--now", &NOW.to_string()]);
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    node
}

/// The file, read again so many seconds after the start.
fn tick(node: &mut Running, seconds: u64) {
    assert_eq!(node.tell(json!({"type": "tick", "now": NOW + seconds}))["type"], "tick_ok");
}

fn append(folder: &Folder, text: &str) {
    let path = folder.path("revoked.jsonl");
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn stands(folder: &Folder) -> String {
    fs::read_to_string(folder.path("revoked.jsonl")).unwrap()
}

/// Which of three tokens are refused.
fn revoked(node: &mut Running) -> Vec<&'static str> {
    let judge = |jti: &&'static str| {
        let answer = node.ask(request(1, &token_of(jti)));
        assert!(answer == invalid(1) || answer == allowed(1, ADA), "{answer}");
        answer == invalid(1)
    };
    ["j1", "j2", "j3"].into_iter().filter(judge).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn a_line_that_is_appended_counts_from_the_next_look_on() {
    let folder = Folder::new();
    folder.write("revoked.jsonl", "");
    let mut node = node(&folder);
    assert_eq!(revoked(&mut node), NONE);
    append(&folder, "{\"jti\": \"j1\"}\n");
    assert_eq!(revoked(&mut node), NONE);
    tick(&mut node, 1);
    assert_eq!(revoked(&mut node), ["j1"]);
    // The last line needs no newline.
    append(&folder, "\n{\"jti\": \"j2\"}");
    tick(&mut node, 1);
    assert_eq!(revoked(&mut node), ["j1", "j2"]);
    // What is taken out is good again.
    folder.write("revoked.jsonl", "{\"jti\": \"j3\"}\r\n");
    tick(&mut node, 2);
    assert_eq!(revoked(&mut node), ["j3"]);
    assert_eq!(node.end().stderr, "");
}

/// Of the same length, and as old as the one that it replaces.
#[test]
fn a_file_put_in_place_of_another_is_read_however_much_it_looks_like_it() {
    let folder = Folder::new();
    let modified = |name: &str| {
        let file = OpenOptions::new().append(true).open(folder.path(name)).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    };
    folder.write("revoked.jsonl", "{\"jti\": \"j1\"}\n");
    modified("revoked.jsonl");
    let mut node = node(&folder);
    assert_eq!(revoked(&mut node), ["j1"]);
    folder.write("next.jsonl", "{\"jti\": \"j2\"}\n");
    modified("next.jsonl");
    fs::rename(folder.path("next.jsonl"), folder.path("revoked.jsonl")).unwrap();
    tick(&mut node, 1);
    assert_eq!(revoked(&mut node), ["j2"]);
}

#[test]
fn a_line_is_dropped_when_its_time_is_over() {
    let folder = Folder::new();
    let until = NOW + 10;
    folder.write(
        "revoked.jsonl",
        format!("{{\"jti\": \"j1\", \"exp\": {until}}}\n{{\"jti\": \"j2\"}}\n"),
    );
    let mut node = node(&folder);
    for (seconds, expected) in [(10, &["j1", "j2"][..]), (11, &["j2"])] {
        tick(&mut node, seconds);
        assert_eq!(revoked(&mut node), expected, "{seconds}");
    }
    assert_eq!(node.metric("revocations"), 1);
}

#[test]
fn a_file_that_is_broken_or_has_vanished_leaves_the_last_good_one_in_force_and_that_is_said_once() {
    let folder = Folder::new();
    let good = "{\"jti\": \"j1\"}\n";
    folder.write("revoked.jsonl", good);
    let mut node = node(&folder);
    assert_eq!(revoked(&mut node), ["j1"]);
    let mut seconds = 0;
    let mut look = |node: &mut Running| {
        seconds += 1;
        tick(node, seconds);
        assert_eq!(revoked(node), ["j1"]);
    };
    for broken in [
        "{\"jti\": \"j2\"}\n{\"jti\": \n",
        "{\"jti\": \"j2\"}\nj3\n",
        "{\"jit\": \"j2\"}\n",
        "{\"jti\": 5}\n",
        "{\"user\": \"ada\"}\n",
        "{\"jti\": \"j2\", \"kid\": \"k\"}\n",
        "\u{0}\n",
    ] {
        folder.write("revoked.jsonl", broken);
        (0..3).for_each(|_| look(&mut node));
    }
    fs::write(folder.path("revoked.jsonl"), b"{\"jti\": \"\xff\"}\n").unwrap();
    look(&mut node);
    fs::remove_file(folder.path("revoked.jsonl")).unwrap();
    (0..3).for_each(|_| look(&mut node));
    folder.write("revoked.jsonl", good);
    (0..3).for_each(|_| look(&mut node));
    fs::remove_file(folder.path("revoked.jsonl")).unwrap();
    (0..3).for_each(|_| look(&mut node));
    let log = messages(&node.end().stderr);
    let file = folder.path("revoked.jsonl").display().to_string();
    // That it can be read again is said at `info`.
    let begins = format!("the revocations in {file} cannot be read: ");
    assert_eq!(log.len(), 2, "{log:#?}");
    assert!(log[0].starts_with(&format!("{begins}line 2: ")), "{}", log[0]);
    let missing = "No such file or directory (os error 2); the last good ones hold";
    assert_eq!(log[1], begins + missing);
}

#[test]
fn a_node_starts_without_its_file_and_says_so() {
    let folder = Folder::new();
    let mut node = node(&folder);
    assert_eq!(revoked(&mut node), NONE);
    folder.write("revoked.jsonl", "{\"jti\": \"j2\"}\n");
    tick(&mut node, 1);
    assert_eq!(revoked(&mut node), ["j2"]);
    let log = messages(&node.end().stderr);
    assert_eq!(log.len(), 1, "{log:#?}");
}

#[test]
fn what_an_operator_revokes_is_written_first_and_survives_a_restart() {
    let folder = Folder::new();
    // Somebody left the last line without its newline.
    folder.write("revoked.jsonl", "{\"jti\": \"j1\"}");
    let mut first = node(&folder);
    let done = first.tell(json!({"type": "revoke", "msg_id": 7, "jti": "j2"}));
    assert_eq!(done, json!({"type": "revoke_ok", "in_reply_to": 7, "durable": true}));
    assert_eq!(revoked(&mut first), ["j1", "j2"]);
    let lines: Vec<Value> =
        stands(&folder).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, [json!({"jti": "j1"}), json!({"jti": "j2"})]);
    assert!(stands(&folder).ends_with('\n'));
    assert_eq!(first.end().stderr, "");

    let mut second = node(&folder);
    assert_eq!(revoked(&mut second), ["j1", "j2"]);
    for (revoke, line) in [
        (json!({"kid": "k \"1\""}), json!({"kid": "k \"1\""})),
        (json!({"api_key": "ci"}), json!({"api_key": "ci"})),
        (
            json!({"user": "bob", "before": NOW + 3}),
            json!({"user": "bob", "before": "2026-01-01T00:00:03Z"}),
        ),
        // The next whole second.
        (json!({"user": "ada"}), json!({"user": "ada", "before": "2026-01-01T00:00:01Z"})),
    ] {
        let mut body = revoke.clone();
        body["type"] = "revoke".into();
        assert_eq!(second.tell(body)["durable"], true, "{revoke}");
        let last: Value = serde_json::from_str(stands(&folder).lines().last().unwrap()).unwrap();
        assert_eq!(last, line, "{revoke}");
    }
    // `iat` is this second, so all of Ada's tokens are gone.
    assert_eq!(revoked(&mut second), ["j1", "j2", "j3"]);
    assert_eq!(second.end().stderr, "");
    assert_eq!(revoked(&mut node(&folder)), ["j1", "j2", "j3"]);
}

#[test]
fn what_cannot_be_written_counts_and_is_not_called_durable() {
    let folder = Folder::new();
    let toml = "[revocation]\nfile = \"no/such/folder/revoked.jsonl\"\n";
    let mut nodes = [
        Running::configured(&folder, toml, &["--now", &NOW.to_string()]),
        Running::start(&["--now", &NOW.to_string()]),
    ];
    for node in &mut nodes {
        assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
        let done = node.tell(json!({"type": "revoke", "jti": "j2"}));
        assert_eq!(done, json!({"type": "revoke_ok", "durable": false}));
        assert_eq!(revoked(node), ["j2"]);
        tick(node, 1);
        assert_eq!(revoked(node), ["j2"]);
    }
    let [with_a_file, without] = nodes;
    assert_eq!(without.end().stderr, "");
    let log = messages(&with_a_file.end().stderr);
    assert_eq!(log.len(), 2, "{log:#?}");
    assert!(log[1].starts_with("a revocation cannot be written to "), "{}", log[1]);
}

#[test]
fn a_stranger_revokes_nothing_and_writes_nothing() {
    let folder = Folder::new();
    folder.write("revoked.jsonl", "");
    let mut node = node(&folder);
    let stranger =
        json!({"src": "eve", "dest": "gateway", "body": {"type": "revoke", "jti": "j1"}});
    let answer: Value = serde_json::from_str(&node.ask(stranger.to_string())).unwrap();
    assert_eq!(answer["body"]["code"], 22);
    for faulty in [
        json!({"type": "revoke"}),
        json!({"type": "revoke", "jti": ""}),
        json!({"type": "revoke", "jti": "j1", "kid": "k"}),
        json!({"type": "revoke", "jti": "j1", "before": 5}),
        json!({"type": "revoke", "user": "ada", "before": "yesterday"}),
    ] {
        let answer: Value = serde_json::from_str(&node.ask(message(faulty.clone()))).unwrap();
        assert_eq!(answer["body"]["code"], 12, "{faulty}: {answer}");
    }
    assert_eq!(stands(&folder), "");
    assert_eq!(revoked(&mut node), NONE);
}

/// Under the system's clock nobody has to ask for it.
#[test]
fn a_file_is_looked_at_by_itself_while_messages_come() {
    let folder = Folder::new();
    folder.write("revoked.jsonl", "");
    let toml = "[revocation]\nfile = \"revoked.jsonl\"\n";
    let mut node = Running::configured(&folder, toml, &[]);
    assert_eq!(node.ask(init(&key_text("secret.txt"))), init_ok());
    assert_eq!(revoked(&mut node), NONE);
    append(&folder, "{\"jti\": \"j1\"}\n");
    while node.metric("revocations") == 0 {}
    assert_eq!(revoked(&mut node), ["j1"]);
}
