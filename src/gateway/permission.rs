//! Is everything held that is required?

use std::borrow::Cow;
use std::collections::HashSet;

use super::bound::BoundValue;
use super::decision::Denial;
use super::policy::{ClaimCondition, Conditions, ExpectedValue};
use super::step_up;
use super::time::Timestamp;
use super::trust::IssuerId;
use super::unmet::{AskedValue, Unmet, UnmetClaim};
use super::verified::{Kind, Verified};

/// What is required of a caller: by the request itself, and by the route it took.
pub(super) struct Required<'r, 'a> {
    /// By the request.
    pub(super) own: &'r [Cow<'a, str>],
    /// By the route, if one was taken that asks for anything.
    pub(super) route: Option<RouteConditions<'r>>,
    /// Issuers, beside `[jwt]`, whose tokens may go there.
    pub(super) issuers: &'r [String],
    /// The names of `[jwt]`'s issuer.
    pub(super) own_issuers: &'r [String],
    /// Open to everybody, from wherever.
    pub(super) is_public: bool,
}

/// What a route asks for, and what its parameters stand for.
pub(super) struct RouteConditions<'r> {
    pub(super) conditions: &'r Conditions,
    /// The value of a parameter, percent-decoded once; none where that gives no text.
    pub(super) parameter: &'r dyn Fn(&str) -> Option<Cow<'r, str>>,
}

/// Row 8.
///
/// # Errors
/// [`Denial::Forbidden`] naming all that is required, met or not, and all that is held.
pub(super) fn check(required: &Required<'_, '_>, caller: &Verified) -> Result<(), Denial> {
    if required.is_met(caller) {
        return Ok(());
    }
    Err(forbidden(required.texts(caller), caller))
}

/// Row 8a. An API key says nothing about how anybody authenticated, and never will.
///
/// # Errors
/// [`Denial::StepUp`], or [`Denial::Forbidden`] for an API key.
pub(super) fn check_step_up(
    conditions: &Conditions,
    caller: &Verified,
    now: Timestamp,
) -> Result<(), Denial> {
    let leeway = caller.times.leeway;
    match caller.kind {
        Kind::ApiKey { .. } if step_up::is_asked_for(conditions) => {
            Err(forbidden(step_up::requirements(conditions).collect(), caller))
        }
        _ if caller.authentication.meets(conditions, now, leeway) => Ok(()),
        _ => Err(Denial::StepUp),
    }
}

/// Everything that rows 8 and 8a find missing, in their order.
pub(super) fn unmet(required: &Required<'_, '_>, caller: &Verified, now: Timestamp) -> Vec<Unmet> {
    let mut all = required.unmet(caller);
    let Some(RouteConditions { conditions, .. }) = &required.route else { return all };
    match caller.kind {
        Kind::ApiKey { .. } if step_up::is_asked_for(conditions) => {
            all.push(Unmet::StepUpByApiKey(step_up::requirements(conditions).collect()));
        }
        _ => {
            let step_up = caller.authentication.unmet(conditions, now, caller.times.leeway);
            all.extend(step_up.into_iter().map(Unmet::StepUp));
        }
    }
    all
}

fn forbidden(required: Vec<String>, caller: &Verified) -> Denial {
    let held = caller.identity().permissions().map(str::to_owned).collect();
    Denial::Forbidden { required: each_once(required), held }
}

/// Each text where it stands first. Few are compared one by one.
fn each_once(texts: Vec<String>) -> Vec<String> {
    const FEW: usize = 16;
    if texts.len() <= FEW {
        let mut kept = Vec::with_capacity(texts.len());
        for text in texts {
            if !kept.contains(&text) {
                kept.push(text);
            }
        }
        return kept;
    }
    let mut seen = HashSet::new();
    texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
}

impl Required<'_, '_> {
    fn is_met(&self, caller: &Verified) -> bool {
        is_held(self.own, caller)
            && self.route.as_ref().is_none_or(|route| route.is_met(caller))
            && self.is_open_to(caller)
    }

    /// A route is open to `[jwt]`'s tokens and API keys, and to the further issuers it names.
    fn is_open_to(&self, caller: &Verified) -> bool {
        self.is_public
            || caller.issuer == IssuerId::JWT
            || caller.iss().is_some_and(|iss| self.issuers.iter().any(|name| name == iss))
    }

    /// All of row 8 that is not met.
    fn unmet(&self, caller: &Verified) -> Vec<Unmet> {
        let identity = caller.identity();
        let own = self.own.iter().map(|permission| permission.as_ref());
        let route = self.route.iter().flat_map(|route| &route.conditions.permissions);
        let mut missing: Vec<&str> = Vec::new();
        for permission in own.chain(route.map(String::as_str)) {
            if !identity.holds(permission) && !missing.contains(&permission) {
                missing.push(permission);
            }
        }
        let mut all: Vec<Unmet> =
            missing.into_iter().map(|missing| Unmet::Permission(missing.to_owned())).collect();
        if let Some(route) = &self.route {
            all.extend(route.unmet(caller));
        }
        if !self.is_open_to(caller) {
            let named = self.own_issuers.iter().chain(self.issuers).cloned().map(Some);
            let nameless = self.own_issuers.is_empty().then_some(None);
            all.push(Unmet::Issuer(nameless.into_iter().chain(named).collect()));
        }
        all
    }

