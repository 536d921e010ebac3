//! The core: who is calling, and what may they do.
//!
//! A function of (state, request, time): it does no input or output, reads no clock, spawns
//! nothing and logs nothing. Everything else in this crate is a face around [`Gateway::decide`],
//! which holds the order of checks.
//!
//! - [`request`], [`path`]: what is asked for, and the one spelling of a path
//! - [`credential`], [`token`], [`key`]: who says so, and can it be believed
//! - [`unverified`]: what can be seen of a token without a key, for showing it alone
//! - [`identity`]: who it is, once it can be believed
//! - [`service`]: where the request belongs
//! - [`decision`], [`explain`]: the answer, and how it came about

mod ahead;
pub mod breaker;
mod cache;
mod claims;
pub mod credential;
pub mod decision;
pub mod explain;
pub mod grant;
mod header;
pub mod identity;
pub mod introspected;
mod json;
pub mod key;
pub mod limit;
pub mod path;
mod permission;
pub mod policy;
pub mod request;
pub mod revocation;
pub mod route;
pub mod service;
mod time;
pub mod token;
pub mod unverified;

use std::sync::Arc;

use self::ahead::Ahead;
use self::cache::TokenCache;
use self::credential::Credential;
pub use self::decision::{Allowed, Caller, Check, Decision, Denial, Denied};
pub use self::identity::Identity;
pub use self::json::ObjectFault;
use self::key::KeySet;
use self::path::NormalPath;
pub use self::request::{BadRequest, Header, Request};
pub use self::service::ServiceName;
pub use self::time::{NotATimestamp, Timestamp};
use self::token::{Refusal, SignedToken, TokenFault, Workspace};

/// The state decisions are made from.
pub struct Gateway {
    keys: Arc<KeySet>,
    cache: TokenCache,
    workspace: Workspace,
    ahead: Ahead,
}

impl Default for Gateway {
    fn default() -> Self {
        Self::new()
    }
}

impl Gateway {
    /// A gateway with no key in force: no token is valid.
    pub fn new() -> Self {
        Self {
            keys: Arc::default(),
            cache: TokenCache::new(),
            workspace: Workspace::default(),
            ahead: Ahead::default(),
        }
    }

    /// Puts other keys in force and forgets every token that the old ones verified.
    pub fn replace_keys(&mut self, keys: Arc<KeySet>) {
        self.keys = keys;
        self.cache.clear();
        self.ahead = Ahead::default();
    }

    /// The keys in force.
    pub fn keys(&self) -> &Arc<KeySet> {
        &self.keys
    }

    /// Decides one request. What a face could not even read as a request comes in as the reason.
    pub fn decide<'a>(
        &mut self,
        request: Result<Request<'a>, BadRequest>,
        now: Timestamp,
    ) -> Decision<'a> {
        let mut known = Known::default();
        match self.check(request, now, &mut known) {
            Ok(allowed) => Decision::Allow(allowed),
            Err(denial) => {
                Decision::Deny(Denied { denial, service: known.service, caller: known.caller })
            }
        }
    }

    /// The order of checks: the table of answers, row by row.
    fn check<'a>(
        &mut self,
        request: Result<Request<'a>, BadRequest>,
        now: Timestamp,
        known: &mut Known<'a>,
    ) -> Result<Allowed<'a>, Denial> {
        // 1: the request is well formed and its path means one thing
        let request = request.map_err(Denial::BadRequest)?;
        let path = NormalPath::parse(request.target).map_err(BadRequest::Path)?;
        known.service = ServiceName::of_path(&path);
        // 1 to 3: it carries exactly one credential, of a known scheme
        let credential = Credential::of_request(&request)?;
        // 4, 5: the token has not expired and is valid
        let caller = self.authenticate(credential, now)?;
        known.caller = Some(caller.clone());
        // 6: the caller is within its rate limit: without a configuration there is none
        // 7: a route matches
        let service = known.service.clone().ok_or(Denial::UnknownService)?;
        // 8: what is required is held
        permission::check(request.required, caller.identity())?;
        // 9: the service can take it: without a configuration each can
        Ok(Allowed { service, caller })
    }

    fn authenticate(
        &mut self,
        credential: Credential<'_>,
        now: Timestamp,
    ) -> Result<Caller, Denial> {
        let Credential::Bearer(text) = credential;
        if let Some(token) = self.cache.get(text) {
            token.at(now)?;
            return Ok(Caller { token: Arc::clone(token), recurs: true });
        }
        let signed = match self.ahead.take(text) {
            Some(outcome) => outcome?,
            None => token::verify(text, &self.keys, &mut self.workspace)?,
        };
        if let SignedToken::Good(token) = &signed {
            self.cache.insert_recurring(text, token);
        }
        Ok(Caller { token: Arc::clone(signed.at(now)?), recurs: false })
    }

    /// True where checking a token's signature ahead of its turn, on another core, would pay.
    pub fn is_worth_checking_ahead(&self, token: &str) -> bool {
        self.keys.is_costly() && !self.cache.contains(token)
    }

    /// Takes outcomes of [`token::verify`] under the keys in force, in the order in which the
    /// tokens will be decided about, so that they need not be verified again. What was left of the
    /// outcomes taken before is dropped.
    pub fn take_ahead(
        &mut self,
        outcomes: impl IntoIterator<Item = (Box<str>, Result<SignedToken, TokenFault>)>,
    ) {
        self.ahead = outcomes.into_iter().collect();
    }
}

/// What is known when a check fails.
#[derive(Default)]
struct Known<'a> {
    service: Option<ServiceName<'a>>,
    caller: Option<Caller>,
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
