//! Standard output, whose errors say that it was standard output.

use std::io::{self, StdoutLock, Write};

/// Standard output for the commands that are not the node.
pub(super) struct Output(StdoutLock<'static>);

impl Output {
    pub(super) fn lock() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

/// The kind stays: it tells a reader that has gone away from a disk that is full.
fn named(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))
}
