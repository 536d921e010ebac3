//! Recorded decisions, decided again: what is reported of one file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use portcullis::record::is_record as begins_a_record;
use portcullis::record::replay::{Difference, Replayed, replay};
use serde::Serialize;

use super::replay::MemberReport;

/// Differences shown of one record; the rest is counted.
const SHOWN: usize = 10;

/// What came of one file of recorded decisions.
#[derive(Serialize)]
pub(super) struct RecordReport {
    name: String,
    pub(super) passed: u64,
    failed: u64,
    undecidable: u64,
    missing: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    differences: Vec<DecisionReport>,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct DecisionReport {
    line: u64,
    decision: u64,
    members: Vec<MemberReport>,
}

/// True where a file begins like recorded decisions.
pub(super) fn is_record(path: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut beginning));
    read.is_ok() && begins_a_record(&beginning)
}

/// A bar of bytes on a terminal, once it takes longer than a moment; nothing elsewhere.
pub(super) fn with_progress(path: &Path) -> io::Result<(ProgressBar, impl Read)> {
    let file = File::open(path)?;
    let bar = ProgressBar::new(file.metadata()?.len());
    bar.enable_steady_tick(Duration::from_millis(500));
    let style = "{bar:40} {bytes}/{total_bytes} {elapsed}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    Ok((bar.clone(), bar.wrap_read(file)))
}

impl RecordReport {
    /// Decides a whole file again.
    pub(super) fn of(path: &Path) -> Self {
        let name = path.display().to_string();
        let outcome =
            with_progress(path).map_err(|error| error.to_string()).and_then(|(bar, input)| {
                let outcome = replay(input).map_err(|error| error.to_string());
                bar.finish_and_clear();
                outcome
            });
        match outcome {
            Ok(replayed) => Self::compared(name, &replayed),
            Err(error) => Self::compared(name, &Replayed::default()).broken(error),
        }
    }

    fn compared(name: String, replayed: &Replayed) -> Self {
        Self {
            name,
            passed: replayed.passed,
            failed: replayed.failed,
            undecidable: replayed.undecidable,
            missing: replayed.missing,
            truncated_line: replayed.truncated,
            error: None,
            text: replayed.differences.iter().take(SHOWN).map(ToString::to_string).collect(),
            differences: replayed.differences.iter().map(DecisionReport::from).collect(),
        }
    }

    fn broken(mut self, error: String) -> Self {
        self.error = Some(error);
        self
    }

    /// How much of it failed; that it cannot be read counts as one.
    pub(super) fn failures(&self) -> u64 {
        self.failed + u64::from(self.error.is_some())
    }

    /// Shows what is not as it should be.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let name = &self.name;
        if let Some(error) = &self.error {
            writeln!(out, "FAILED {name}\n  {error}")?;
        }
        if self.failed > 0 {
            writeln!(out, "FAILED {name}")?;
            for line in self.text.lines() {
                writeln!(out, "  {}", super::what_if::harmless(line))?;
            }
            let more = self.failed.saturating_sub(SHOWN as u64);
            if more > 0 {
                writeln!(out, "  and {more} more decisions")?;
            }
        }
        if self.undecidable > 0 {
            let count = self.undecidable;
            writeln!(out, "{name}: {count} decisions depend on what was redacted")?;
        }
        if self.missing > 0 {
            writeln!(out, "{name}: {} decisions are missing, as numbers tell", self.missing)?;
        }
        if let Some(line) = self.truncated_line {
            writeln!(out, "{name}: line {line} has no end and is left out")?;
        }
        Ok(())
    }
}

impl From<&Difference> for DecisionReport {
    fn from(difference: &Difference) -> Self {
        let members = difference.members.iter().map(|member| MemberReport {
            member: member.path.clone(),
            expected: member.recorded.clone(),
            got: member.got.clone(),
        });
        Self { line: difference.line, decision: difference.number, members: members.collect() }
    }
}
