//! How answers differ from those expected: which line, which member, expected and got.

use std::fmt;

use serde_json::Value;

use super::Compare;

/// One line that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// The line expected, if any.
    pub expected: Option<String>,
    /// The line got, if any.
    pub got: Option<String>,
    /// Where both are JSON, the members that differ.
    pub members: Vec<MemberDifference>,
}

/// One member that differs; a side on which it does not stand is none.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberDifference {
    /// Its path, as in `body.status`.
    pub path: String,
    /// The value expected, as JSON.
    pub expected: Option<String>,
    /// The value got, as JSON.
    pub got: Option<String>,
}

/// Compares two transcripts, line by line.
pub fn differences(expected: &[u8], got: &[u8], compare: Compare) -> Vec<Difference> {
    let lines = |text: &[u8]| -> Vec<String> {
        text.split_inclusive(|&byte| byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    };
    let (expected, got) = (lines(expected), lines(got));
    let count = match compare {
        Compare::Exact => expected.len().max(got.len()),
        Compare::Prefix => expected.len(),
    };
    (0..count)
        .filter(|&index| expected.get(index) != got.get(index))
        .map(|index| Difference::new(index + 1, expected.get(index), got.get(index)))
        .collect()
}

impl Difference {
    fn new(line: usize, expected: Option<&String>, got: Option<&String>) -> Self {
        let mut members = Vec::new();
        let json = |text: Option<&String>| serde_json::from_str::<Value>(text?).ok();
        if let (Some(expected), Some(got)) = (json(expected), json(got)) {
            compare_values("", Some(&expected), Some(&got), &mut members);
        }
        Self { line, expected: expected.cloned(), got: got.cloned(), members }
    }
}

fn compare_values(
    path: &str,
    expected: Option<&Value>,
    got: Option<&Value>,
    found: &mut Vec<MemberDifference>,
) {
    if expected == got {
        return;
    }
    if let (Some(Value::Object(left)), Some(Value::Object(right))) = (expected, got) {
        let only_right = right.keys().filter(|name| !left.contains_key(*name));
        for name in left.keys().chain(only_right) {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare_values(&path, left.get(name), right.get(name), found);
        }
        return;
    }
    found.push(MemberDifference {
        path: path.to_owned(),
        expected: expected.map(Value::to_string),
        got: got.map(Value::to_string),
    });
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        match self.members.as_slice() {
            [] => {
                let what = match (&self.expected, &self.got) {
                    (Some(_), Some(_)) => " differs to the byte",
                    (Some(_), None) => " is missing",
                    _ => " was not expected",
                };
                writeln!(f, "line {}{what}", self.line)?;
                for (sign, side) in [('-', &self.expected), ('+', &self.got)] {
                    if let Some(text) = side {
                        // A line without its newline looks like one with it, so that is said.
                        let end = if text.ends_with('\n') { "" } else { "  (no newline)" };
                        writeln!(f, "  {sign} {}{end}", text.trim_end_matches('\n'))?;
                    }
                }
            }
            members => {
                for member in members {
                    writeln!(f, "line {}, {}", self.line, member.path)?;
                    writeln!(f, "  - {}", side(&member.expected))?;
                    writeln!(f, "  + {}", side(&member.got))?;
                }
            }
        }
        Ok(())
    }
}
