//! The state of a live gateway, as a decision sees it.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ahead::Ahead;
use super::api_key::ApiKeys;
use super::ask::{Ask, Introspection, OpaqueToken, SharedRoom, SharedWindow, Told};
use super::breaker::Pass;
use super::cache::TokenCache;
use super::circuits::Circuits;
use super::claims::{ClaimsFault, TokenId};
use super::credential::Credential;
use super::decision::{Caller, Denial, Unavailable};
use super::facts::{Circuit, Facts, Presented, Room};
use super::limit::{Admission, Limiter};
use super::now::Now;
use super::policy::{LimitStore, OnStoreFailure};
use super::request::Request;
use super::revocation::{RevocationList, TokenFacts};
use super::rules::Rules;
use super::service::ServiceName;
use super::time::Timestamp;
use super::token::{self, SignedToken, TokenFault, Workspace};
use super::trust::Trust;
use super::verified::{Kind, Verified};
use super::world::{self, Window, World};

/// What a gateway remembers from one decision to the next.
pub(super) struct State {
    pub(super) trust: Arc<Trust>,
    pub(super) api_keys: ApiKeys,
    pub(super) cache: TokenCache,
    pub(super) workspace: Workspace,
    pub(super) ahead: Ahead,
    pub(super) limiter: Limiter,
    pub(super) circuits: Circuits,
    pub(super) revocations: RevocationList,
}

/// Why a decision goes no further: what is not known can be asked.
type Halt = world::Halt<Box<Ask>>;

/// A live gateway's state, and what a face has found out for one decision.
pub(super) struct Live<'s> {
    pub(super) state: &'s mut State,
    pub(super) rules: &'s Rules,
    pub(super) told: &'s Told,
}

