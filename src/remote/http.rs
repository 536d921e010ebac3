//! One HTTP call to somebody who may be slow, huge or lying.
//!
//! No redirect is followed, no proxy of the environment is used, no cookie is kept, and a deadline
//! holds for the whole call: looking the name up, connecting, TLS, and every byte of the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Error, Timeout};

use super::url::RemoteUrl;

/// Why a call came to nothing. Nothing of the answer stands in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// The time for it ran out.
    #[error("there was no whole answer in the time for it")]
    Timeout,
    /// The host's name leads nowhere.
    #[error("the host's name leads to no address that may be asked")]
    HostNotFound,
    /// The connection could not be made, or broke.
    #[error("the connection failed ({0})")]
    Connection(io::ErrorKind),
    /// No TLS, or a certificate that cannot be trusted.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// An answer of another status than 200.
    #[error("it answered with status {0}; only 200 counts, and no redirect is followed")]
    Status(u16),
    /// An answer that is longer than may be.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(u64),
    /// No HTTP, or none that can be understood.
    #[error("the answer is not HTTP as it should be")]
    Protocol,
    /// A body that is not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8,
}

/// Makes calls that are all alike.
pub(super) struct HttpClient {
    agent: Agent,
    most_bytes: u64,
}

impl HttpClient {
    /// Calls of at most so long, whose answers have at most so many bytes.
    pub(super) fn new(timeout: Duration, most_bytes: u64) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Config::builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_connections_per_host(1)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(timeout))
            .build();
        let connector = DefaultConnector::default();
        let agent = Agent::with_parts(config, connector, PlainOnlyHere::default());
        Self { agent, most_bytes }
    }

    /// Gets a text.
    pub(super) fn get(&self, url: &RemoteUrl, accept: &str) -> Result<String, CallFault> {
        let request = self.agent.get(url.as_str()).header(header::ACCEPT, accept);
        self.body(request.call()?)
    }

    /// Posts a form, for a text.
    pub(super) fn post_form(
        &self,
        url: &RemoteUrl,
        authorization: &str,
        form: &str,
    ) -> Result<String, CallFault> {
        let request = self
            .agent
            .post(url.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.body(request.send(form)?)
    }

    fn body(&self, mut answer: Response<Body>) -> Result<String, CallFault> {
        if answer.status() != 200 {
            return Err(CallFault::Status(answer.status().as_u16()));
        }
        let bytes = answer.body_mut().with_config().limit(self.most_bytes).read_to_vec()?;
        String::from_utf8(bytes).map_err(|_| CallFault::NotUtf8)
    }
}

impl From<Error> for CallFault {
    fn from(error: Error) -> Self {
        match error {
            Error::Timeout(_) => Self::Timeout,
            Error::HostNotFound => Self::HostNotFound,
            Error::ConnectionFailed => Self::Connection(io::ErrorKind::NotConnected),
            Error::BodyExceedsLimit(limit) => Self::TooLarge(limit),
            Error::Tls(why) => Self::Tls(why.to_owned()),
            // Names out of a stranger's certificate may stand in it.
            Error::Rustls(why) => Self::Tls(why.to_string().escape_debug().to_string()),
            Error::Io(why) => Self::of_io(&why),
            _ => Self::Protocol,
        }
    }
}

impl CallFault {
    /// What TLS has to say comes as the source of an input/output error.
    fn of_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(why) => Self::Tls(why.to_string().escape_debug().to_string()),
            None if error.kind() == io::ErrorKind::TimedOut => Self::Timeout,
            None => Self::Connection(error.kind()),
        }
    }
}

/// Plain HTTP goes to this machine alone, whatever a name server says of `localhost`.
#[derive(Debug, Default)]
struct PlainOnlyHere(DefaultResolver);

impl Resolver for PlainOnlyHere {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Timeout(_) => Error::Timeout(Timeout::Resolve),
            _ => Error::HostNotFound,
        })?;
        if uri.scheme_str() == Some("https") {
            return Ok(found);
        }
        let mut here = self.empty();
        for address in found.iter().filter(|address| address.ip().is_loopback()) {
            here.push(*address);
        }
        if here.is_empty() { Err(Error::HostNotFound) } else { Ok(here) }
    }
}
