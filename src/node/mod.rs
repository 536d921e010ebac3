//! The node: messages in, answers out, one for one and in order.
//!
//! All input and output, the clock and the threads of the main job are here; what is decided is
//! decided by [`crate::gateway`]. The loop is synchronous: read what has arrived, answer all of
//! it, write the answers at once, and only then wait for more.

mod ahead;
mod answer;
mod clock;
mod conversation;
mod init;

use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

pub use self::clock::Clock;
pub use self::conversation::Node;
use crate::gateway::key::KeySet;
use crate::protocol::{Frame, Framer};

/// How a node behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the time comes from.
    pub clock: Clock,
    /// Add an explanation to every answer to a request.
    pub explain: bool,
    /// The longest message (bytes).
    pub max_message_bytes: usize,
    /// Threads that check signatures.
    pub jobs: NonZeroUsize,
    /// The keys in force before any init, and under an init that brings none.
    pub keys: Option<Arc<KeySet>>,
}

/// The longest message unless told otherwise (bytes).
pub const DEFAULT_MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Answers are written at the latest when so many bytes of them are waiting.
const WRITE_AT: usize = 256 * 1024;

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::System,
            explain: false,
            max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
            jobs: NonZeroUsize::MIN,
            keys: None,
        }
    }
}

/// Why a node stopped before the end of its input.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its input failed.
    #[error("cannot read from standard input")]
    Read(#[source] io::Error),
    /// Its output failed, other than by the reader having gone away.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

/// Runs a node until the end of its input, or until nobody reads its output any more.
///
/// # Errors
/// Where reading or writing fails. Every answer to what was read before a failing read has been
/// written by then.
pub fn run(
    mut input: impl Read,
    mut output: impl Write,
    options: Options,
) -> Result<(), NodeError> {
    let mut framer = Framer::new(options.max_message_bytes);
    let mut node = Node::new(options);
    let mut answers = Vec::with_capacity(WRITE_AT);
    loop {
        framer.fill(&mut input).map_err(NodeError::Read)?;
        node.look_ahead(&framer);
        node.sample_clock();
        loop {
            let ended = match framer.next() {
                Frame::Message(line, incoming) => {
                    node.answer(line, &incoming, &mut answers);
                    if answers.len() < WRITE_AT {
                        continue;
                    }
                    None
                }
                Frame::Starved => Some(false),
                Frame::Ended => Some(true),
            };
            match write(&mut output, &mut answers) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                other => other.map_err(NodeError::Write)?,
            }
            match ended {
                None => {}
                Some(false) => break,
                Some(true) => return Ok(()),
            }
        }
    }
}

fn write(output: &mut impl Write, answers: &mut Vec<u8>) -> io::Result<()> {
    if !answers.is_empty() {
        output.write_all(answers)?;
        output.flush()?;
        answers.clear();
    }
    Ok(())
}
