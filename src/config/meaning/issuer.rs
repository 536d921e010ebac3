//! Issuers: how their tokens are judged, and where their keys stand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Interpreter;
use crate::config::fault::{Fault, Problem};
use crate::config::leaf::{AlgorithmName, KeySource, Name};
use crate::config::path::At;
use crate::config::settings::{IssuerKeys, JwksSettings};
use crate::config::tree::{self, OneOrMany};
use crate::gateway::key::Algorithm;
use crate::gateway::policy::{Ceiling, ClaimNames, ClaimPath, FurtherIssuer, IssuerPolicy};

/// What is known of all issuers.
pub(super) struct Issuers {
    pub(super) jwt: IssuerPolicy,
    pub(super) jwt_keys: IssuerKeys,
    pub(super) further: BTreeMap<String, FurtherIssuer>,
    pub(super) further_keys: BTreeMap<String, IssuerKeys>,
}

impl Interpreter<'_> {
    pub(super) fn issuers(&mut self) -> Issuers {
        let tree = self.tree;
        let root = self.root;
        let at = root.name("jwt");
        let jwt = self.jwt(&tree.jwt, &at);
        let jwt_keys = IssuerKeys {
            jwks: tree.jwt.jwks.clone().into(),
            allow_weak_secrets: tree.jwt.allow_weak_secrets,
            ..self.keys(&tree.jwt.keys, &at.name("keys"))
        };
        let (mut further, mut further_keys) = (BTreeMap::new(), BTreeMap::new());
        let issuers = root.name("issuers");
        for (name, issuer) in &tree.issuers {
            let at = issuers.name(name);
            if jwt.names.contains(name) {
                let mut fault = Fault::of_name(Problem::IssuerTwice, &at);
                if let Some(place) = root.name("jwt").name("issuer").place() {
                    fault = fault.beside(place, "it stands here too");
                }
                self.faults.push(fault);
            }
            let policy = self.further(issuer, &jwt, &at);
            further.insert(name.clone(), policy);
            let keys = IssuerKeys {
                jwks: jwks(&issuer.jwks, &jwt_keys.jwks),
                allow_weak_secrets: issuer
                    .allow_weak_secrets
                    .unwrap_or(tree.jwt.allow_weak_secrets),
                ..self.keys(&issuer.keys, &at.name("keys"))
            };
            further_keys.insert(name.clone(), keys);
        }
        Issuers { jwt, jwt_keys, further, further_keys }
    }

    fn jwt(&mut self, jwt: &tree::Jwt, at: &At<'_>) -> IssuerPolicy {
        self.leeway(jwt.leeway.0, at);
        self.not_empty(jwt.algorithms.as_ref().map(Vec::len), &at.name("algorithms"));
        self.not_empty(Some(jwt.typ.len()), &at.name("typ"));
        IssuerPolicy {
            names: names(&jwt.issuer),
            audience: names(&jwt.audience),
            algorithms: jwt.algorithms.as_deref().map(algorithms),
            types: types(&jwt.typ),
            leeway: jwt.leeway.0,
            max_lifetime: jwt.max_lifetime.map(|lifetime| lifetime.0),
            required_claims: Self::required_claims(&jwt.required_claims),
            claim_names: ClaimNames {
                user: jwt.claim_names.user.as_ref().and_then(claim_path),
                role: jwt.claim_names.role.as_ref().and_then(claim_path),
                permissions: jwt.claim_names.permissions.as_ref().and_then(claim_path),
            },
        }
    }

    /// What an issuer does not say, `[jwt]` says for it.
    fn further(&mut self, issuer: &tree::Issuer, jwt: &IssuerPolicy, at: &At<'_>) -> FurtherIssuer {
        if let Some(leeway) = issuer.leeway {
            self.leeway(leeway.0, at);
        }
        self.not_empty(Some(issuer.keys.len()), &at.name("keys"));
        self.not_empty(issuer.algorithms.as_ref().map(Vec::len), &at.name("algorithms"));
        self.not_empty(issuer.typ.as_ref().map(Vec::len), &at.name("typ"));
        let required = issuer.required_claims.as_deref();
        let required_claims = match required {
            Some(claims) => Self::required_claims(claims),
            None => jwt.required_claims.clone(),
        };
        let claim = |own: &Option<tree::ClaimPath>, other: &Option<ClaimPath>| match own {
            Some(own) => claim_path(own),
            None => other.clone(),
        };
        let (own, usual) = (&issuer.claim_names, &jwt.claim_names);
        let policy = IssuerPolicy {
            names: Vec::new(),
            audience: issuer.audience.as_ref().map_or_else(|| jwt.audience.clone(), names),
            algorithms: match &issuer.algorithms {
                Some(own) => Some(algorithms(own)),
                None => jwt.algorithms.clone(),
            },
            types: issuer.typ.as_deref().map_or_else(|| jwt.types.clone(), types),
            leeway: issuer.leeway.map_or(jwt.leeway, |leeway| leeway.0),
            max_lifetime: issuer.max_lifetime.map(|longest| longest.0).or(jwt.max_lifetime),
            required_claims,
            claim_names: ClaimNames {
                user: claim(&own.user, &usual.user),
                role: claim(&own.role, &usual.role),
                permissions: claim(&own.permissions, &usual.permissions),
            },
        };
        let ceiling = Ceiling {
            permissions: issuer.permissions.iter().map(|grant| grant.0.clone()).collect(),
            roles: issuer.roles.iter().map(|role| role.0.clone()).collect(),
        };
        FurtherIssuer { policy, ceiling }
    }

    fn leeway(&mut self, leeway: Duration, at: &At<'_>) {
        if leeway > Duration::from_secs(300) {
            self.fault(Problem::Leeway, &at.name("leeway"));
        }
    }

    /// A list that would let nothing through.
    pub(super) fn not_empty(&mut self, length: Option<usize>, at: &At<'_>) {
        if length == Some(0) && at.is_there() {
            self.fault(Problem::EmptyList, at);
        }
    }

    /// Those besides the two that are always required, named or not.
    fn required_claims(claims: &[Name]) -> Vec<String> {
        let mut seen = BTreeSet::from(["sub", "exp"]);
        let more = claims.iter().map(|claim| claim.0.as_str()).filter(|claim| seen.insert(claim));
        more.map(str::to_owned).collect()
    }

    fn keys(&self, sources: &[KeySource], at: &At<'_>) -> IssuerKeys {
        let mut keys = IssuerKeys::default();
        for (index, source) in sources.iter().enumerate() {
            match source {
                KeySource::Named(reference) => {
                    keys.named.push(self.secret(reference, &at.item(index)));
                }
                KeySource::Url(url) => keys.urls.push(url.clone()),
            }
        }
        keys
    }
}

