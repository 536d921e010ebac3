//! Rate limits that several gateways share: exact sliding windows, counted by Redis.
//!
//! A charge is one script that runs atomically, by Redis's clock, over a list of the last
//! admissions whose name is a digest and which expires by itself. So however many gateways ask, no
//! window holds more than its limit, and a request that is refused costs nothing. A charge holds
//! the caller up for [`CALL`] at most; after a failure Redis is left alone for [`REST`].

mod connection;
mod url;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use redis::{ErrorKind, RedisError, Script, ServerErrorKind, Value};
use ring::digest::{Context, SHA256};

use self::connection::Connection;
pub use self::url::{RedisUrl, RedisUrlFault};
use crate::gateway::limit::RateLimit;

/// For a whole charge: looking up, connecting and asking.
pub const CALL: Duration = Duration::from_millis(50);

/// So long Redis is left alone after a failure.
pub const REST: Duration = Duration::from_secs(1);

/// For a connection that is made while nobody waits for it.
const CONNECT: Duration = Duration::from_secs(5);

/// One request, to be counted against one limit.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// Whose window; told apart by every part.
    pub window: &'a [&'a str],
    /// How many in how long.
    pub limit: RateLimit,
    /// The most requests and the longest time of all limits that are ever charged to this window:
    /// so far back its admissions are kept.
    pub history: RateLimit,
}

/// What came of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// It is counted.
    Admitted,
    /// The window is full, and this costs nothing.
    Refused {
        /// Until one would be admitted (whole seconds, at least 1).
        retry_after: u64,
    },
    /// Redis cannot say.
    Failed,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedWindowCounts {
    /// Charges that Redis was asked for.
    pub calls: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Charges for which it was not asked, because it was left alone.
    pub withheld: u64,
}

/// Why Redis cannot say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum StoreFault {
    #[error("it does not answer in time")]
    Timeout,
    #[error("the connection failed ({0})")]
    Connection(io::ErrorKind),
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("it refuses: {0}")]
    Refused(String),
    #[error("its answer makes no sense")]
    Nonsense,
}

/// Windows in a Redis.
pub struct SharedWindows {
    url: RedisUrl,
    call: Duration,
    script: Script,
    connection: Option<Connection>,
    connecting: Option<Receiver<Result<Connection, StoreFault>>>,
    resting_until: Option<Instant>,
    failing: bool,
    counts: SharedWindowCounts,
}

/// What runs in Redis.
const SCRIPT: &str = include_str!("window.lua");

impl SharedWindows {
    /// Connects to nothing yet. A charge takes [`CALL`] at most.
    pub fn new(url: RedisUrl) -> Self {
        Self::with_patience(url, CALL)
    }

    /// The same, but a charge may take so long.
    pub fn with_patience(url: RedisUrl, call: Duration) -> Self {
        Self {
            url,
            call,
            script: Script::new(SCRIPT),
            connection: None,
            connecting: None,
            resting_until: None,
            failing: false,
            counts: SharedWindowCounts::default(),
        }
    }

    /// Counts a request, where the window has room. `now` decides alone whether Redis is still to
    /// be left alone.
    pub fn charge(&mut self, charge: &Charge<'_>, now: Instant) -> Charged {
        if self.resting_until.is_some_and(|until| now < until) {
            self.counts.withheld += 1;
            return Charged::Failed;
        }
        self.counts.calls += 1;
        match self.call(charge, Instant::now() + self.call) {
            Ok(wait) => {
                if std::mem::take(&mut self.failing) {
                    tracing::warn!("rate limits at {}: it counts again", self.url);
                }
                charged(wait)
            }
            Err(fault) => {
                self.connection = None;
                // The instant is that at which the call began.
                self.resting_until = Some(now + self.call + REST);
                self.counts.failures += 1;
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!("rate limits at {}: {fault}", self.url);
                }
                Charged::Failed
            }
        }
    }

    /// How often what happened.
    pub fn counts(&self) -> SharedWindowCounts {
        self.counts
    }

    /// How long until the request would be admitted; zero where it was.
    fn call(&mut self, charge: &Charge<'_>, deadline: Instant) -> Result<Duration, StoreFault> {
        if let Some(kept) = &mut self.connection {
            match run(kept, &self.script, charge, deadline) {
                // Redis closes what was idle for long, or was started anew.
                Err(StoreFault::Connection(io::ErrorKind::ConnectionReset)) => {
                    self.connection = None;
                }
                outcome => return outcome,
            }
        }
        let mut connection = self.connect(deadline)?;
        let wait = run(&mut connection, &self.script, charge, deadline)?;
        self.connection = Some(connection);
        Ok(wait)
    }

    /// Waits for a connection, which is made by a thread of its own: a name that is looked up
    /// knows no deadline, and a slow handshake may end while nobody waits for it.
    fn connect(&mut self, deadline: Instant) -> Result<Connection, StoreFault> {
        // What an earlier attempt has come to by now; its failure is no news.
        if let Some(attempt) = &self.connecting {
            match attempt.try_recv() {
                Ok(Ok(connection)) => {
                    self.connecting = None;
                    return Ok(connection);
                }
                Err(mpsc::TryRecvError::Empty) => {}
                _ => self.connecting = None,
            }
        }
        let attempt = match self.connecting.take() {
            Some(attempt) => attempt,
            None => begin_to_connect(self.url.clone())?,
        };
        match attempt.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => {
                self.connecting = Some(attempt);
                Err(StoreFault::Timeout)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(StoreFault::Connection(io::ErrorKind::Other))
            }
        }
    }
}

