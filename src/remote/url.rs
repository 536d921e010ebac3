//! Where something may be asked: over TLS, or in plain on this machine.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ureq::http::Uri;

/// A URL that may be asked: `https:`, or `http:` to a loopback address. Shown without its query.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteUrl {
    text: String,
}

/// Why a URL is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// No absolute URL.
    #[error("is no absolute URL; write https://HOST/PATH")]
    Malformed,
    /// Neither `https:` nor `http:`.
    #[error("is neither https: nor http:")]
    Scheme,
    /// Plain HTTP to somewhere else.
    #[error("is http: to another machine, where anybody on the way can answer; use https:")]
    Plain,
    /// `user:password@`.
    #[error("holds a user name or password, which must not be written in a URL")]
    Credentials,
    /// `#…`, which is never sent.
    #[error("holds a `#`, which is never sent")]
    Fragment,
}

impl RemoteUrl {
    /// As it was written, its query included.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for RemoteUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        if text.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| UrlFault::Malformed)?;
        let scheme = uri.scheme_str().ok_or(UrlFault::Malformed)?;
        let authority = uri.authority().ok_or(UrlFault::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(UrlFault::Credentials);
        }
        let host = authority.host();
        let port = authority.as_str().get(host.len()..).ok_or(UrlFault::Malformed)?;
        let port_is_good = port.is_empty() || authority.port_u16().is_some_and(|port| port != 0);
        if host.is_empty() || !port_is_good {
            return Err(UrlFault::Malformed);
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(UrlFault::Plain),
            _ => return Err(UrlFault::Scheme),
        }
        Ok(Self { text: text.to_owned() })
    }
}

/// `localhost` counts; that it leads to this machine is seen to when it is looked up.
fn is_loopback(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        || v6.and_then(|v6| v6.parse().ok()).is_some_and(|address: Ipv6Addr| address.is_loopback())
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.split('?').next().unwrap_or_default())
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_tls_anywhere_and_in_plain_only_here() {
        for text in [
            "https://auth.example.com/.well-known/jwks.json",
            "https://auth.example.com:8443/jwks?tenant=1",
            "HTTPS://auth.example.com/",
            "https://192.0.2.1/x",
            "http://127.0.0.1:8080/x",
            "http://127.1.2.3/x",
            "http://[::1]:8080/x",
            "http://localhost/x",
            "http://LOCALHOST:1/x",
        ] {
            assert_eq!(text.parse::<RemoteUrl>().map(|url| url.text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, fault) in [
            ("", UrlFault::Malformed),
            ("/jwks", UrlFault::Malformed),
            ("auth.example.com", UrlFault::Malformed),
            ("https:///x", UrlFault::Malformed),
            ("https://h:0/x", UrlFault::Malformed),
            ("https://h:99999/x", UrlFault::Malformed),
            ("https://h:/x", UrlFault::Malformed),
            ("https://h/\r\nx", UrlFault::Malformed),
            ("ftp://auth.example.com/x", UrlFault::Scheme),
            ("file:///etc/passwd", UrlFault::Malformed),
            ("http://auth.example.com/x", UrlFault::Plain),
            ("http://127.0.0.1.example.com/x", UrlFault::Plain),
            ("http://localhost.example.com/x", UrlFault::Plain),
            ("http://127.1/x", UrlFault::Plain),
            ("http://2130706433/x", UrlFault::Plain),
            ("http://0.0.0.0/x", UrlFault::Plain),
            ("http://[::ffff:10.0.0.1]/x", UrlFault::Plain),
            ("http://127.0.0.1@example.com/x", UrlFault::Credentials),
            ("https://user:password@example.com/x", UrlFault::Credentials),
            ("https://example.com/x#y", UrlFault::Fragment),
        ] {
            assert_eq!(text.parse::<RemoteUrl>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn the_query_is_not_shown() {
        let url: RemoteUrl = "https://h/x?key=secret".parse().expect("a URL");
        assert_eq!(format!("{url} {url:?}"), "https://h/x https://h/x");
    }
}
