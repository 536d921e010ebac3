//! The file of revocations: read again when it changes, and written to when an operator revokes.
//!
//! A file that is broken or has vanished leaves in force what it said last, and that is said once.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

use crate::gateway::revocation::{Revocation, RevocationList, parse_file, write_line};
use crate::gateway::{Now, Steady};

/// How often it is looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// A file of revocations, if one is configured.
#[derive(Debug, Default)]
pub(super) struct RevocationFile {
    path: Option<PathBuf>,
    /// When it is looked at again.
    due: Option<Steady>,
    seen: Option<Stamp>,
    failing: bool,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    place: Place,
}

/// Which file a name leads to, and when it was touched last, which nobody can set.
#[derive(Debug, PartialEq, Eq)]
#[cfg(unix)]
struct Place {
    device: u64,
    number: u64,
    changed: (i64, i64),
}

/// Nothing more is known of it here.
#[derive(Debug, PartialEq, Eq)]
#[cfg(not(unix))]
struct Place;

impl RevocationFile {
    /// Follows a file from now on; what another one said is forgotten.
    pub(super) fn follow(&mut self, path: Option<&Path>, now: Now, list: &mut RevocationList) {
        if self.path.as_deref() != path {
            *self = Self { path: path.map(Path::to_owned), ..Self::default() };
            list.replace_file([]);
        }
        self.read(now, list);
    }

    /// Looks at it, if it is time to.
    pub(super) fn poll(&mut self, now: Now, list: &mut RevocationList) {
        if self.due.is_some_and(|due| now.steady >= due) {
            self.read(now, list);
        }
    }

    /// Looks at it.
    pub(super) fn read(&mut self, now: Now, list: &mut RevocationList) {
        list.drop_expired(now.wall);
        let Some(path) = &self.path else { return };
        self.due = Some(now.steady.plus(PAUSE));
        match read_changed(path, self.seen.as_ref()) {
            Ok(None) => {}
            Ok(Some((revocations, stamp))) => {
                list.replace_file(revocations);
                list.drop_expired(now.wall);
                self.seen = Some(stamp);
                if std::mem::take(&mut self.failing) {
                    info!("the revocations in {} are read again", path.display());
                }
            }
            Err(why) => {
                // It is looked at again even where it stays as it is.
                self.seen = None;
                if !std::mem::replace(&mut self.failing, true) {
                    let path = path.display();
                    warn!(
                        "the revocations in {path} cannot be read: {why}; the last good ones hold"
                    );
                }
            }
        }
    }

    /// Appends a revocation, so that it outlives this process.
    pub(super) fn append(&self, revocation: &Revocation) -> Durable {
        let Some(path) = &self.path else { return Durable::No };
        match append(path, &write_line(revocation)) {
            Ok(()) => Durable::Yes,
            Err(why) => {
                warn!("a revocation cannot be written to {}: {why}", path.display());
                Durable::No
            }
        }
    }
}

/// Whether something outlives this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durable {
    Yes,
    No,
}

/// What a file says, if it is not as it was seen last.
fn read_changed(
    path: &Path,
    seen: Option<&Stamp>,
) -> Result<Option<(Vec<Revocation>, Stamp)>, String> {
    let why = |error: io::Error| error.to_string();
    let stamp = Stamp::of(&fs::metadata(path).map_err(why)?);
    if seen == Some(&stamp) {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(why)?;
    let revocations = parse_file(&text).map_err(|fault| fault.to_string())?;
    Ok(Some((revocations, stamp)))
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let separator = if ends_within_a_line(&mut file)? { "\n" } else { "" };
    file.write_all(format!("{separator}{line}\n").as_bytes())?;
    file.sync_data()
}

/// True where somebody left the last line without its newline.
fn ends_within_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let place = Place::of(metadata);
        Self { length: metadata.len(), modified: metadata.modified().ok(), place }
    }
}

impl Place {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { device: metadata.dev(), number: metadata.ino(), changed }
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self
    }
}
