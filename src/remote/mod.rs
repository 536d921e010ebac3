//! What a face asks for outside the process.
//!
//! - [`KeySets`]: key sets by URL, fetched beside the loop and kept
//! - [`Introspection`]: what an authorization server says of an opaque token (RFC 7662)
//! - [`SharedWindows`]: rate limits that several gateways share, counted by Redis
//!
//! Whatever is asked may be down, slow, huge or lying: every call has a deadline for the whole of
//! it and a bound on what it takes in, and comes to a value, never to a panic. A failure is logged
//! once, when it begins, and once when it is over; a token, a key or a password never is.
//!
//! What an answer means for a request is the core's to say.

mod http;
mod introspection;
mod key_sets;
mod redis;
mod remembered;
mod schedule;
mod secret;
mod url;

pub use self::http::CallFault;
pub use self::introspection::{
    Introspected, Introspection, IntrospectionCounts, IntrospectionFault, IntrospectionSettings,
    Moment,
};
pub use self::key_sets::{FetchedSet, KeySetStatus, KeySets, KeySource};
pub use self::redis::{
    CALL as REDIS_CALL, Charge, Charged, REST as REDIS_REST, RedisUrl, RedisUrlFault,
    SharedWindowCounts, SharedWindows,
};
pub use self::schedule::KeySetTiming;
pub use self::secret::Secret;
pub use self::url::{RemoteUrl, UrlFault};
