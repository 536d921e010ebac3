//! What is asked outside the process, against real servers on this machine: good ones, and ones
//! that are down, slow, huge or lying.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "../support/mod.rs"]
mod support;

mod http_server;
mod introspection;
mod key_sets;
mod logged;
mod redis;
mod redis_server;
mod tls;
