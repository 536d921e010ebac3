//! portcullis: who is calling, and what may they do.
//!
//! Bytes in, one decision, bytes out. Messages come in as JSON; [`protocol`] says where each begins
//! and ends and what it means; [`gateway`] decides it; `protocol` writes the answer. The decision
//! is a function of policy and keys in force, what was counted and revoked before, the request and
//! the time. All of that can be written down, so every decision can be made again to the byte, and
//! be made under another policy.
//!
//! - [`gateway`]: the core. Routes, credentials, tokens, identities, permissions, limits and
//!   circuits; no input, no output, no clock. The order of checks stands in one function
//!   (`check.rs`) around which [`gateway::Gateway::decide`] is built; [`gateway::Denial`] is every
//!   way to say no.
//! - [`protocol`]: the wire. Bytes to messages and answers to bytes; knows no tokens and no policy.
//! - [`config`]: the configuration tree. Texts to a policy, or every fault at once; opens no file.
//! - [`record`]: decisions written down, made again, and made under another configuration.
//! - [`remote`]: what a face asks for outside the process: key sets, opaque tokens, shared windows.
//! - [`node`]: the face on standard input and output, with the clock and the threads.
//! - [`replay`]: recorded conversations, run through a node again and compared.
//! - [`mint`]: makes keys and tokens, for tools and tests; nothing that decides comes there.
//!
//! `gateway` and `protocol` import nothing else of this crate; `config`, `mint` and `remote` import
//! `gateway`, `record` imports `config` too, `node` imports all of these but `mint`, `replay`
//! imports `node`, and the command line imports them all (`tests/layers` says so exactly). Whoever
//! has requests of their own needs the core alone, and `config` for a policy that is written down:
//!
//! ```rust
//! use std::error::Error;
//! use std::sync::Arc;
//!
//! use portcullis::gateway::key::KeyText;
//! use portcullis::gateway::{Decision, Gateway, Request, Timestamp};
//!
//! const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
//!     eyJleHAiOjQxMDI0NDQ4MDAsImlhdCI6MTc2NzIyNTYwMCwicGVybWlzc2lvbnMiOlsicmVhZCJdLCJzdWIiOiJhbGljZSJ9.\
//!     P0K6SKZb6vP3g8iNC2gOPj4Zbxr1lZdjRpZCWXbdEJQ";
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let (keys, _warnings) = KeyText::Text("a secret of at least 32 bytes, PEM or JWK").read()?;
//!     let mut gateway = Gateway::new();
//!     gateway.replace_keys(Arc::new(keys));
//!
//!     let request = Request {
//!         method: "GET",
//!         target: "/api/orders/7",
//!         headers: &[("Authorization".into(), format!("Bearer {TOKEN}").into())],
//!         required: &["read".into()],
//!         client_ip: None,
//!     };
//!     match gateway.decide(Ok(request), Timestamp::parse("2026-01-01T00:30:00Z")?) {
//!         Decision::Allow(allowed) => {
//!             assert_eq!(allowed.service().to_string(), "orders-service");
//!             assert_eq!(allowed.caller().map(|caller| caller.identity().user()), Some("alice"));
//!         }
//!         Decision::Deny(denied) => panic!("{} {}", denied.denial.status(), denied.denial),
//!     }
//!     Ok(())
//! }
//! ```

pub mod config;
pub mod gateway;
pub mod mint;
pub mod node;
pub mod protocol;
pub mod record;
pub mod remote;
pub mod replay;
