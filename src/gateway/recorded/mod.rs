//! Decisions made again from what a record says, without the credential and without the state of
//! then.
//!
//! The checks and their order are those of a live gateway; only the world they ask is another one. What
//! the record does not say is never made up: it comes out as a [`Lack`].

mod basis;
mod proof;
mod world;

use std::collections::HashMap;
use std::sync::Arc;

use self::basis::Compared;
pub use self::basis::{KeysNow, KnownKey, Recording};
pub use self::proof::{Prepared, Proof, TokenProof};
use self::world::{Counting, Past};
use super::api_key::ApiKeys;
use super::bound::BoundValue;
use super::check;
use super::credential::Accepts;
use super::decision::{Decision, Denial, Denied};
use super::facts::{Circuit, Facts, Room};
use super::failure::Failure;
use super::limit::{Limiter, RateLimit, Scope};
use super::now::Now;
use super::path::NormalPath;
use super::policy::{Access, LimitPolicy, LimitStore, Policy};
use super::request::{BadRequest, Request};
use super::revocation::{RevocationList, RevokedBy};
use super::route::Tie;
use super::rules::{Destination, Rules, ScopeNames};
use super::time::Steady;
use super::trust::Trust;
use super::verified::{Kind, Verified};
use super::world::Halt;

/// What stands in place of a user that is not to be known begins so.
pub const REDACTED: &str = "hmac:";

/// A gateway that decides by what was recorded.
pub struct RecordedGateway {
    rules: Rules,
    /// The same without those conditions that the record cannot answer, and which those are.
    lenient: Option<Lenient>,
    trust: Trust,
    api_keys: ApiKeys,
    revoked: RevocationList,
    compared: Compared,
    counting: Counting,
    /// Circuits that were open when they were last seen, and until when.
    open: HashMap<Arc<str>, Steady>,
    /// Windows have been charged otherwise than they were then.
    diverged: bool,
    policy: Policy,
    scopes: ScopeNames,
}

struct Lenient {
    rules: Rules,
    /// By route: claims with conditions that may not be answered.
    doubtful: Vec<Vec<(String, Lack)>>,
}

/// What a decision would have to know and the record does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Lack {
    /// Another header counts as the credential now.
    #[error("a credential that was not looked at")]
    Credential,
    /// The scheme was not known, and may be that of API keys.
    #[error("a scheme that was not known, and may be that of API keys")]
    Scheme,
    /// It failed then, and other keys or algorithms are in force now.
    #[error("a token that no key verified, and the keys are others now")]
    Keys,
    /// It is not known whether the key that verified it is in force.
    #[error("a token whose key may not be in force now")]
    Key,
    /// Its claims failed then, and are judged by other rules now.
    #[error("a token whose claims failed, and the rules are others now")]
    Claims,
    /// A claim that was not kept.
    #[error("the claim `{0}`, which was not kept")]
    Claim(String),
    /// What is no JWT is asked about now, or elsewhere.
    #[error("an opaque token, about which nobody was asked")]
    Introspection,
    /// The API key was unknown then, and there are others now.
    #[error("an API key that was not known, and there are others now")]
    ApiKey,
    /// The user is recorded as a hash.
    #[error("a user that was redacted")]
    User,
    /// It was revoked; whether by the old tree alone is not known.
    #[error("whether it was revoked by more than the configuration")]
    Revocation,
    /// Whether there was room is not said.
    #[error("whether there was room in the window")]
    Room,
}

/// How often each of the headers stands there that may hold a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CredentialHeaders {
    /// `Authorization`.
    pub authorization: usize,
    /// `X-API-Key`.
    pub api_key: usize,
}

/// The header that the credential is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Authorization,
    ApiKey,
}

/// What a decision was told by state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RecordedState<'a> {
    /// The window that was asked.
    pub window: Option<(WindowKind, RateLimit)>,
    /// What it said.
    pub room: Option<Room>,
    /// A shared store was asked and could not say.
    pub store_failed: bool,
    /// What the circuit said, and of which service.
    pub circuit: Option<(&'a str, Circuit)>,
    /// What was known of the credential's being revoked.
    pub revoked: RecordedRevocation,
    /// The route that was taken, by its place in the policy of then.
    pub route: Option<usize>,
    /// The caller is known to be who it was then.
    pub same_caller: bool,
}

/// Which kind of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// A caller's own, for all routes together.
    General,
    /// A caller's, for one route.
    Route,
    /// An address's.
    Address,
}

/// What was known of a credential's being revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordedRevocation {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// It was not.
    Clear,
    /// It was.
    By(RevokedBy),
    /// Its `jti` could not be looked up.
    IllTyped,
}

