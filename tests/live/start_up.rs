//! Every way to start wrongly: exit status 2, what is wrong on standard error, nothing on standard
//! output, and no message read.

use std::fmt::Write;

use crate::http_server::{Reply, Server};
use crate::running::{Folder, Running};
use crate::support::{init, key_text, request};

/// One wrong start.
struct Wrong<'a> {
    /// A file besides, and what is in it.
    file: Option<(&'a str, &'a str)>,
    environment: &'a [(&'a str, &'a str)],
    /// Where FOLDER stands for the folder of the file.
    arguments: &'a [&'a str],
}

/// Starts by the command line alone.
fn by<'a>(arguments: &'a [&'a str]) -> Wrong<'a> {
    Wrong { file: None, environment: &[], arguments }
}

/// Starts by a file, which is the configuration.
fn by_file<'a>(name: &'a str, text: &'a str) -> Wrong<'a> {
    Wrong { file: Some((name, text)), environment: &[], arguments: &[] }
}

impl<'a> Wrong<'a> {
    fn with(self, arguments: &'a [&'a str]) -> Self {
        Self { arguments, ..self }
    }

    fn within(self, environment: &'a [(&'a str, &'a str)]) -> Self {
        Self { environment, ..self }
    }

    /// Asserts that it comes to nothing, and shows what a person reads.
    fn shown(&self) -> String {
        let folder = Folder::new();
        let config = self.file.map(|(name, text)| format!("--config={}", folder.write(name, text)));
        let arguments: Vec<String> = config
            .into_iter()
            .chain(self.arguments.iter().map(|argument| {
                argument.replace("FOLDER", folder.path("").to_str().unwrap().trim_end_matches('/'))
            }))
            .collect();
        let mut shown = String::new();
        for (name, value) in self.environment {
            write!(shown, "{name}='{value}' ").unwrap();
        }
        writeln!(shown, "$ portcullis {}", arguments.join(" ")).unwrap();
        let given: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut node = Running::start_in(self.environment, &given);
        // It may have gone away already.
        node.try_to_send(&init(&key_text("secret.txt")));
        node.try_to_send(&request(1, "x"));
        let ended = node.end();
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{shown}{}", ended.stderr);
        assert!(!ended.stderr.is_empty(), "{shown}");
        folder.nameless(&(shown + &ended.stderr + "\n"))
    }
}