fn begin_to_connect(url: RedisUrl) -> Result<Receiver<Result<Connection, StoreFault>>, StoreFault> {
    let (sender, attempt) = mpsc::sync_channel(1);
    let connect = move || {
        // Nobody may be waiting any more.
        drop(sender.send(Connection::open(&url, Instant::now() + CONNECT)));
    };
    let spawned = thread::Builder::new().name("redis-connect".to_owned()).spawn(connect);
    spawned.map_err(|error| StoreFault::Connection(error.kind()))?;
    Ok(attempt)
}

/// Runs the script, and sends it whole where this Redis has not seen it yet.
fn run(
    connection: &mut Connection,
    script: &Script,
    charge: &Charge<'_>,
    deadline: Instant,
) -> Result<Duration, StoreFault> {
    connection.answer_by(deadline);
    let by_hash = command("EVALSHA", script.get_hash(), charge).query::<Value>(connection);
    let answer = match by_hash {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
            command("EVAL", SCRIPT, charge).query(connection)?
        }
        other => other?,
    };
    let longest = charge.limit.window;
    match answer {
        Value::Int(wait) => u64::try_from(wait)
            .map(Duration::from_micros)
            .ok()
            .filter(|wait| *wait <= longest)
            .ok_or(StoreFault::Nonsense),
        _ => Err(StoreFault::Nonsense),
    }
}

fn command(how: &str, script: &str, charge: &Charge<'_>) -> redis::Cmd {
    let Charge { window, limit, history } = charge;
    let microseconds = |window: Duration| window.as_secs().saturating_mul(1_000_000);
    let mut command = redis::cmd(how);
    command.arg(script).arg(1).arg(name_of(window));
    command.arg(limit.requests.get()).arg(microseconds(limit.window));
    command.arg(history.requests.max(limit.requests).get());
    command.arg(microseconds(history.window.max(limit.window)));
    command
}

/// The key of a window: a digest, so that no name of a caller stands in Redis.
fn name_of(window: &[&str]) -> String {
    let mut digest = Context::new(&SHA256);
    for part in window {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut name = "portcullis:".to_owned();
    for byte in digest.finish().as_ref() {
        name.push_str(&format!("{byte:02x}"));
    }
    name
}

fn charged(wait: Duration) -> Charged {
    if wait.is_zero() {
        return Charged::Admitted;
    }
    Charged::Refused { retry_after: wait.as_secs() + u64::from(wait.subsec_nanos() > 0) }
}

impl From<RedisError> for StoreFault {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        match (error.kind(), error.code()) {
            // The rest of what it says may hold anything.
            (_, Some(code)) => Self::Refused(code.escape_debug().take(40).collect()),
            (ErrorKind::Io, None) if error.is_connection_dropped() => {
                Self::Connection(io::ErrorKind::ConnectionReset)
            }
            (ErrorKind::Io, None) => Self::Connection(io::ErrorKind::Other),
            _ => Self::Nonsense,
        }
    }
}

impl From<io::Error> for StoreFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout,
            kind => Self::Connection(kind),
        }
    }
}

impl fmt::Debug for SharedWindows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedWindows")
            .field("url", &self.url)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        for (micros, expected) in [
            (0, Charged::Admitted),
            (1, Charged::Refused { retry_after: 1 }),
            (1_000_000, Charged::Refused { retry_after: 1 }),
            (1_000_001, Charged::Refused { retry_after: 2 }),
            (59_999_999, Charged::Refused { retry_after: 60 }),
        ] {
            assert_eq!(charged(Duration::from_micros(micros)), expected, "{micros}");
        }
    }

    #[test]
    fn windows_are_told_apart_by_every_part() {
        let names = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""], &["ab", "d"]];
        let distinct: std::collections::BTreeSet<_> = names.map(name_of).into();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(name_of(&["ab", "c"]).len(), "portcullis:".len() + 64);
    }
}
