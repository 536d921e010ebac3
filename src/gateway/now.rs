//! The instant of a decision, on both clocks.

use super::time::{Steady, Timestamp};

/// When a decision is made. Tokens live by the wall's clock, which may be set; limits and circuits
/// by one that never is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// The time of day.
    pub wall: Timestamp,
    /// The time that has passed since some beginning.
    pub steady: Steady,
}

impl Now {
    /// Where one clock stands for both, as in a conversation that is replayed.
    pub fn at(wall: Timestamp) -> Self {
        Self { wall, steady: wall.into() }
    }
}

impl From<Timestamp> for Now {
    fn from(wall: Timestamp) -> Self {
        Self::at(wall)
    }
}
