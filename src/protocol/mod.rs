//! The wire: bytes to typed messages, and answers to bytes. Knows no tokens and no policy.
//!
//! - [`framing`]: where a message begins and ends, and what is too broken to be one
//! - [`message`]: what a message says
//! - [`operator`], [`reply`]: what an operator and a service say
//! - [`layout`]: what an answer looks like

pub mod framing;
pub mod layout;
mod members;
pub mod message;
pub mod operator;
pub mod reply;
mod scan;
mod syntax;

pub use framing::{Frame, Framer};
pub use message::{
    Address, ApiRequest, Body, Incoming, Init, KeyMember, Malformed, Message, MsgId, WrongMember,
};
