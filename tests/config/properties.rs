//! Whatever is written, it is read or refused.

use portcullis::config::{Colours, Diagnosis, Layers, Problem};
use proptest::prelude::*;

use crate::{layer, variables};

/// Nothing panics, and what the shape let pass the types can read.
fn is_judged(read: Result<impl Sized, Diagnosis>) {
    let Err(diagnosis) = read else { return };
    assert!(!diagnosis.faults().is_empty());
    for fault in diagnosis.faults() {
        assert!(!matches!(fault.problem(), Problem::Unread(_)), "{diagnosis}");
    }
    let shown = [diagnosis.render(Colours::None), diagnosis.to_string()].concat();
    assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{shown:?}");
    diagnosis.render(Colours::Terminal);
    serde_json::to_string(&diagnosis.findings()).unwrap();
}

/// Text made of what the notations and the tree are made of.
fn fragments() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "[[",
        "]]",
        "\"",
        "'",
        "\"\"\"",
        ":",
        ": ",
        "=",
        " = ",
        ",",
        "\n",
        "\n  ",
        "\n- ",
        " ",
        "\t",
        "#",
        "&a ",
        "*a",
        "!t ",
        "<<",
        "---\n",
        "...\n",
        "|",
        ">",
        "\\",
        "\\u",
        "\\ud800",
        "é",
        "\u{feff}",
        "null",
        "true",
        "1",
        "-1",
        "1e999",
        ".nan",
        "0x1f",
        "2026-01-01T00:00:00Z",
        "jwt",
        "jwt.leeway",
        "leeway",
        "keys",
        "env:X",
        "file:x",
        "https://a/",
        "5s",
        "10/min",
        "routes",
        "path",
        "/a/{b}",
        "service",
        "services",
        "s",
        "roles",
        "*",
        "a:*",
        "claims",
        "{b}",
        "rate_limit",
        "max_callers",
        "revocation",
        "users",
        "jtis",
        "introspection",
        "client_secret",
        "api_keys",
        "sha256",
        "public",
        "rewrite",
        "issuers",
        "permissions",
    ];
    prop::collection::vec(prop::sample::select(PARTS), 0..40).prop_map(|parts| parts.concat())
}

/// A JSON value that looks like a part of the tree.
fn tree() -> impl Strategy<Value = serde_json::Value> {
    let names = prop::sample::select(vec![
        "jwt",
        "issuers",
        "roles",
        "services",
        "routes",
        "rate_limit",
        "api_keys",
        "revocation",
        "introspection",
        "identity_headers",
        "record",
        "keys",
        "issuer",
        "audience",
        "leeway",
        "claim_names",
        "user",
        "role",
        "permissions",
        "path",
        "methods",
        "service",
        "claims",
        "public",
        "default",
        "store",
        "max_callers",
        "id",
        "sha256",
        "expires",
        "jtis",
        "users",
        "kids",
        "file",
        "jwks",
        "timeout",
        "a",
        "",
        "other",
    ]);
    let texts = prop::sample::select(vec![
        "",
        "a",
        "5s",
        "10/min",
        "env:X",
        "file:x",
        "https://a.example/",
        "/a/{b}",
        "{b}",
        "{*c}",
        "*",
        "a:*",
        "GET",
        "2026-01-01T00:00:00Z",
        "memory",
        "redis://h",
        "RS256",
        "X-A",
        "null",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        texts.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["a.toml", "a.yaml", "a.json", "a"] {
            is_judged(Layers::new().file(name.as_ref(), &bytes).read());
        }
    }

    #[test]
    fn fragments_are_judged(text in fragments(), other in fragments()) {
        for name in ["a.toml", "a.yaml", "a.json"] {
            is_judged(layer(name, &text).read());
        }
        let layers = Layers::new()
            .environment(variables(&[("PORTCULLIS__JWT", &text), (&format!("PORTCULLIS__{other}"), &text)]))
            .set("--set", &text)
            .set("--set", &format!("{other}={text}"));
        is_judged(layers.read());
        is_judged(layers.with_init(&text));
        is_judged(Layers::recorded(&text));
    }

    #[test]
    fn trees_are_judged(lower in tree(), upper in tree()) {
        let layers = layer("a.json", &lower.to_string());
        is_judged(layers.read());
        is_judged(layers.with_init(&upper.to_string()));
    }
}
