//! URLs, as far as a configuration judges them: scheme, host and port, and nothing that could be
//! read in two ways.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A URL that was taken apart: `scheme://host[:port][/path][?query]`.
pub(super) struct Url<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: Host<'a>,
    /// The path and query, with the slash it begins with; empty where there is none.
    pub(super) path: &'a str,
    pub(super) has_user: bool,
    pub(super) has_password: bool,
}

/// A host.
pub(super) enum Host<'a> {
    Name(&'a str),
    Address(IpAddr),
}

impl Host<'_> {
    /// True for this machine.
    pub(super) fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
            Self::Address(address) => address.is_loopback(),
        }
    }
}

impl<'a> Url<'a> {
    /// Takes a URL apart. The reason never repeats the text, which may hold a password.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a URL has neither spaces nor anything beyond ASCII");
        }
        if text.contains(['\\', '"', '<', '>', '#']) {
            return Err("a URL here has no fragment and no `\\`, `\"`, `<` or `>`");
        }
        let (scheme, rest) = text.split_once("://").ok_or("it is no URL")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let (host, port) = split_port(authority)?;
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return Err("the port is a number from 1 to 65535");
        }
        Ok(Self {
            scheme,
            host: read_host(host)?,
            path,
            has_user: user.is_some(),
            has_password: user.is_some_and(|user| user.contains(':')),
        })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = authority.strip_prefix('[') {
        let end = rest.find(']').ok_or("the address lacks its `]`")?;
        let host = authority.get(..end + 2).unwrap_or_default();
        return match rest.get(end + 1..).unwrap_or_default() {
            "" => Ok((host, None)),
            port => Ok((host, Some(port.strip_prefix(':').ok_or("it is no URL")?))),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn read_host(host: &str) -> Result<Host<'_>, &'static str> {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| "the IPv6 address is broken")?;
        return Ok(Host::Address(address.into()));
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    match !host.is_empty() && host.bytes().all(plain) {
        true => Ok(Host::Name(host)),
        false => {
            Err("the URL has no host, or one of other characters than letters, digits and `-`")
        }
    }
}

/// What is fetched over the network and believed: `https:`, or `http:` to this machine.
pub(super) fn check_trusted(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text)?;
    if url.has_user {
        return Err("a URL with a user name would write a secret into the configuration");
    }
    match url.scheme {
        "https" => Ok(()),
        "http" if url.host.is_loopback() => Ok(()),
        "http" => Err("plain `http:` is for this machine alone"),
        _ => Err("the URL's scheme is not `https`"),
    }
}

/// An origin to forward to.
pub(super) fn check_target(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text)?;
    if url.has_user {
        return Err("a URL with a user name would write a secret into the configuration");
    }
    if !matches!(url.scheme, "http" | "https") {
        return Err("the URL's scheme is neither `http` nor `https`");
    }
    if !matches!(url.path, "" | "/") {
        return Err("a target has no path of its own; `rewrite` of the route sets it");
    }
    Ok(())
}

/// A Redis server. Where it stands in the tree it may have no password; in what `env:` or `file:`
/// names it may.
pub(super) fn check_redis(text: &str, may_have_password: bool) -> Result<(), &'static str> {
    let url = Url::parse(text)?;
    if url.has_password && !may_have_password {
        return Err("a password is never written into the configuration");
    }
    if !matches!(url.scheme, "redis" | "rediss") {
        return Err("the URL's scheme is neither `redis` nor `rediss`");
    }
    let database = url.path.strip_prefix('/').unwrap_or(url.path);
    match database.bytes().all(|byte| byte.is_ascii_digit()) && database.len() <= 5 {
        true => Ok(()),
        false => Err("behind the host stands the number of a database, if anything"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for (url, good) in [
            ("https://auth.example.com/.well-known/jwks.json", true),
            ("https://auth.example.com:8443?x=1", true),
            ("http://localhost:8080/jwks", true),
            ("http://127.0.0.1/jwks", true),
            ("http://127.9.9.9/jwks", true),
            ("http://[::1]:80/jwks", true),
            ("http://auth.example.com/jwks", false),
            ("http://127.0.0.1.evil.example/jwks", false),
            ("http://localhost.evil.example/jwks", false),
            ("http://127.0.0.1@evil.example/jwks", false),
            ("http://0.0.0.0/jwks", false),
            ("http://[::ffff:7f00:1]/jwks", false),
            ("https://user@auth.example.com/", false),
            ("https://", false),
            ("https:///path", false),
            ("https://host:0/", false),
            ("https://host:65536/", false),
            ("https://host:/", false),
            ("https://host/#fragment", false),
            ("https://ho st/", false),
            ("https://host\\@evil/", false),
            ("https://[::1/", false),
            ("ftp://host/", false),
            ("HTTPS://host/", false),
            ("secret", false),
        ] {
            assert_eq!(check_trusted(url).is_ok(), good, "{url}");
        }
    }

    #[test]
    fn a_store_has_no_password_in_the_tree() {
        for (url, bare, named) in [
            ("redis://127.0.0.1:6379/0", true, true),
            ("rediss://cache.example", true, true),
            ("redis://user@cache.example", true, true),
            ("redis://:hunter2@cache.example/1", false, true),
            ("redis://cache.example/zero", false, false),
            ("http://cache.example", false, false),
        ] {
            assert_eq!(check_redis(url, false).is_ok(), bare, "{url}");
            assert_eq!(check_redis(url, true).is_ok(), named, "{url}");
        }
    }

    #[test]
    fn a_target_is_an_origin() {
        for (url, good) in [
            ("http://127.0.0.1:9001", true),
            ("https://users.internal/", true),
            ("http://users.internal/v1", false),
            ("http://u:p@users.internal", false),
            ("users.internal:80", false),
            ("unix:///run/users", false),
        ] {
            assert_eq!(check_target(url).is_ok(), good, "{url}");
        }
    }
}
