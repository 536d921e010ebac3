//! What is asked outside the process, against real servers on this machine: good ones, and ones
//! that are down, slow, huge or lying.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

#[path = "../support/http_server.rs"]
mod http_server;
#[path = "../support/redis_server.rs"]
mod redis_server;
#[path = "../support/mod.rs"]
mod support;

mod introspection;
mod key_sets;
mod logged;
mod redis;
mod tls;