/// A request, and what was known when it was decided.
#[derive(Clone, Debug)]
pub struct RecordedRequest<'a, 's> {
    /// What was asked for; of the headers nothing is looked at here.
    pub request: Result<Request<'a>, BadRequest>,
    /// Which of the headers were there that may hold a credential.
    pub headers: CredentialHeaders,
    /// When.
    pub now: Now,
    /// What its credential proved.
    pub proof: &'s Prepared,
    /// What state told.
    pub state: RecordedState<'s>,
}

impl RecordedGateway {
    /// Decides as was decided then: under the same policy, and with what windows and circuits said.
    ///
    /// # Errors
    /// Where two routes tie.
    pub fn as_then(recording: &Recording) -> Result<Self, Vec<Tie>> {
        Self::new(&recording.policy, recording, Counting::AsRecorded)
    }

    /// Decides under a policy, counting requests anew.
    ///
    /// # Errors
    /// Where two routes tie.
    pub fn what_if(policy: &Policy, recording: &Recording) -> Result<Self, Vec<Tie>> {
        let counting = Counting::Anew(limiter(&policy.limits));
        Self::new(policy, recording, counting)
    }

    fn new(policy: &Policy, recording: &Recording, counting: Counting) -> Result<Self, Vec<Tie>> {
        let mut scopes = ScopeNames::default();
        let trust = Trust::new(policy);
        let mut revoked = RevocationList::default();
        revoked.add(policy.revoked.iter());
        Ok(Self {
            rules: Rules::new(policy, &mut scopes)?,
            lenient: Lenient::of(policy, recording, &mut scopes)?,
            api_keys: ApiKeys::new(&policy.api_keys, &trust),
            trust,
            revoked,
            compared: Compared::of(policy, recording),
            counting,
            open: HashMap::new(),
            diverged: false,
            policy: policy.clone(),
            scopes,
        })
    }

    /// From here on the record was made under something else. What is counted stays.
    ///
    /// # Errors
    /// Where two routes tie.
    pub fn recorded_under(&mut self, recording: &Recording) -> Result<(), Vec<Tie>> {
        if let Counting::AsRecorded = self.counting {
            *self = Self::as_then(recording)?;
            return Ok(());
        }
        self.compared = Compared::of(&self.policy, recording);
        self.lenient = Lenient::of(&self.policy, recording, &mut self.scopes)?;
        Ok(())
    }

    /// From here on the record is of another process, which began with empty windows and closed
    /// circuits.
    pub fn restarted(&mut self) {
        self.open.clear();
        // What others count with us outlives us.
        let is_ours = self.policy.limits.store == LimitStore::Memory;
        if let (Counting::Anew(limiter_now), true) = (&mut self.counting, is_ours) {
            *limiter_now = limiter(&self.policy.limits);
            self.diverged = false;
        }
    }

    /// The route that a request takes, by its place among the configured ones.
    pub fn route_index(&self, method: &str, target: &str) -> Option<usize> {
        let path = NormalPath::parse(target).ok()?;
        self.rules.destination(&path, method).index()
    }

    /// Where a request leads, for people: a route by its methods and its pattern.
    pub fn route_name(&self, method: &str, target: &str) -> String {
        let Ok(path) = NormalPath::parse(target) else { return "no path".to_owned() };
        match self.rules.destination(&path, method) {
            Destination::Nowhere => "no route".to_owned(),
            Destination::ByConvention(service) => format!("(convention) {service}"),
            Destination::Route { route, .. } => {
                let methods = route.route.methods.as_ref().map(|methods| methods.join(","));
                let methods = methods.unwrap_or_else(|| "*".to_owned());
                format!("{methods} {}", route.route.pattern.as_str())
            }
        }
    }

    /// What a proof comes to, as long as neither policy changes.
    pub fn prepare(&self, proof: &Proof<'_>) -> Prepared {
        proof::prepare(proof, &self.rules, (&self.trust, &self.api_keys), &self.compared)
    }

