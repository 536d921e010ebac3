//! Any text as a path: it never panics, and what comes out means one thing to every reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::gateway::ServiceName;
use portcullis::gateway::path::NormalPath;

/// A segment as a server sees it that decodes it and cuts off its parameters.
fn read_by_others(segment: &str) -> String {
    let decoded = segment.replace("%2e", ".").replace("%2E", ".");
    let decoded = decoded.replace("%3b", ";").replace("%3B", ";");
    decoded.split(';').next().unwrap_or_default().to_owned()
}

fuzz_target!(|target: &str| {
    let Ok(path) = NormalPath::parse(target) else { return };
    let text = path.as_str();
    assert!(text.starts_with('/') && !text.contains("//"), "{target}");
    assert!(
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\\".contains(&byte)),
        "{target}"
    );
    for segment in text.split('/') {
        assert!(!matches!(read_by_others(segment).as_str(), "." | ".."), "{target}");
    }
    for (at, _) in text.match_indices('%') {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let code = code.expect("two hex digits");
        let is_unreserved = code.is_ascii_alphanumeric() || b"-._~".contains(&code);
        assert!(!is_unreserved && !code.is_ascii_control(), "{target}");
        assert!(!b"/\\".contains(&code), "{target}");
    }
    assert_eq!(NormalPath::parse(text).as_ref(), Ok(&path), "{target}");
    let query = format!("{text}?{target}");
    assert_eq!(NormalPath::parse(&query).as_ref(), Ok(&path), "{target}");
    if let Some(service) = ServiceName::of_path(&path) {
        let [stem, _] = service.parts();
        assert!(text.split('/').any(|segment| segment == stem), "{target}");
    }
});
