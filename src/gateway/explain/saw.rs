//! What each check looked at, in full: for a person who asks about one request.

use super::super::credential::Credential;
use super::super::decision::Check;
use super::super::facts::{Circuit, Presented, Room};
use super::super::limit::Scope;
use super::super::path::NormalPath;
use super::super::policy::{Access, Conditions, ExpectedValue, Route};
use super::super::rules::Destination;
use super::super::time::Timestamp;
use super::super::trust::IssuerId;
use super::super::unmet::{both, either, span};
use super::super::verified::{Kind, Verified};
use super::super::{Gateway, Request};
use super::{Case, Outcome, proof_of};

/// Something that a check looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub name: &'static str,
    /// What was seen.
    pub value: Value,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One thing.
    One(String),
    /// Any number of things.
    Many(Vec<String>),
}

/// Collects what was seen.
#[derive(Default)]
struct Sight(Vec<Seen>);

impl Sight {
    fn one(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Seen { name, value: Value::One(value.into()) });
    }

    fn maybe(&mut self, name: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.one(name, value);
        }
    }

    fn many<T: Into<String>>(&mut self, name: &'static str, values: impl IntoIterator<Item = T>) {
        let values = values.into_iter().map(Into::into).collect();
        self.0.push(Seen { name, value: Value::Many(values) });
    }

    /// The same where there are any.
    fn some<T: Into<String>>(&mut self, name: &'static str, values: impl IntoIterator<Item = T>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_some() {
            self.many(name, values);
        }
    }
}

impl Gateway {
    /// What a check looked at; nothing where it was not reached. The policy is still the one that it
    /// was decided by.
    pub fn saw(&self, case: Case<'_, '_>, check: Check) -> Vec<Seen> {
        let mut sight = Sight::default();
        if case.outcome_of(check) == Outcome::NotReached {
            return sight.0;
        }
        let Ok(request) = case.request else { return sight.0 };
        let proved = case.facts.proved().map(|proved| &**proved);
        match check {
            Check::Request => self.see_request(request, &mut sight),
            Check::Credential => see_credential(request, &mut sight),
            Check::Scheme => self.see_scheme(request, &case, &mut sight),
            Check::Expiry => {
                if let Some(proved) = proved {
                    see_times(proved, case.now.wall, &mut sight);
                }
            }
            Check::Token => {
                if let Some(proved) = proved {
                    self.see_proof(proved, &mut sight);
                }
            }
            Check::RateLimit => self.see_limit(request, &case, &mut sight),
            Check::Route => self.see_route(request, &case, &mut sight),
            Check::Permission => self.see_permissions(&case, &mut sight),
            Check::StepUp => self.see_step_up(request, &case, &mut sight),
            Check::Availability => {
                sight.maybe("service", case.decision.service().map(ToString::to_string));
                sight.maybe(
                    "circuit",
                    case.facts.circuit.map(|circuit| match circuit {
                        Circuit::Closed => "closed".to_owned(),
                        Circuit::Open { retry_after } => {
                            format!("open; worth a try in {retry_after} s")
                        }
                    }),
                );
            }
        }
        sight.0
    }

    fn see_request(&self, request: &Request<'_>, sight: &mut Sight) {
        sight.one("method", request.method);
        match NormalPath::parse(request.target) {
            Ok(path) => sight.one("path", path.as_str()),
            Err(fault) => sight.one("path", fault.to_string()),
        }
        sight.some("asks for", request.required.iter().map(|text| text.to_string()));
        sight.maybe("client", request.client_ip);
    }

    fn see_scheme(&self, request: &Request<'_>, case: &Case<'_, '_>, sight: &mut Sight) {
        let kind = match case.facts.presented {
            Some(Presented::Token) => "a JSON Web Token",
            Some(Presented::OpaqueToken) => "an opaque token",
            Some(Presented::ApiKey) => "an API key",
            None => match Credential::of_request(request, self.rules.accepts) {
                Err(_) => return,
                Ok(_) => "a credential",
            },
        };
        sight.one("kind", kind);
    }

