//! A policy, prepared for deciding: routes as a tree, API keys as callers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::credential::Accepts;
use super::limit::{RateLimit, Scope};
use super::path::NormalPath;
use super::policy::{Access, Conditions, IdentityHeaders, LimitPolicy, Policy, Route};
use super::route::{Found, RouteTable, Tie, Values};
use super::service::ServiceName;

/// What decisions are made by, besides whose tokens are believed.
#[derive(Debug)]
pub(super) struct Rules {
    routes: Option<Routes>,
    pub(super) limits: LimitPolicy,
    pub(super) opaque_tokens: bool,
    /// The names of `[jwt]`'s issuer.
    pub(super) own_issuers: Vec<String>,
    pub(super) accepts: Accepts,
    pub(super) identity_headers: IdentityHeaders,
}

#[derive(Debug)]
struct Routes {
    table: RouteTable,
    routes: Vec<PreparedRoute>,
}

/// A route, and what is made of it beforehand.
#[derive(Debug)]
pub(super) struct PreparedRoute {
    pub(super) route: Route,
    service: Arc<str>,
    /// The window of its own limit, which outlives a change of configuration that leaves its
    /// pattern and methods as they are.
    pub(super) scope: Scope,
}

/// Where a request leads.
#[derive(Debug)]
pub(super) enum Destination<'a, 'r> {
    /// Nowhere.
    Nowhere,
    /// To a service, by the convention of paths.
    ByConvention(ServiceName<'a>),
    /// Along a route.
    Route {
        /// By its place among the configured ones.
        index: usize,
        route: &'r PreparedRoute,
        values: Values,
    },
}

/// Names of windows that stay the same from one configuration to the next.
#[derive(Debug, Default)]
pub(super) struct ScopeNames(HashMap<String, u32>);

impl ScopeNames {
    fn scope(&mut self, route: &Route) -> Scope {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        Scope::Route(*self.0.entry(scope_name(route)).or_insert(next))
    }
}

/// What a route's own window is known by.
pub(super) fn scope_name(route: &Route) -> String {
    let methods = route.methods.as_deref().unwrap_or_default().join(" ");
    format!("route {} {methods}", route.pattern.as_str())
}

impl Rules {
    pub(super) fn new(policy: &Policy, scopes: &mut ScopeNames) -> Result<Self, Vec<Tie>> {
        let mut services: HashMap<&str, Arc<str>> = HashMap::new();
        let mut rules = Self::without_routes(policy);
        if let Some(routes) = &policy.routes {
            let table = RouteTable::new(routes)?;
            let prepared = routes.iter().map(|route| {
                let service = services.entry(&route.service);
                let service = service.or_insert_with_key(|name| Arc::from(*name));
                let service = Arc::clone(service);
                PreparedRoute { service, scope: scopes.scope(route), route: route.clone() }
            });
            rules.routes = Some(Routes { table, routes: prepared.collect() });
        }
        Ok(rules)
    }

    /// The same without the policy's routes: the convention holds.
    pub(super) fn without_routes(policy: &Policy) -> Self {
        Self {
            routes: None,
            limits: policy.limits.clone(),
            opaque_tokens: policy.opaque_tokens,
            own_issuers: policy.jwt.names.clone(),
            accepts: match policy.api_keys.is_empty() {
                true => Accepts::Tokens,
                false => Accepts::TokensAndApiKeys,
            },
            identity_headers: policy.identity_headers.clone(),
        }
    }

    /// Where a path leads. Looked up before the caller is known, and answered later.
    pub(super) fn destination<'a>(
        &self,
        path: &NormalPath<'a>,
        method: &str,
    ) -> Destination<'a, '_> {
        let Some(Routes { table, routes }) = &self.routes else {
            return ServiceName::of_path(path)
                .map_or(Destination::Nowhere, Destination::ByConvention);
        };
        match table.find(path, method) {
            Found::Route { index, values } => match routes.get(index) {
                Some(route) => Destination::Route { index, route, values },
                None => Destination::Nowhere,
            },
            Found::NoPattern | Found::NoMethod { .. } => Destination::Nowhere,
        }
    }

    /// How a window is known to whoever shares it, and how far back its limits reach.
    pub(super) fn shared_window(&self, scope: Scope, limit: RateLimit) -> (Box<str>, RateLimit) {
        match scope {
            Scope::Address => ("address".into(), limit),
            Scope::General => {
                let LimitPolicy { default, roles, .. } = &self.limits;
                let all = roles.values().copied().chain(*default);
                let history = all.fold(limit, |most, limit| RateLimit {
                    requests: most.requests.max(limit.requests),
                    window: most.window.max(limit.window),
                });
                ("general".into(), history)
            }
            Scope::Route(_) => {
                let routes = self.routes.iter().flat_map(|routes| &routes.routes);
                let route = routes.into_iter().find(|route| route.scope == scope);
                let name = route.map_or_else(String::new, |route| scope_name(&route.route));
                (name.into(), limit)
            }
        }
    }

    /// What the routes say of a path and a method; none where there are no routes.
    pub(super) fn find(&self, path: &NormalPath<'_>, method: &str) -> Option<Found<'_>> {
        Some(self.routes.as_ref()?.table.find(path, method))
    }

    /// The routes, where there are any.
    pub(super) fn routes(&self) -> Option<&[PreparedRoute]> {
        Some(&self.routes.as_ref()?.routes)
    }

    /// A route by its place among the configured ones.
    pub(super) fn route(&self, index: usize) -> Option<&PreparedRoute> {
        self.routes.as_ref()?.routes.get(index)
    }
}

impl PreparedRoute {
    pub(super) fn service(&self) -> ServiceName<'static> {
        ServiceName::given(&self.service)
    }
}

impl<'a, 'r> Destination<'a, 'r> {
    /// The service there, if any.
    pub(super) fn service(&self) -> Option<ServiceName<'a>> {
        match self {
            Self::Nowhere => None,
            Self::ByConvention(service) => Some(service.clone()),
            Self::Route { route, .. } => Some(route.service()),
        }
    }

    /// True where no credential is asked for.
    pub(super) fn is_public(&self) -> bool {
        matches!(self, Self::Route { route, .. } if route.route.access == Access::Public)
    }

    pub(super) fn index(&self) -> Option<usize> {
        match self {
            Self::Route { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// A limit of its own, and the window that is counted in.
    pub(super) fn limit(&self) -> Option<(Scope, RateLimit)> {
        match self {
            Self::Route { route, .. } => Some((route.scope, route.route.rate_limit?)),
            _ => None,
        }
    }

    /// What is asked of the caller there.
    pub(super) fn conditions(&self) -> Option<&'r Conditions> {
        match self {
            Self::Route { route, .. } => match &route.route.access {
                Access::Protected(conditions) => Some(conditions),
                Access::Public => None,
            },
            _ => None,
        }
    }

    /// The value of a parameter of the path.
    pub(super) fn parameter<'p>(
        &self,
        name: &str,
        path: &'p NormalPath<'_>,
    ) -> Option<Cow<'p, str>> {
        match self {
            Self::Route { route, values, .. } => values.decoded(name, &route.route.pattern, path),
            _ => None,
        }
    }
}
