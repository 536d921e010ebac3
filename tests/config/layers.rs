//! Where the tree comes from, and what is laid over what.

use portcullis::config::Layers;
use serde_json::{Value, json};

use crate::{file, layer, variables};

const TOML: &str = r#"
[jwt]
leeway = "5s"
audience = ["orders", "users"]
max_lifetime = "2h"
[roles]
admin = ["*"]
[services.users]
timeout = "3s"
[rate_limit]
default = "100/min"
max_callers = 5
[[routes]]
path = "/users/{id}"
service = "users"
claims = { level = [3, 1.5, true, "{id}"] }
[[api_keys]]
id = "ci"
sha256 = "6d6154fa2919e7a3f07ed3be3c94125fcaf270f3afc85f9d7b66e0966c797c49"
user = "ci-bot"
expires = 2027-01-01T00:00:00Z
"#;

const YAML: &str = r#"
# The same, in YAML.
jwt: {leeway: 5s, audience: [orders, users], max_lifetime: 2h}
roles:
  admin: ["*"]
services:
  users:
    timeout: "3s"
rate_limit:
  default: 100/min
  max_callers: 0x5
routes:
  - path: /users/{id}
    service: users
    claims:
      level: [3, 1.5, true, "{id}"]
api_keys:
  - id: ci
    sha256: 6d6154fa2919e7a3f07ed3be3c94125fcaf270f3afc85f9d7b66e0966c797c49
    user: ci-bot
    expires: 2027-01-01T00:00:00Z
"#;

const JSON: &str = r#"{
    "jwt": {"leeway": "5s", "audience": ["orders", "users"], "max_lifetime": "2h"},
    "roles": {"admin": ["*"]},
    "services": {"users": {"timeout": "3s"}},
    "rate_limit": {"default": "100/min", "max_callers": 5},
    "routes": [
        {"path": "/users/{id}", "service": "users", "claims": {"level": [3, 1.5, true, "{id}"]}}
    ],
    "api_keys": [{
        "id": "ci",
        "sha256": "6D6154FA2919E7A3F07ED3BE3C94125FCAF270F3AFC85F9D7B66E0966C797C49",
        "user": "ci-bot",
        "expires": "2027-01-01T00:00:00Z"
    }]
}"#;