fn all(wrong: &[Wrong<'_>]) -> String {
    wrong.iter().map(Wrong::shown).collect()
}

#[test]
fn a_file_that_is_not_there_or_is_no_configuration() {
    let shown = all(&[
        by(&["--config", "FOLDER/nowhere.toml"]),
        by(&["--config", "FOLDER"]),
        by_file("gateway.ini", "leeway = 5"),
        by_file("gateway", ""),
        by_file("gateway.toml", "[jwt\nleeway = \"5s\"\n"),
        by_file("gateway.json", "{\"jwt\": {\"leeway\": \"5s\",}}"),
        by_file("gateway.yaml", "jwt:\n  leeway: 5s\n leeway: 6s\n"),
        by_file("gateway.json", "[]"),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn every_fault_of_a_file_at_once() {
    let toml = r#"[jwt]
leeway = "10m"
issuers = "https://auth.example"
required_claims = ["sub", 5]

[roles]
clerk = ["read|write"]

[rate_limit]
default = "many"
roles = { boss = "10/min" }

[[routes]]
path = "/users/{id}"
service = "users-service"
public = true
permissions = ["orders:*"]

[[routes]]
path = "/users/{name}"
service = "user-service"

[services.users-service]
timeout = "0s"
"#;
    let yaml = "jwt:\n  leeway: 10m\n  leeway: 5s\nrolls: {}\nrate_limit:\n  store: memcached\n";
    let json = r#"{"jwt": {"leeway": 5, "leeway": "5s"}, "routes": {}, "roles": {"a": "read"}}"#;
    let shown = all(&[
        by_file("gateway.toml", toml),
        by_file("gateway.yaml", yaml),
        by_file("gateway.json", json),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn options_that_set_what_cannot_be_set() {
    let shown = all(&[
        by(&["--set", "jwt.leeway"]),
        by(&["--set", "=5s"]),
        by(&["--set", "jwt..leeway=5s"]),
        by(&["--set", "jwt.leeweg=5s"]),
        by(&["--set", "jwt.leeway=6m", "--set", "jwt.typ=[5]"]),
        by(&["--set", "rate_limit.max_callers=lots"]),
        by(&["--set", "routes=[{ path = \"/a\", service = \"nobody\" }]"]),
        by_file("gateway.toml", "[jwt]\nleeway = \"6m\"\n").with(&["--set", "jwt.leeway=7m"]),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn variables_that_set_what_cannot_be_set() {
    let shown = all(&[
        by(&[]).within(&[("PORTCULLIS__JWT__LEEWAY", "10m")]),
        by(&[]).within(&[("PORTCULLIS__JTW__LEEWAY", "10s")]),
        by(&[]).within(&[("PORTCULLIS__", "10s")]),
        by(&[]).within(&[("PORTCULLIS__JWT", "5")]),
        by(&[]).within(&[("PORTCULLIS__JWT__TYP", "[\"JWT\"")]),
        by(&[]).within(&[("PORTCULLIS__JWT__LEEWAY", "1s"), ("PORTCULLIS__jwt__leeway", "2s")]),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn keys_and_secrets_that_are_not_there_or_are_none() {
    let introspection = "[introspection]\nurl = \"https://auth.example/introspect\"\nclient_id = \"gateway\"\nclient_secret = \"env:NOT_SET\"\n";
    let shown = all(&[
        by(&["--key", "FOLDER/nowhere.pem"]),
        by_file("gateway.toml", "").with(&["--key", "FOLDER/gateway.toml"]),
        by_file("gateway.toml", "[jwt]\nkeys = [\"file:nowhere.pem\", \"env:NOT_SET\"]\n"),
        by_file("gateway.toml", "[jwt]\nkeys = [\"file:gateway.toml\", \"file:.\"]\n"),
        by_file("gateway.toml", introspection),
        by_file("gateway.toml", "[rate_limit]\nstore = \"env:NOT_SET\"\n"),
        by_file("gateway.toml", "[rate_limit]\nstore = \"env:URL\"\n")
            .within(&[("URL", "http://user:hunter2hunter2@127.0.0.1")]),
        by_file("gateway.toml", "[jwt]\nkeys = [\"env:EMPTY\"]\n").within(&[("EMPTY", "")]),
        by_file("gateway.toml", "[jwt]\nkeys = [\"env:SHORT\"]\nallow_weak_secrets = false\n")
            .within(&[("SHORT", "hunter2hunter2")]),
        by_file("gateway.toml", "[jwt]\nkeys = [\"http://auth.example/jwks.json\"]\n"),
        by_file("gateway.toml", "[jwt]\nkeys = [\"hunter2hunter2\"]\n"),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_key_of_a_configuration_that_cannot_be_used() {
    let private = key_text("p256.private.pem");
    let weak = key_text("rsa-1024.public.pem");
    let good = key_text("p256.public.pem");
    let secret = key_text("secret.txt");
    let keys = "[jwt]\nkeys = [\"env:ONE\", \"env:TWO\"]\n";
    let shown = [
        by_file("gateway.toml", keys).within(&[("ONE", &private), ("TWO", &weak)]),
        by_file("gateway.toml", keys).within(&[("ONE", &good), ("TWO", &secret)]),
        by_file("gateway.toml", keys).within(&[("ONE", "{\"kty\":\"EC\"}"), ("TWO", "-----BEGIN")]),
    ]
    .map(|wrong| {
        // Without the variables, which are long.
        let shown = wrong.shown();
        shown[shown.find("$ portcullis").unwrap()..].to_owned()
    });
    insta::assert_snapshot!(shown.concat());
}

/// What lives by a clock that goes, and is not even asked.
#[test]
fn a_clock_that_stands_still_and_what_lives_by_one_that_goes() {
    let server = Server::scripted(vec![Reply::ok("{}")]);
    let url = server.url();
    let now = ["--now", "2026-01-01T00:00:00Z"];
    let url = url.as_str();
    let keys = format!("[jwt]\nkeys = [\"{url}\"]\n");
    let issuer = format!(
        "[issuers.\"https://partner.example\"]\nkeys = [\"{url}\"]\npermissions = []\nroles = []\n"
    );
    let introspection = format!(
        "[introspection]\nurl = \"{url}\"\nclient_id = \"gateway\"\nclient_secret = \"env:SECRET\"\n"
    );
    let store = "[rate_limit]\nstore = \"redis://127.0.0.1:1/0\"\n";
    let shown = all(&[
        by_file("gateway.toml", &keys).with(&now),
        by_file("gateway.toml", &issuer).with(&now),
        by_file("gateway.toml", &introspection).with(&now).within(&[("SECRET", "hunter2hunter2")]),
        by_file("gateway.toml", store).with(&now),
        by_file("gateway.toml", "").with(&[
            "--now",
            "2026-01-01T00:00:00Z",
            "--set",
            "rate_limit.store=redis://127.0.0.1",
        ]),
    ]);
    assert_eq!(server.count(), 0);
    insta::assert_snapshot!(shown);
}

#[test]
fn options_that_are_none() {
    let shown = all(&[
        by(&["--now", "yesterday"]),
        by(&["--jobs", "0"]),
        by(&["--max-message-bytes", "0"]),
        by(&["--log", "loud"]),
        by(&["--forwards"]),
    ]);
    insta::assert_snapshot!(shown);
}
