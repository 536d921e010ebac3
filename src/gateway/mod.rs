//! The core: who is calling, and what may they do.
//!
//! A function of (state, request, time): it does no input or output, reads no clock, spawns
//! nothing and logs nothing. Everything else in this crate is a face around [`Gateway::decide`].
//! The order of checks stands in one function, in `check.rs`.
//!
//! - [`policy`], [`grant`]: what decisions are made by, as plain data
//! - [`request`], [`path`]: what is asked for, and the one spelling of a path
//! - [`credential`], [`token`], [`trust`], [`key`]: who says so, and can it be believed
//! - [`verified`], [`identity`], [`evidence`]: who it is, once it can be believed, and what that
//!   proved
//! - [`revocation`], [`limit`], [`breaker`]: what was decided and done before
//! - [`route`], [`service`], [`forward`]: where the request belongs, and what is sent there
//! - [`decision`], [`facts`], [`explain`], [`unmet`]: the answer, and how it came about
//! - [`nearest`]: what would turn it round
//! - [`ask`]: what the core cannot know by itself
//! - [`unverified`]: what can be seen of a token without a key, for showing it alone

mod ahead;
mod api_key;
pub mod ask;
mod bound;
pub mod breaker;
mod cache;
mod check;
mod circuits;
mod claims;
pub mod credential;
pub mod decision;
pub mod evidence;
pub mod explain;
pub mod facts;
pub mod failure;
pub mod forward;
pub mod grant;
mod header;
pub mod identity;
pub mod introspected;
mod json;
pub mod key;
pub mod limit;
mod live;
pub mod nearest;
mod now;
pub mod path;
mod permission;
pub mod policy;
pub mod recorded;
pub mod request;
pub mod revocation;
pub mod route;
mod rules;
pub mod service;
mod step_up;
mod time;
pub mod token;
pub mod trust;
pub mod unmet;
pub mod unverified;
pub mod verified;
mod world;

use std::sync::Arc;

use self::ahead::Ahead;
use self::api_key::ApiKeys;
use self::ask::{Ask, Introspection, SharedRoom, Told};
pub use self::bound::{BoundClaims, BoundValue};
use self::breaker::{Outcome, Pass};
use self::cache::TokenCache;
use self::circuits::Circuits;
pub use self::claims::{ClaimName, ClaimsFault};
pub use self::decision::{Allowed, Caller, Check, Decision, Denial, Denied, Unavailable};
pub use self::facts::Facts;
use self::forward::Forwarded;
pub use self::identity::Identity;
pub use self::json::ObjectFault;
use self::key::KeySet;
use self::limit::{Limiter, Scope};
use self::live::{Live, State};
pub use self::now::Now;
use self::policy::Policy;
pub use self::request::{BadRequest, Header, Request};
use self::revocation::RevocationList;
use self::route::Tie;
use self::rules::{Rules, ScopeNames};
pub use self::service::ServiceName;
pub use self::time::{NotATimestamp, Steady, Timestamp};
use self::token::{Refusal, SignedToken, TokenFault, Workspace};
use self::trust::{IssuerId, Trust};
use self::world::Halt;

/// The state decisions are made from.
pub struct Gateway {
    rules: Rules,
    state: State,
    scopes: ScopeNames,
}

/// How far a decision has come.
#[derive(Debug)]
pub enum Step<'a> {
    /// It is made.
    Decided(Decision<'a>, Facts<'a>),
    /// Something must be found out first; then it is made from the beginning.
    Ask(Ask),
}

impl Default for Gateway {
    fn default() -> Self {
        Self::new()
    }
}

impl Gateway {
    /// A gateway without any configuration and with no key in force: no token is valid.
    pub fn new() -> Self {
        let policy = Policy::default();
        let trust = Arc::new(Trust::new(&policy));
        Self {
            rules: Rules::without_routes(&policy),
            state: State {
                api_keys: ApiKeys::default(),
                trust,
                cache: TokenCache::new(),
                workspace: Workspace::default(),
                ahead: Ahead::default(),
                limiter: Limiter::new(policy.limits.max_callers),
                circuits: Circuits::default(),
                revocations: RevocationList::default(),
            },
            scopes: ScopeNames::default(),
        }
    }

    /// Puts a policy in force, with no key yet, and forgets every token that was verified. What was
    /// counted, which circuits are open and what is revoked stays.
    ///
    /// # Errors
    /// Where two routes tie; then nothing changes.
    pub fn enforce(&mut self, policy: &Policy) -> Result<(), Vec<Tie>> {
        self.rules = Rules::new(policy, &mut self.scopes)?;
        let state = &mut self.state;
        state.trust = Arc::new(Trust::new(policy));
        state.api_keys = ApiKeys::new(&policy.api_keys, &state.trust);
        let limits = &policy.limits;
        state.limiter.set_max_callers(limits.max_callers);
        let general = limits.roles.values().copied().chain(limits.default);
        state.limiter.cover(Scope::General, general);
        state.circuits.configure(policy);
        state.revocations.add(policy.revoked.iter());
        self.forget_tokens();
        Ok(())
    }

