//! A connection to a Redis that answers in time or is given up.
//!
//! The library's own connection bounds each read, and so would wait for ever for a server that
//! sends a byte now and then. Here a deadline holds for all of an answer. All that is asked here is
//! answered in one short line; whatever else comes is not read on.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, ErrorKind, RedisError, RedisResult, Value};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_platform_verifier::BuilderVerifierExt;

use super::StoreFault;
use super::url::RedisUrl;

/// The longest answer (bytes).
const MOST_BYTES: usize = 1024;

/// An open connection, let in and with its database chosen.
pub(super) struct Connection {
    stream: Stream,
    database: i64,
    open: bool,
}

enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// A socket with a deadline.
struct Timed {
    socket: TcpStream,
    deadline: Instant,
}

impl Connection {
    /// Opens one by a deadline, but for the time that it takes to look a name up.
    pub(super) fn open(url: &RedisUrl, deadline: Instant) -> Result<Self, StoreFault> {
        let socket = connect(url, deadline)?;
        socket.set_nodelay(true)?;
        let timed = Timed { socket, deadline };
        let stream = match url.tls {
            false => Stream::Plain(timed),
            true => Stream::Tls(Box::new(StreamOwned::new(tls(&url.host)?, timed))),
        };
        let database = url.database;
        let mut opened = Self { stream, database, open: true };
        if let Some(password) = &url.password {
            let mut auth = redis::cmd("AUTH");
            if let Some(user) = &url.user {
                auth.arg(user);
            }
            let _: Value = auth.arg(password.expose()).query(&mut opened)?;
        }
        if database != 0 {
            let _: Value = redis::cmd("SELECT").arg(database).query(&mut opened)?;
        }
        Ok(opened)
    }

    /// All that is asked from now on is answered by then, or not at all.
    pub(super) fn answer_by(&mut self, deadline: Instant) {
        match &mut self.stream {
            Stream::Plain(timed) => timed.deadline = deadline,
            Stream::Tls(stream) => stream.sock.deadline = deadline,
        }
    }

    fn exchange(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.stream.write_all(command)?;
        self.stream.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> RedisResult<Value> {
        let mut line = [0; MOST_BYTES];
        let mut length = 0;
        while let Some(free @ [_, ..]) = line.get_mut(length..) {
            let read = self.stream.read(free)?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            length += read;
            let so_far = line.get(..length).unwrap_or_default();
            match (so_far, memchr::memchr(b'\n', so_far)) {
                ([b':' | b'+' | b'-', ..], None) => {}
                ([b':' | b'+' | b'-', ..], Some(end)) if end + 1 == length => {
                    return redis::parse_redis_value(so_far);
                }
                _ => break,
            }
        }
        Err(RedisError::from((ErrorKind::Parse, "the answer is no short line")))
    }
}

fn connect(url: &RedisUrl, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (url.host.as_str(), url.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, remaining(deadline)?) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn tls(host: &str) -> Result<ClientConnection, StoreFault> {
    let fault = |error: rustls::Error| StoreFault::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(fault)?
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| StoreFault::Tls("the host's name is none for a certificate".to_owned()))?;
    ClientConnection::new(Arc::new(config), name).map_err(fault)
}

/// What is left until then, where anything is.
fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

impl ConnectionLike for Connection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        let answer = self.exchange(command);
        self.open &= answer.is_ok();
        answer
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut answers = vec![self.req_packed_command(commands)?];
        while answers.len() < offset + count {
            answers.push(self.answer()?);
        }
        Ok(answers.split_off(offset))
    }

    fn get_db(&self) -> i64 {
        self.database
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").query::<Value>(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.open
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(remaining(self.deadline)?))?;
        self.socket.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(remaining(self.deadline)?))?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}