    /// Decides.
    ///
    /// # Errors
    /// Where that depends on something that the record does not say.
    pub fn decide<'a>(
        &mut self,
        recorded: &RecordedRequest<'a, '_>,
    ) -> Result<(Decision<'a>, Facts<'a>), Lack> {
        let outcome = self.decide_again(recorded);
        self.diverged |= match &outcome {
            Err(_) => true,
            Ok((_, facts)) => {
                let is_charged = |room| matches!(room, Some(Room::Free));
                let (now, then) = (is_charged(facts.room), is_charged(recorded.state.room));
                let same = || world::is_same_window(recorded, &self.rules, &self.compared, facts);
                now != then || (now && !same())
            }
        };
        outcome
    }

    fn decide_again<'a>(
        &mut self,
        recorded: &RecordedRequest<'a, '_>,
    ) -> Result<(Decision<'a>, Facts<'a>), Lack> {
        let Self { rules, lenient, revoked, compared, counting, open, diverged, .. } = self;
        let diverged = *diverged;
        if let Some((service, circuit)) = recorded.state.circuit {
            note_circuit(open, service, circuit, recorded.now.steady);
        }
        let mut past =
            Past { recorded, rules, revoked, compared, counting, open, diverged, room: None };
        let mut facts = Facts::default();
        let outcome = check::check(rules, &mut past, &recorded.request, recorded.now, &mut facts);
        let denial = match outcome {
            Ok(allowed) => return Ok((Decision::Allow(allowed), facts)),
            Err(Halt::Unknown(lack)) => return Err(lack),
            Err(Halt::Denied(denial)) => denial,
        };
        if let (Denial::Forbidden { .. }, Some(lenient)) = (&denial, lenient)
            && let Some(lack) = lenient.doubt(&facts)
        {
            let again = &mut Facts::default();
            match check::check(&lenient.rules, &mut past, &recorded.request, recorded.now, again) {
                Err(Halt::Denied(Denial::Forbidden { .. })) => {}
                _ => return Err(lack),
            }
        }
        let (service, caller) = (facts.service.clone(), facts.caller.clone());
        Ok((Decision::Deny(Denied { denial, service, caller }), facts))
    }
}

fn limiter(limits: &LimitPolicy) -> Limiter {
    let mut limiter = Limiter::new(limits.max_callers);
    limiter.cover(Scope::General, limits.roles.values().copied().chain(limits.default));
    limiter
}

fn note_circuit(
    open: &mut HashMap<Arc<str>, Steady>,
    service: &str,
    circuit: Circuit,
    now: Steady,
) {
    match circuit {
        Circuit::Open { retry_after } => {
            let until = now.plus(std::time::Duration::from_secs(retry_after));
            open.insert(service.into(), until);
        }
        Circuit::Closed if open.is_empty() => {}
        Circuit::Closed => drop(open.remove(service)),
    }
}

impl CredentialHeaders {
    fn way(self, accepts: Accepts) -> Result<Way, Failure> {
        let api_key = match accepts {
            Accepts::Tokens => 0,
            Accepts::TokensAndApiKeys => self.api_key,
        };
        match (self.authorization, api_key) {
            (0, 0) => Err(Failure::Missing),
            (1, 0) => Ok(Way::Authorization),
            (0, 1) => Ok(Way::ApiKey),
            _ => Err(Failure::Several),
        }
    }
}

impl From<Scope> for WindowKind {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::General => Self::General,
            Scope::Route(_) => Self::Route,
            Scope::Address => Self::Address,
        }
    }
}

impl Lenient {
    /// None where the record can answer every condition.
    fn of(
        policy: &Policy,
        recording: &Recording,
        scopes: &mut ScopeNames,
    ) -> Result<Option<Self>, Vec<Tie>> {
        let mut without = policy.clone();
        let mut doubtful = Vec::new();
        for route in without.routes.iter_mut().flatten() {
            let mut doubts = Vec::new();
            if let Access::Protected(conditions) = &mut route.access {
                conditions.claims.retain(|condition| {
                    let lack = recording.lack_of(condition);
                    let is_answered = lack.is_none();
                    doubts.extend(lack.map(|lack| (condition.claim.clone(), lack)));
                    is_answered
                });
            }
            doubtful.push(doubts);
        }
        match doubtful.iter().all(Vec::is_empty) {
            true => Ok(None),
            false => Ok(Some(Self { rules: Rules::new(&without, scopes)?, doubtful })),
        }
    }

    /// What may not be answered of the conditions of the route that was taken.
    fn doubt(&self, facts: &Facts<'_>) -> Option<Lack> {
        let doubts = self.doubtful.get(facts.route?)?;
        let verified = facts.caller.as_ref()?.verified();
        // An API key has no claims, whatever is recorded.
        if matches!(verified.kind, Kind::ApiKey { .. }) {
            return None;
        }
        let applies = |(claim, lack): &&(String, Lack)| match lack {
            Lack::User => is_redacted(verified, claim),
            _ => true,
        };
        doubts.iter().find(applies).map(|(_, lack)| lack.clone())
    }
}

fn is_redacted(verified: &Verified, claim: &str) -> bool {
    match verified.bound.get(claim) {
        Some(BoundValue::Text(text)) => text.starts_with(REDACTED),
        Some(BoundValue::Texts(list)) => list.iter().any(|text| text.starts_with(REDACTED)),
        _ => false,
    }
}
