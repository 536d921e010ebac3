//! Looks for what is unwise.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use super::{Concern, Warning};
use crate::config::configuration::Configuration;
use crate::config::fault::nearest;
use crate::config::path::At;
use crate::gateway::grant::Grant;
use crate::gateway::policy::{Access, Conditions, Policy, Route};
use crate::gateway::route::{RouteTable, covers};

/// Everything unwise in a configuration, but for its keys.
pub(in crate::config) fn find(configuration: &Configuration) -> Vec<Warning> {
    let root = At::root(&configuration.node);
    let mut finder =
        Finder { configuration, policy: &configuration.policy, root, found: Vec::new() };
    finder.lifetimes();
    finder.roles();
    finder.routes();
    finder.found
}

struct Finder<'a> {
    configuration: &'a Configuration,
    policy: &'a Policy,
    root: At<'a>,
    found: Vec<Warning>,
}

impl Finder<'_> {
    fn warn(&mut self, concern: Concern, at: &At<'_>) {
        self.found.push(Warning { concern, path: at.to_string(), place: at.place() });
    }

    fn warn_name(&mut self, concern: Concern, at: &At<'_>) {
        self.found.push(Warning { concern, path: at.to_string(), place: at.name_place() });
    }

    /// True where nothing but further issuers' tokens and API keys is to come.
    fn has_only_further_issuers(&self) -> bool {
        let keys = &self.configuration.settings.jwt;
        keys.named.is_empty() && keys.urls.is_empty() && !self.policy.issuers.is_empty()
    }

    fn lifetimes(&mut self) {
        let root = self.root;
        if !self.has_only_further_issuers() && self.policy.jwt.max_lifetime.is_none() {
            self.warn_name(Concern::NoLifetime, &root.name("jwt"));
        }
        let issuers = root.name("issuers");
        for (name, issuer) in &self.policy.issuers {
            if issuer.policy.max_lifetime.is_none() {
                self.warn_name(Concern::NoLifetime, &issuers.name(name));
            }
        }
    }

    fn roles(&mut self) {
        let policy = self.policy;
        let (root, mut named) = (self.root, HashSet::new());
        let mut misspelt = Vec::new();
        let mut refer = |role: &str, at: &At<'_>| {
            named.insert(role.to_owned());
            if !policy.roles.contains_key(role) && misspelt.len() < SUGGESTIONS {
                let known = policy.roles.keys().map(String::as_str);
                if let Some(meant) = nearest(role, known) {
                    misspelt.push((Concern::UnknownRole { meant }, at.to_string(), at.place()));
                }
            }
        };
        let routes = root.name("routes");
        for (index, route) in policy.routes.iter().flatten().enumerate() {
            let at = routes.item(index);
            let at = at.name("roles");
            for (index, role) in
                conditions(route).into_iter().flat_map(|all| &all.roles).enumerate()
            {
                refer(role, &at.item(index));
            }
        }
        let at = root.name("rate_limit");
        let at = at.name("roles");
        policy.limits.roles.keys().for_each(|role| refer(role, &at.name(role)));
        let at = root.name("api_keys");
        for (index, key) in policy.api_keys.iter().enumerate() {
            key.role.iter().for_each(|role| refer(role, &at.item(index).name("role")));
        }
        let at = root.name("issuers");
        for (name, issuer) in &self.configuration.tree.issuers {
            let at = at.name(name);
            let at = at.name("roles");
            for (index, role) in issuer.roles.iter().enumerate() {
                refer(&role.0, &at.item(index));
            }
        }
        self.found.extend(misspelt.into_iter().map(|(concern, path, place)| Warning {
            concern,
            path,
            place,
        }));
        self.unused_roles(&named);
    }

    /// Without routes, requests alone say what they need, and any grant may be it.
    fn unused_roles(&mut self, named: &HashSet<String>) {
        let policy = self.policy;
        let Some(routes) = &policy.routes else { return };
        let asked: BTreeSet<&str> = routes
            .iter()
            .filter_map(conditions)
            .flat_map(|all| all.permissions.iter().chain(&all.any_permissions))
            .map(String::as_str)
            .collect();
        let at = self.root;
        let at = at.name("roles");
        for (role, grants) in &policy.roles {
            let is_asked = grants.iter().any(|grant| is_asked(grant, &asked));
            if !named.contains(role) && !is_asked {
                self.warn_name(Concern::UnusedRole, &at.name(role));
            }
        }
    }

    fn routes(&mut self) {
        let policy = self.policy;
        let Some(routes) = &policy.routes else { return };
        let at = self.root;
        let at = at.name("routes");
        let protected: Vec<_> = (0..).zip(routes).filter(|(_, route)| !is_public(route)).collect();
        for (index, route) in routes.iter().enumerate() {
            let here = at.item(index);
            match &route.access {
                Access::Public => {
                    let is_under = |(_, other): &&(usize, &Route)| {
                        covers(&route.pattern, &other.pattern)
                            && !covers(&other.pattern, &route.pattern)
                    };
                    if let Some((index, other)) = protected.iter().find(is_under) {
                        let route = at.item(*index).position().unwrap_or(*index);
                        let path = other.pattern.as_str().to_owned();
                        self.warn(Concern::PublicCovers { route, path }, &here.name("path"));
                    }
                }
                Access::Protected(all) if is_nothing(all) => {
                    self.warn(Concern::NoCondition, &here.name("path"));
                }
                Access::Protected(all) => self.unholdable(all, &here),
            }
        }
        let unreachable = RouteTable::new(routes).map(|table| table.unreachable(routes));
        for index in unreachable.into_iter().flatten() {
            let here = at.item(index);
            self.warn(Concern::Unreachable, &here.name("path"));
        }
    }

    /// Judged only where every token has a ceiling.
    fn unholdable(&mut self, all: &Conditions, at: &At<'_>) {
        if !self.has_only_further_issuers() {
            return;
        }
        let policy = self.policy;
        let by_issuer = |permission: &str| {
            let issuers = all.issuers.iter().filter_map(|issuer| policy.issuers.get(issuer));
            let mut ceilings = issuers.flat_map(|issuer| &issuer.ceiling.permissions);
            ceilings.any(|grant| grant.covers(permission))
        };
        let by_key = |permission: &str| {
            policy.api_keys.iter().any(|key| {
                let role = key.role.as_ref().and_then(|role| policy.roles.get(role));
                key.permissions.iter().any(|held| held == permission)
                    || role.into_iter().flatten().any(|grant| grant.covers(permission))
            })
        };
        let can_hold = |permission: &String| by_issuer(permission) || by_key(permission);
        let list = at.name("permissions");
        for (index, permission) in all.permissions.iter().enumerate() {
            if !can_hold(permission) {
                let permission = permission.clone();
                self.warn(Concern::Unholdable { permission }, &list.item(index));
            }
        }
        if !all.any_permissions.is_empty() && !all.any_permissions.iter().any(can_hold) {
            let permission = all.any_permissions.join("|");
            self.warn(Concern::Unholdable { permission }, &at.name("any_permissions"));
        }
    }
}

/// Names are compared for so many roles.
const SUGGESTIONS: usize = 50;

fn conditions(route: &Route) -> Option<&Conditions> {
    match &route.access {
        Access::Public => None,
        Access::Protected(all) => Some(all),
    }
}

fn is_public(route: &Route) -> bool {
    route.access == Access::Public
}

fn is_nothing(all: &Conditions) -> bool {
    let open_to = Conditions { issuers: all.issuers.clone(), ..Conditions::default() };
    *all == open_to
}

fn is_asked(grant: &Grant, asked: &BTreeSet<&str>) -> bool {
    match grant {
        Grant::All => !asked.is_empty(),
        Grant::Exact(text) => asked.contains(&**text),
        Grant::Prefix(prefix) => {
            let from = (Bound::Included(&**prefix), Bound::Unbounded);
            asked.range::<str, _>(from).next().is_some_and(|first| first.starts_with(&**prefix))
        }
    }
}
