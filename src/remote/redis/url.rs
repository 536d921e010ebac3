//! Where a Redis is, and how to be let in.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionAddr, IntoConnectionInfo};

use crate::remote::secret::Secret;

/// `redis://[[user]:password@]host[:port][/database]`, or `rediss://…` for TLS. Shown without user
/// and password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: i64,
}

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisUrlFault {
    /// Neither `redis:` nor `rediss:`.
    #[error("begins with neither redis:// nor rediss://")]
    Scheme,
    /// `?…` or `#…`: what others mean by that is not understood, and some of it is not safe.
    #[error("holds a `?` or `#`, which mean nothing here")]
    Options,
    /// Not a host, a port and a database.
    #[error("is not of the form redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]")]
    Malformed,
}

impl FromStr for RedisUrl {
    type Err = RedisUrlFault;

    fn from_str(text: &str) -> Result<Self, RedisUrlFault> {
        let (scheme, rest) = text.split_once("://").ok_or(RedisUrlFault::Scheme)?;
        let tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return Err(RedisUrlFault::Scheme),
        };
        if rest.contains(['?', '#']) {
            return Err(RedisUrlFault::Options);
        }
        // The library reads the parts; the rest of the way is ours.
        let plain = format!("redis://{rest}");
        let info = plain.as_str().into_connection_info().map_err(|_| RedisUrlFault::Malformed)?;
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(RedisUrlFault::Malformed);
        };
        let settings = info.redis_settings();
        let nameless = settings.username().is_some() && settings.password().is_none();
        if host.is_empty() || *port == 0 || settings.db() < 0 || nameless {
            return Err(RedisUrlFault::Malformed);
        }
        Ok(Self {
            tls,
            host: host.clone(),
            port: *port,
            user: settings.username().map(str::to_owned),
            password: settings.password().map(Secret::new),
            database: settings.db(),
        })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let Self { host, port, database, .. } = self;
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}/{database}")
        } else {
            write!(f, "{scheme}://{host}:{port}/{database}")
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_parts_are_read_and_only_the_harmless_ones_are_shown() {
        for (text, shown, user, password) in [
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0", None, None),
            ("redis://h", "redis://h:6379/0", None, None),
            ("rediss://[::1]:1/7", "rediss://[::1]:1/7", None, None),
            ("redis://:p%40ss@h/1", "redis://h:6379/1", None, Some("p@ss")),
            ("rediss://u:p@h", "rediss://h:6379/0", Some("u"), Some("p")),
        ] {
            let url: RedisUrl = text.parse().expect(text);
            assert_eq!(format!("{url}"), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(url.user.as_deref(), user);
            assert_eq!(url.password.as_ref().map(Secret::expose), password);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, fault) in [
            ("", RedisUrlFault::Scheme),
            ("memory", RedisUrlFault::Scheme),
            ("unix:///run/redis.sock", RedisUrlFault::Scheme),
            ("redis+unix:///run/redis.sock", RedisUrlFault::Scheme),
            ("http://127.0.0.1", RedisUrlFault::Scheme),
            ("rediss://h/0#insecure", RedisUrlFault::Options),
            ("redis://h/0?protocol=resp3", RedisUrlFault::Options),
            ("redis://", RedisUrlFault::Malformed),
            ("redis://user@h", RedisUrlFault::Malformed),
            ("redis://h:0", RedisUrlFault::Malformed),
            ("redis://h:99999", RedisUrlFault::Malformed),
            ("redis://h/x", RedisUrlFault::Malformed),
            ("redis://h/-1", RedisUrlFault::Malformed),
            ("redis://0.0.0.0", RedisUrlFault::Malformed),
        ] {
            assert_eq!(text.parse::<RedisUrl>(), Err(fault), "{text}");
        }
    }
}
