//! Outcomes of tokens that were verified ahead of their turn.
//!
//! Decisions come in the order in which the outcomes were found, so the next outcome is nearly
//! always the one that is asked for, and finding it costs one comparison.

use std::collections::VecDeque;

use super::token::{SignedToken, TokenFault};

/// Outcomes in the order in which they will be asked for.
#[derive(Default)]
pub(super) struct Ahead(VecDeque<(Box<str>, Result<SignedToken, TokenFault>)>);

/// So many requests in a row may be decided without their tokens (an ambiguous path, say) before
/// the rest of the outcomes is no longer found; it is then verified in its turn.
const NEAR: usize = 32;

impl Ahead {
    /// The outcome for a token, if it comes next or soon; what came before it is dropped.
    pub(super) fn take(&mut self, token: &str) -> Option<Result<SignedToken, TokenFault>> {
        let place = self.0.iter().take(NEAR).position(|(known, _)| **known == *token)?;
        self.0.drain(..place);
        self.0.pop_front().map(|(_, outcome)| outcome)
    }
}

impl FromIterator<(Box<str>, Result<SignedToken, TokenFault>)> for Ahead {
    fn from_iter<I>(outcomes: I) -> Self
    where
        I: IntoIterator<Item = (Box<str>, Result<SignedToken, TokenFault>)>,
    {
        Self(outcomes.into_iter().collect())
    }
}