impl World for Live<'_> {
    type Unknown = Box<Ask>;

    fn caller(
        &mut self,
        request: &Request<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Caller, Halt> {
        match Credential::of_request(request, self.rules.accepts)? {
            Credential::Bearer(token) if self.rules.opaque_tokens && !token::is_jwt(token) => {
                facts.presented = Some(Presented::OpaqueToken);
                let signed = self.introspected(token)?;
                self.judge_signed(&signed, now, facts)
            }
            Credential::Bearer(token) => {
                facts.presented = Some(Presented::Token);
                self.token(token, now, facts)
            }
            Credential::ApiKey(key) => {
                facts.presented = Some(Presented::ApiKey);
                let known = self.state.api_keys.find(key).ok_or(TokenFault::UnknownApiKey)?;
                let verified = Arc::clone(known);
                self.judge(&verified, now, facts)?;
                Ok(Caller { verified, recurs: true })
            }
        }
    }

    fn room(&mut self, window: &Window<'_>, now: Now, facts: &mut Facts<'_>) -> Result<(), Halt> {
        let Some((scope, caller, limit)) = window.limited() else { return Ok(()) };
        facts.window = Some((scope, limit));
        let shared = match self.rules.limits.store {
            LimitStore::Memory => None,
            LimitStore::Shared(on_failure) => {
                let told = self.told.room.ok_or_else(|| {
                    let (scope, history) = self.rules.shared_window(scope, limit);
                    let caller = caller.clone();
                    Halt::Unknown(Box::new(Ask::Room(SharedWindow {
                        scope,
                        caller,
                        limit,
                        history,
                    })))
                })?;
                facts.store_failed = told == SharedRoom::Failed;
                room_of(told, on_failure)
            }
        };
        let room = shared.unwrap_or_else(|| {
            match self.state.limiter.admit(scope, caller, limit, now.steady) {
                Admission::Admitted => Room::Free,
                Admission::Refused { retry_after } => Room::Full { retry_after },
            }
        });
        facts.room = Some(room);
        room.judge()
    }

    fn circuit(
        &mut self,
        service: &ServiceName<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Pass, Halt> {
        match self.state.circuits.admit(service, now.steady) {
            Ok(pass) => {
                facts.circuit = Some(Circuit::Closed);
                Ok(pass)
            }
            Err(retry_after) => {
                facts.circuit = Some(Circuit::Open { retry_after });
                let service = service.shared();
                Err(Denial::Unavailable(Unavailable::Circuit { service, retry_after }).into())
            }
        }
    }
}

/// What the shared store's answer comes to; none where this gateway's own count decides.
pub(super) fn room_of(told: SharedRoom, on_failure: OnStoreFailure) -> Option<Room> {
    match (told, on_failure) {
        (SharedRoom::Taken, _) => Some(Room::Free),
        (SharedRoom::Full { retry_after }, _) => Some(Room::Full { retry_after }),
        (SharedRoom::Failed, OnStoreFailure::Local) => None,
        (SharedRoom::Failed, OnStoreFailure::Deny) => Some(Room::Failed),
        (SharedRoom::Failed, OnStoreFailure::Allow) => Some(Room::Unknown),
    }
}

impl Room {
    /// Row 6, or 9 where nobody knows and the policy refuses for it.
    pub(super) fn judge<P>(self) -> Result<(), world::Halt<P>> {
        match self {
            Self::Free | Self::Unknown => Ok(()),
            Self::Full { retry_after } => {
                Err(Denial::RateLimited { retry_after: NonZeroU64::get(retry_after) }.into())
            }
            Self::Failed => Err(Denial::Unavailable(Unavailable::RateLimit).into()),
        }
    }
}

impl Live<'_> {
    /// A JWT: one that was seen before, or one whose signature is checked now.
    fn token(&mut self, text: &str, now: Now, facts: &mut Facts<'_>) -> Result<Caller, Halt> {
        if let Some(known) = self.state.cache.get(text) {
            let verified = Arc::clone(known);
            self.judge(&verified, now, facts)?;
            return Ok(Caller { verified, recurs: true });
        }
        let signed = match self.state.ahead.take(text) {
            Some(outcome) => outcome,
            None => token::verify(text, &self.state.trust, &mut self.state.workspace),
        };
        let signed = match signed {
            Err(TokenFault::NoKey | TokenFault::NoFittingKey) if self.asks_for(text).is_some() => {
                let ask = self.asks_for(text).map(Box::new);
                return Err(ask.map_or(TokenFault::NoKey.into(), Halt::Unknown));
            }
            other => other?,
        };
        if let SignedToken::Good(token) = &signed {
            self.state.cache.insert_recurring(text, token);
        }
        self.judge_signed(&signed, now, facts)
    }

    /// The key of a token that nobody has yet, where it may be had by asking and was not asked for.
    fn asks_for(&mut self, text: &str) -> Option<Ask> {
        if self.told.key.is_some() {
            return None;
        }
        let State { trust, workspace, .. } = &mut *self.state;
        let (issuer, kid) = token::unknown_key(text, trust, workspace)?;
        Some(Ask::Key { issuer, kid: kid.into() })
    }

    /// A token that only its issuer's endpoint can tell anything about.
    fn introspected(&mut self, text: &str) -> Result<SignedToken, Halt> {
        if text.len() > token::MAX_TOKEN_BYTES {
            return Err(TokenFault::TooLong.into());
        }
        match &self.told.introspection {
            None => {
                let ask = Ask::Introspection(OpaqueToken::new(text));
                Err(Halt::Unknown(Box::new(ask)))
            }
            Some(Introspection::Failed) => {
                Err(Denial::Unavailable(Unavailable::Introspection).into())
            }
            Some(Introspection::Inactive) => Err(TokenFault::Inactive.into()),
            Some(Introspection::Active(json)) => {
                Ok(SignedToken::of_introspection(json, &self.state.trust)?)
            }
        }
    }

    /// What a token whose signature is good still has to pass.
    fn judge_signed(
        &self,
        signed: &SignedToken,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Caller, Halt> {
        match signed {
            SignedToken::Good(verified) => {
                self.judge(verified, now, facts)?;
                Ok(Caller { verified: Arc::clone(verified), recurs: false })
            }
            SignedToken::Faulty(faulty) => Err(faulty.refusal(now.wall).into()),
        }
    }

    /// What a verified credential has to pass at every use.
    fn judge(&self, verified: &Arc<Verified>, now: Now, facts: &mut Facts<'_>) -> Result<(), Halt> {
        let judged = verified.at(now.wall).map_err(Halt::from);
        judged.and_then(|()| self.judge_revocation(verified, now.wall)).inspect_err(|_| {
            facts.spent = Some(Arc::clone(verified));
        })
    }

    fn judge_revocation(&self, verified: &Verified, now: Timestamp) -> Result<(), Halt> {
        let list = &self.state.revocations;
        // What was clear stays clear until the list changes or the clock is put back.
        if verified.clear_at.load(Ordering::Relaxed) == list.version() {
            return Ok(());
        }
        judge_revocation(list, verified, now)?;
        verified.clear_at.store(list.version(), Ordering::Relaxed);
        Ok(())
    }
}

/// Row 5 for what was good once.
pub(super) fn judge_revocation(
    list: &RevocationList,
    verified: &Verified,
    now: Timestamp,
) -> Result<(), TokenFault> {
    let user = verified.identity().user();
    let kid = match &verified.kind {
        Kind::ApiKey { id } => {
            return list.api_key(id, user, now).map_or(Ok(()), |by| Err(TokenFault::Revoked(by)));
        }
        Kind::Token { key, .. } => key.as_deref(),
        Kind::Opaque => None,
    };
    let jti = match &verified.jti {
        TokenId::Text(jti) => Some(&**jti),
        TokenId::WrongType if !list.is_empty() => {
            return Err(ClaimsFault::WrongType("jti".into()).into());
        }
        TokenId::Absent | TokenId::WrongType => None,
    };
    let issued = verified.issued_at.and_then(Timestamp::from_seconds);
    let token = TokenFacts { jti, user, issued, kid };
    list.token(&token, now).map_or(Ok(()), |by| Err(TokenFault::Revoked(by)))
}
