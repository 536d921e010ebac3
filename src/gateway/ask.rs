//! What the core cannot know by itself: it says what it needs, and a face gets it.

use std::num::NonZeroU64;

use super::limit::{CallerKey, RateLimit};
use super::trust::IssuerId;

/// What a decision needs to be told before it can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whether an opaque token is active (RFC 7662).
    Introspection(OpaqueToken),
    /// Whether the shared store has room for one more request; asking takes the room.
    Room(SharedWindow),
    /// Whether an issuer has a key of this name by now.
    Key {
        /// The issuer.
        issuer: IssuerId,
        /// The name.
        kid: Box<str>,
    },
}

/// A token that is no JWT. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct OpaqueToken(Box<str>);

/// A window in the shared store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedWindow {
    /// Which of a caller's windows, by a name that every gateway of this policy gives it.
    pub scope: Box<str>,
    /// Whose.
    pub caller: CallerKey,
    /// How many fit in how long.
    pub limit: RateLimit,
    /// The most requests and the longest time of all limits that are counted in it.
    pub history: RateLimit,
}

/// What a face has found out for one decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// What the introspection endpoint says of the token.
    pub introspection: Option<Introspection>,
    /// What the shared store says of the window.
    pub room: Option<SharedRoom>,
    /// The key was asked for; whether it was had shows in the keys in force.
    pub key: Option<KeyAskedFor>,
}

/// A key was asked for, once; nothing more is to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAskedFor;

/// What an introspection endpoint says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// It is active; the JSON of the answer.
    Active(Box<str>),
    /// It is not.
    Inactive,
    /// Nobody knows.
    Failed,
}

/// What the shared store says of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedRoom {
    /// There was room, and it is taken.
    Taken,
    /// There is none.
    Full {
        /// Whole seconds until there will be.
        retry_after: NonZeroU64,
    },
    /// Nobody knows.
    Failed,
}

impl OpaqueToken {
    pub(super) fn new(token: &str) -> Self {
        Self(token.into())
    }

    /// The token, to be sent to the endpoint and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpaqueToken([redacted])")
    }
}
