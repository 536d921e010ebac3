//! Every kind of fault, as a person reads it.

use std::fmt::Write;

use portcullis::config::{Colours, Diagnosis, Layers};

use crate::{file, layer, variables};

/// A valid tree to put something wrong beside.
const BASE: &str = "\
[services.users]
[issuers.\"https://partner.example\"]
keys = [\"file:partner.pem\"]
permissions = [\"*\"]
roles = [\"partner\"]
";

fn with_base(text: &str) -> Diagnosis {
    file("portcullis.toml", &format!("{BASE}{text}")).unwrap_err()
}

/// A route with what is wrong with it.
fn route(text: &str) -> Diagnosis {
    with_base(&format!("[[routes]]\npath = \"/users/{{id}}\"\nservice = \"users\"\n{text}\n"))
}

/// The cases as a person reads them, each with its compact form.
fn shown(cases: &[(&str, Diagnosis)]) -> String {
    let mut text = String::new();
    for (name, diagnosis) in cases {
        let rendered = diagnosis.render(Colours::None);
        let _ = write!(text, "## {name}\n\n{rendered}in short: {diagnosis}\n\n");
        assert!(!text.contains("hunter2"), "{text}");
    }
    text
}

macro_rules! snapshot {
    ($name:literal, $($what:literal => $diagnosis:expr),* $(,)?) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($name, shown(&[$(($what, $diagnosis)),*]))
        })
    };
}

#[test]
fn notation() {
    let read = |name: &str, text: &str| file(name, text).unwrap_err();
    snapshot!("notation",
        "a TOML value that is none" => read("a.toml", "[rate_limit]\ndefault = 100/min\nmax_callers = \n"),
        "a TOML table that does not end" => read("a.toml", "roles = { admin = [\"*\" }\n"),
        "a JSON value that is none" => read("a.json", "{\n  \"roles\": {\"admin\": [*]}\n}"),
        "JSON with a comma too many" => read("a.json", "{\"roles\": {},}"),
        "JSON that ends too early" => read("a.json", "{\"roles\": {\n"),
        "JSON with half a character" => read("a.json", r#"{"roles": {"\ud800": []}}"#),
        "nothing at all in JSON" => read("a.json", ""),
        "a YAML list that does not end" => read("a.yaml", "roles:\n  admin: [\"*\"\nroutes: []\n"),
        "a tab in YAML" => read("a.yaml", "roles:\n\tadmin: []\n"),
        "an anchor" => read("a.yaml", "roles:\n  admin: &all [\"*\"]\n"),
        "an alias" => read("a.yaml", "roles:\n  admin: *all\n"),
        "a tag" => read("a.yaml", "roles:\n  admin: !!seq []\n"),
        "a merge key" => read("a.yaml", "roles:\n  <<: {}\n"),
        "two documents" => read("a.yaml", "roles: {}\n---\nroles: {}\n"),
        "a name that is a list" => read("a.yaml", "roles:\n  ? [a]\n  : []\n"),
        "a number beyond numbers" => read("a.json", "{\"rate_limit\": {\"max_callers\": 1e999}}"),
        "a number beyond TOML's" => read("a.toml", "rate_limit.max_callers = 99999999999999999999"),
        "a number that is none" => read("a.yaml", "rate_limit: {max_callers: .nan}\n"),
        "a list for a configuration" => read("a.json", "[1]"),
        "text for a configuration" => read("a.yaml", "hunter2\n"),
        "a file of no known kind" => read("a.conf", "client_secret = hunter2"),
        "a file that is no text" =>
            Layers::new().file("a.toml".as_ref(), b"client_secret = \"hunter2\xff\"").read().unwrap_err(),
        "too deep" => read("a.json", &format!("{{\"roles\": {}1{}}}", "[".repeat(100), "]".repeat(100))),
        "the same name twice in TOML" => read("a.toml", "[jwt]\nleeway = \"1s\"\nleeway = \"2s\"\n"),
        "the same name twice in YAML" => read("a.yaml", "jwt:\n  leeway: 1s\n  leeway: 2s\n"),
        "the same name twice in JSON" =>
            read("a.json", "{\"jwt\": {\"leeway\": \"1s\", \"lee\\u0077ay\": \"2s\"}}"),
    );
}

#[test]
fn shape() {
    snapshot!("shape",
        "an unknown name" => with_base("[jwt]\nleway = \"5s\"\n"),
        "an unknown name that is near none" => with_base("[colours]\nred = 1\n"),
        "text where a list should be" => with_base("[jwt]\ntyp = \"JWT\"\n"),
        "a number where text should be" => with_base("[rate_limit]\ndefault = 100\n"),
        "a list where text or a list of text should be" => with_base("[jwt]\naudience = [[]]\n"),
        "a table where a list should be" => with_base("[routes]\npath = \"/x\"\n"),
        "a date where there should be none" => with_base("[roles]\nadmin = [2026-01-01]\n"),
        "no duration" => with_base("[jwt]\nmax_lifetime = \"5 minutes\"\n"),
        "a duration of nothing" => with_base("[jwt.jwks]\ntimeout = \"0s\"\n"),
        "a duration without end" => with_base("[jwt]\nmax_lifetime = \"99999999999h\"\n"),
        "no rate" => with_base("[rate_limit]\ndefault = \"100 per minute\"\n"),
        "no instant" => with_base("[revocation.users]\nada = 2026-01-01\n"),
        "an instant without an offset" => with_base("[revocation.users]\nada = \"2026-01-01T00:00:00\"\n"),
        "an unknown algorithm" => with_base("[jwt]\nalgorithms = [\"RS265\"]\n"),
        "a word that is none of those known" => with_base("[rate_limit]\non_store_failure = \"open\"\n"),
        "too small a number" => with_base("[services.users.circuit_breaker]\nfailures = 0\n"),
        "half a number" => with_base("[rate_limit]\nmax_callers = 1.5\n"),
        "something missing" => with_base("[[routes]]\npath = \"/x\"\n"),
        "an issuer without its ceilings" => with_base("[issuers.b]\nkeys = [\"env:B\"]\n"),
        "a pattern where none belongs" => route("permissions = [\"orders:*\"]"),
        "a `*` where none belongs" =>
            with_base("[[api_keys]]\nid = \"a\"\nsha256 = \"00\"\nuser = \"u\"\npermissions = [\"*\"]\n"),
        "a bar in a permission" => route("any_permissions = [\"a|b\"]"),
        "a bar in a grant" => with_base("[roles]\nadmin = [\"a|b\"]\n"),
        "a star inside a grant" => with_base("[roles]\nadmin = [\"a*b\"]\n"),
        "an empty name" => route("roles = [\"\"]"),
        "a method in small letters" => route("methods = [\"get\"]"),
        "no header" => with_base("[identity_headers]\nuser = \"X User\"\n"),
        "a path that is not in normal form" =>
            with_base("[[routes]]\npath = \"/a//b\"\nservice = \"users\"\n[[routes]]\npath = \"/a/../b\"\nservice = \"users\"\n"),
        "a path that is no pattern" => with_base("[[routes]]\npath = \"users\"\nservice = \"users\"\n"),
        "a URL that is not safe" =>
            with_base("[jwt]\nkeys = [\"http://auth.example.com/jwks\", \"https://a@b/\", \"ftp://x/\"]\n"),
        "a target with a path" => with_base("[services.a]\ntargets = [\"http://127.0.0.1/v1\"]\n"),
        "a store that is none" => with_base("[rate_limit]\nstore = \"memcached\"\n"),
        "a claim that leads nowhere" => with_base("[jwt]\nclaim_names = { role = [] }\n"),
    );
}

#[test]
fn meaning() {
    let key = |id: &str, sha256: &str| {
        format!("[[api_keys]]\nid = \"{id}\"\nsha256 = \"{sha256}\"\nuser = \"u\"\n")
    };
    let digest = "0123456789abcdef".repeat(4);
    let password = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    let routes = |second: &str| {
        let first =
            "[[routes]]\npath = \"/a/{x}\"\nservice = \"users\"\nmethods = [\"GET\", \"PUT\"]\n";
        with_base(&format!("{first}[[routes]]\nservice = \"users\"\n{second}\n"))
    };
    snapshot!("meaning",
        "a service that is not there" => with_base("[[routes]]\npath = \"/x\"\nservice = \"user\"\n"),
        "a service that is near none" => with_base("[[routes]]\npath = \"/x\"\nservice = \"orders\"\n"),
        "an issuer that is not there" => route("issuers = [\"https://partners.example\"]"),
        "an issuer that needs no mention" =>
            with_base("[jwt]\nissuer = \"us\"\n[[routes]]\npath = \"/x\"\nservice = \"users\"\nissuers = [\"us\"]\n"),
        "an issuer in two places" => with_base("[jwt]\nissuer = [\"us\", \"https://partner.example\"]\n"),
        "a parameter that is not there" => route("claims = { project = [\"fab1\", \"{project}\"] }"),
        "a tie" => routes("path = \"/a/{y}/\"\nmethods = [\"POST\", \"PUT\"]"),
        "a public route with conditions" =>
            route("public = true\nroles = [\"admin\"]\npermissions = []\nmax_age = \"5m\""),
        "a rewrite that names no parameter" => route("rewrite = \"/v1/{user}\""),
        "a rewrite that is no path" => route("rewrite = \"v1/{id}\""),
        "a list of nothing" => route("methods = []\nroles = []\nany_permissions = []\nacr = []\namr = []\nclaims = { a = [] }"),
        "lists of nothing in jwt" => with_base("[jwt]\nalgorithms = []\ntyp = []\n"),
        "an issuer without keys" =>
            with_base("[issuers.b]\nkeys = []\npermissions = []\nroles = []\n"),
        "too much leeway" => with_base("[jwt]\nleeway = \"301s\"\n[issuers.b]\nkeys = [\"env:B\"]\npermissions = []\nroles = []\nleeway = \"1h\"\n"),
        "an id twice" => with_base(&format!("{}{}", key("a", &digest), key("a", &digest.replace('0', "1")))),
        "a key twice" => with_base(&format!("{}{}", key("a", &digest), key("b", &digest))),
        "a key that is a common word" => with_base(&key("a", password)),
        "a header twice" => with_base("[identity_headers]\nrole = \"x_user_id\"\nclaims = { \"X.User.ID\" = \"a\", \"b c\" = \"b\" }\n"),
        "a circuit that stays open too long" => with_base("[services.a.circuit_breaker]\nopen_for = \"11m\"\n"),
        "a name with a control character" => with_base("[roles]\n\"a\\u0007\" = []\n"),
    );
}

#[test]
fn every_fault_of_a_file_is_shown_at_once() {
    let text = "\
[jwt]
leway = \"5s\"
max_lifetime = \"5 minutes\"
required_claims = [\"sub\"]

[services.users]

[[routes]]
path = \"/users/{id}\"
service = \"user\"
permissions = [\"*\"]

[[routes]]
path = \"/users/{name}\"
service = \"users\"
claims = { tenant = \"{tenant}\" }
";
    let diagnosis = file("portcullis.toml", text).unwrap_err();
    insta::assert_snapshot!("all-at-once", diagnosis.render(Colours::None));
    insta::assert_snapshot!("all-at-once-compact", diagnosis.to_string());
    let findings = serde_json::to_string_pretty(&diagnosis.findings()).unwrap();
    insta::assert_snapshot!("all-at-once-json", findings);
    insta::assert_snapshot!("all-at-once-colours", diagnosis.render(Colours::Terminal));
}

#[test]
fn sources() {
    let options = |assignment: &str| Layers::new().set("--set", assignment).read().unwrap_err();
    let environment =
        |all: &[(&str, &str)]| Layers::new().environment(variables(all)).read().unwrap_err();
    let init = |json: &str| Layers::new().with_init(json).unwrap_err();
    snapshot!("sources",
        "a variable with an unknown name" => environment(&[("PORTCULLIS__JWT__LEWAY", "5s")]),
        "a variable with a bad value" => environment(&[("PORTCULLIS__RATE_LIMIT__DEFAULT", "lots")]),
        "a variable with no value of TOML" => environment(&[("PORTCULLIS__RATE_LIMIT__MAX_CALLERS", "lots")]),
        "a variable that stands twice" =>
            environment(&[("PORTCULLIS__JWT__LEEWAY", "5s"), ("PORTCULLIS__JWT__leeway", "6s")]),
        "a variable with no name" => environment(&[("PORTCULLIS__", "5s"), ("PORTCULLIS____JWT", "5s")]),
        "an option with an unknown name" => options("jwt.leway=5s"),
        "an option with a bad value" => options("jwt.max_lifetime=soon"),
        "an option without a value" => options("jwt.leeway"),
        "an option without a name" => options("=5s"),
        "an option with a name that is none" => options("jwt..leeway=5s"),
        "an option with a name of two lines" => options("a=1\nb=2"),
        "an option for one name" =>
            Layers::new().option("--record", &["record", "file"], "").read().unwrap_err(),
        "an init with a syntax error" => init("{\"jwt\": }"),
        "an init with an unknown name" => init("{\"jwt\": {\"leway\": \"5s\"}}"),
        "an init with null under an unknown name" => init("{\"jwt\": {\"leway\": null}}"),
        "an init that is no table" => init("[]"),
        "an init that reaches out" => init(r#"{
            "record": null,
            "introspection": {},
            "rate_limit": {"store": "memory"},
            "revocation": {"file": "x"},
            "jwt": {"keys": ["env:HOME", "hunter2"]},
            "issuers": {"a": {"keys": ["file:/etc/passwd"], "roles": [], "permissions": []}},
            "services": {"s": {"targets": ["http://127.0.0.1:1"]}}
        }"#),
    );
}

#[test]
fn a_fault_of_a_higher_layer_is_shown_in_that_layer() {
    let layers = layer("portcullis.yaml", "jwt:\n  leeway: 5s\n  max_lifetime: 1 hour\n")
        .environment(variables(&[("PORTCULLIS__JWT__LEEWAY", "6 s")]))
        .set("--set", "rate_limit.default=7");
    snapshot!("layers", "three layers" => layers.with_init(r#"{"roles": []}"#).unwrap_err());
}

#[test]
fn a_long_line_is_shown_in_part() {
    let long = format!(
        "{{\"roles\": {{\"a\": [{}\"x|y\"{}]}}}}",
        "\"é\", ".repeat(500),
        ", \"z\"".repeat(500)
    );
    snapshot!("long", "one line" => file("a.json", &long).unwrap_err());
}

#[test]
fn what_would_move_the_cursor_is_shown_as_what_it_is() {
    let text =
        "{\"roles\": {\"\\u001b[2J\u{202e}\": [\"a|\u{202e}\u{1}\"]}}".replace('\u{1}', "\\u0001");
    let rendered = file("a\u{1b}[31m.json", &text).unwrap_err();
    let both = [rendered.render(Colours::None), rendered.to_string()].concat();
    assert!(both.chars().all(|c| c == '\n' || !c.is_control()), "{both:?}");
    assert!(!both.contains('\u{202e}'), "{both:?}");
}

#[test]
fn of_very_many_faults_a_line_names_the_first() {
    let names: String = (0..30).map(|i| format!("\"n{i}\": 1,")).collect();
    let diagnosis = file("a.json", &format!("{{{}}}", names.trim_end_matches(','))).unwrap_err();
    let line = diagnosis.to_string();
    assert!(line.starts_with("n0: unknown name; n1: unknown name; "), "{line}");
    assert!(line.ends_with("; and 20 more"), "{line}");
}
