//! Secrets are named, opened on demand alone, and never shown.

use std::collections::HashMap;
use std::path::Path;

use portcullis::config::{Colours, Configuration, Diagnosis, Layers, Resolver};

use crate::{file, variables};

/// Files and variables that are made up.
#[derive(Default)]
struct Made {
    texts: HashMap<String, String>,
    asked: Vec<String>,
}

impl Made {
    fn of(texts: &[(&str, &str)]) -> Self {
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self { texts: texts.collect(), asked: Vec::new() }
    }

    fn get(&mut self, name: String, otherwise: &str) -> Result<String, String> {
        self.asked.push(name.clone());
        self.texts.get(&name).cloned().ok_or_else(|| otherwise.to_owned())
    }
}

impl Resolver for Made {
    fn variable(&mut self, name: &str) -> Result<String, String> {
        self.get(format!("env:{name}"), "is not set")
    }

    fn file(&mut self, path: &Path) -> Result<String, String> {
        self.get(format!("file:{}", path.display()), "No such file or directory")
    }
}

const TREE: &str = r#"
jwt:
  keys: [env:KEY, "file:keys/a.json", "https://auth.example.com/jwks"]
issuers:
  partner:
    keys: ["file:partner.pem"]
    permissions: []
    roles: []
introspection: {url: "https://auth.example.com/i", client_id: us, client_secret: "file:secret"}
rate_limit: {store: "env:REDIS"}
"#;

const JWK: &str =
    r#"{"kty":"oct","kid":"a","k":"c2VjcmV0LW9mLW1vcmUtdGhhbi0zMi1ieXRlcy1zby1pdC1pcw"}"#;

fn tree() -> Configuration {
    file("etc/a.yaml", TREE).unwrap()
}

#[test]
fn what_is_named_is_opened_on_demand() {
    let public = include_str!("../../scripts/keys/ed25519.public.pem");
    let mut made = Made::of(&[
        ("env:KEY", "short\n"),
        ("file:etc/keys/a.json", JWK),
        ("file:etc/partner.pem", public),
        ("file:etc/secret", "hunter2\n\n"),
        ("env:REDIS", "rediss://:hunter2@cache.example/1"),
    ]);
    let tree = tree();
    let resolved = tree.resolve(&mut made).unwrap();
    assert_eq!(made.asked.len(), 5, "each once");
    assert_eq!(resolved.jwt.keys().len(), 2);
    assert_eq!(resolved.issuers["partner"].keys().len(), 1);
    assert_eq!(resolved.client_secret.as_ref().unwrap().expose(), "hunter2\n");
    assert_eq!(resolved.store_url.as_ref().unwrap().expose(), "rediss://:hunter2@cache.example/1");
    assert!(!format!("{resolved:?}{tree:?}").contains("hunter2"));
    insta::assert_snapshot!(
        "resolved-warnings",
        tree.warnings(Some(&resolved)).render(Colours::None)
    );
}

#[test]
fn nothing_is_named_nothing_is_opened() {
    let mut made = Made::default();
    let resolved = Layers::new().read().unwrap().resolve(&mut made).unwrap();
    assert_eq!(made.asked, Vec::<String>::new());
    assert_eq!(resolved.jwt.keys().len(), 0);
}

#[test]
fn every_secret_that_is_not_there_is_reported() {
    let faults = tree().resolve(&mut Made::default()).unwrap_err();
    insta::assert_snapshot!("unresolved", faults.render(Colours::None));
}

#[test]
fn keys_of_one_issuer_are_one_set() {
    let of = |tree: &str, texts: &[(&str, &str)]| {
        let made = &mut Made::of(texts);
        let faults = file("a.yaml", tree).unwrap().resolve(made).map(|_| ()).unwrap_err();
        format!("{faults}\n")
    };
    let two = "jwt: {keys: [env:A, env:B]}";
    let public = include_str!("../../scripts/keys/ed25519.public.pem");
    let secret = "hunter2 and so on, for 32 bytes or more";
    let private = include_str!("../../scripts/keys/ed25519.private.pem");
    let text = [
        of(two, &[("env:A", secret), ("env:B", public)]),
        of(two, &[("env:A", JWK), ("env:B", JWK)]),
        of(two, &[("env:A", ""), ("env:B", private)]),
        of("jwt: {keys: [env:A], allow_weak_secrets: false}", &[("env:A", "hunter2")]),
        of("rate_limit: {store: env:A}", &[("env:A", "hunter2")]),
        of("rate_limit: {store: env:A}", &[("env:A", "https://hunter2@host/")]),
    ];
    let text = text.concat();
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!("key-faults", text);
}