    /// All that is required, as the caller is told.
    pub(super) fn texts(&self, caller: &Verified) -> Vec<String> {
        let mut texts: Vec<String> = self.own.iter().map(|text| text.to_string()).collect();
        if let Some(route) = &self.route {
            route.texts(&mut texts);
        }
        if !self.is_open_to(caller) {
            let named = self.own_issuers.iter().chain(self.issuers);
            let any: Vec<String> = named.map(|issuer| format!("issuer:{issuer}")).collect();
            // Where nothing has a name, what is required is to be `[jwt]`'s.
            texts.push(if any.is_empty() { "issuer:jwt".to_owned() } else { any.join("|") });
        }
        texts
    }
}

impl RouteConditions<'_> {
    fn is_met(&self, caller: &Verified) -> bool {
        let Conditions { permissions, any_permissions, roles, claims, .. } = self.conditions;
        let identity = caller.identity();
        permissions.iter().all(|permission| identity.holds(permission))
            && (any_permissions.is_empty()
                || any_permissions.iter().any(|permission| identity.holds(permission)))
            && (roles.is_empty() || roles.iter().any(|role| identity.has_role(role)))
            && claims.iter().all(|condition| self.claim_is_met(condition, caller))
    }

    /// What is not met besides the permissions that must all be held.
    fn unmet(&self, caller: &Verified) -> Vec<Unmet> {
        let Conditions { any_permissions, roles, claims, .. } = self.conditions;
        let identity = caller.identity();
        let mut all = Vec::new();
        if !any_permissions.is_empty()
            && !any_permissions.iter().any(|permission| identity.holds(permission))
        {
            all.push(Unmet::AnyPermission(any_permissions.clone()));
        }
        if !roles.is_empty() && !roles.iter().any(|role| identity.has_role(role)) {
            all.push(Unmet::Role(roles.clone()));
        }
        let unmet = claims.iter().filter(|condition| !self.claim_is_met(condition, caller));
        all.extend(unmet.map(|ClaimCondition { claim, values }| {
            Unmet::Claim(UnmetClaim {
                name: claim.clone(),
                has: caller.bound().get(claim).cloned(),
                asked: values.iter().filter_map(|value| self.asked(value)).collect(),
            })
        }));
        all
    }

    /// A value that would do; none where a parameter gives no text.
    fn asked(&self, value: &ExpectedValue) -> Option<AskedValue> {
        let (value, parameter) = match value {
            ExpectedValue::Text(text) => (BoundValue::Text(text.as_str().into()), None),
            ExpectedValue::Number(number) => (BoundValue::Number(number.as_f64()?), None),
            ExpectedValue::Boolean(truth) => (BoundValue::Boolean(*truth), None),
            ExpectedValue::Parameter(name) => {
                (BoundValue::Text((self.parameter)(name)?.into()), Some(name.clone()))
            }
        };
        Some(AskedValue { value, parameter })
    }

    fn claim_is_met(&self, condition: &ClaimCondition, caller: &Verified) -> bool {
        let Some(held) = caller.bound().get(&condition.claim) else { return false };
        condition.values.iter().any(|value| match value {
            ExpectedValue::Text(text) => held.is_text(text),
            ExpectedValue::Number(number) => {
                number.as_f64().is_some_and(|number| *held == BoundValue::Number(number))
            }
            ExpectedValue::Boolean(truth) => *held == BoundValue::Boolean(*truth),
            ExpectedValue::Parameter(name) => {
                (self.parameter)(name).is_some_and(|text| held.is_text(&text))
            }
        })
    }

    fn texts(&self, texts: &mut Vec<String>) {
        let Conditions { permissions, any_permissions, roles, claims, .. } = self.conditions;
        texts.extend(permissions.iter().cloned());
        if !any_permissions.is_empty() {
            texts.push(any_permissions.join("|"));
        }
        if !roles.is_empty() {
            let any: Vec<String> = roles.iter().map(|role| format!("role:{role}")).collect();
            texts.push(any.join("|"));
        }
        let mut claims: Vec<&ClaimCondition> = claims.iter().collect();
        claims.sort_by(|one, other| one.claim.cmp(&other.claim));
        for ClaimCondition { claim, values } in claims {
            let any: Vec<String> =
                values.iter().map(|value| format!("{claim}={}", self.shown(value))).collect();
            texts.push(any.join("|"));
        }
    }

    fn shown(&self, value: &ExpectedValue) -> String {
        match value {
            ExpectedValue::Text(text) => text.clone(),
            ExpectedValue::Number(number) => number.to_string(),
            ExpectedValue::Boolean(truth) => truth.to_string(),
            ExpectedValue::Parameter(name) => match (self.parameter)(name) {
                Some(text) => text.into_owned(),
                None => format!("{{{name}}}"),
            },
        }
    }
}

impl BoundValue {
    fn is_text(&self, wanted: &str) -> bool {
        match self {
            Self::Text(text) => **text == *wanted,
            Self::Texts(list) => list.iter().any(|text| **text == *wanted),
            Self::Number(_) | Self::Boolean(_) | Self::Other => false,
        }
    }
}

fn is_held(required: &[Cow<'_, str>], caller: &Verified) -> bool {
    const FEW: usize = 8;
    let identity = caller.identity();
    if required.len() <= FEW {
        return required.iter().all(|permission| identity.holds(permission));
    }
    // A request may ask for very many, and a token hold many; each with each would take forever.
    let held: HashSet<&str> = identity.permissions().collect();
    required
        .iter()
        .all(|permission| held.contains(permission.as_ref()) || identity.is_covered(permission))
}