fn names(list: &OneOrMany<Name>) -> Vec<String> {
    list.0.iter().map(|name| name.0.clone()).collect()
}

fn algorithms(list: &[AlgorithmName]) -> Vec<Algorithm> {
    list.iter().map(|algorithm| algorithm.0).collect()
}

/// In small letters and without `application/`, as they are compared (RFC 7515 §4.1.9).
fn types(list: &[Name]) -> Vec<String> {
    let plain = list.iter().map(|name| name.0.to_lowercase());
    plain.map(|name| name.strip_prefix("application/").map(str::to_owned).unwrap_or(name)).collect()
}

fn claim_path(path: &tree::ClaimPath) -> Option<ClaimPath> {
    let mut names = path.0.0.iter().map(|name| name.0.clone());
    Some(ClaimPath { claim: names.next()?, below: names.collect() })
}

fn jwks(own: &tree::IssuerJwks, usual: &JwksSettings) -> JwksSettings {
    JwksSettings {
        refresh: own.refresh.map_or(usual.refresh, |span| span.0),
        timeout: own.timeout.map_or(usual.timeout, |span| span.0),
        unknown_kid_wait: own.unknown_kid_wait.map_or(usual.unknown_kid_wait, |span| span.0),
        unknown_kid_cooldown: own
            .unknown_kid_cooldown
            .map_or(usual.unknown_kid_cooldown, |span| span.0),
        max_stale: own.max_stale.map_or(usual.max_stale, |span| span.0),
    }
}
