//! Any bytes as a configuration, in each notation and over the wire: it never panics, a fault is said
//! and stands in the text, and what is read is read alike from what is recorded of it.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use portcullis::config::{Colours, Configuration, Diagnosis, Layers};

fn judge(read: Result<Configuration, Diagnosis>) {
    match read {
        Ok(configuration) => {
            let json = configuration.to_json();
            let recorded = Layers::recorded(&json.to_string()).expect("what was recorded");
            assert_eq!(recorded.to_json(), json);
            assert_eq!(recorded.policy.routes, configuration.policy.routes);
            let _ = configuration.warnings(None);
        }
        Err(diagnosis) => {
            assert!(!diagnosis.faults().is_empty() && !diagnosis.findings().is_empty());
            let text = diagnosis.render(Colours::None);
            let steers = |letter: char| letter.is_control() && letter != '\n';
            assert!(!text.is_empty() && !text.contains(steers), "{text:?}");
            let _ = diagnosis.render(Colours::Terminal);
        }
    }
}

fuzz_target!(|input: &[u8]| {
    for name in ["gateway.toml", "gateway.yaml", "gateway.json"] {
        judge(Layers::new().file(Path::new(name), input).read());
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    judge(Layers::new().with_init(text));
    judge(Layers::recorded(text));
    judge(Layers::new().set("set", text).read());
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let variable = (format!("PORTCULLIS__{name}").into(), value.into());
    judge(Layers::new().environment([variable]).read());
});
