//! A conversation that the command has recorded, and what the command says of the record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::command::{Run, run};
use super::conversation::{Conversation, Outcome, fixtures};

/// A recorded conversation.
pub struct Recorded {
    pub talk: Conversation,
    /// Of each decision the line of the record, counted from 1, and its number.
    pub lines: Vec<(usize, u64)>,
    record: String,
    folder: TempDir,
    config: String,
}

/// What a request meets otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    NewlyAllowed,
    NewlyDenied,
    DeniedOtherwise,
    AllowedOtherwise,
}

/// Text to look for in a configuration, and what it becomes; it stands there once or more.
pub type Edit = (&'static str, &'static str);

impl Recorded {
    /// Has the conversation with the command, and a record.
    pub fn new(name: &str, config: &str) -> Self {
        let mut recorded = Self {
            talk: Conversation::read(name),
            lines: Vec::new(),
            record: String::new(),
            folder: TempDir::new().unwrap(),
            config: fs::read_to_string(fixtures(config)).unwrap(),
        };
        let old = fixtures(config).display().to_string();
        let record = recorded.path("decisions.jsonl").display().to_string();
        let now = "2026-01-01T00:00:00Z";
        let arguments = ["--config", &old, "--record", &record, "--forward", "--now", now];
        let ran = run(arguments, recorded.talk.input.as_bytes());
        assert_eq!((ran.status, &ran.stdout), (0, &recorded.talk.output), "{}", ran.stderr);
        recorded.record = fs::read_to_string(&record).unwrap();
        let numbers = recorded.record.lines().enumerate().filter_map(|(at, line)| {
            let line: Value = serde_json::from_str(line).unwrap();
            line.get("decision")?;
            Some((at + 1, line["n"].as_u64().unwrap()))
        });
        recorded.lines = numbers.collect();
        recorded
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `replay` of the record.
    pub fn replay(&self) -> Run {
        self.shown(run(["replay", self.path("decisions.jsonl").to_str().unwrap()], b""))
    }

    /// The configuration with these changes.
    pub fn edited(&self, edits: &[Edit]) -> PathBuf {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/keys/");
        let mut text = self.config.replace("../../scripts/keys/", keys);
        for (old, new) in edits {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        let path = self.path("new.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// `what-if` under the configuration with these changes.
    pub fn what_if(&self, edits: &[Edit], more: &[&str]) -> Run {
        self.what_if_of("decisions.jsonl", edits, more)
    }

    fn what_if_of(&self, record: &str, edits: &[Edit], more: &[&str]) -> Run {
        let (new, record) = (self.edited(edits), self.path(record));
        let mut arguments = vec!["what-if", "--config", new.to_str().unwrap()];
        arguments.extend(more);
        arguments.push(record.to_str().unwrap());
        self.shown(run(arguments, b""))
    }

    fn shown(&self, mut run: Run) -> Run {
        for text in [&mut run.stdout, &mut run.stderr] {
            *text = text.replace(self.folder.path().to_str().unwrap(), "FOLDER");
        }
        run
    }

    /// The report of `what-if` on as many of the decisions as are asked for.
    pub fn report(&self, edits: &[Edit], decisions: usize) -> Value {
        let end = self.lines.get(decisions).map_or(usize::MAX, |(line, _)| line - 1);
        let beginning: String = self.record.split_inclusive('\n').take(end).collect();
        fs::write(self.path("beginning.jsonl"), beginning).unwrap();
        let run = self.what_if_of("beginning.jsonl", edits, &["--format", "json"]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// What a live node under the changed configuration does otherwise, by request. Nothing of this
    /// looks at the record.
    pub fn changes(&self, edits: &[Edit]) -> BTreeMap<usize, Change> {
        let (old, new) = (self.talk.outcomes(), self.talk.outcomes_under(&self.edited(edits)));
        assert_eq!(old.len(), new.len());
        let pairs = old.iter().zip(&new).enumerate();
        let changed = pairs.filter(|(_, (old, new))| old != new);
        let kind = |old: &Outcome, new: &Outcome| match (old, new) {
            (Outcome::Refused { .. }, Outcome::Sent { .. }) => Change::NewlyAllowed,
            (Outcome::Sent { .. }, Outcome::Refused { .. }) => Change::NewlyDenied,
            (Outcome::Refused { .. }, Outcome::Refused { .. }) => Change::DeniedOtherwise,
            (Outcome::Sent { .. }, Outcome::Sent { .. }) => Change::AllowedOtherwise,
        };
        changed.map(|(at, (old, new))| (at, kind(old, new))).collect()
    }

    /// Holds `what-if` against these changes: it counts them and no others, and each change
    /// comes with the decision that it belongs to, neither sooner nor later.
    pub fn what_if_is_what_would_be(
        &self,
        name: &str,
        edits: &[Edit],
        changes: &BTreeMap<usize, Change>,
    ) -> Value {
        let lines = &self.lines;
        assert_eq!(lines.len(), self.talk.asked().len(), "{name}: every request is recorded");
        // Right before each change, right behind it, and at the end.
        let around = changes.keys().flat_map(|at| [*at, at + 1]).chain([lines.len()]);
        for decisions in around.collect::<BTreeSet<usize>>() {
            let report = self.report(edits, decisions);
            let expected = counts(decisions, changes);
            let mut got = report.as_object().unwrap().clone();
            got.retain(|member, _| expected.get(member).is_some());
            assert_eq!(Value::from(got), expected, "{name}: of the first {decisions} decisions");
        }
        self.report(edits, lines.len())
    }
}

/// What a report of the first so many decisions says in numbers.
fn counts(decisions: usize, changes: &BTreeMap<usize, Change>) -> Value {
    let of = |kind| changes.range(..decisions).filter(|(_, change)| **change == kind).count();
    json!({
        "decisions": decisions,
        "unchanged": decisions - changes.range(..decisions).count(),
        "newly_allowed": of(Change::NewlyAllowed),
        "newly_denied": of(Change::NewlyDenied),
        "denied_otherwise": of(Change::DeniedOtherwise),
        "allowed_otherwise": of(Change::AllowedOtherwise),
        "undecidable": 0,
        "missing": 0,
    })
}
