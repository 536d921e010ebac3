//! TLS: a certificate that the system trusts, and one that it does not.
//!
//! What the system trusts is read from the environment, so a part of this runs in a process of its
//! own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use portcullis::remote::{
    CallFault, Charge, Charged, KeySetTiming, KeySets, KeySource, RedisUrl, SharedWindows,
};
use portcullis::remote::{Introspected, Introspection, IntrospectionFault};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::json;

use crate::introspection::{Clock, settings_for};
use crate::redis_server::RedisServer;
use crate::support::{path, public_jwk};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that answers every request with this body.
fn serve(body: String) -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(path("tests/data/tls/certificate.pem"));
    let key = PrivateKeyDer::from_pem_file(path("tests/data/tls/key.pem"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            // Who does not trust us goes away, which is what is asked of them.
            let _ = answer(&config, socket.unwrap(), &body);
        }
    });
    address
}

fn answer(config: &Arc<ServerConfig>, mut socket: TcpStream, body: &str) -> std::io::Result<()> {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = Stream::new(&mut connection, &mut socket);
    let mut asked = Vec::new();
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut more = [0; 1024];
        let read = stream.read(&mut more)?;
        if read == 0 {
            return Ok(());
        }
        asked.extend_from_slice(&more[..read]);
    }
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + body).as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn key_set() -> String {
    json!({"keys": [public_jwk("p256")]}).to_string()
}

/// How many keys are fetched from there.
fn fetched(address: SocketAddr) -> usize {
    let timing = KeySetTiming { timeout: PATIENCE, ..KeySetTiming::default() };
    let url = format!("https://{address}/").parse().unwrap();
    let sets = KeySets::start([KeySource { url, timing }]).unwrap();
    sets.wait_for_first();
    sets.status(Instant::now())[0].keys
}

fn charged(server: &RedisServer) -> Charged {
    let url: RedisUrl = format!("rediss://127.0.0.1:{}", server.tls_port()).parse().unwrap();
    let limit = "1/h".parse().unwrap();
    SharedWindows::with_patience(url, PATIENCE)
        .charge(&Charge { window: &["a"], limit, history: limit }, Instant::now())
}

#[test]
fn a_certificate_that_the_system_does_not_trust_is_refused() {
    assert_eq!(fetched(serve(key_set())), 0);
    let url = format!("https://{}/", serve(r#"{"active":true}"#.to_owned())).parse().unwrap();
    let outcome = Introspection::new(settings_for(url)).ask("token", Clock::start().at(0.0));
    let Introspected::Failed(IntrospectionFault::Call(CallFault::Tls(_))) = outcome else {
        panic!("{outcome:?}")
    };
    if let Some(server) = RedisServer::start(None) {
        assert_eq!(charged(&server), Charged::Failed);
    }
}

#[test]
#[ignore = "run by the test below, in an environment that trusts the certificate"]
fn a_certificate_that_the_system_trusts() {
    assert_eq!(fetched(serve(key_set())), 1);
    let url = format!("https://{}/", serve(r#"{"active":true}"#.to_owned())).parse().unwrap();
    let outcome = Introspection::new(settings_for(url)).ask("token", Clock::start().at(0.0));
    assert_eq!(outcome, Introspected::Active(Arc::from(r#"{"active":true}"#)));
    if let Some(server) = RedisServer::start(None) {
        assert_eq!(charged(&server), Charged::Admitted);
    }
}

#[test]
fn a_certificate_that_the_system_trusts_is_accepted() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["tls::a_certificate_that_the_system_trusts", "--exact", "--ignored"])
        .env("SSL_CERT_FILE", path("tests/data/tls/certificate.pem"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && printed.contains("1 passed"), "{printed}");
}
