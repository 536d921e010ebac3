//! Where the node's time comes from.

use std::time::SystemTime;

use crate::gateway::Timestamp;

/// A clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clock {
    /// The system's.
    System,
    /// One that stands still, so that a conversation always replays to the same bytes.
    Frozen(Timestamp),
}

impl Clock {
    /// What it shows.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::from_system(SystemTime::now()),
            Self::Frozen(instant) => instant,
        }
    }
}
