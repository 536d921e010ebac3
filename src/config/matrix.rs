//! Who may do what: routes by roles.
//!
//! A role is looked at for itself, with what it grants and nothing else; permissions that a token
//! brings of its own are not counted, since no configuration knows them.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::gateway::policy::{Access, Conditions, FurtherIssuer, Policy, Route};

/// Routes by roles.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrix {
    /// Who: the columns.
    pub callers: Vec<CallerKind>,
    /// What: the rows.
    pub rows: Vec<MatrixRow>,
}

/// A kind of caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CallerKind {
    /// Without a credential.
    Anyone,
    /// With a good credential and no role.
    NoRole,
    /// With this role.
    Role {
        /// The role.
        role: String,
    },
    /// With this role, in a token of a further issuer.
    Issuer {
        /// The issuer.
        issuer: String,
        /// The role.
        role: String,
    },
}

/// A route, and what each caller may.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatrixRow {
    /// Its pattern; none where there are no routes, and paths lead where their names say.
    pub path: Option<String>,
    /// Its methods; none: all that no other route of the pattern lists.
    pub methods: Option<Vec<String>>,
    /// Where it leads.
    pub service: Option<String>,
    /// What each of the callers may, in their order.
    pub may: Vec<May>,
}

/// Whether a caller may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum May {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// It may where its token's claims are right.
    IfClaims,
}

impl Matrix {
    /// Of a policy.
    pub fn of(policy: &Policy) -> Self {
        let callers = callers(policy);
        let row = |route: &Route| MatrixRow {
            path: Some(route.pattern.as_str().to_owned()),
            methods: route.methods.clone(),
            service: Some(route.service.clone()),
            may: callers.iter().map(|caller| may(policy, route, caller)).collect(),
        };
        let rows = match &policy.routes {
            Some(routes) => routes.iter().map(row).collect(),
            None => vec![by_convention(&callers)],
        };
        Self { callers, rows }
    }
}

fn callers(policy: &Policy) -> Vec<CallerKind> {
    let mut roles: BTreeSet<&String> = policy.roles.keys().collect();
    roles.extend(policy.limits.roles.keys());
    roles.extend(policy.api_keys.iter().filter_map(|key| key.role.as_ref()));
    for route in policy.routes.iter().flatten() {
        if let Access::Protected(all) = &route.access {
            roles.extend(&all.roles);
        }
    }
    let roles = roles.into_iter().map(|role| CallerKind::Role { role: role.clone() });
    let further = policy.issuers.iter().flat_map(|(issuer, further)| {
        further
            .ceiling
            .roles
            .iter()
            .map(|role| CallerKind::Issuer { issuer: issuer.clone(), role: role.clone() })
    });
    [CallerKind::Anyone, CallerKind::NoRole].into_iter().chain(roles).chain(further).collect()
}

/// What the convention asks for: a good credential, and none of a further issuer.
fn by_convention(callers: &[CallerKind]) -> MatrixRow {
    let may = callers.iter().map(|caller| match caller {
        CallerKind::Anyone | CallerKind::Issuer { .. } => May::No,
        CallerKind::NoRole | CallerKind::Role { .. } => May::Yes,
    });
    MatrixRow { path: None, methods: None, service: None, may: may.collect() }
}

fn may(policy: &Policy, route: &Route, caller: &CallerKind) -> May {
    let all = match &route.access {
        Access::Public => return May::Yes,
        Access::Protected(all) => all,
    };
    let (role, issuer) = match caller {
        CallerKind::Anyone => return May::No,
        CallerKind::NoRole => (None, None),
        CallerKind::Role { role } => (Some(role), None),
        CallerKind::Issuer { issuer, role } => match policy.issuers.get(issuer) {
            Some(further) if all.issuers.contains(issuer) => (Some(role), Some(further)),
            _ => return May::No,
        },
    };
    let has_role = all.roles.is_empty() || role.is_some_and(|role| all.roles.contains(role));
    let holds = |permission: &String| holds(policy, role, issuer, permission);
    let any = all.any_permissions.is_empty() || all.any_permissions.iter().any(holds);
    match has_role && any && all.permissions.iter().all(holds) {
        false => May::No,
        true if asks_for_claims(all) => May::IfClaims,
        true => May::Yes,
    }
}

fn holds(
    policy: &Policy,
    role: Option<&String>,
    issuer: Option<&FurtherIssuer>,
    permission: &str,
) -> bool {
    let grants = role.and_then(|role| policy.roles.get(role)).into_iter().flatten();
    let within = |issuer: &FurtherIssuer| {
        issuer.ceiling.permissions.iter().any(|grant| grant.covers(permission))
    };
    grants.into_iter().any(|grant| grant.covers(permission)) && issuer.is_none_or(within)
}

fn asks_for_claims(all: &Conditions) -> bool {
    !(all.claims.is_empty() && all.acr.is_empty() && all.amr.is_empty() && all.max_age.is_none())
}
