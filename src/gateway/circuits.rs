//! The circuit of each service.
//!
//! A service has one from its first failure until it works again; so names that strangers make up
//! cost nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::breaker::{Breaker, BreakerSettings, Circuit, Outcome, Pass};
use super::policy::Policy;
use super::service::ServiceName;
use super::time::Steady;

/// The circuits that are not plainly closed.
#[derive(Debug, Default)]
pub(super) struct Circuits {
    settings: HashMap<Box<str>, BreakerSettings>,
    troubled: HashMap<Arc<str>, Breaker>,
}

/// By the convention of paths, names come from strangers; no more than so many are kept.
const MOST: usize = 10_000;

impl Circuits {
    /// Other settings; what is troubled stays so.
    pub(super) fn configure(&mut self, policy: &Policy) {
        let settings = |(name, service): (&String, &super::policy::ServicePolicy)| {
            (Box::from(name.as_str()), service.breaker)
        };
        self.settings = policy.services.iter().map(settings).collect();
    }

    /// Lets a request through to a service.
    ///
    /// # Errors
    /// Where its circuit is open: whole seconds until it may be worth another try.
    pub(super) fn admit(&mut self, service: &ServiceName<'_>, now: Steady) -> Result<Pass, u64> {
        if self.troubled.is_empty() {
            return Ok(Pass::default());
        }
        match self.troubled.get_mut(&*service.shared()) {
            None => Ok(Pass::default()),
            Some(breaker) => breaker.admit(now).map_err(|open| open.retry_after.get()),
        }
    }

    /// How many let nothing through.
    pub(super) fn open(&self, now: Steady) -> u64 {
        let open = |breaker: &&Breaker| breaker.circuit(now) == Circuit::Open;
        self.troubled.values().filter(open).count() as u64
    }

    /// Takes note of how a request fared that was let through.
    pub(super) fn report(&mut self, service: &Arc<str>, pass: Pass, outcome: Outcome, now: Steady) {
        if let Some(breaker) = self.troubled.get_mut(service) {
            breaker.report(pass, outcome, now);
            return;
        }
        if outcome == Outcome::Failure && self.troubled.len() < MOST {
            let settings = self.settings.get(&**service).copied().unwrap_or_default();
            let mut breaker = Breaker::new(settings);
            breaker.report(pass, outcome, now);
            self.troubled.insert(Arc::clone(service), breaker);
        }
    }
}
