//! What came to light while a request was decided: for the record, and for explaining.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::decision::Caller;
use super::failure::Failure;
use super::limit::{RateLimit, Scope};
use super::service::ServiceName;
use super::verified::Verified;

/// What is known when a decision has been made.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    pub(super) service: Option<ServiceName<'a>>,
    pub(super) route: Option<usize>,
    pub(super) caller: Option<Caller>,
    /// What was proved of who does not call, since it is expired, say.
    pub(super) spent: Option<Arc<Verified>>,
    pub(super) failure: Option<Failure>,
    pub(super) presented: Option<Presented>,
    pub(super) window: Option<(Scope, RateLimit)>,
    pub(super) store_failed: bool,
    pub(super) room: Option<Room>,
    pub(super) circuit: Option<Circuit>,
}

/// What kind of credential was presented, whether it was good or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// A JSON Web Token, or something that should be one.
    Token,
    /// A token that only its issuer can tell anything about (RFC 7662).
    OpaqueToken,
    /// An API key.
    ApiKey,
}

/// What a window said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// There was room.
    Free,
    /// There was none.
    Full {
        /// Whole seconds until there will be.
        retry_after: NonZeroU64,
    },
    /// The store failed, and the policy lets the request pass.
    Unknown,
    /// The store failed, and the policy refuses the request.
    Failed,
}

/// What a circuit said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Requests go through.
    Closed,
    /// None does.
    Open {
        /// Whole seconds until it may be worth another try.
        retry_after: u64,
    },
}

impl<'a> Facts<'a> {
    /// Where a request that was denied belongs, if anywhere; of one that was allowed the decision
    /// says it.
    pub fn denied_service(&self) -> Option<&ServiceName<'a>> {
        self.service.as_ref()
    }

    /// The route it took, by its place among the configured ones.
    pub fn route(&self) -> Option<usize> {
        self.route
    }

    /// What was proved, where the credential was good, or only expired or revoked.
    pub fn proved(&self) -> Option<&Arc<Verified>> {
        self.caller.as_ref().map(Caller::verified).or(self.spent.as_ref())
    }

    /// What kind of credential was presented, if one was understood.
    pub fn presented(&self) -> Option<Presented> {
        self.presented
    }

    /// The window that was asked, and how many fit in how long.
    pub fn window(&self) -> Option<(Scope, RateLimit)> {
        self.window
    }

    /// True where a shared store was asked about the window and could not say.
    pub fn store_failed(&self) -> bool {
        self.store_failed
    }

    /// Why the credential proved nothing, where that is not what decided.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// What the window said, if one was asked.
    pub fn room(&self) -> Option<Room> {
        self.room
    }

    /// What the service's circuit said, if it was asked.
    pub fn circuit(&self) -> Option<Circuit> {
        self.circuit
    }
}
