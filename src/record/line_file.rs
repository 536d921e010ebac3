//! A file of lines with one writer: whole lines or nothing, whatever happens to the disk.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::recorder::OpenFault;
use super::start::OPENING;

/// A file of lines. What could not be written whole is taken away again.
pub(super) struct LineFile {
    disk: Box<dyn Disk>,
    /// The length up to the last whole line; none where it is no plain file.
    length: Option<u64>,
    /// Something may stand behind that.
    torn: bool,
}

/// What a file is asked to do.
pub(super) trait Disk: Write + Seek + Send {
    fn set_len(&mut self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn set_len(&mut self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }
}

/// So much of the end of a file is read at once.
const BLOCK: u64 = 64 * 1024;

impl LineFile {
    /// Opens a record, or makes one; half a line at its end is cut off. The number of the next
    /// decision comes with it.
    pub(super) fn open(path: &Path) -> Result<(Self, u64), OpenFault> {
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
        if !metadata.is_file() {
            return Ok((Self { disk: Box::new(file), length: None, torn: false }, 1));
        }
        let end = Ending::find(&mut file).map_err(failed)?;
        let end = end.ok_or_else(|| OpenFault::OtherContent(path.to_owned()))?;
        if metadata.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
        }
        file.set_len(end.length).map_err(failed)?;
        file.seek(SeekFrom::Start(end.length)).map_err(failed)?;
        Ok((Self::on(Box::new(file), end.length), end.next))
    }

    /// On what is there up to a length.
    pub(super) fn on(disk: Box<dyn Disk>, length: u64) -> Self {
        Self { disk, length: Some(length), torn: false }
    }

    /// Appends lines: all of them, or, where that fails, none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let (true, Some(length)) = (self.torn, self.length) {
            cut(&mut *self.disk, length)?;
            self.torn = false;
        }
        let outcome = self.disk.write_all(lines);
        match (&outcome, &mut self.length) {
            (Ok(()), Some(length)) => *length += lines.len() as u64,
            (Err(_), Some(length)) => self.torn = cut(&mut *self.disk, *length).is_err(),
            (_, None) => {}
        }
        outcome
    }
}

fn cut(disk: &mut dyn Disk, length: u64) -> io::Result<()> {
    disk.set_len(length)?;
    disk.seek(SeekFrom::Start(length)).map(drop)
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

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk that fails when it is told to.
    #[derive(Clone, Default)]
    pub(in super::super) struct Flaky(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        bytes: Vec<u8>,
        /// So many bytes are still written, where it fails at all.
        left: Option<usize>,
        /// Nor can it be cut.
        stuck: bool,
    }

    impl Flaky {
        pub(in super::super) fn fail(&self, left: usize, stuck: bool) {
            let mut state = self.0.lock().unwrap();
            (state.left, state.stuck) = (Some(left), stuck);
        }

        pub(in super::super) fn work(&self) {
            let mut state = self.0.lock().unwrap();
            (state.left, state.stuck) = (None, false);
        }

        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().bytes.clone()).unwrap()
        }
    }

    impl Write for Flaky {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut state = self.0.lock().unwrap();
            let length = bytes.len().min(state.left.unwrap_or(usize::MAX));
            if length == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.left = state.left.map(|left| left - length);
            state.bytes.extend_from_slice(&bytes[..length]);
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Flaky {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            assert_eq!(to, SeekFrom::Start(self.0.lock().unwrap().bytes.len() as u64));
            Ok(0)
        }
    }

    impl Disk for Flaky {
        fn set_len(&mut self, length: u64) -> io::Result<()> {
            let mut state = self.0.lock().unwrap();
            if state.stuck {
                return Err(io::ErrorKind::Other.into());
            }
            state.bytes.truncate(usize::try_from(length).unwrap());
            Ok(())
        }
    }

    #[test]
    fn half_a_line_never_stays() {
        for stuck in [false, true] {
            let disk = Flaky::default();
            let mut file = LineFile::on(Box::new(disk.clone()), 0);
            file.append(b"one\n").unwrap();
            disk.fail(2, stuck);
            assert!(file.append(b"two\n").is_err());
            assert_eq!(disk.text(), if stuck { "one\ntw" } else { "one\n" });
            assert!(file.append(b"three\n").is_err());
            disk.work();
            file.append(b"four\n").unwrap();
            assert_eq!(disk.text(), "one\nfour\n");
        }
    }
}