const ASSIGNMENTS: [(&str, &str); 8] = [
    ("jwt.leeway", "5s"),
    ("jwt.audience", r#"["orders", "users"]"#),
    ("jwt.max_lifetime", "2h"),
    ("roles.admin", r#"["*"]"#),
    ("services.users.timeout", "3s"),
    ("rate_limit", r#"{ default = "100/min", max_callers = 5 }"#),
    (
        "routes",
        r#"[{ path = "/users/{id}", service = "users", claims = { level = [3, 1.5, true, "{id}"] } }]"#,
    ),
    (
        "api_keys",
        r#"[{ id = "ci", sha256 = "6d6154fa2919e7a3f07ed3be3c94125fcaf270f3afc85f9d7b66e0966c797c49", user = "ci-bot", expires = 2027-01-01T00:00:00Z }]"#,
    ),
];

#[test]
fn the_same_tree_is_the_same_policy_wherever_it_comes_from() {
    let expected = file("a.toml", TOML).unwrap();
    let options = ASSIGNMENTS.map(|(name, value)| format!("{name}={value}"));
    let options = options.iter().fold(Layers::new(), |layers, one| layers.set("--set", one));
    let names = ASSIGNMENTS.map(|(name, value)| {
        (format!("PORTCULLIS__{}", name.to_uppercase().replace('.', "__")), value)
    });
    let names: Vec<_> = names.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for (from, configuration) in [
        ("YAML", file("a.yml", YAML).unwrap()),
        ("JSON", file("a.JSON", JSON).unwrap()),
        ("a byte order mark", file("a.json", &format!("\u{feff}{JSON}")).unwrap()),
        ("CRLF", file("a.toml", &TOML.replace('\n', "\r\n")).unwrap()),
        ("options", options.read().unwrap()),
        ("the environment", Layers::new().environment(variables(&names)).read().unwrap()),
        ("an init", Layers::new().with_init(JSON).unwrap()),
    ] {
        assert_eq!(configuration.policy, expected.policy, "{from}");
        assert_eq!(configuration.settings, expected.settings, "{from}");
        assert_eq!(configuration.to_json(), expected.to_json(), "{from}");
    }
}

/// The tree of layers, laid over one another, at a name.
fn at(layers: &Layers, init: &str, pointer: &str) -> Value {
    let tree = layers.with_init(init).unwrap().to_json();
    tree.pointer(pointer).cloned().unwrap_or(Value::Null)
}

#[test]
fn a_higher_layer_stands_over_a_lower_one() {
    let leeway = |layers: &Layers, init| at(layers, init, "/jwt/leeway");
    let mut layers = Layers::new();
    assert_eq!(leeway(&layers, "{}"), "0s");
    layers = layers.file("a.toml".as_ref(), b"jwt.leeway = \"1s\"");
    assert_eq!(leeway(&layers, "{}"), "1s");
    layers = layers.environment(variables(&[
        ("PORTCULLIS__JWT__LEEWAY", "2s"),
        ("PORTCULLIS__JWT", "{ leeway = \"9s\" }"),
        ("PORTCULLIS_LOG", "debug"),
        ("portcullis__jwt__leeway", "9s"),
        ("HOME", "/"),
    ]));
    assert_eq!(leeway(&layers, "{}"), "2s");
    layers = layers.set("--set", "jwt.leeway=3s").option("--leeway", &["jwt", "leeway"], "4s");
    assert_eq!(leeway(&layers, "{}"), "4s");
    assert_eq!(leeway(&layers, r#"{"jwt": {"leeway": "5s"}}"#), "5s");
    // An init is laid over the layers, never over an earlier init.
    assert_eq!(leeway(&layers, "{}"), "4s");
}

#[test]
fn tables_merge_by_name_and_everything_else_replaces() {
    let layers = layer("a.toml", TOML);
    for (init, pointer, expected) in [
        (r#"{"jwt": {"typ": ["x"]}}"#, "/jwt/audience", json!(["orders", "users"])),
        (r#"{"jwt": {"audience": "us"}}"#, "/jwt/audience", json!(["us"])),
        (r#"{"roles": {"user": ["a"]}}"#, "/roles", json!({"admin": ["*"], "user": ["a"]})),
        (r#"{"roles": {"admin": ["a"]}}"#, "/roles", json!({"admin": ["a"]})),
        (r#"{"routes": []}"#, "/routes", json!([])),
        (r#"{"services": {"b": {}}}"#, "/services/users/timeout", json!("3s")),
        (r#"{"services": {"users": {"targets": []}}}"#, "/services/users/timeout", json!("3s")),
    ] {
        assert_eq!(at(&layers, init, pointer), expected, "{init}");
    }
}

#[test]
fn null_takes_away_what_a_lower_layer_says() {
    let layers = layer("a.toml", TOML);
    for (init, pointer, expected) in [
        (r#"{"jwt": {"leeway": null}}"#, "/jwt/leeway", json!("0s")),
        (r#"{"jwt": {"max_lifetime": null}}"#, "/jwt/max_lifetime", Value::Null),
        (r#"{"jwt": null}"#, "/jwt/audience", json!([])),
        (r#"{"routes": null}"#, "/routes", Value::Null),
        (r#"{"roles": {"admin": null, "none": null}}"#, "/roles", json!({})),
        (
            r#"{"routes": [{"path": "/a", "service": "users", "roles": null, "claims": {"a": null}}]}"#,
            "/routes",
            json!([{"path": "/a", "service": "users"}]),
        ),
    ] {
        assert_eq!(at(&layers, init, pointer), expected, "{init}");
    }
    let yaml = "jwt:\n  leeway: ~\n  max_lifetime:\nroles: {admin: null}\n";
    assert_eq!(file("a.yaml", yaml).unwrap().to_json()["jwt"]["leeway"], "0s");
    assert_eq!(file("a.yaml", "").unwrap().to_json(), Layers::new().read().unwrap().to_json());
    assert_eq!(file("a.yaml", "# nothing\n").unwrap().policy, Layers::new().read().unwrap().policy);
}

#[test]
fn revocations_are_united_over_all_layers() {
    let layers = layer(
        "a.toml",
        "[revocation]\njtis = [\"a\"]\nusers = { ada = 2026-01-01T00:00:00Z, bob = 2026-01-01T00:00:00Z }\n",
    )
    .environment(variables(&[("PORTCULLIS__REVOCATION__JTIS", r#"["b", "a"]"#)]))
    .set("--set", "revocation.users.bob=2025-01-01T00:00:00Z");
    let init = r#"{"revocation": {
        "jtis": ["c"], "kids": ["k"], "api_keys": null,
        "users": {"ada": "2027-01-01T01:00:00+01:00", "eve": "2026-06-01T00:00:00Z", "bob": null}
    }}"#;
    let expected = json!({
        "jtis": ["a", "b", "c"],
        "kids": ["k"],
        "api_keys": [],
        "users": {
            "ada": "2027-01-01T00:00:00Z",
            "bob": "2026-01-01T00:00:00Z",
            "eve": "2026-06-01T00:00:00Z",
        },
    });
    assert_eq!(at(&layers, init, "/revocation"), expected);
    assert_eq!(at(&layers, r#"{"revocation": null}"#, "/revocation/jtis"), json!(["a", "b"]));
    assert_eq!(
        at(&layers, r#"{"revocation": {"jtis": null}}"#, "/revocation/jtis"),
        json!(["a", "b"])
    );
}

#[test]
fn a_value_from_outside_is_read_as_its_name_asks() {
    for (assignment, pointer, expected) in [
        ("jwt.audience=orders, users", "/jwt/audience", json!(["orders, users"])),
        ("jwt.audience=[\"a\", 'b']", "/jwt/audience", json!(["a", "b"])),
        ("jwt.audience=[not a list", "/jwt/audience", json!(["[not a list"])),
        ("jwt.issuer=\"quoted\"", "/jwt/issuer", json!(["\"quoted\""])),
        ("jwt.issuer=a=b", "/jwt/issuer", json!(["a=b"])),
        ("jwt.allow_weak_secrets=false", "/jwt/allow_weak_secrets", json!(false)),
        ("rate_limit.max_callers=1_000", "/rate_limit/max_callers", json!(1000)),
        ("roles.\"a.b\"=[\"x\"]", "/roles/a.b", json!(["x"])),
        ("roles . 'c=d' =[\"x\"]", "/roles/c=d", json!(["x"])),
        (
            "revocation.users.ada=2026-01-01T00:00:00Z",
            "/revocation/users/ada",
            json!("2026-01-01T00:00:00Z"),
        ),
    ] {
        let layers = Layers::new().set("--set", assignment);
        assert_eq!(at(&layers, "{}", pointer), expected, "{assignment}");
    }
}

#[test]
fn a_path_begins_where_the_file_is_that_names_it() {
    use portcullis::config::Stands;
    let layers = layer(
        "etc/gate/a.toml",
        "record.file = \"d.jsonl\"\nrevocation.file = \"/r.jsonl\"\njwt.keys = [\"file:k.pem\"]\n",
    );
    let settings = layers.read().unwrap().settings;
    assert_eq!(settings.record.file, Some("etc/gate/d.jsonl".into()));
    assert_eq!(settings.revocation_file, Some("/r.jsonl".into()));
    assert_eq!(settings.jwt.named[0].stands, Stands::File("etc/gate/k.pem".into()));
    let layers = layers.option("--record", &["record", "file"], "e.jsonl");
    let layers = layers.set("--set", "jwt.keys=[\"file:k.pem\", \"env:K\"]");
    let settings = layers.read().unwrap().settings;
    assert_eq!(settings.record.file, Some("e.jsonl".into()));
    let stands: Vec<_> = settings.jwt.named.iter().map(|name| name.stands.clone()).collect();
    assert_eq!(stands, [Stands::File("k.pem".into()), Stands::Variable("K".into())]);
}
