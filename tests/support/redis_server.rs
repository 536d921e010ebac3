//! A Redis of our own, on a free port, that ends with the test.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portcullis::remote::RedisUrl;
use redis::Client;
use tempfile::TempDir;

/// A running Redis.
pub(crate) struct RedisServer {
    process: Child,
    port: u16,
    tls_port: u16,
    password: Option<String>,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts one. Where none is installed: fails where everything must be checked (`CI=true`),
    /// else says so and comes to nothing.
    pub(crate) fn start(password: Option<&str>) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            let how = "install it (apt-get install redis-server) or put it on the PATH";
            let checked = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!checked, "redis-server is not installed: {how}");
            // Past the harness, which keeps the output of a test that passes to itself.
            let line = format!("left out: redis-server is not installed: {how}\n");
            io::stderr().write_all(line.as_bytes()).unwrap();
            return None;
        }
        // Somebody else may take the port in between, so more than one is tried.
        (0..5)
            .find_map(|_| Self::start_once(password))
            .or_else(|| panic!("redis-server does not start; it needs TLS"))
    }

    fn start_once(password: Option<&str>) -> Option<Self> {
        Self::start_at(free_port(), password)
    }

    /// Starts one on a port; none where it ends at once.
    pub(crate) fn start_at(port: u16, password: Option<&str>) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let tls_port = free_port();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(password.map(|password| ["--requirepass", password]).into_iter().flatten())
            .args(["--tls-port", &tls_port.to_string(), "--tls-auth-clients", "no"])
            .arg("--tls-cert-file")
            .arg(tls("certificate.pem"))
            .arg("--tls-key-file")
            .arg(tls("key.pem"))
            .arg("--tls-ca-cert-file")
            .arg(tls("certificate.pem"))
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let password = password.map(str::to_owned);
        let mut server = Self { process, port, tls_port, password, _folder: folder };
        server.is_up().then_some(server)
    }

    fn is_up(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let answer = self
                .client()
                .get_connection()
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            if answer.is_ok() {
                return true;
            }
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            thread::yield_now();
        }
        false
    }

    /// Its URL, password and all.
    pub(crate) fn text(&self) -> String {
        let login = self.password.as_ref().map(|password| format!(":{password}@"));
        format!("redis://{}127.0.0.1:{}/0", login.unwrap_or_default(), self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
    }

    pub(crate) fn url(&self) -> RedisUrl {
        self.text().parse().unwrap()
    }

    /// Another way in, to look and to meddle.
    pub(crate) fn client(&self) -> Client {
        Client::open(self.text()).unwrap()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A file of the certificate for tests.
fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}
