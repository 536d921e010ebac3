//! Where the node's time comes from.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use crate::gateway::{Now, Steady, Timestamp};

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
    pub fn now(self) -> Now {
        match self {
            Self::System => {
                Now { wall: Timestamp::from_system(SystemTime::now()), steady: steady() }
            }
            Self::Frozen(instant) => Now::at(instant),
        }
    }
}

/// Time since this was first asked, which nobody can set.
fn steady() -> Steady {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    let passed = BEGINNING.get_or_init(Instant::now).elapsed();
    Steady::from_nanoseconds(i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX))
}
