//! The configuration in force, and the keys that it comes to.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::outside::Outside;
use crate::config::{Configuration, IssuerKeys, Resolved, hash, thumbprints};
use crate::gateway::key::KeySet;
use crate::gateway::policy::ServiceTimeout;
use crate::gateway::trust::IssuerId;
use crate::gateway::{Gateway, KeySource};
use crate::record::KeysFrom;
use crate::remote::RemoteUrl;

/// A configuration, and where the keys of each issuer come from.
pub(super) struct InForce {
    pub(super) configuration: Arc<Configuration>,
    /// `[jwt]` first, then the further issuers in the order of their names.
    issuers: Vec<Keys>,
    /// Where the keys of `[jwt]` come from.
    pub(super) keys_from: KeysFrom,
}

/// Where one issuer's keys come from.
struct Keys {
    given: Arc<KeySet>,
    urls: Vec<RemoteUrl>,
}

impl InForce {
    /// A configuration, and what the names in it stand for.
    pub(super) fn new(configuration: Arc<Configuration>, resolved: Resolved) -> Self {
        let settings = &configuration.settings;
        let mut given = resolved.issuers;
        let further = settings.issuers.iter().map(|(name, keys)| {
            let given = given.remove(name).unwrap_or_default();
            Keys { given: Arc::new(given), urls: urls(keys) }
        });
        let jwt = Keys { given: Arc::new(resolved.jwt), urls: urls(&settings.jwt) };
        let issuers = std::iter::once(jwt).chain(further).collect();
        Self { configuration, issuers, keys_from: KeysFrom::Configuration }
    }

    /// Puts a key in place of all that the configuration names for `[jwt]`.
    pub(super) fn give(&mut self, keys: Arc<KeySet>, from: KeysFrom) {
        self.keys_from = from;
        if let Some(jwt) = self.issuers.first_mut() {
            *jwt = Keys { given: keys, urls: Vec::new() };
        }
    }

    /// True where any key is named at all.
    pub(super) fn names_a_key(&self) -> bool {
        self.issuers.iter().any(|keys| !keys.given.keys().is_empty() || !keys.urls.is_empty())
    }

    /// The URLs of an issuer's keys.
    pub(super) fn urls_of(&self, issuer: IssuerId) -> &[RemoteUrl] {
        self.issuers.get(issuer.place()).map_or(&[], |keys| &keys.urls)
    }

    /// Puts the keys in force, those that were fetched among them.
    pub(super) fn put_keys(&self, gateway: &mut Gateway, outside: &mut Outside) {
        let mut left_out = BTreeSet::new();
        for (place, Keys { given, urls }) in self.issuers.iter().enumerate() {
            let id = place.checked_sub(1).map_or(IssuerId::JWT, IssuerId::further);
            let source = match urls.is_empty() {
                true => KeySource::Given,
                false => KeySource::MayBeAsked,
            };
            gateway.replace_keys_of(id, united(given, urls, outside, &mut left_out), source);
        }
        outside.leave_out(left_out);
    }

    /// How long a service may take to answer.
    pub(super) fn timeout(&self, service: &str) -> Duration {
        let services = &self.configuration.policy.services;
        services.get(service).map_or(ServiceTimeout::default(), |service| service.timeout).0
    }

    /// The hash of the configuration, with the keys in force.
    pub(super) fn hash(&self, gateway: &Gateway) -> String {
        let names = self.configuration.settings.issuers.keys().map(String::as_str);
        let names = std::iter::once("").chain(names);
        let sets = gateway.trust().key_sets().map(|keys| &**keys);
        hash(&self.configuration.to_json(), &thumbprints(names.zip(sets)))
    }
}

fn urls(keys: &IssuerKeys) -> Vec<RemoteUrl> {
    keys.urls.iter().filter_map(|url| url.parse().ok()).collect()
}

/// All keys of one issuer. A set that does not go together with the others is left out, which is
/// to be said.
fn united(
    given: &Arc<KeySet>,
    urls: &[RemoteUrl],
    outside: &Outside,
    left_out: &mut BTreeSet<String>,
) -> Arc<KeySet> {
    let mut all = Arc::clone(given);
    for url in urls {
        let Some(fetched) = outside.key_set(url) else { continue };
        match KeySet::union([&*all, &*fetched]) {
            Ok(union) => all = Arc::new(union),
            Err(fault) => {
                left_out.insert(format!("the keys of {url} are left out: {fault}"));
            }
        }
    }
    all
}
