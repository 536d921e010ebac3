//! How the command is started for a fixture: what `NAME.toml` says.
#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use portcullis::replay::Fixture;
use serde::Deserialize;

/// The arguments that `NAME.toml` stands for.
pub(crate) fn arguments(fixture: &Fixture) -> Vec<String> {
    let file = format!("{}.toml", fixture.name());
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut arguments = Vec::new();
    for (name, value) in text.parse::<toml::Table>().unwrap() {
        if name == "env" {
            continue;
        }
        if let ("set", toml::Value::Array(options)) = (name.as_str(), &value) {
            arguments.extend(options.iter().map(|o| format!("--set={}", o.as_str().unwrap())));
            continue;
        }
        let text = match &value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Datetime(instant) => instant.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => panic!("{file}: `{name}` is no single value"),
        };
        match name.as_str() {
            "about" | "compare" => {}
            "explain" | "forward" if text == "true" => arguments.push(format!("--{name}")),
            "now" | "max_message_bytes" | "jobs" => {
                arguments.push(format!("--{}={text}", name.replace('_', "-")));
            }
            "key" | "config" => {
                let path = Path::new(&file).parent().unwrap().join(text);
                arguments.push(format!("--{name}={}", path.display()));
            }
            _ => panic!("{file}: no argument is known for `{name}`"),
        }
    }
    arguments
}

/// The environment variables that `NAME.toml` names.
pub(crate) fn environment(fixture: &Fixture) -> BTreeMap<String, String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Settings {
        env: BTreeMap<String, String>,
    }
    let text = fs::read_to_string(format!("{}.toml", fixture.name())).unwrap_or_default();
    toml::from_str::<Settings>(&text).unwrap().env
}