    /// Puts other keys of `[jwt]` in force and forgets every token that was verified.
    pub fn replace_keys(&mut self, keys: Arc<KeySet>) {
        self.replace_keys_of(IssuerId::JWT, keys, KeySource::Given);
    }

    /// Puts other keys of an issuer in force and forgets every token that was verified.
    pub fn replace_keys_of(&mut self, issuer: IssuerId, keys: Arc<KeySet>, source: KeySource) {
        let asks = source == KeySource::MayBeAsked;
        self.state.trust = Arc::new(self.state.trust.with_keys(issuer, keys, asks));
        self.forget_tokens();
    }

    fn forget_tokens(&mut self) {
        self.state.cache.clear();
        self.state.ahead = Ahead::default();
    }

    /// Whose tokens are believed, and the keys in force.
    pub fn trust(&self) -> &Arc<Trust> {
        &self.state.trust
    }

    /// What is revoked, to be added to.
    pub fn revocations(&mut self) -> &mut RevocationList {
        &mut self.state.revocations
    }

    /// How many things are revoked.
    pub fn revoked(&self) -> usize {
        self.state.revocations.len()
    }

    /// How often callers have asked.
    pub fn limiter(&self) -> &Limiter {
        &self.state.limiter
    }

    /// How many services are given a rest.
    pub fn open_circuits(&self, now: Now) -> u64 {
        self.state.circuits.open(now.steady)
    }

    /// Takes note of how a forwarded request fared.
    pub fn report(&mut self, service: &Arc<str>, pass: Pass, outcome: Outcome, now: Now) {
        self.state.circuits.report(service, pass, outcome, now.steady);
    }

    /// Decides one request by what this gateway knows alone. What a face could not even read as a
    /// request comes in as the reason. Where something outside would have to be asked, the answer is
    /// that it failed.
    pub fn decide<'a>(
        &mut self,
        request: Result<Request<'a>, BadRequest>,
        now: impl Into<Now>,
    ) -> Decision<'a> {
        let now = now.into();
        let mut told = Told::default();
        loop {
            match self.step(&request, now, &told) {
                Step::Decided(decision, _) => break decision,
                Step::Ask(Ask::Introspection(_)) => {
                    told.introspection = Some(Introspection::Failed);
                }
                Step::Ask(Ask::Room(_)) => told.room = Some(SharedRoom::Failed),
                Step::Ask(Ask::Key { .. }) => told.key = Some(ask::KeyAskedFor),
            }
        }
    }

    /// Decides one request, or says what must be known first. Nothing has changed then, and the
    /// decision begins anew with what was found out.
    pub fn step<'a>(
        &mut self,
        request: &Result<Request<'a>, BadRequest>,
        now: Now,
        told: &Told,
    ) -> Step<'a> {
        let mut facts = Facts::default();
        match self.decide_into(request, now, told, &mut facts) {
            Ok(decision) => Step::Decided(decision, facts),
            Err(ask) => Step::Ask(*ask),
        }
    }

    /// The same, where the facts are left in place, which costs less than to hand them on.
    pub(crate) fn decide_into<'a>(
        &mut self,
        request: &Result<Request<'a>, BadRequest>,
        now: Now,
        told: &Told,
        facts: &mut Facts<'a>,
    ) -> Result<Decision<'a>, Box<Ask>> {
        let Self { rules, state, .. } = self;
        state.revocations.look_at(now.wall);
        let mut live = Live { state, rules, told };
        match check::check(rules, &mut live, request, now, facts) {
            Ok(allowed) => Ok(Decision::Allow(allowed)),
            Err(Halt::Denied(denial)) => Ok(Decision::Deny(Denied {
                denial,
                service: facts.service.clone(),
                caller: facts.caller.clone(),
            })),
            Err(Halt::Unknown(ask)) => Err(ask),
        }
    }

    /// What the service is sent of a request that was allowed; none of another request.
    pub fn forward<'a>(
        &self,
        request: &Request<'a>,
        allowed: &Allowed<'_>,
    ) -> Option<Forwarded<'a>> {
        self.rules.forward(request, allowed)
    }

    /// True where checking a token's signature ahead of its turn, on another core, would pay.
    pub fn is_worth_checking_ahead(&self, token: &str) -> bool {
        self.state.trust.is_costly() && !self.state.cache.contains(token)
    }

    /// Takes outcomes of [`token::verify`] under the trust in force, in the order in which the
    /// tokens will be decided about, so that they need not be verified again. What was left of the
    /// outcomes taken before is dropped.
    pub fn take_ahead(
        &mut self,
        outcomes: impl IntoIterator<Item = (Box<str>, Result<SignedToken, TokenFault>)>,
    ) {
        self.state.ahead = outcomes.into_iter().collect();
    }
}

/// Where an issuer's keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// They were given; there are no others.
    Given,
    /// One that is not there yet may be had by asking.
    MayBeAsked,
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired => Self::TokenExpired,
            Refusal::Invalid(fault) => Self::InvalidToken(fault),
        }
    }
}

impl From<BadRequest> for Denial {
    fn from(fault: BadRequest) -> Self {
        Self::BadRequest(fault)
    }
}

impl From<TokenFault> for Denial {
    fn from(fault: TokenFault) -> Self {
        Self::InvalidToken(fault)
    }
}
