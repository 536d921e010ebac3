//! The world of a decision that was recorded.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ask::SharedRoom;
use super::super::breaker::Pass;
use super::super::claims::ClaimsFault;
use super::super::decision::{Caller, Denial, Unavailable};
use super::super::facts::{Circuit, Facts, Room};
use super::super::limit::{Admission, Limiter, Scope};
use super::super::live::{judge_revocation, room_of};
use super::super::now::Now;
use super::super::policy::LimitStore;
use super::super::request::Request;
use super::super::revocation::RevocationList;
use super::super::rules::Rules;
use super::super::service::ServiceName;
use super::super::time::{Steady, Timestamp};
use super::super::token::{SignedToken, TokenFault};
use super::super::verified::Verified;
use super::super::world::{self, Window, World};
use super::basis::Compared;
use super::proof::Known;
use super::{Lack, RecordedRequest, RecordedRevocation};

type Halt = world::Halt<Lack>;

/// Who says whether there is room.
pub(super) enum Counting {
    /// The record.
    AsRecorded,
    /// We count, from nothing.
    Anew(Limiter),
}

/// What was true when a request was decided.
pub(super) struct Past<'s, 'r, 'a, 'p> {
    pub(super) recorded: &'r RecordedRequest<'a, 'p>,
    pub(super) rules: &'s Rules,
    pub(super) revoked: &'s RevocationList,
    pub(super) compared: &'s Compared,
    pub(super) counting: &'s mut Counting,
    pub(super) open: &'s HashMap<Arc<str>, Steady>,
    /// Windows have been charged otherwise than they were then.
    pub(super) diverged: bool,
    /// What was said already of the same request, which is counted once.
    pub(super) room: Option<Room>,
}

impl World for Past<'_, '_, '_, '_> {
    type Unknown = Lack;

    fn caller(
        &mut self,
        _request: &Request<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Caller, Halt> {
        let way = |accepts| self.recorded.headers.way(accepts);
        let this = way(self.rules.accepts).map_err(Denial::from)?;
        if way(self.compared.accepts) != Ok(this) {
            return Err(Halt::Unknown(Lack::Credential));
        }
        let prepared = self.recorded.proof;
        facts.presented = prepared.presented;
        match &prepared.known {
            Known::Signed(SignedToken::Good(verified)) | Known::ApiKey(verified) => {
                self.judge(verified, now.wall, facts)?;
                Ok(Caller { verified: Arc::clone(verified), recurs: true })
            }
            Known::Signed(SignedToken::Faulty(faulty)) => Err(faulty.refusal(now.wall).into()),
            Known::Denied(denial) => Err(denial.clone().into()),
            Known::Lacks(lack) => Err(Halt::Unknown(lack.clone())),
            Known::LacksUnlessExpired(signed, lack) => {
                Err(match Known::has_expired(signed, now.wall) {
                    true => Denial::TokenExpired.into(),
                    false => Halt::Unknown(lack.clone()),
                })
            }
        }
    }

    fn room(&mut self, window: &Window<'_>, now: Now, facts: &mut Facts<'_>) -> Result<(), Halt> {
        let Some((scope, caller, limit)) = window.limited() else { return Ok(()) };
        facts.window = Some((scope, limit));
        let state = &self.recorded.state;
        let is_same = is_same_window(self.recorded, self.rules, self.compared, facts);
        let room = match (&mut *self.counting, self.room) {
            (_, Some(room)) => room,
            (Counting::AsRecorded, None) => state.room.ok_or(Halt::Unknown(Lack::Room))?,
            (Counting::Anew(limiter), None) => {
                let counted = match limiter.admit(scope, caller, limit, now.steady) {
                    Admission::Admitted => Room::Free,
                    Admission::Refused { retry_after } => Room::Full { retry_after },
                };
                match self.rules.limits.store {
                    LimitStore::Shared(on_failure) if state.store_failed => {
                        room_of(SharedRoom::Failed, on_failure).unwrap_or(counted)
                    }
                    // As long as it was charged as it was then, the window is as full as it was then.
                    _ if is_same && !self.diverged => state.room.unwrap_or(counted),
                    // Others were counted there too.
                    LimitStore::Shared(_) if is_same && counted == Room::Free => {
                        state.room.unwrap_or(counted)
                    }
                    LimitStore::Memory | LimitStore::Shared(_) => counted,
                }
            }
        };
        self.room = Some(room);
        facts.room = Some(room);
        room.judge()
    }

    fn circuit(
        &mut self,
        service: &ServiceName<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Pass, Halt> {
        let circuit = self.circuit_of(service, now.steady);
        facts.circuit = Some(circuit);
        match circuit {
            Circuit::Closed => Ok(Pass::default()),
            Circuit::Open { retry_after } => {
                let service = service.shared();
                Err(Denial::Unavailable(Unavailable::Circuit { service, retry_after }).into())
            }
        }
    }
}

impl Past<'_, '_, '_, '_> {
    /// As it was recorded; of a service that was not asked for then, as it was last seen.
    fn circuit_of(&self, service: &ServiceName<'_>, now: Steady) -> Circuit {
        let is_it = |name: &str| {
            let [stem, suffix] = service.parts();
            name.strip_prefix(stem) == Some(suffix)
        };
        match self.recorded.state.circuit {
            Some((name, circuit)) if is_it(name) => circuit,
            _ if self.open.is_empty() => Circuit::Closed,
            _ => match self.open.get(&*service.shared()).map(|until| until.seconds_from(now)) {
                None | Some(0) => Circuit::Closed,
                Some(retry_after) => Circuit::Open { retry_after },
            },
        }
    }

    /// What a verified credential has to pass at every use.
    fn judge(
        &self,
        verified: &Arc<Verified>,
        now: Timestamp,
        facts: &mut Facts<'_>,
    ) -> Result<(), Halt> {
        self.judge_at(verified, now).inspect_err(|_| facts.spent = Some(Arc::clone(verified)))
    }

    fn judge_at(&self, verified: &Verified, now: Timestamp) -> Result<(), Halt> {
        verified.at(now)?;
        if let Counting::Anew(_) = self.counting {
            if self.compared.revokes_unknown_users {
                return Err(Halt::Unknown(Lack::User));
            }
            judge_revocation(self.revoked, verified, now)?;
        }
        let fault = match self.recorded.state.revoked {
            RecordedRevocation::NotAsked | RecordedRevocation::Clear => return Ok(()),
            RecordedRevocation::By(by) => TokenFault::Revoked(by),
            RecordedRevocation::IllTyped => ClaimsFault::WrongType("jti".into()).into(),
        };
        let was_by_the_tree = judge_revocation(&self.compared.revoked, verified, now).is_err();
        match self.counting {
            Counting::Anew(_) if was_by_the_tree => Err(Halt::Unknown(Lack::Revocation)),
            _ => Err(fault.into()),
        }
    }
}

/// True where the window that was asked is the one that was asked then.
pub(super) fn is_same_window(
    recorded: &RecordedRequest<'_, '_>,
    rules: &Rules,
    compared: &Compared,
    facts: &Facts<'_>,
) -> bool {
    let state = &recorded.state;
    let is_shared = matches!(rules.limits.store, LimitStore::Shared(_));
    let Some((scope, limit)) = facts.window else { return state.window.is_none() };
    is_shared == compared.shared_store
        && state.window == Some((scope.into(), limit))
        && match scope {
            Scope::Address => true,
            Scope::General => state.same_caller,
            Scope::Route(_) => {
                state.same_caller && compared.is_same_route(state.route, facts.route)
            }
        }
}