/// Every way in which somebody could write a secret into the tree.
fn literals() -> Vec<(&'static str, Diagnosis)> {
    let files: &[(&str, &str)] = &[
        ("a.toml", "jwt.keys = [\"hunter2\"]"),
        ("a.toml", "jwt.keys = \"hunter2\""),
        ("a.toml", "jwt.keys = { a = \"hunter2\" }"),
        ("a.toml", "jwt = \"hunter2\""),
        (
            "a.toml",
            "[jwt]\nkeys = [\"\"\"\n-----BEGIN PUBLIC KEY-----\nhunter2\n\"\"\", \"hunter2\"]\ntyp = 3",
        ),
        ("a.toml", "[jwt]\nkeys = [\"https://hunter2@example.com/\", \"http://hunter2.example/\"]"),
        ("a.toml", "[jwt]\nkey = \"hunter2\""),
        ("a.toml", "[jwt]\nsecret = [[\"hunter2\"]]"),
        ("a.toml", "[jwt.secret]\na.b = \"hunter2\""),
        ("a.toml", "[jwt]\nkeys = [\n  \"hunter2\" \"x\"\n]"),
        ("a.toml", "[jwt]\nkeys = [\n  hunter2\n]"),
        ("a.toml", "[jwt]\nkeys = [\"hunter2]"),
        ("a.toml", "[jwt]\nkeys = [\"\"\"\nhunter2\nhunter2=\n=\"\"\" x]"),
        ("a.toml", "[introspection]\nclient_secret = hunter2"),
        ("a.toml", "[introspection]\nclient_secret = \"hunter2"),
        ("a.toml", "[introspection]\nclient_secret = \"hunter2\"\nclient_secret = \"hunter2\""),
        ("a.toml", "[introspection]\nclient_secret = \"hunter2\" # }"),
        ("a.toml", "introspection = { client_secret = \"hunter2\", x = 1, url = 2 }"),
        ("a.toml", "rate_limit.store = \"redis://:hunter2@host/\""),
        ("a.toml", "rate_limit.store = \"hunter2\""),
        ("a.toml", "rate_limit.store = 'redis://:hunter2@host/"),
        ("a.toml", "[[api_keys]]\nid = 'a'\nuser = 'u'\nsha256 = \"hunter2\""),
        ("a.toml", "[[api_keys]]\nid = 'a'\nuser = 'u'\nkey = \"hunter2\""),
        ("a.toml", "[services.a]\ntargets = [\"http://u:hunter2@host\"]"),
        ("a.yaml", "jwt: {keys: [hunter2]}"),
        ("a.yaml", "jwt:\n  keys: |\n    hunter2\n    hunter2"),
        ("a.yaml", "jwt:\n  keys:\n  - |\n   -----BEGIN\n   hunter2\n  typ: 3"),
        ("a.yaml", "jwt:\n  keys: [hunter2"),
        ("a.yaml", "jwt:\n  keys: [&a hunter2]"),
        ("a.yaml", "jwt:\n  keys: [!a hunter2]"),
        ("a.yaml", "introspection:\n  client_secret: \"hunter2\n"),
        ("a.yaml", "introspection: {client_secret: hunter2, client_secret: hunter2, url: 3}"),
        ("a.json", r#"{"introspection": {"client_secret": "hunter2", "url": 3}}"#),
        ("a.json", r#"{"introspection": {"client_secret": "hunter2" "url": 3}}"#),
        ("a.json", r#"{"introspection": {"client_secret": hunter2}}"#),
        ("a.json", "{\"introspection\": {\"client_secret\":\n  \"hunter2\" 3}}"),
        (
            "a.json",
            r#"{"a": {"client_secret": "hunter2"}, "jwt": {"x": "hunter2", "x": "hunter2"}}"#,
        ),
        ("a.json", r#"["hunter2"]"#),
        ("a.json", r#""hunter2""#),
    ];
    let mut all: Vec<_> =
        files.iter().map(|(n, text)| (*text, file(n, text).unwrap_err())).collect();
    for assignment in [
        "jwt.keys=hunter2",
        "jwt.keys=[\"hunter2\"]",
        "jwt={keys = [\"hunter2\"]}",
        "jwt={keys = [\"hunter2]}",
        "introspection.client_secret=hunter2",
        "introspection={client_secret=hunter2}",
        "rate_limit.store=redis://:hunter2@h",
        "client_secret=hunter2",
        "jwt.key=hunter2",
        "hunter2",
        "a b=hunter2",
    ] {
        all.push((assignment, Layers::new().set("--set", assignment).read().unwrap_err()));
        let Some((name, value)) = assignment.split_once('=') else { continue };
        let name = format!("PORTCULLIS__{}", name.to_uppercase().replace('.', "__"));
        let layers = Layers::new().environment(variables(&[(&name, value)]));
        all.push((assignment, layers.read().unwrap_err()));
    }
    for json in
        [r#"{"jwt": {"keys": ["hunter2"]}}"#, r#"{"introspection": {"client_secret": "hunter2"}}"#]
    {
        all.push((json, Layers::new().with_init(json).unwrap_err()));
    }
    all
}

#[test]
fn a_secret_in_the_tree_is_a_fault_that_does_not_repeat_it() {
    let mut shown = String::new();
    for (written, diagnosis) in literals() {
        let findings = serde_json::to_string(&diagnosis.findings()).unwrap();
        let rendered = diagnosis.render(Colours::None);
        for text in
            [&rendered, &diagnosis.render(Colours::Terminal), &diagnosis.to_string(), &findings]
        {
            assert!(!text.contains("hunter2"), "{written}\n{text}");
        }
        assert!(!format!("{diagnosis:?}").contains("hunter2"), "{written}\n{diagnosis:?}");
        shown += &format!("## {}\n\n{rendered}", written.replace("hunter2", "SECRET"));
    }
    insta::assert_snapshot!("literal-secrets", shown);
}
