//! Input that can be waited for no longer than until something else is due.

use std::io::{self, Read};
use std::time::Duration;

/// What a node reads from.
pub trait Input: Read {
    /// Waits until there is something to read, or the input has ended, or the time is over.
    ///
    /// # Errors
    /// Where the input cannot be waited for.
    fn wait(&mut self, longest: Duration) -> io::Result<Waited>;
}

/// Why waiting has come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There is something to read, or the input has ended.
    Ready,
    /// The time is over.
    TimedOut,
}

/// Input that is all there, so that nothing is ever waited for.
pub struct Whole<R>(pub R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Input for Whole<R> {
    fn wait(&mut self, _longest: Duration) -> io::Result<Waited> {
        Ok(Waited::Ready)
    }
}

#[cfg(unix)]
impl Input for io::StdinLock<'_> {
    fn wait(&mut self, longest: Duration) -> io::Result<Waited> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        // Blocks are read that are larger than the standard library's buffer, so that nothing ever
        // waits in there, where it would not be announced again.
        let timeout = Timespec::try_from(longest).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&timeout)) {
            Ok(0) => Ok(Waited::TimedOut),
            Ok(_) => Ok(Waited::Ready),
            // A signal came in between: whoever waits will wait again.
            Err(rustix::io::Errno::INTR) => Ok(Waited::TimedOut),
            Err(error) => Err(error.into()),
        }
    }
}
