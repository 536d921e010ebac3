//! Recorded decisions: what a record holds and what it never holds, and that from it everything can be
//! decided again, as then and otherwise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests may panic"
)]

#[path = "../support/command.rs"]
mod command;
mod file;
mod fixtures;
mod lines;
mod live;
mod properties;
mod what_if;
