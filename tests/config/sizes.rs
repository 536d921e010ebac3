//! Large trees cost in proportion.

use std::fmt::Write;

use portcullis::config::{Colours, Layers};

use crate::file;

/// So many routes, with a role and a limit each.
fn routes(number: usize) -> String {
    let mut text = "[jwt]\nmax_lifetime = \"1h\"\n[roles]\na = [\"*\"]\n[services.s]\n".to_owned();
    for index in 0..number {
        let _ = write!(
            text,
            "[[routes]]\npath = \"/v{}/things{index}/{{id}}\"\nmethods = [\"GET\"]\nservice = \"s\"\nroles = [\"a\"]\n",
            index % 7
        );
    }
    text
}

#[test]
fn ten_thousand_routes_load_with_and_without_faults() {
    let text = routes(10_000);
    let configuration = file("a.toml", &text).unwrap();
    assert_eq!(configuration.policy.routes.as_ref().map(Vec::len), Some(10_000));
    assert_eq!(configuration.warnings(None).all(), []);
    let recorded = Layers::recorded(&configuration.to_json().to_string()).unwrap();
    assert_eq!(recorded.policy, configuration.policy);

    let faults = file("a.toml", &text.replace("service = \"s\"", "service = \"t\"")).unwrap_err();
    assert_eq!(faults.faults().len(), 10_000);
    assert!(faults.render(Colours::None).lines().count() > 50_000);
}

#[test]
fn what_nests_without_end_costs_no_stack() {
    for (name, open) in [
        ("a.json", "["),
        ("a.json", "{\"a\":"),
        ("a.yaml", "["),
        ("a.yaml", "{a: "),
        ("a.toml", "["),
    ] {
        let deep = match name {
            "a.toml" => format!("a = {}", open.repeat(100_000)),
            _ => open.repeat(100_000),
        };
        assert!(file(name, &deep).is_err(), "{name} {open}");
    }
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Layers::new().with_init(&closed).is_err());
    let pattern =
        format!("[services.s]\n[[routes]]\nservice = \"s\"\npath = \"{}\"", "/a".repeat(100_000));
    if let Ok(configuration) = file("a.toml", &pattern) {
        configuration.warnings(None);
    }
}

#[test]
fn one_name_many_times_is_many_faults() {
    let json = format!("{{{}\"a\": 1}}", "\"a\": 1, ".repeat(20_000));
    let faults = Layers::new().with_init(&json).unwrap_err();
    assert_eq!(faults.faults().len(), 20_001);
}
