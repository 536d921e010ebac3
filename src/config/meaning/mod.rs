//! From the tree to what it means: the policy, the faces' settings, and every fault that is none of
//! a single value's.

mod access;
mod common;
mod issuer;
mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::configuration::Mode;
use super::fault::{Fault, Problem, nearest};
use super::leaf::{self, Reference, Store};
use super::node::Node;
use super::path::At;
use super::settings::{
    HealthSettings, IntrospectionSettings, RecordSettings, SecretName, ServiceSettings, Settings,
    Stands, StoreSettings,
};
use super::source::Source;
use super::tree::Tree;
use crate::gateway::breaker::BreakerSettings;
use crate::gateway::policy::{IdentityHeaders, Policy, ServicePolicy, ServiceTimeout};

/// Reads meaning out of a tree whose shape is good.
pub(super) struct Interpreter<'a> {
    tree: &'a Tree,
    root: At<'a>,
    sources: &'a [Arc<Source>],
    /// Names whose tables are known to lack something, so that what refers to them is not judged.
    broken: &'a BTreeSet<String>,
    mode: Mode,
    faults: Vec<Fault>,
    suggested: usize,
}

/// Names are compared for so many faults; whoever has more has other troubles.
const SUGGESTIONS: usize = 50;

impl<'a> Interpreter<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        node: &'a Node,
        sources: &'a [Arc<Source>],
        broken: &'a BTreeSet<String>,
        mode: Mode,
    ) -> Self {
        let root = At::root(node);
        Self { tree, root, sources, broken, mode, faults: Vec::new(), suggested: 0 }
    }

    pub(super) fn interpret(mut self) -> (Policy, Settings, Vec<Fault>) {
        let tree = self.tree;
        let issuers = self.issuers();
        self.names_of("roles", tree.roles.keys());
        self.names_of("services", tree.services.keys());
        self.names_of("issuers", tree.issuers.keys());
        let policy = Policy {
            jwt: issuers.jwt,
            issuers: issuers.further,
            roles: self.roles(),
            services: self.services(),
            routes: self.routes(),
            limits: self.limits(),
            api_keys: self.api_keys(),
            opaque_tokens: tree.introspection.is_some(),
            revoked: self.revoked(),
            identity_headers: self.identity_headers(),
            recorded_claims: tree.record.claims.iter().map(|claim| claim.0.clone()).collect(),
            recorded: tree.record.file.is_some(),
        };
        let settings = Settings {
            jwt: issuers.jwt_keys,
            issuers: issuers.further_keys,
            introspection: self.introspection(),
            store: self.store(),
            revocation_file: self.revocation_file(),
            record: self.record(),
            services: self.service_settings(),
        };
        (policy, settings, self.faults)
    }

    fn fault(&mut self, problem: Problem, at: &At<'_>) {
        self.faults.push(Fault::of(problem, at));
    }

    /// Names that stand where only text can, so that no form has judged them.
    fn names_of<'n>(&mut self, table: &'n str, names: impl Iterator<Item = &'n String>) {
        let root = self.root;
        let at = root.name(table);
        for name in names {
            if let Some(why) = leaf::fault_of_name(name) {
                let problem = Problem::BadText {
                    why: format!("the name will not do: {why}"),
                    expected: "some text without control characters",
                };
                self.faults.push(Fault::of_name(problem, &at.name(name)));
            }
        }
    }

    fn meant<'n>(&mut self, name: &str, known: impl Iterator<Item = &'n String>) -> Option<String> {
        self.suggested += 1;
        (self.suggested <= SUGGESTIONS).then(|| nearest(name, known.map(String::as_str)))?
    }

    fn services(&mut self) -> BTreeMap<String, ServicePolicy> {
        const LONGEST: std::time::Duration = std::time::Duration::from_secs(600);
        let root = self.root;
        let at = root.name("services");
        let tree = self.tree;
        let services = tree.services.iter().map(|(name, service)| {
            let breaker = BreakerSettings {
                failures: service.circuit_breaker.failures,
                open_for: service.circuit_breaker.open_for.0,
                probes: service.circuit_breaker.probes,
            };
            if breaker.open_for > LONGEST {
                let at = at.name(name);
                let at = at.name("circuit_breaker");
                let bounds = "at most `10m`".to_owned();
                self.fault(Problem::OutOfRange { bounds }, &at.name("open_for"));
            }
            let timeout = ServiceTimeout(service.timeout.0);
            (name.clone(), ServicePolicy { breaker, timeout })
        });
        services.collect()
    }

    fn service_settings(&self) -> BTreeMap<String, ServiceSettings> {
        let services = self.tree.services.iter().map(|(name, service)| {
            let health = service.health_check.as_ref().map(|health| HealthSettings {
                path: health.path.0.clone(),
                interval: health.interval.0,
                timeout: health.timeout.0,
            });
            let targets = service.targets.iter().map(|target| target.0.clone()).collect();
            let balancing = service.load_balancing;
            (name.clone(), ServiceSettings { targets, balancing, health })
        });
        services.collect()
    }

    fn identity_headers(&mut self) -> IdentityHeaders {
        let tree = &self.tree.identity_headers;
        let root = self.root;
        let at = root.name("identity_headers");
        let claims = at.name("claims");
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let known = [("user", Some(&tree.user)), ("role", Some(&tree.role))];
        let more = [("permissions", Some(&tree.permissions)), ("issuer", tree.issuer.as_ref())];
        for (name, header) in known.into_iter().chain(more) {
            let Some(header) = header else { continue };
            if let Some(with) = seen.insert(folded(&header.0), format!("the {name}")) {
                self.faults.push(Fault::of(Problem::HeaderTwice { with }, &at.name(name)));
            }
        }
        for (header, claim) in &tree.claims {
            let here = claims.name(header);
            if let Err(why) = <leaf::HeaderName as leaf::Leaf>::read(header) {
                let expected = <leaf::HeaderName as leaf::Leaf>::EXPECTED;
                self.faults.push(Fault::of_name(Problem::BadText { why, expected }, &here));
                continue;
            }
            let what = format!("the claim {:?}", claim.0);
            if let Some(with) = seen.insert(folded(header), what) {
                self.faults.push(Fault::of_name(Problem::HeaderTwice { with }, &here));
            }
        }
        IdentityHeaders {
            user: tree.user.0.clone(),
            role: tree.role.0.clone(),
            permissions: tree.permissions.0.clone(),
            issuer: tree.issuer.as_ref().map(|header| header.0.clone()),
            claims: tree
                .claims
                .iter()
                .map(|(name, claim)| (name.clone(), claim.0.clone()))
                .collect(),
        }
    }

    fn introspection(&self) -> Option<IntrospectionSettings> {
        let introspection = self.tree.introspection.as_ref()?;
        let at = self.root.name("introspection");
        let secret = &introspection.client_secret.0;
        Some(IntrospectionSettings {
            url: introspection.url.0.clone(),
            client_id: introspection.client_id.0.clone(),
            client_secret: self.secret(secret, &at.name("client_secret")),
            cache: introspection.cache.0,
            timeout: introspection.timeout.0,
            max_per_second: introspection.max_per_second.get(),
        })
    }

    fn store(&self) -> StoreSettings {
        let at = self.root.name("rate_limit");
        match &self.tree.rate_limit.store {
            Store::Memory => StoreSettings::Memory,
            Store::Redis(url) => StoreSettings::Redis(url.clone()),
            Store::Named(reference) => {
                StoreSettings::Named(self.secret(reference, &at.name("store")))
            }
        }
    }

    fn revocation_file(&self) -> Option<PathBuf> {
        let file = self.tree.revocation.file.as_ref()?;
        let at = self.root.name("revocation");
        Some(self.file(&file.0, &at.name("file")))
    }

    fn record(&self) -> RecordSettings {
        let record = &self.tree.record;
        let at = self.root.name("record");
        let at = at.name("file");
        RecordSettings {
            file: record.file.as_ref().map(|file| self.file(&file.0, &at)),
            on_failure: record.on_failure,
            redact: record.redact.clone(),
        }
    }

    fn secret(&self, reference: &Reference, at: &At<'_>) -> SecretName {
        let stands = match reference {
            Reference::Variable(name) => Stands::Variable(name.clone()),
            Reference::File(path) => Stands::File(self.file(path, at)),
        };
        SecretName { stands, path: at.to_string(), place: at.place() }
    }

    /// A path, from the folder of the file that names it.
    fn file(&self, path: &str, at: &At<'_>) -> PathBuf {
        let source = at.place().and_then(|place| self.sources.get(place.source));
        match source.and_then(|source| source.folder()) {
            Some(folder) => folder.join(path),
            None => PathBuf::from(path),
        }
    }
}

/// The spelling under which services may take two headers for one.
fn folded(header: &str) -> String {
    header.to_ascii_lowercase().replace(['_', '.'], "-")
}
