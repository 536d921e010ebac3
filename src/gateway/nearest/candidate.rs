//! What could be changed about a request so that one check would no longer refuse it. Whether it
//! turns the decision round is tried elsewhere.

use std::collections::BTreeSet;

use super::super::check;
use super::super::credential::CredentialFault;
use super::super::decision::Denial;
use super::super::grant::Grant;
use super::super::now::Now;
use super::super::path::NormalPath;
use super::super::permission;
use super::super::request::{BadRequest, Request};
use super::super::rules::{Destination, Rules};
use super::super::time::Timestamp;
use super::super::token::{self, TokenFault};
use super::super::trust::Trust;
use super::super::unmet::{Unmet, UnmetClaim, UnmetStepUp, both, either, span};
use super::super::verified::{Kind as Credential, Verified};
use super::supposed::{Change, Outcome, Supposing, is_credential_header, suppose};
use super::{Kind, Step, route};

/// The most alternatives of one condition that are tried.
const MOST: usize = 8;

/// The most roles that are named for a permission.
const MOST_ROLES: usize = 3;

impl Step {
    pub(super) fn new(kind: Kind, change: Change, text: impl Into<String>) -> Self {
        Self { kind, change, text: text.into(), granted_by: Vec::new() }
    }
}

/// Everything that could be tried against a denial.
pub(super) fn all(supposing: &Supposing<'_, '_>, outcome: &Outcome, denial: &Denial) -> Vec<Step> {
    let (rules, trust) = (supposing.rules, supposing.trust());
    let caller = outcome.caller.as_deref();
    outcome.asked.with(|request| match denial {
        Denial::BadRequest(BadRequest::SeveralCredentials) => one_credential(request),
        Denial::MissingCredential => nothing_asked(rules, request),
        Denial::InvalidCredential(CredentialFault::UnknownScheme) => bearer(request),
        Denial::TokenExpired => {
            caller.and_then(|caller| sooner(caller, outcome.now)).into_iter().collect()
        }
        Denial::InvalidToken(TokenFault::NotYetValid) => {
            caller.and_then(|caller| later(caller, outcome.now)).into_iter().collect()
        }
        Denial::UnknownService => route::nearest(rules, request),
        Denial::Forbidden { .. } | Denial::StepUp => match caller {
            Some(caller) => access(rules, trust, request, caller, outcome.now),
            None => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// Before it expired.
fn sooner(caller: &Verified, now: Now) -> Option<Step> {
    let end = caller.times.expiry? + caller.times.leeway;
    let start = caller.times.start.map_or(f64::NEG_INFINITY, |start| start - caller.times.leeway);
    let second_before = end.ceil() - 1.0;
    let at = if second_before >= start { second_before } else { f64::midpoint(start, end) };
    let ago = span(now.wall.seconds() - end);
    let text = format!("expired {ago} ago; it was good until {}", Timestamp::from_seconds(end)?);
    Some(Step::new(Kind::Time, Change::At(Timestamp::from_seconds(at)?), text))
}

/// When its time has come.
fn later(caller: &Verified, now: Now) -> Option<Step> {
    let start = caller.times.start? - caller.times.leeway;
    let end = caller.times.expiry.map_or(f64::INFINITY, |end| end + caller.times.leeway);
    let second_after = start.ceil();
    let at = if second_after < end { second_after } else { f64::midpoint(start, end) };
    let ahead = span(start - now.wall.seconds());
    let text = format!("not valid before {}, in {ahead}", Timestamp::from_seconds(start)?);
    Some(Step::new(Kind::Time, Change::At(Timestamp::from_seconds(at)?), text))
}

/// One of several headers that may hold a credential.
fn one_credential(request: &Request<'_>) -> Vec<Step> {
    let names = request.headers.iter().map(|(name, _)| name).filter(|n| is_credential_header(n));
    let shown = |name: &str| match name.eq_ignore_ascii_case("authorization") {
        true => "Authorization",
        false => "X-API-Key",
    };
    let step = |(place, name): (usize, _)| {
        let text = format!("more than one credential; {} alone would do", shown(name));
        Step::new(Kind::Credential, Change::OnlyHeader(place), text)
    };
    names.map(|name| name.as_ref()).enumerate().take(MOST).map(step).collect()
}

/// A public route asks for nothing, unless the request itself does.
fn nothing_asked(rules: &Rules, request: &Request<'_>) -> Vec<Step> {
    let Ok(path) = NormalPath::parse(request.target) else { return Vec::new() };
    let is_public = rules.destination(&path, request.method).is_public();
    let text = "the route is public, and only the request's own required permissions ask for a \
                credential";
    let step = Step::new(Kind::Permission, Change::AskForNothing, text);
    (is_public && !request.required.is_empty()).then_some(step).into_iter().collect()
}

/// A token without the word before it.
fn bearer(request: &Request<'_>) -> Vec<Step> {
    let is_bare = request.header("authorization").any(token::is_jwt);
    let text = "the token stands there without its scheme: `Authorization: Bearer TOKEN`";
    let step = Step::new(Kind::Credential, Change::Bearer, text);
    is_bare.then_some(step).into_iter().collect()
}

/// What is missing of all that is required.
fn access(
    rules: &Rules,
    trust: &Trust,
    request: &Request<'_>,
    caller: &Verified,
    now: Now,
) -> Vec<Step> {
    let Ok(path) = NormalPath::parse(request.target) else { return Vec::new() };
    let destination = rules.destination(&path, request.method);
    let unmet = check::required(rules, request, (&path, &destination), |required| {
        permission::unmet(required, caller, now.wall)
    });
    let person = Person { caller, trust, now };
    let mut steps = person.permissions(&unmet);
    for missing in &unmet {
        match missing {
            Unmet::Permission(_) | Unmet::AnyPermission(_) | Unmet::StepUpByApiKey(_) => {}
            Unmet::Role(any) => steps.extend(person.roles(any)),
            Unmet::Claim(claim) => {
                steps.extend(person.claims(claim));
                steps.extend(elsewhere(claim, &destination, &path));
            }
            Unmet::Issuer(issuers) => {
                let step = |issuer: &Option<String>| {
                    let change = Change::Issuer(issuer.clone());
                    let named = caller.iss().unwrap_or("no issuer");
                    let text = format!("the token is of {named}, the route is {missing}");
                    Step::new(Kind::Issuer, change, text)
                };
                steps.extend(issuers.iter().take(MOST).map(step));
            }
            Unmet::StepUp(condition) => steps.extend(person.step_up(condition)),
        }
    }
    steps.sort_by_key(|step| step.kind);
    steps
}

/// How much a role grants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Breadth {
    Permissions,
    Patterns,
    Everything,
}

impl Breadth {
    fn of(grants: &[Grant]) -> Self {
        if grants.contains(&Grant::All) {
            Self::Everything
        } else if grants.iter().any(Grant::is_pattern) {
            Self::Patterns
        } else {
            Self::Permissions
        }
    }
}

struct Person<'a> {
    caller: &'a Verified,
    trust: &'a Trust,
    now: Now,
}

impl Person<'_> {
    /// All permissions that are missing; where one of several would do, with each of these.
    fn permissions(&self, unmet: &[Unmet]) -> Vec<Step> {
        let mut all: Vec<String> = Vec::new();
        let mut any: Option<&[String]> = None;
        for missing in unmet {
            match missing {
                Unmet::Permission(permission) => all.push(permission.clone()),
                Unmet::AnyPermission(permissions) => any = Some(permissions),
                _ => {}
            }
        }
        let Some(any) = any else {
            return if all.is_empty() {
                Vec::new()
            } else {
                self.hold(all, None).into_iter().collect()
            };
        };
        let with =
            |one: &String| self.hold(all.iter().cloned().chain([one.clone()]).collect(), Some(any));
        any.iter().take(MOST).filter_map(with).collect()
    }

    fn hold(&self, permissions: Vec<String>, any: Option<&[String]>) -> Option<Step> {
        let change = Change::Hold(permissions.clone());
        if !self.would_hold(change.clone(), &permissions) {
            return None;
        }
        let granted_by = self.roles_that_grant(&permissions);
        let (word, it) =
            if permissions.len() == 1 { ("permission", "it") } else { ("permissions", "them") };
        let mut text = format!("missing {word} {}", both(&permissions));
        if let Some(any) = any.filter(|any| any.len() > 1) {
            text += &format!(" (of {} one would do)", both(any));
        }
        match granted_by.as_slice() {
            [] => {}
            [role] => text += &format!("; role {role} would grant {it}"),
            roles => {
                let first: Vec<&String> = roles.iter().take(MOST_ROLES).collect();
                text += &format!("; role {} would grant {it}", either(&first));
            }
        }
        Some(Step { granted_by, ..Step::new(Kind::Permission, change, text) })
    }

    fn would_hold(&self, change: Change, permissions: &[String]) -> bool {
        let supposed = suppose(self.caller, &[change], self.trust, self.now);
        let holds = |supposed: Verified| {
            permissions.iter().all(|permission| supposed.identity().holds(permission))
        };
        supposed.is_some_and(holds)
    }

    /// Roles that would grant all of these, under the issuer's ceiling; what grants less comes first.
    fn roles_that_grant(&self, permissions: &[String]) -> Vec<String> {
        let has = |role: &str| self.caller.identity().has_role(role);
        let mut roles: Vec<(Breadth, usize, &str)> = self
            .trust
            .roles()
            .filter(|(role, _)| !has(role))
            .filter(|(role, _)| self.would_hold(Change::Role((*role).to_owned()), permissions))
            .map(|(role, grants)| (Breadth::of(grants), grants.len(), role))
            .collect();
        roles.sort_unstable();
        roles.into_iter().map(|(.., role)| role.to_owned()).collect()
    }

    fn roles(&self, any: &[String]) -> Vec<Step> {
        let had: Vec<&str> = self.caller.identity().roles().collect();
        let has = if had.is_empty() { "none".to_owned() } else { both(&had) };
        let issuer = self.trust.issuer(self.caller.issuer);
        let exists = |role: &&String| issuer.is_none_or(|issuer| issuer.knows_role(role));
        let step = |role: &String| {
            let text = match any {
                [_] => format!("missing role {role}; the caller has {has}"),
                any => {
                    format!("missing role {role} ({} would do); the caller has {has}", either(any))
                }
            };
            Step::new(Kind::Role, Change::Role(role.clone()), text)
        };
        any.iter().filter(exists).take(MOST).map(step).collect()
    }

    /// An API key has no claims, and never will.
    fn claims(&self, claim: &UnmetClaim) -> Vec<Step> {
        if matches!(self.caller.kind, Credential::ApiKey { .. }) {
            return Vec::new();
        }
        let step = |asked: &super::super::unmet::AskedValue| {
            let change = Change::Claim { name: claim.name.clone(), value: asked.value.clone() };
            Step::new(Kind::Claim, change, claim.to_string())
        };
        claim.asked.iter().take(MOST).map(step).collect()
    }

    fn step_up(&self, condition: &UnmetStepUp) -> Vec<Step> {
        let text = condition.to_string();
        let step = |change| Step::new(Kind::StepUp, change, text.clone());
        match condition {
            UnmetStepUp::Context { asked, .. } => {
                asked.iter().take(MOST).map(|acr| step(Change::Context(acr.clone()))).collect()
            }
            UnmetStepUp::Methods { asked, .. } => {
                let change = |amr: &String| Change::AuthenticationMethod(amr.clone());
                asked.iter().take(MOST).map(|amr| step(change(amr))).collect()
            }
            UnmetStepUp::Age { at, longest } => {
                let fresh = at.and_then(|at| self.fresh(at, longest.as_secs_f64()));
                let text = format!("{text}: to authenticate anew would do");
                let anew = Step::new(Kind::StepUp, Change::Authenticate, text);
                fresh.into_iter().chain([anew]).collect()
            }
        }
    }

    /// While the authentication was fresh, or once its time has come.
    fn fresh(&self, at: Timestamp, longest: f64) -> Option<Step> {
        let now = self.now.wall.seconds();
        let end = at.seconds() + longest;
        if now <= end {
            let text = format!("authenticated only at {at}, in {}", span(at.seconds() - now));
            return Some(Step::new(Kind::Time, Change::At(at), text));
        }
        let ago = span(now - at.seconds());
        let text = format!(
            "authenticated {ago} ago, the route asks for at most {}; it was fresh enough until {}",
            span(longest),
            Timestamp::from_seconds(end)?,
        );
        let instant = Timestamp::from_seconds(end.floor().max(at.seconds()))?;
        Some(Step::new(Kind::Time, Change::At(instant), text))
    }
}

/// The path that the claim is for.
fn elsewhere(
    claim: &UnmetClaim,
    destination: &Destination<'_, '_>,
    path: &NormalPath<'_>,
) -> Vec<Step> {
    let Some(super::super::bound::BoundValue::Text(has)) = &claim.has else { return Vec::new() };
    let names: BTreeSet<&String> =
        claim.asked.iter().filter_map(|asked| asked.parameter.as_ref()).collect();
    let step = |name: &String| {
        let target = route::with_parameter(destination, path, name, has)?;
        let text = format!("{claim}; with its value the path is {target}");
        Some(Step::new(Kind::Route, Change::Path(target), text))
    };
    names.into_iter().filter_map(step).collect()
}