    fn see_proof(&self, proved: &Verified, sight: &mut Sight) {
        let trust = &self.state.trust;
        sight.one("proof", proof_of(proved));
        let whose = match (proved.issuer, &proved.kind) {
            (_, Kind::ApiKey { .. }) => "[[api_keys]]",
            (IssuerId::JWT, Kind::Opaque) => "[introspection]",
            (IssuerId::JWT, Kind::Token { .. }) => "[jwt]",
            _ => "[issuers]",
        };
        sight.one("judged by", whose);
        sight.maybe("issuer", proved.iss());
        let identity = proved.identity();
        sight.one("user", identity.user());
        sight.some(
            "roles",
            identity.roles().map(|role| {
                let grants: Vec<String> =
                    trust.grants(role).iter().map(ToString::to_string).collect();
                match grants.is_empty() {
                    true => format!("{role}, which grants nothing"),
                    false => format!("{role} -> {}", grants.join(", ")),
                }
            }),
        );
        let ceiling = trust.issuer(proved.issuer).and_then(|issuer| issuer.ceiling.as_ref());
        if let Some(ceiling) = ceiling.filter(|_| !matches!(proved.kind, Kind::ApiKey { .. })) {
            sight.many("at most", ceiling.permissions.iter().map(ToString::to_string));
        }
        sight.many("holds", identity.permissions());
    }

    fn see_limit(&self, request: &Request<'_>, case: &Case<'_, '_>, sight: &mut Sight) {
        let Some((scope, limit)) = case.facts.window else {
            sight.one("limit", "none");
            return;
        };
        sight.one("limit", limit.to_string());
        let caller = case.facts.caller.as_ref().map(|caller| &**caller.verified());
        let trust = &self.state.trust;
        sight.one(
            "set by",
            match scope {
                Scope::Route(_) => "the route".to_owned(),
                Scope::Address => "rate_limit.per_address".to_owned(),
                Scope::General => {
                    let roles = caller.into_iter().flat_map(|caller| caller.identity().roles());
                    let by = roles.into_iter().find(|role| trust.rate_of_role(role) == Some(limit));
                    by.map_or("rate_limit.default".to_owned(), |role| format!("role {role}"))
                }
            },
        );
        sight.one(
            "window of",
            match (scope, caller) {
                (Scope::Address, _) | (_, None) => match request.client_ip {
                    Some(address) => format!("address {address}"),
                    None => "all clients without an address".to_owned(),
                },
                (_, Some(caller)) => caller_named(caller),
            },
        );
        sight.maybe(
            "room",
            case.facts.room.map(|room| match room {
                Room::Free => "free".to_owned(),
                Room::Full { retry_after } => format!("none; in {retry_after} s"),
                Room::Unknown => "not known, and let pass".to_owned(),
                Room::Failed => "not known, and refused".to_owned(),
            }),
        );
    }

    fn see_route(&self, request: &Request<'_>, case: &Case<'_, '_>, sight: &mut Sight) {
        let Ok(path) = NormalPath::parse(request.target) else { return };
        let destination = self.rules.destination(&path, request.method);
        match &destination {
            Destination::Nowhere => {}
            Destination::ByConvention(_) => sight.one("chosen by", "the convention of paths"),
            Destination::Route { route, .. } => {
                let Route { pattern, methods, access, rate_limit, rewrite, .. } = &route.route;
                sight.one("pattern", pattern.as_str());
                match methods {
                    Some(methods) => sight.many("methods", methods.iter().map(String::as_str)),
                    None => sight.one("methods", "every one"),
                }
                let value = |name: &str| {
                    let value = destination.parameter(name, &path);
                    value.map(|value| format!("{name} = {value}"))
                };
                sight.some("parameters", pattern.parameters().filter_map(value));
                match access {
                    Access::Public => sight.one("asks for", "nothing: it is public"),
                    Access::Protected(conditions) => {
                        sight.many("asks for", conditions_of(conditions))
                    }
                }
                sight.maybe("rate limit", rate_limit.map(|limit| limit.to_string()));
                sight.maybe("rewrite", rewrite.as_ref().map(|rewrite| rewrite.as_str()));
            }
        }
        sight.maybe("service", case.decision.service().map(ToString::to_string));
    }

