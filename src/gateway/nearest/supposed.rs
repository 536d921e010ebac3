//! A decision as it would be if something were different.
//!
//! The credential is verified like any other; only then is something more, less or else supposed of
//! who it names. So nobody is made up, and no permit comes out: what is supposed says whether it
//! would pass, and lets nothing pass. Windows are taken as empty and circuits as closed.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::ask::{Ask, Told};
use super::super::bound::BoundValue;
use super::super::breaker::Pass;
use super::super::check::check;
use super::super::decision::{Caller, Denial};
use super::super::facts::{Facts, Room};
use super::super::identity::{Draft, Identity};
use super::super::live::{Live, State};
use super::super::now::Now;
use super::super::request::{Header, Request};
use super::super::rules::Rules;
use super::super::service::ServiceName;
use super::super::time::Timestamp;
use super::super::trust::{IssuerId, Trust};
use super::super::verified::Verified;
use super::super::world::{Halt, Window, World};

/// One thing that is different.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is asked at another time.
    At(Timestamp),
    /// The caller holds these permissions too.
    Hold(Vec<String>),
    /// The caller has this role too, and what it grants.
    Role(String),
    /// A claim has this value.
    Claim {
        /// Its name.
        name: String,
        /// The value.
        value: BoundValue,
    },
    /// The caller authenticated in this context (RFC 9470).
    Context(String),
    /// The caller authenticated by this method too (RFC 8176).
    AuthenticationMethod(String),
    /// The caller authenticates now.
    Authenticate,
    /// The token is of this issuer; of `[jwt]` where that has no name.
    Issuer(Option<String>),
    /// The method is this one.
    Method(String),
    /// The path is this one.
    Path(String),
    /// Of the headers that may hold a credential only the one at this place is sent.
    OnlyHeader(usize),
    /// `Bearer` stands before what the header holds.
    Bearer,
    /// The request itself asks for no permission.
    AskForNothing,
    /// The caller does not hold this permission, whoever granted it.
    Lose(String),
    /// The caller does not have this role.
    LoseRole(String),
}

/// A gateway, and a request about which something is supposed.
pub(super) struct Supposing<'s, 'r> {
    pub(super) state: &'s mut State,
    pub(super) rules: &'s Rules,
    pub(super) told: &'s Told,
    pub(super) request: &'r Request<'r>,
    pub(super) now: Now,
}

/// How it would be.
pub(super) struct Outcome {
    /// Why it would not pass.
    pub(super) denial: Option<Denial>,
    /// Who it would be, where the credential was good, or only expired or revoked.
    pub(super) caller: Option<Arc<Verified>>,
    pub(super) now: Now,
    pub(super) asked: Asked,
}

/// A request that can be changed.
#[derive(Clone)]
pub(super) struct Asked {
    method: String,
    target: String,
    headers: Vec<Header<'static>>,
    required: Vec<Cow<'static, str>>,
    client_ip: Option<String>,
}

impl Supposing<'_, '_> {
    /// What would be decided.
    pub(super) fn decide(&mut self, changes: &[Change]) -> Outcome {
        let mut asked = Asked::of(self.request);
        let mut now = self.now;
        for change in changes {
            asked.change(change);
            if let Change::At(instant) = change {
                now.wall = *instant;
            }
        }
        let (denial, caller) = asked.with(|request| self.judge(request, now, changes));
        Outcome { denial, caller, now, asked }
    }

    fn judge(
        &mut self,
        request: &Request<'_>,
        now: Now,
        changes: &[Change],
    ) -> (Option<Denial>, Option<Arc<Verified>>) {
        let mut facts = Facts::default();
        let Self { state, rules, told, .. } = self;
        let mut world = Supposed { live: Live { state, rules, told }, changes };
        let decided = check(rules, &mut world, &Ok(request.clone()), now, &mut facts);
        let denial = match decided {
            Ok(_) => None,
            Err(Halt::Denied(denial)) => Some(denial),
            // A credential that nobody has asked about.
            Err(Halt::Unknown(_)) => Some(Denial::MissingCredential),
        };
        let caller = facts.proved().cloned();
        (denial, caller)
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.state.trust
    }
}

struct Supposed<'s, 'c> {
    live: Live<'s>,
    changes: &'c [Change],
}

impl World for Supposed<'_, '_> {
    type Unknown = Box<Ask>;

    fn caller(
        &mut self,
        request: &Request<'_>,
        now: Now,
        facts: &mut Facts<'_>,
    ) -> Result<Caller, Halt<Box<Ask>>> {
        let Caller { verified, recurs } = self.live.caller(request, now, facts)?;
        let supposed = suppose(&verified, self.changes, &self.live.state.trust, now);
        Ok(Caller { verified: supposed.map_or(verified, Arc::new), recurs })
    }

    fn room(
        &mut self,
        _: &Window<'_>,
        _: Now,
        facts: &mut Facts<'_>,
    ) -> Result<(), Halt<Box<Ask>>> {
        facts.room = Some(Room::Free);
        Ok(())
    }

    fn circuit(
        &mut self,
        _: &ServiceName<'_>,
        _: Now,
        _: &mut Facts<'_>,
    ) -> Result<Pass, Halt<Box<Ask>>> {
        Ok(Pass::default())
    }
}

