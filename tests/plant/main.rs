//! Whole policies, from end to end: a conversation is recorded, decided again, and decided under
//! another policy; what that is said to change is what a live node under it does otherwise.
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub, reason = "tests may panic")]

#[path = "../support/command.rs"]
mod command;
mod conversation;
mod recorded;
mod semiconductor;
mod two_projects;