    fn see_permissions(&self, case: &Case<'_, '_>, sight: &mut Sight) {
        let Some(caller) = &case.facts.caller else { return };
        let texts = self.required_of(case, |required| required.texts(caller.verified()));
        sight.many("required", texts.unwrap_or_default());
        sight.many("held", caller.identity().permissions());
    }

    fn see_step_up(&self, request: &Request<'_>, case: &Case<'_, '_>, sight: &mut Sight) {
        let Ok(path) = NormalPath::parse(request.target) else { return };
        let destination = self.rules.destination(&path, request.method);
        let (Some(Conditions { acr, amr, max_age, .. }), Some(caller)) =
            (destination.conditions(), &case.facts.caller)
        else {
            return;
        };
        let authentication = &caller.verified().authentication;
        if !acr.is_empty() {
            sight.one("acr", authentication.context.as_deref().unwrap_or("absent"));
        }
        if !amr.is_empty() {
            sight.many("amr", authentication.methods.iter().map(|method| &**method));
        }
        if max_age.is_some() {
            let at = authentication.time.and_then(Timestamp::from_seconds);
            sight.one("auth_time", at.map_or("absent".to_owned(), |at| when(at, case.now.wall)));
        }
    }
}

/// Where it stands; what it is, is nobody's business.
fn see_credential(request: &Request<'_>, sight: &mut Sight) {
    let known = ["Authorization", "X-API-Key"];
    let times = |name: &&str| request.header(name).count();
    let shown = known.iter().filter(|name| times(name) > 0).map(|name| match times(name) {
        1 => (*name).to_owned(),
        more => format!("{name}, {more} times"),
    });
    sight.some("header", shown);
}

fn see_times(proved: &Verified, now: Timestamp, sight: &mut Sight) {
    let instant = |seconds: f64| Timestamp::from_seconds(seconds).map(|at| when(at, now));
    sight.one(
        "expires",
        match proved.times.expiry {
            Some(expiry) => instant(expiry).unwrap_or_default(),
            None => "never".to_owned(),
        },
    );
    sight.maybe("not before", proved.times.start.and_then(instant));
    if proved.times.leeway > 0.0 {
        sight.one("leeway", span(proved.times.leeway));
    }
}

fn when(at: Timestamp, now: Timestamp) -> String {
    let ahead = at.seconds() - now.seconds();
    match ahead {
        0.0 => format!("{at}, now"),
        ahead if ahead > 0.0 => format!("{at}, in {}", span(ahead)),
        ahead => format!("{at}, {} ago", span(-ahead)),
    }
}

fn caller_named(caller: &Verified) -> String {
    let user = caller.identity().user();
    match (&caller.kind, caller.iss()) {
        (Kind::ApiKey { id }, _) => format!("API key {id}"),
        (_, Some(iss)) => format!("user {user} of {iss}"),
        (_, None) => format!("user {user}"),
    }
}

/// The conditions of a route, as the policy has them.
fn conditions_of(conditions: &Conditions) -> Vec<String> {
    let Conditions { permissions, any_permissions, roles, claims, issuers, acr, amr, max_age } =
        conditions;
    let mut all = Vec::new();
    let mut add = |what: &str, values: &str| {
        if !values.is_empty() {
            all.push(format!("{what} {values}"));
        }
    };
    add("permission", &both(permissions));
    add("permission", &either(any_permissions));
    add("role", &either(roles));
    for condition in claims {
        let values: Vec<String> = condition
            .values
            .iter()
            .map(|value| match value {
                ExpectedValue::Text(text) => format!("{text:?}"),
                ExpectedValue::Number(number) => number.to_string(),
                ExpectedValue::Boolean(truth) => truth.to_string(),
                ExpectedValue::Parameter(name) => format!("{{{name}}}"),
            })
            .collect();
        add(&format!("claim {}", condition.claim), &either(&values));
    }
    add("acr", &either(acr));
    add("amr", &either(amr));
    if let Some(longest) = max_age {
        add("authentication at most", &format!("{} ago", span(longest.as_secs_f64())));
    }
    add("a token, of [jwt] or", &either(issuers));
    if all.is_empty() {
        all.push("a credential that is good".to_owned());
    }
    all
}
