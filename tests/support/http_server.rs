//! An HTTP server on this machine that behaves as it is told. A thread answers each connection,
//! once.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use portcullis::remote::RemoteUrl;

/// What it does about a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with this status and body.
    Status(u16, Vec<u8>),
    /// Sends these bytes and closes.
    Raw(Vec<u8>),
    /// Answers well, but a byte at a time.
    Drip(Vec<u8>),
    /// Sends nothing.
    Silence,
}

/// A request, as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The first line and the headers, their names in small letters.
    pub(crate) head: Vec<String>,
    /// The body.
    pub(crate) body: String,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What a server answers from now on, until it is told otherwise.
#[derive(Clone)]
pub(crate) struct Switch(Arc<Mutex<Reply>>);

impl Switch {
    pub(crate) fn set(&self, reply: Reply) {
        *self.0.lock().unwrap() = reply;
    }
}

impl Reply {
    /// A good answer.
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Status(200, body.into())
    }
}

impl Server {
    /// Starts one; `reply` is told how many requests came before.
    pub(crate) fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(TcpListener::bind("127.0.0.1:0").unwrap(), reply)
    }

    /// Starts one that answers by these in turn, and by the last one ever after.
    pub(crate) fn scripted(replies: Vec<Reply>) -> Self {
        Self::start(move |before| replies[before.min(replies.len() - 1)].clone())
    }

    /// Starts one that answers by what its switch says.
    pub(crate) fn switched(first: Reply) -> (Self, Switch) {
        let switch = Switch(Arc::new(Mutex::new(first)));
        let current = switch.clone();
        (Self::start(move |_| current.0.lock().unwrap().clone()), switch)
    }

    /// Starts one that answers by what it is asked.
    pub(crate) fn asked_for(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::run(listener, move |_, asked| reply(asked))
    }

    /// Starts one on a socket.
    pub(crate) fn start_at(
        listener: TcpListener,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::run(listener, move |before, _| reply(before))
    }

    fn run(
        listener: TcpListener,
        reply: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, reply) = (Arc::clone(&asked), Arc::new(reply));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (log, reply) = (Arc::clone(&log), Arc::clone(&reply));
                thread::spawn(move || answer(connection.unwrap(), &log, &*reply));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> RemoteUrl {
        format!("http://{}/path", self.address).parse().unwrap()
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn answer(
    mut connection: TcpStream,
    log: &Mutex<Vec<Asked>>,
    reply: &dyn Fn(usize, &Asked) -> Reply,
) {
    let Some(asked) = read(&connection) else { return };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    // Who asked may have gone away, which is no fault of the test.
    let _ = match reply(before, &asked) {
        Reply::Raw(bytes) => connection.write_all(&bytes),
        Reply::Status(status, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} S\r\nContent-Length: {length}\r\nSet-Cookie: a=b\r\nConnection: close\r\n\r\n"
            );
            connection.write_all(&[head.into_bytes(), body].concat())
        }
        Reply::Drip(body) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            connection.write_all(head.as_bytes()).map(|()| drip(&mut connection, &body))
        }
        Reply::Silence => connection.read(&mut [0]).map(drop),
    };
}

/// A byte every now and then, until the other side goes away.
fn drip(connection: &mut TcpStream, body: &[u8]) {
    connection.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    for byte in body {
        if connection.read(&mut [0]).is_ok() || connection.write_all(&[*byte]).is_err() {
            return;
        }
    }
}

fn read(connection: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(connection);
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let line = match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
            None => line.to_owned(),
        };
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { head, body: String::from_utf8(body).unwrap() })
}
