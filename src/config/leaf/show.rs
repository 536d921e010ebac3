//! How each form is written: the one way of several that mean the same.

use std::fmt;
use std::time::Duration;

use super::{
    Digest, FilePath, GrantText, HeaderName, Instant, KeySource, LongSpan, Method, Name,
    PathPattern, Permission, PlainPath, Rate, Reference, SecretSource, Span, Store, Target,
    TrustedUrl,
};

/// In the largest unit that leaves nothing over.
fn show_duration(duration: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0 => f.write_str("0s"),
        _ if milliseconds.is_multiple_of(3_600_000) => write!(f, "{}h", milliseconds / 3_600_000),
        _ if milliseconds.is_multiple_of(60_000) => write!(f, "{}m", milliseconds / 60_000),
        _ if milliseconds.is_multiple_of(1000) => write!(f, "{}s", milliseconds / 1000),
        _ => write!(f, "{milliseconds}ms"),
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_duration(self.0, f)
    }
}

impl fmt::Display for LongSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_duration(self.0, f)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(reference) => reference.fmt(f),
            Self::Url(url) => f.write_str(url),
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Redis(url) => f.write_str(url),
            Self::Named(reference) => reference.fmt(f),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

macro_rules! shown_as_it_is {
    ($($leaf:ty: $field:tt $(. $method:ident)?),* $(,)?) => {$(
        impl fmt::Display for $leaf {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.$field$(.$method())?, f)
            }
        }
    )*};
}

shown_as_it_is!(
    Rate: 0, SecretSource: 0, TrustedUrl: 0, Target: 0, Name: 0, Permission: 0, GrantText: 0,
    Instant: 0, HeaderName: 0, Method: 0, PathPattern: 0.as_str, PlainPath: 0, FilePath: 0,
);
