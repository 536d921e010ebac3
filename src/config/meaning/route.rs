//! Routes: what they refer to, and which of them would be for the same requests.

use super::Interpreter;
use crate::config::fault::{Fault, Problem};
use crate::config::leaf::{Name, Permission};
use crate::config::path::At;
use crate::config::tree::{self, ClaimValue, OneOrMany};
use crate::gateway::policy::{Access, ClaimCondition, Conditions, ExpectedValue, Route};
use crate::gateway::route::{Rewrite, RouteTable, TiedMethods};

impl Interpreter<'_> {
    pub(super) fn routes(&mut self) -> Option<Vec<Route>> {
        let tree = self.tree;
        let routes = tree.routes.as_deref()?;
        let root = self.root;
        let list = root.name("routes");
        let mut built = Vec::with_capacity(routes.len());
        for (index, route) in routes.iter().enumerate() {
            let at = list.item(index);
            self.service(&route.service, &at);
            let access = self.access(route, &at);
            let methods = self.methods(route, &at);
            built.push(Route {
                pattern: route.path.0.clone(),
                methods,
                service: route.service.0.clone(),
                access,
                rate_limit: route.rate_limit.map(|rate| rate.0),
                rewrite: self.rewrite(route, &at),
            });
        }
        self.ties(&built, &list);
        Some(built)
    }

    fn service(&mut self, service: &Name, at: &At<'_>) {
        let tree = self.tree;
        if tree.services.contains_key(&service.0) || self.broken.contains("services") {
            return;
        }
        let meant = self.meant(&service.0, tree.services.keys());
        let name = service.0.clone();
        self.fault(Problem::UnknownService { name, meant }, &at.name("service"));
    }

    fn methods(&mut self, route: &tree::Route, at: &At<'_>) -> Option<Vec<String>> {
        let methods = route.methods.as_ref()?;
        self.not_empty(Some(methods.len()), &at.name("methods"));
        let mut distinct = Vec::with_capacity(methods.len());
        for method in methods {
            if !distinct.contains(&method.0) {
                distinct.push(method.0.clone());
            }
        }
        Some(distinct)
    }

    fn access(&mut self, route: &tree::Route, at: &At<'_>) -> Access {
        if route.public {
            for condition in CONDITIONS {
                let here = at.name(condition);
                if here.is_there() {
                    self.faults
                        .push(Fault::of_name(Problem::PublicWithCondition { condition }, &here));
                }
            }
            return Access::Public;
        }
        for (list, length) in [
            ("any_permissions", route.any_permissions.as_ref().map(Vec::len)),
            ("roles", route.roles.as_ref().map(Vec::len)),
            ("acr", route.acr.as_ref().map(Vec::len)),
            ("amr", route.amr.as_ref().map(Vec::len)),
        ] {
            self.not_empty(length, &at.name(list));
        }
        self.known_issuers(&route.issuers, at);
        let permissions = |list: &[Permission]| list.iter().map(|one| one.0.clone()).collect();
        let names = |list: &[Name]| list.iter().map(|one| one.0.clone()).collect();
        Access::Protected(Conditions {
            permissions: permissions(&route.permissions),
            any_permissions: permissions(route.any_permissions.as_deref().unwrap_or_default()),
            roles: names(route.roles.as_deref().unwrap_or_default()),
            claims: self.claims(route, at),
            issuers: names(&route.issuers),
            acr: names(route.acr.as_deref().unwrap_or_default()),
            amr: names(route.amr.as_deref().unwrap_or_default()),
            max_age: route.max_age.map(|age| age.0),
        })
    }

    fn known_issuers(&mut self, issuers: &[Name], at: &At<'_>) {
        let tree = self.tree;
        let list = at.name("issuers");
        for (index, issuer) in issuers.iter().enumerate() {
            if tree.issuers.contains_key(&issuer.0) || self.broken.contains("issuers") {
                continue;
            }
            let is_own = tree.jwt.issuer.0.contains(issuer);
            let meant = match is_own {
                true => None,
                false => self.meant(&issuer.0, tree.issuers.keys()),
            };
            let problem = Problem::UnknownIssuer { name: issuer.0.clone(), meant, is_own };
            self.fault(problem, &list.item(index));
        }
    }

    fn claims(&mut self, route: &tree::Route, at: &At<'_>) -> Vec<ClaimCondition> {
        let claims = at.name("claims");
        let conditions = route.claims.iter().map(|(claim, OneOrMany(values))| {
            let at = claims.name(claim);
            self.not_empty(Some(values.len()), &at);
            let values = values.iter().enumerate().map(|(index, value)| match value {
                ClaimValue::Boolean(truth) => ExpectedValue::Boolean(*truth),
                ClaimValue::Number(number) => ExpectedValue::Number(number.clone()),
                ClaimValue::Text(text) => {
                    let parameter = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
                    let Some(parameter) = parameter else {
                        return ExpectedValue::Text(text.clone());
                    };
                    if !route.path.0.parameters().any(|known| known == parameter) {
                        let problem = Problem::UnknownParameter {
                            parameter: parameter.to_owned(),
                            pattern: route.path.0.as_str().to_owned(),
                        };
                        self.fault(problem, &at.item(index));
                    }
                    ExpectedValue::Parameter(parameter.to_owned())
                }
            });
            ClaimCondition { claim: claim.clone(), values: values.collect() }
        });
        conditions.collect()
    }

    fn rewrite(&mut self, route: &tree::Route, at: &At<'_>) -> Option<Rewrite> {
        match Rewrite::parse(route.rewrite.as_deref()?, &route.path.0) {
            Ok(rewrite) => Some(rewrite),
            Err(fault) => {
                self.fault(Problem::Rewrite { why: fault.to_string() }, &at.name("rewrite"));
                None
            }
        }
    }

    fn ties(&mut self, routes: &[Route], list: &At<'_>) {
        let Err(ties) = RouteTable::new(routes) else { return };
        for tie in ties {
            let common = match tie.methods {
                TiedMethods::Listed(methods) => methods.join(", "),
                TiedMethods::Others => "every method that no other route lists".to_owned(),
            };
            let (here, there) = (list.item(tie.second), list.item(tie.first));
            let with = there.position().unwrap_or(tie.first);
            let mut fault = Fault::of(Problem::Tie { with, common }, &here.name("path"));
            if let Some(place) = there.name("path").place() {
                fault = fault.beside(place, "the other route");
            }
            self.faults.push(fault);
        }
    }
}

/// The names of everything that a route can ask of a caller.
const CONDITIONS: [&str; 8] =
    ["permissions", "any_permissions", "roles", "claims", "issuers", "acr", "amr", "max_age"];
