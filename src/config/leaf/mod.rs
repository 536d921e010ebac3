//! Texts of the tree that have a form of their own: durations, rates, references, grants.
//!
//! Each is a type, read in one place; the schema names the form, and the check of shapes finds its
//! reader by that name.

mod algorithm;
mod read;
mod show;

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::algorithm::AlgorithmName;
pub(super) use self::read::fault_of_name;
use crate::gateway::Timestamp;
use crate::gateway::grant::Grant;
use crate::gateway::limit::RateLimit;
use crate::gateway::route::RoutePattern;

/// A text with a form of its own.
pub(super) trait Leaf: Sized + fmt::Display {
    /// The form's name in the schema.
    const FORMAT: &'static str;
    /// What it is, as in "write …".
    const EXPECTED: &'static str;
    /// True where somebody might write a secret by mistake.
    const SECRET: bool = false;
    /// What an editor can check.
    const PATTERN: Option<&'static str> = None;

    /// Reads one.
    fn read(text: &str) -> Result<Self, String>;
}

/// What is known of a form without its type.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) expected: &'static str,
    pub(super) secret: bool,
    pub(super) check: fn(&str) -> Result<(), String>,
}

macro_rules! leaves {
    ($($leaf:ty),* $(,)?) => {
        $(
            impl Serialize for $leaf {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $leaf {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    Self::read(&text).map_err(serde::de::Error::custom)
                }
            }

            impl JsonSchema for $leaf {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> std::borrow::Cow<'static, str> {
                    Self::FORMAT.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    let mut schema = json_schema!({ "type": "string", "format": Self::FORMAT });
                    if let Some(pattern) = Self::PATTERN {
                        schema.insert("pattern".to_owned(), pattern.into());
                    }
                    schema
                }
            }
        )*

        /// Every form.
        pub(super) const FORMS: &[Form] = &[$(Form {
            name: <$leaf as Leaf>::FORMAT,
            expected: <$leaf as Leaf>::EXPECTED,
            secret: <$leaf as Leaf>::SECRET,
            check: |text| <$leaf as Leaf>::read(text).map(drop),
        }),*];
    };
}

leaves!(
    Span,
    LongSpan,
    Rate,
    KeySource,
    SecretSource,
    Store,
    TrustedUrl,
    Target,
    Name,
    Permission,
    GrantText,
    Instant,
    Digest,
    HeaderName,
    Method,
    PathPattern,
    PlainPath,
    FilePath,
);

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A stretch of time that is not nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongSpan(pub Duration);

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub RateLimit);

/// Where a value stands that does not stand in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// In an environment variable.
    Variable(String),
    /// In a file.
    File(String),
}

/// Where keys stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a variable or a file.
    Named(Reference),
    /// Behind a URL, as a JWK Set.
    Url(String),
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSource(pub Reference);

/// Where windows of rate limits are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// In this process.
    Memory,
    /// With a Redis server.
    Redis(String),
    /// With the Redis server whose URL stands there.
    Named(Reference),
}

/// A URL whose answers are believed: `https:`, or `http:` to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedUrl(pub String);

/// Where a service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(pub String);

/// A name: some text, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub String);

/// A permission, to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission(pub String);

/// A permission, or a pattern of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantText(pub Grant);

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instant(pub Timestamp);

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(pub String);

/// A method of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method(pub String);

/// The paths of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(pub RoutePattern);

/// A path without parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPath(pub String);

/// A file, relative to the one that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(pub String);
