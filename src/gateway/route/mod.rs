//! Routes: which paths lead where.
//!
//! A [`RouteTable`] finds, of all patterns that a path matches, the one that is most exact: segment
//! by segment from the left a literal goes before `{name}`, and that before `{*rest}`. The path alone
//! chooses it; only then the method chooses among the routes of that pattern. One trailing slash is
//! ignored. Since repeated slashes are one in a [`NormalPath`], no segment is empty and no parameter
//! stands for nothing: `/a/` is `/a`, which `/a/{name}` and `/a/{*rest}` do not match.
//!
//! The tree is our own, since no router library at hand can be told that a parameter refuses a
//! segment with `;`. To refuse it afterwards is not the same: of `/a/{x}` and `/{y}/b;c` the second
//! must be found for `/a/b;c`, and matchit 0.9 has stopped at the first by then. Nor does it take
//! `/a/{name}` beside `/a/{*rest}`.

mod coverage;
mod pattern;
mod rewrite;
mod table;
mod values;

#[cfg(test)]
mod tests;

pub use self::coverage::{covers, overlap};
pub use self::pattern::{PatternFault, RoutePattern};
pub(super) use self::pattern::{PatternPart, has_semicolon};
pub use self::rewrite::{Rewrite, forwarded};
pub use self::table::{Found, RouteTable, Tie, TiedMethods};
pub use self::values::Values;

#[cfg(doc)]
use super::path::NormalPath;
