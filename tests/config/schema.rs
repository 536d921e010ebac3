//! What is generated from the types, and what must agree with them.

use std::path::Path;

use portcullis::config::{STARTER, reference, schema};
use serde_json::Value;

use crate::file;

/// `INSTA_UPDATE=always` writes it anew, as it does snapshots.
#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/portcullis.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(&path, schema()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == schema(), "write {} anew: portcullis schema", path.display());
}

/// What people read of the tree stands behind what is written by hand, and is written anew alike.
#[test]
fn the_committed_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONFIGURATION.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let begin = committed.find("### `").unwrap();
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(&path, format!("{}{}", &committed[..begin], reference())).unwrap();
        return;
    }
    assert!(
        committed[begin..] == reference(),
        "the end of {} is not what `portcullis schema --markdown` prints",
        path.display()
    );
}

/// Everything that the schema speaks of, with its words.
fn properties<'v>(schema: &'v Value, found: &mut Vec<(&'v str, &'v Value)>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if name == "properties" {
                    found.extend(value.as_object().unwrap().iter().map(|(n, v)| (n.as_str(), v)));
                }
                properties(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn every_name_is_explained() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let mut found = Vec::new();
    properties(&schema, &mut found);
    assert!(found.len() > 80);
    for (name, property) in found {
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 8), "{name}");
    }
}

#[test]
fn no_table_takes_names_that_it_does_not_know() {
    fn check(schema: &Value) {
        if let Value::Object(members) = schema {
            if members.get("type") == Some(&"object".into()) {
                assert!(members.contains_key("additionalProperties"), "{schema:#}");
            }
            members.values().for_each(check);
        }
    }
    check(&serde_json::from_str(&schema()).unwrap());
}

#[test]
fn the_starter_has_no_fault_and_nothing_unwise() {
    let configuration = file("portcullis.toml", STARTER).unwrap();
    assert_eq!(configuration.warnings(None).all(), []);
    // What is commented out is well formed too.
    let lines = STARTER.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest)
            if rest.starts_with("[[")
                || rest.split_once(" = ").is_some_and(|(n, _)| !n.contains(' ')) =>
        {
            rest
        }
        _ => line,
    });
    let all = lines.collect::<Vec<_>>().join("\n").replace('…', &"0".repeat(64));
    file("portcullis.toml", &all).unwrap();
}
