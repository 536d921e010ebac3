//! The node: messages in, answers out, one for one and in order.
//!
//! All input and output, the clock and the threads of the main job are here; what is decided is
//! decided by [`crate::gateway`]. The loop is synchronous: read what has arrived, answer all of
//! it, write the answers at once, and only then wait for more; or, where requests are with services,
//! for the next deadline, whichever comes first.

mod ahead;
mod answer;
mod clock;
mod conversation;
mod explained;
mod forward;
mod forwarding;
mod in_force;
mod init;
mod input;
mod metrics;
mod operator;
mod outside;
mod recording;
mod revoking;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

pub use self::clock::Clock;
pub use self::conversation::Node;
pub use self::explained::{Answer, ExplainedCheck, Explanation};
pub use self::input::{Input, Waited, Whole};
use crate::config::{Diagnosis, Layers};
use crate::gateway::key::KeySet;
use crate::protocol::{Frame, Framer};
use crate::record::OpenFault;

/// How a node behaves.
#[derive(Clone)]
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
    /// The configuration, over which an init's is laid.
    pub layers: Arc<Layers>,
    /// What `env:NAME` stands for.
    pub environment: Arc<BTreeMap<OsString, OsString>>,
    /// What becomes of a request that may pass.
    pub allowed: Allowed,
    /// What goes into the record that the configuration names.
    pub record: Record,
}

/// What goes into a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Every decision.
    #[default]
    Decisions,
    /// Nothing: what is decided is only looked at.
    Nothing,
}

/// What becomes of a request that may pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// It is answered.
    #[default]
    Answered,
    /// It is sent on to the service it is for, which answers.
    Forwarded,
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
            layers: Arc::default(),
            environment: Arc::default(),
            allowed: Allowed::Answered,
            record: Record::Decisions,
        }
    }
}

/// Why a node did not start, or stopped before the end of its input.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The configuration has a fault, or names what cannot be had.
    #[error("the configuration cannot be used: {0}")]
    Configuration(Box<Diagnosis>),
    /// What is asked for lives by a clock that goes.
    #[error("{0} cannot be used while the clock stands still (--now)")]
    StoppedClock(&'static str),
    /// Decisions cannot be recorded where the configuration says.
    #[error(transparent)]
    Record(OpenFault),
    /// What it works with cannot be started.
    #[error("cannot start a thread")]
    Start(#[source] io::Error),
    /// Its input failed.
    #[error("cannot read from standard input")]
    Read(#[source] io::Error),
    /// Its output failed, other than by the reader having gone away.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

impl From<Diagnosis> for NodeError {
    fn from(diagnosis: Diagnosis) -> Self {
        Self::Configuration(Box::new(diagnosis))
    }
}

/// Runs a node until the end of its input, or until nobody reads its output any more. The input is
/// all there, or reading it may hold up whatever else is due; see [`run_with`].
///
/// # Errors
/// Where it cannot start, or reading or writing fails. Every answer to what was read before a failing
/// read has been written by then.
pub fn run(input: impl Read, output: impl Write, options: Options) -> Result<(), NodeError> {
    run_with(Whole(input), output, options)
}

/// Runs a node like [`run`], on an input that is not waited for beyond the next deadline.
///
/// # Errors
/// Like [`run`].
pub fn run_with(
    mut input: impl Input,
    mut output: impl Write,
    options: Options,
) -> Result<(), NodeError> {
    let mut framer = Framer::new(options.max_message_bytes);
    let mut node = Node::new(options)?;
    let mut answers = Vec::with_capacity(WRITE_AT);
    loop {
        if node.wait(&mut input).map_err(NodeError::Read)? == Waited::Ready {
            framer.fill(&mut input).map_err(NodeError::Read)?;
            node.look_ahead(&framer);
        }
        node.look_around();
        node.fire_deadlines(&mut answers);
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
                Frame::Ended => {
                    node.give_up(&mut answers);
                    Some(true)
                }
            };
            node.flush_record(&mut answers);
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
