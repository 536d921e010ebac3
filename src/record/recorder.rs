//! Records decisions.
//!
//! Lines wait in memory until [`Recorder::flush`], which a face
//! calls before it gives out the answers.

use std::io;
use std::path::{Path, PathBuf};

use super::line_file::LineFile;
use super::redact::{Redaction, Redactor};
use super::start::{self, Start};
use super::text::number;
use super::write::{self, Told};
use crate::gateway::{BadRequest, Decision, Facts, Now, Request};

/// How decisions are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordSettings {
    /// What is replaced by keyed hashes.
    pub redact: Redaction,
    /// What happens where lines cannot be written.
    pub on_failure: OnFailure,
}

/// What happens where lines cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The requests are refused: [`Recorder::flush`] fails.
    #[default]
    Deny,
    /// The lines are dropped, and counted.
    Drop,
}

/// Why a file cannot be recorded in.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// It cannot be opened, read or written.
    #[error("cannot record decisions in {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// Somebody else has it.
    #[error("{}: another process records decisions here; give each its own file", .0.display())]
    InUse(PathBuf),
    /// It holds something else.
    #[error("{}: holds something else than recorded decisions; give another file", .0.display())]
    OtherContent(PathBuf),
    /// There is no randomness for the key of hashes.
    #[error("no randomness for redacting users or clients")]
    NoRandomness,
}

/// Lines that could not be written; the requests they are about must not be answered as decided.
#[derive(Debug, thiserror::Error)]
#[error("cannot record {lines} decisions in {}", path.display())]
pub struct WriteFault {
    /// The record.
    pub path: PathBuf,
    /// How many decisions are not recorded.
    pub lines: u64,
    /// Why.
    #[source]
    pub error: io::Error,
}

/// Records decisions.
pub struct Recorder {
    path: PathBuf,
    file: LineFile,
    settings: RecordSettings,
    redactor: Option<Redactor>,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// Decisions among them.
    lines: u64,
    /// The number of the next line.
    next: u64,
    dropped: u64,
    keys: Vec<u8>,
    key_version: u64,
    /// A start line that could not be written and must come before the next decision.
    owed: Vec<u8>,
    time: Time,
    state: State,
}

/// What state told last, as text: most often it is the same again.
#[derive(Default)]
struct State {
    told: Option<Told>,
    text: Vec<u8>,
}

impl State {
    fn write(&mut self, told: Told, out: &mut Vec<u8>) {
        if self.told != Some(told) {
            self.text.clear();
            told.write(&mut self.text);
            self.told = Some(told);
        }
        out.extend_from_slice(&self.text);
    }
}

/// The instant of the last line, as text.
struct Time {
    now: Option<Now>,
    text: Vec<u8>,
}

impl Recorder {
    /// Opens a record, or makes one; what is there stays, and numbers go on. Half a line at its end,
    /// which a crash may leave, is cut off.
    ///
    /// # Errors
    /// Where it cannot be opened, is in use, or holds something else.
    pub fn open(path: &Path, settings: RecordSettings) -> Result<Self, OpenFault> {
        let (file, next) = LineFile::open(path)?;
        Self::on(path, file, next, settings)
    }

