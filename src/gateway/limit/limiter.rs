//! The limiter: every window there is.

use std::num::NonZeroU64;

use super::super::time::Steady;
use super::caller::CallerKey;
use super::pool::{Counts, Pool};
use super::rate::RateLimit;

/// Counts requests and says which are too many. See the module for what it guarantees.
#[derive(Debug)]
pub struct Limiter {
    callers: Pool,
    /// Apart, so that no flood of addresses takes a window away from a caller.
    addresses: Pool,
    /// Time does not run backwards: what is earlier counts as this.
    latest: Steady,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All that a caller asks for where no route has a limit of its own. Whatever limits it is judged
    /// by there, one after the other, each looks at all that was admitted.
    General,
    /// What it asks of one route; numbers are small and kept by whoever gives them.
    Route(u32),
    /// What an address asks for without a good credential.
    Address,
}

/// Whether a request passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It does, and is charged.
    Admitted,
    /// It does not, and costs nothing.
    Refused {
        /// When one would pass (seconds from now, rounded up).
        retry_after: NonZeroU64,
    },
}

impl Limiter {
    /// A limiter with windows for so many callers, and for as many addresses.
    pub fn new(max_callers: usize) -> Self {
        let (callers, addresses) = (Pool::new(max_callers), Pool::new(max_callers));
        Self { callers, addresses, latest: Steady::MIN }
    }

    /// Changes the number of windows; what is counted stays.
    pub fn set_max_callers(&mut self, max_callers: usize) {
        self.callers.set_max(max_callers);
        self.addresses.set_max(max_callers);
    }

    /// Says by which limits a scope may be judged, so that its windows reach far enough back from the
    /// start. Where a scope has one limit alone, that goes without saying.
    pub fn cover(&mut self, scope: Scope, limits: impl IntoIterator<Item = RateLimit>) {
        let (pool, index) = self.pool(scope);
        limits.into_iter().for_each(|limit| pool.cover(index, limit));
    }

    /// Admits and charges a request, or refuses it.
    pub fn admit(
        &mut self,
        scope: Scope,
        caller: &CallerKey,
        limit: RateLimit,
        now: Steady,
    ) -> Admission {
        self.latest = self.latest.max(now);
        let now = self.latest;
        let (pool, index) = self.pool(scope);
        pool.admit(index, caller, limit, now)
    }

    /// What has happened to requests of callers.
    pub fn caller_counts(&self) -> Counts {
        self.callers.counts()
    }

    /// What has happened to requests charged to addresses.
    pub fn address_counts(&self) -> Counts {
        self.addresses.counts()
    }

    /// How many windows there are.
    pub fn windows(&self) -> usize {
        self.callers.len() + self.addresses.len()
    }

    /// Bytes of memory held, about.
    pub fn weight(&self) -> usize {
        self.callers.weight() + self.addresses.weight()
    }

    fn pool(&mut self, scope: Scope) -> (&mut Pool, usize) {
        match scope {
            Scope::Address => (&mut self.addresses, scope.index()),
            _ => (&mut self.callers, scope.index()),
        }
    }
}

impl Scope {
    /// Its place in its pool.
    fn index(self) -> usize {
        match self {
            Self::General | Self::Address => 0,
            Self::Route(number) => number as usize + 1,
        }
    }
}
