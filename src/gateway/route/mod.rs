//! Routes: which paths lead where.

mod pattern;

pub use self::pattern::{PatternFault, Rewrite, RoutePattern};
