//! Decides every line again under the configuration it was decided by, and compares.

use std::fmt;
use std::io::Read;

use serde_json::Value;

use super::judge::{self, Judge, Judged};
use super::read::{DecisionLine, Line, ReadError, RecordFault, Records};
use super::write;
use crate::gateway::recorded::{Lack, REDACTED, RecordedGateway, Recording};

/// What came of a record.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Decisions that came out the same.
    pub passed: u64,
    /// Decisions that came out otherwise.
    pub failed: u64,
    /// Decisions that depend on what was redacted.
    pub undecidable: u64,
    /// The first decisions that came out otherwise.
    pub differences: Vec<Difference>,
    /// Decisions that were not recorded.
    pub missing: u64,
    /// The last line, where it has no end.
    pub truncated: Option<u64>,
}

/// A decision that came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The line, counted from 1.
    pub line: u64,
    /// The number of the decision.
    pub number: u64,
    /// What differs.
    pub members: Vec<MemberDifference>,
}

/// One member that differs, as JSON; a side on which it does not stand is none.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberDifference {
    /// Its path, as in `decision.status`.
    pub path: String,
    /// What was recorded.
    pub recorded: Option<String>,
    /// What it comes to now.
    pub got: Option<String>,
}

/// Differences that are kept; the rest is counted.
const KEPT: usize = 100;

/// Decides a whole record again.
///
/// # Errors
/// Where the record cannot be read, up to the end of which everything was decided again.
pub fn replay(input: impl Read) -> Result<Replayed, ReadError> {
    let mut records = Records::new(input);
    let mut judge: Option<Judge> = None;
    let mut replayed = Replayed::default();
    loop {
        let line = records.line() + 1;
        let failed = |fault| ReadError { line, fault };
        match records.next_line()? {
            None => break,
            Some(Line::Start(start)) => {
                let policy = judge::configuration(&start).map_err(failed)?.policy;
                let kept = start.claims.iter().cloned().collect();
                let mut recording = Recording::of(policy, kept);
                recording.redacts_users = start.redact.user;
                let gateway = RecordedGateway::as_then(&recording).map_err(|_| failed(tied()))?;
                judge = Some(Judge::new(gateway));
            }
            Some(Line::Decision(decision)) => {
                let Some(judge) = &mut judge else { return Err(failed(RecordFault::NoRecord)) };
                let compared = judge.decide(&decision, |_, judged| compare(&decision, judged));
                match compared.map_err(failed)? {
                    Ok(members) if members.is_empty() => replayed.passed += 1,
                    Ok(members) => {
                        replayed.failed += 1;
                        if replayed.differences.len() < KEPT {
                            let number = decision.number;
                            replayed.differences.push(Difference { line, number, members });
                        }
                    }
                    Err(_) => replayed.undecidable += 1,
                }
            }
        }
    }
    replayed.missing = records.missing();
    replayed.truncated = records.truncated();
    Ok(replayed)
}

pub(super) fn tied() -> RecordFault {
    RecordFault::Configuration("two of its routes tie".to_owned())
}

/// What differs. Where the record redacts what decided, that is no difference, and nothing is known.
fn compare(
    line: &DecisionLine<'_>,
    judged: &Judged<'_, '_>,
) -> Result<Vec<MemberDifference>, Lack> {
    let (decision, facts) = match &judged.outcome {
        Ok(outcome) => outcome,
        Err(Lack::User) => return Err(Lack::User),
        Err(lack) => {
            return Ok(vec![MemberDifference {
                path: "decision".to_owned(),
                recorded: Some(line.decision.to_owned()),
                got: Some(format!("depends on {lack}")),
            }]);
        }
    };
    let mut members = Vec::new();
    let mut text = Vec::new();
    write::decision(&mut text, decision, facts, None);
    // What a configuration says to the letter may be a user's name too.
    let is_redacted = line.answer.error.as_deref().is_some_and(|error| error.contains(REDACTED));
    if is_redacted && line.decision.as_bytes() != text {
        return Err(Lack::User);
    }
    differ("decision", line.decision, &text, &mut members);
    text.clear();
    write::explanation(&mut text, decision);
    differ("explain", line.explanation, &text, &mut members);
    let window = facts.window().map(|(scope, limit)| (scope.into(), limit));
    if window != judged.state.window {
        let shown = |window: Option<_>| window.map(|window| format!("{window:?}"));
        members.push(MemberDifference {
            path: "state.window".to_owned(),
            recorded: shown(judged.state.window),
            got: shown(window),
        });
    }
    if facts.proved().is_some() && !judged.credential.names_same_user {
        members.push(MemberDifference {
            path: "credential.user".to_owned(),
            recorded: Some(line.credential.to_owned()),
            got: facts.proved().map(|proved| {
                let mut user = Vec::new();
                super::text::user(&mut user, proved.identity().user(), proved.identity());
                String::from_utf8_lossy(&user).into_owned()
            }),
        });
    }
    Ok(members)
}

fn differ(path: &str, recorded: &str, got: &[u8], members: &mut Vec<MemberDifference>) {
    if recorded.as_bytes() == got {
        return;
    }
    let recorded = serde_json::from_str::<Value>(recorded).unwrap_or_default();
    let got = serde_json::from_slice::<Value>(got).unwrap_or_default();
    let (Value::Object(recorded), Value::Object(got)) = (&recorded, &got) else { return };
    let only_got = got.keys().filter(|name| !recorded.contains_key(*name));
    for name in recorded.keys().chain(only_got) {
        if recorded.get(name) != got.get(name) {
            members.push(MemberDifference {
                path: format!("{path}.{name}"),
                recorded: recorded.get(name).map(Value::to_string),
                got: got.get(name).map(Value::to_string),
            });
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for MemberDifference { path, recorded, got } in &self.members {
            let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
            writeln!(f, "line {}, decision {}, {path}", self.line, self.number)?;
            writeln!(f, "  - {}", side(recorded))?;
            writeln!(f, "  + {}", side(got))?;
        }
        Ok(())
    }
}
