//! The file that decisions are recorded in.
//!
//! One writer, whole lines, mode 0600. Lines wait in memory until [`Recorder::flush`], which a face
//! calls before it gives out the answers; what could not be written then is gone from the file to the
//! byte, so that it never holds half a line.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::redact::{Redaction, Redactor};
use super::start::{self, OPENING, Start};
use super::text::number;
use super::write::{self, Decided};
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
    file: File,
    settings: RecordSettings,
    redactor: Option<Redactor>,
    /// Lines that are not written yet.
    waiting: Vec<u8>,
    /// Decisions among them.
    lines: u64,
    /// The number of the next line.
    next: u64,
    /// The length of the file up to the last whole line; none where it is no plain file.
    length: Option<u64>,
    /// Something may stand behind that.
    torn: bool,
    dropped: u64,
    keys: Vec<u8>,
    key_version: u64,
    /// A start line that could not be written and must come before the next decision.
    owed: Vec<u8>,
    time: Time,
}

/// The instant of the last line, as text.
struct Time {
    now: Option<Now>,
    text: Vec<u8>,
}

/// So much of the end of a file is read at once.
const BLOCK: u64 = 64 * 1024;

impl Recorder {
    /// Opens a record, or makes one; what is there stays, and numbers go on. Half a line at its end,
    /// which a crash may leave, is cut off.
    ///
    /// # Errors
    /// Where it cannot be opened, is in use, or holds something else.
    pub fn open(path: &Path, settings: RecordSettings) -> Result<Self, OpenFault> {
        let failed = |error| OpenFault::File(path.to_owned(), error);
        let options = &mut OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenFault::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let metadata = file.metadata().map_err(failed)?;
        let (mut length, mut next) = (None, 1);
        if metadata.is_file() {
            let end = Ending::find(&mut file).map_err(failed)?;
            let end = end.ok_or_else(|| OpenFault::OtherContent(path.to_owned()))?;
            if metadata.mode() & 0o077 != 0 {
                let private = std::fs::Permissions::from_mode(0o600);
                file.set_permissions(private).map_err(failed)?;
            }
            file.set_len(end.length).map_err(failed)?;
            file.seek(SeekFrom::Start(end.length)).map_err(failed)?;
            (length, next) = (Some(end.length), end.next);
        }
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
            length,
            torn: false,
            dropped: 0,
            keys: Vec::new(),
            key_version: 0,
            owed: Vec::new(),
            time: Time { now: None, text: Vec::new() },
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
        let decided = Decided { request, decision, facts };
        let redactor = self.redactor.as_ref();
        let out = &mut self.waiting;
        out.extend_from_slice(b"{\"n\":");
        number(out, self.next);
        out.extend_from_slice(self.time.text(now));
        write::request(out, request, redactor);
        out.extend_from_slice(b",\"state\":");
        write::state(out, &decided, self.key_version);
        out.extend_from_slice(b",\"decision\":");
        write::decision(out, decision, facts);
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
        let outcome = self.write();
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

    fn write(&mut self) -> io::Result<()> {
        if let (true, Some(length)) = (self.torn, self.length) {
            self.file.set_len(length)?;
            self.file.seek(SeekFrom::Start(length))?;
            self.torn = false;
        }
        let outcome = self.file.write_all(&self.waiting);
        match (&outcome, &mut self.length) {
            (Ok(()), Some(length)) => *length += self.waiting.len() as u64,
            (Err(_), Some(length)) => {
                let length = *length;
                let cut = self.file.set_len(length);
                let back = cut.and_then(|()| self.file.seek(SeekFrom::Start(length)));
                self.torn = back.is_err();
            }
            (_, None) => {}
        }
        outcome
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

/// Where a record ends.
struct Ending {
    /// The length up to the last whole line.
    length: u64,
    /// The number of the next decision.
    next: u64,
}

impl Ending {
    /// Of what is there; none where that is no record.
    fn find(file: &mut File) -> io::Result<Option<Self>> {
        let whole = file.seek(SeekFrom::End(0))?;
        if whole == 0 {
            return Ok(Some(Self { length: 0, next: 1 }));
        }
        let mut opening = vec![0; OPENING.len().min(usize::try_from(whole).unwrap_or(usize::MAX))];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut opening)?;
        if !OPENING.starts_with(&opening) {
            return Ok(None);
        }
        // Lines from the last one backwards, until one has a number.
        let (mut tail, mut from) = (Vec::new(), whole);
        let mut length = None;
        loop {
            let start = from.saturating_sub(BLOCK);
            let mut block = vec![0; usize::try_from(from - start).unwrap_or_default()];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut block)?;
            block.append(&mut tail);
            (tail, from) = (block, start);
            if length.is_none() {
                let end = memchr::memrchr(b'\n', &tail);
                length = end.map(|end| from + end as u64 + 1);
            }
            let end = length.map(|length| usize::try_from(length - from).unwrap_or_default());
            let lines = tail.get(..end.unwrap_or_default()).unwrap_or_default();
            // The first of them may be a part of a line, unless it begins the file.
            let first = if from == 0 {
                0
            } else {
                memchr::memchr(b'\n', lines).map_or(lines.len(), |end| end + 1)
            };
            let lines = lines.get(first..).unwrap_or_default();
            let number = lines.split_inclusive(|byte| *byte == b'\n').rev().find_map(number_of);
            if let Some(number) = number {
                return Ok(length.map(|length| Self { length, next: number + 1 }));
            }
            if from == 0 {
                return Ok(Some(Self { length: length.unwrap_or(0), next: 1 }));
            }
        }
    }
}

/// The number that a decision's line begins with.
fn number_of(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"{\"n\":")?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}
