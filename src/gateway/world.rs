//! What a decision is told by everything that is not the policy: who calls, whether there is room,
//! whether the service works. Of a live gateway that is its state; of a recorded decision what was
//! true then.

use super::breaker::Pass;
use super::decision::{Caller, Denial};
use super::facts::Facts;
use super::limit::{CallerKey, RateLimit, Scope};
use super::now::Now;
use super::request::{BadRequest, Request};
use super::rules::{Destination, Rules};
use super::service::ServiceName;
use super::token::{Refusal, TokenFault};
use super::verified::Verified;

/// Why a decision goes no further.
#[derive(Debug)]
pub(super) enum Halt<P> {
    /// A check failed.
    Denied(Denial),
    /// Something is not known: of a live gateway what must be asked first, of a recorded decision
    /// what the record does not say.
    Unknown(P),
}

/// The other side of a decision.
pub(super) trait World {
    /// What may turn out not to be known.
    type Unknown;

    /// Rows 1 to 5: who calls.
    fn caller(
        &mut self,
        request: &Request<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Caller, Halt<Self::Unknown>>;

    /// Row 6: takes room for one request.
    fn room(
        &mut self,
        window: &Window<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<(), Halt<Self::Unknown>>;

    /// Row 9: does the service work?
    fn circuit(
        &mut self,
        service: &ServiceName<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Pass, Halt<Self::Unknown>>;
}

/// The window that a request is counted in; none where nothing limits it.
pub(super) struct Window<'c>(Option<(Scope, Counted<'c>, RateLimit)>);

/// Who is counted.
pub(super) enum Counted<'c> {
    Caller(&'c CallerKey),
    Address(CallerKey),
}

impl<'c> Window<'c> {
    /// The route's own limit, else that of the caller's roles, else the default.
    pub(super) fn of_caller(caller: &'c Verified, destination: &Destination<'_, '_>) -> Self {
        let general = || Some((Scope::General, caller.rate?));
        let limit = destination.limit().or_else(general);
        Self(limit.map(|(scope, limit)| (scope, Counted::Caller(caller.counted_as()), limit)))
    }

    /// For who has no name that could be counted.
    pub(super) fn of_address(rules: &Rules, client_ip: Option<&str>) -> Self {
        Self(rules.limits.per_address.map(|limit| {
            (Scope::Address, Counted::Address(CallerKey::of_address(client_ip)), limit)
        }))
    }

    /// Which of whose windows, and how many fit in how long.
    pub(super) fn limited(&self) -> Option<(Scope, &CallerKey, RateLimit)> {
        let (scope, counted, limit) = self.0.as_ref()?;
        let key = match counted {
            Counted::Caller(key) => key,
            Counted::Address(key) => key,
        };
        Some((*scope, key, *limit))
    }
}

impl<P> From<Denial> for Halt<P> {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl<P> From<BadRequest> for Halt<P> {
    fn from(fault: BadRequest) -> Self {
        Self::Denied(fault.into())
    }
}

impl<P> From<Refusal> for Halt<P> {
    fn from(refusal: Refusal) -> Self {
        Self::Denied(refusal.into())
    }
}

impl<P> From<TokenFault> for Halt<P> {
    fn from(fault: TokenFault) -> Self {
        Self::Denied(fault.into())
    }
}