/// What was verified with something different; none where the changes are about something else.
pub(super) fn suppose(
    verified: &Verified,
    changes: &[Change],
    trust: &Trust,
    now: Now,
) -> Option<Verified> {
    let mut authentication = verified.authentication.clone();
    let mut bound = verified.bound.clone();
    let mut person = Person::of(verified);
    let mut is_same = true;
    for change in changes {
        match change {
            Change::Context(acr) => authentication.context = Some(acr.as_str().into()),
            Change::AuthenticationMethod(amr) => {
                let methods = authentication.methods.iter().cloned();
                authentication.methods = methods.chain([amr.as_str().into()]).collect();
            }
            Change::Authenticate => authentication.time = Some(now.wall.seconds()),
            Change::Claim { name, value } => bound = bound.with(name, value),
            Change::Issuer(name) => {
                person.issuer = trust.issuer_named(name.as_deref());
                person.iss = name.as_deref().map(Box::from);
            }
            Change::Hold(permissions) => person.more.extend(permissions),
            Change::Role(role) => person.roles.push(role),
            Change::Lose(permission) => person.lost.push(permission),
            Change::LoseRole(role) => person.lost_roles.push(role),
            Change::At(_)
            | Change::Method(_)
            | Change::Path(_)
            | Change::OnlyHeader(_)
            | Change::Bearer
            | Change::AskForNothing => continue,
        }
        is_same = false;
    }
    if is_same {
        return None;
    }
    Some(Verified {
        kind: verified.kind.clone(),
        issuer: person.issuer,
        iss: person.iss.clone(),
        times: verified.times,
        issued_at: verified.issued_at,
        jti: verified.jti.clone(),
        authentication,
        bound,
        identity: person.identity(verified.identity(), trust),
        counted_as: Default::default(),
        rate: verified.rate,
        evidence: None,
        rendered_evidence: Default::default(),
        clear_at: Default::default(),
    })
}

/// Who the caller would be.
struct Person<'c> {
    issuer: IssuerId,
    iss: Option<Box<str>>,
    more: Vec<&'c String>,
    roles: Vec<&'c String>,
    lost: Vec<&'c String>,
    lost_roles: Vec<&'c String>,
}

impl Person<'_> {
    fn of(verified: &Verified) -> Self {
        Self {
            issuer: verified.issuer,
            iss: verified.iss.clone(),
            more: Vec::new(),
            roles: Vec::new(),
            lost: Vec::new(),
            lost_roles: Vec::new(),
        }
    }

    /// The identity, under the ceiling of its issuer as ever.
    fn identity(&self, proved: &Identity, trust: &Trust) -> Identity {
        let issuer = trust.issuer(self.issuer);
        let exists = |role: &str| issuer.is_none_or(|issuer| issuer.knows_role(role));
        let mut draft = Draft::new(proved.user());
        let had = proved.roles().filter(|role| !self.lost_roles.iter().any(|lost| lost == role));
        let roles = had.chain(self.roles.iter().map(|role| role.as_str()));
        roles.filter(|role| exists(role)).for_each(|role| draft.add_role(role));
        let is_lost = |held: &str| {
            self.lost
                .iter()
                .any(|lost| held == *lost || (proved.is_pattern(held) && covers(held, lost)))
        };
        for held in proved.permissions().filter(|held| !is_lost(held)) {
            match held.parse() {
                Ok(grant) if proved.is_pattern(held) => draft.add_grant(&grant),
                _ => draft.add_permission(held),
            }
        }
        self.more.iter().for_each(|permission| draft.add_permission(permission));
        for role in self.roles.iter().filter(|role| exists(role)) {
            trust.grants(role).iter().for_each(|grant| draft.add_grant(grant));
        }
        match issuer.and_then(|issuer| issuer.ceiling.as_ref()) {
            Some(ceiling) => draft.finish_under(ceiling),
            None => draft.finish(),
        }
    }
}

fn covers(pattern: &str, permission: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|prefix| permission.starts_with(prefix))
}

impl Asked {
    fn of(request: &Request<'_>) -> Self {
        let owned = |text: &str| Cow::Owned(text.to_owned());
        Self {
            method: request.method.to_owned(),
            target: request.target.to_owned(),
            headers: request.headers.iter().map(|(n, v)| (owned(n), owned(v))).collect(),
            required: request.required.iter().map(|text| owned(text)).collect(),
            client_ip: request.client_ip.map(str::to_owned),
        }
    }

    /// Hands on the request.
    pub(super) fn with<T>(&self, take: impl FnOnce(&Request<'_>) -> T) -> T {
        take(&Request {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            required: &self.required,
            client_ip: self.client_ip.as_deref(),
        })
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Method(method) => self.method.clone_from(method),
            Change::Path(path) => self.target.clone_from(path),
            Change::AskForNothing => self.required.clear(),
            Change::OnlyHeader(place) => {
                let mut at = 0..;
                self.headers.retain(|(name, _)| {
                    !is_credential_header(name) || at.next().is_some_and(|at| at == *place)
                });
            }
            Change::Bearer => {
                for (name, value) in &mut self.headers {
                    if name.eq_ignore_ascii_case("authorization") {
                        *value = Cow::Owned(format!("Bearer {}", value.trim_matches([' ', '\t'])));
                    }
                }
            }
            _ => {}
        }
    }
}

/// True for the headers that a credential may stand in.
pub(super) fn is_credential_header(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("x-api-key")
}
