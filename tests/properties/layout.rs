//! Answers are laid out as Python's `json.dumps` lays them out.

use std::fs;

use portcullis::protocol::layout;
use proptest::prelude::*;

use super::cases;
use super::support::path;

/// How a string is laid out.
fn laid_out(text: &str) -> String {
    let mut out = Vec::new();
    layout::object(&mut out, |object| object.text("s", text));
    let out = String::from_utf8(out).unwrap();
    out.strip_prefix(r#"{"s": "#).unwrap().strip_suffix('}').unwrap().to_owned()
}

/// `scripts/python_layout.py` wrote the table.
#[test]
fn strings_are_laid_out_as_python_wrote_them() {
    let table = fs::read_to_string(path("tests/data/python_layout.jsonl")).unwrap();
    let pairs: Vec<(String, String)> =
        table.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (text, by_python) in &pairs {
        assert_eq!(&laid_out(text), by_python, "{text:?}");
    }
    assert!(pairs.len() > 500);
    for ascii in '\0'..='\x7f' {
        assert!(pairs.iter().any(|(text, _)| text.chars().eq([ascii])), "{ascii:?} is not there");
    }
}

proptest! {
    #![proptest_config(cases(2_000))]
    #[test]
    fn what_is_laid_out_is_ascii_and_reads_back(text in any::<String>()) {
        let json = laid_out(&text);
        prop_assert!(json.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{json}");
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