    fn on(
        path: &Path,
        file: LineFile,
        next: u64,
        settings: RecordSettings,
    ) -> Result<Self, OpenFault> {
        let redactor = match settings.redact == Redaction::default() {
            true => None,
            false => Some(Redactor::new(settings.redact).ok_or(OpenFault::NoRandomness)?),
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            settings,
            redactor,
            waiting: Vec::with_capacity(256 * 1024),
            lines: 0,
            next,
            dropped: 0,
            keys: Vec::new(),
            key_version: 0,
            owed: Vec::new(),
            time: Time { now: None, text: Vec::new() },
            state: State::default(),
        })
    }

    /// Says what is in force from here on: at the beginning, and after every change of configuration
    /// or keys.
    pub fn start(&mut self, start: &Start<'_>) {
        let keys = start::keys(start);
        if keys != self.keys {
            self.keys = keys;
            self.key_version += 1;
        }
        if let Some(redactor) = &mut self.redactor {
            redactor.configure(start.policy);
        }
        let mut line = Vec::new();
        start::write(&mut line, start, (&self.keys, self.key_version), self.settings.redact);
        self.waiting.extend_from_slice(&line);
        // Whatever becomes of this batch, what comes later was decided under this.
        self.owed = line;
    }

    /// Takes a decision, to be written with the next [`Recorder::flush`].
    pub fn decision<'a>(
        &mut self,
        request: Result<&Request<'a>, &BadRequest>,
        now: Now,
        decision: &Decision<'a>,
        facts: &Facts<'a>,
    ) {
        let redactor = self.redactor.as_ref();
        let out = &mut self.waiting;
        out.extend_from_slice(b"{\"n\":");
        number(out, self.next);
        out.extend_from_slice(self.time.text(now));
        write::request(out, request, facts, redactor);
        out.extend_from_slice(b",\"state\":");
        self.state.write(Told::of(decision, facts, self.key_version), out);
        out.extend_from_slice(b",\"decision\":");
        write::decision(out, decision, facts, redactor);
        out.extend_from_slice(b",\"explain\":");
        write::explanation(out, decision);
        out.extend_from_slice(b",\"credential\":");
        write::credential(out, decision, facts, redactor);
        out.extend_from_slice(b"}\n");
        self.next += 1;
        self.lines += 1;
    }

    /// How many bytes wait to be written.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Writes what waits. Where that fails, the lines are gone: under [`OnFailure::Drop`] they are
    /// counted, and their numbers are left out of the record.
    ///
    /// # Errors
    /// Under [`OnFailure::Deny`], where the lines could not be written.
    pub fn flush(&mut self) -> Result<(), WriteFault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let outcome = self.file.append(&self.waiting);
        let lines = std::mem::take(&mut self.lines);
        match (outcome, self.settings.on_failure) {
            (Ok(()), _) => {
                self.owed.clear();
                self.waiting.clear();
                Ok(())
            }
            (Err(error), on_failure) => {
                self.waiting.clear();
                let owed = self.owed.clone();
                self.waiting.extend_from_slice(&owed);
                match on_failure {
                    OnFailure::Drop => {
                        self.dropped += lines;
                        Ok(())
                    }
                    OnFailure::Deny => {
                        self.next -= lines;
                        Err(WriteFault { path: self.path.clone(), lines, error })
                    }
                }
            }
        }
    }

    /// How many decisions could not be written and were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Time {
    /// What stands between the number and the request.
    fn text(&mut self, now: Now) -> &[u8] {
        if self.now != Some(now) {
            let (wall, steady) = (now.wall.seconds(), now.steady.nanoseconds());
            self.text = format!(",\"time\":{wall},\"steady\":{steady},\"request\":").into_bytes();
            self.now = Some(now);
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::super::line_file::tests::Flaky;
    use super::*;
    use crate::gateway::policy::Policy;
    use crate::gateway::trust::Trust;
    use crate::gateway::{Gateway, Step, Timestamp, ask::Told};

    fn numbers(text: &str) -> Vec<String> {
        let first = |line: &str| line.chars().take_while(|letter| *letter != ',').collect();
        text.lines().map(first).collect()
    }

    #[test]
    fn what_could_not_be_written_is_refused_or_leaves_a_gap() {
        let decision = |n| format!("{{\"n\":{n}");
        let start = || "{\"portcullis\":\"decisions\"".to_owned();
        for (on_failure, lines, dropped) in [
            (OnFailure::Deny, [start(), decision(1), start(), decision(2)], 0),
            (OnFailure::Drop, [start(), decision(1), start(), decision(4)], 2),
        ] {
            let flaky = Flaky::default();
            let settings = RecordSettings { on_failure, ..RecordSettings::default() };
            let file = LineFile::on(Box::new(flaky.clone()), 0);
            let mut recorder = Recorder::on(Path::new("record"), file, 1, settings).unwrap();
            let (mut gateway, policy) = (Gateway::new(), Policy::default());
            let now = Now::at(Timestamp::from_seconds(0.0).unwrap());
            let trust = Trust::new(&policy);
            let start = Start {
                event: start::Event::Begin,
                now,
                tree: &serde_json::json!({}),
                policy: &policy,
                trust: &trust,
                keys_from: start::KeysFrom::Configuration,
            };
            let mut decide = |recorder: &mut Recorder| {
                let (headers, required) = ([], []);
                let request = Request {
                    method: "GET",
                    target: "/x",
                    headers: &headers,
                    required: &required,
                    client_ip: None,
                };
                match gateway.step(&Ok(request.clone()), now, &Told::default()) {
                    Step::Decided(decision, facts) => {
                        recorder.decision(Ok(&request), now, &decision, &facts);
                    }
                    Step::Ask(ask) => panic!("{ask:?}"),
                }
            };
            recorder.start(&start);
            decide(&mut recorder);
            recorder.flush().unwrap();
            recorder.start(&start);
            decide(&mut recorder);
            decide(&mut recorder);
            flaky.fail(10, false);
            let fault = recorder.flush().err().map(|fault| (fault.lines, fault.to_string()));
            let said = (2, "cannot record 2 decisions in record".to_owned());
            assert_eq!(fault, (on_failure == OnFailure::Deny).then_some(said));
            flaky.work();
            decide(&mut recorder);
            recorder.flush().unwrap();
            assert_eq!(numbers(&flaky.text()), lines);
            assert_eq!(recorder.dropped(), dropped);
        }
    }
}
