//! The node as its owner runs it: the built binary, with a configuration, and real servers on this
//! machine behind it.
//!
//! Nothing here waits for a time: it waits for an answer, for a server to have been asked, or for
//! what `health`, `metrics` or the log say.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "../support/http_server.rs"]
mod http_server;
#[path = "../support/redis_server.rs"]
mod redis_server;
#[path = "../support/running.rs"]
mod running;
#[path = "../support/mod.rs"]
mod support;

mod forwarding;
mod introspection;
mod key_sets;
mod redis;
mod revocations;
mod start_up;
