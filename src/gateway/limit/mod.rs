//! Rate limits: how often may a caller ask.
//!
//! A [`Limiter`] counts in exact sliding windows: in no stretch `(now - W, now]` does it admit more
//! than N requests of a caller, whatever else is asked of it. A refused request costs nothing.
//!
//! Memory is bounded. So many callers have a window each; when there are more, windows in which
//! nothing is left go first, and where all are in use, newcomers are guests: they share what one
//! caller may have, besides being counted each for itself. So nobody ever exceeds a limit, and the
//! only inexactness is that guests are refused sooner, which [`Counts`] tells.

mod caller;
mod limiter;
mod pool;
mod rate;
mod window;
mod windows;

#[cfg(test)]
mod tests;

pub use self::caller::{CallerKey, CallerKind};
pub use self::limiter::{Admission, Limiter, Scope};
pub use self::pool::Counts;
pub use self::rate::{NotARateLimit, RateLimit};
