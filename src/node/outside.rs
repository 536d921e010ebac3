//! What the node finds out outside the process on behalf of the core.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Instant;

use tracing::warn;

use super::NodeError;
use super::conversation::Node;
use crate::config::{Configuration, JwksSettings, Resolved};
use crate::gateway::Now;
use crate::gateway::ask::{Ask, Introspection, KeyAskedFor, SharedRoom, SharedWindow, Told};
use crate::gateway::key::KeySet;
use crate::record::Event;
use crate::remote::{
    self, Charge, Charged, Introspected, KeySetStatus, KeySetTiming, KeySets, Moment, RemoteUrl,
    Secret, SharedWindows,
};

/// Everything outside that is ever asked.
#[derive(Default)]
pub(super) struct Outside {
    key_sets: Option<KeySets>,
    /// The version of the key sets that are in force.
    version: u64,
    /// What was said about fetched sets that are not in force.
    left_out: BTreeSet<String>,
    introspection: Option<remote::Introspection>,
    windows: Option<SharedWindows>,
}

impl Outside {
    /// Begins to fetch key sets, and waits for the first ones.
    pub(super) fn start(
        configuration: &Configuration,
        resolved: &Resolved,
    ) -> Result<Self, NodeError> {
        let settings = &configuration.settings;
        let issuers = std::iter::once(&settings.jwt).chain(settings.issuers.values());
        let sources: Vec<remote::KeySource> = issuers
            .flat_map(|keys| keys.urls.iter().map(|url| (url, keys.jwks)))
            .filter_map(|(url, jwks)| {
                Some(remote::KeySource { url: url.parse().ok()?, timing: timing(jwks) })
            })
            .collect();
        let mut outside = Self::default();
        if !sources.is_empty() {
            let key_sets = KeySets::start(sources).map_err(NodeError::Start)?;
            key_sets.wait_for_first();
            // Asked for before the sets are, so that no change is missed.
            outside.version = key_sets.version();
            outside.key_sets = Some(key_sets);
        }
        if let (Some(asked), Some(secret)) = (&settings.introspection, &resolved.client_secret)
            && let Ok(url) = asked.url.parse()
        {
            outside.introspection =
                Some(remote::Introspection::new(remote::IntrospectionSettings {
                    url,
                    client_id: asked.client_id.clone(),
                    client_secret: Secret::new(secret.expose()),
                    cache: asked.cache,
                    timeout: asked.timeout,
                    max_per_second: asked.max_per_second,
                }));
        }
        if let Some(url) = &resolved.store_url
            && let Ok(url) = url.expose().parse()
        {
            outside.windows = Some(SharedWindows::new(url));
        }
        Ok(outside)
    }

    /// What of it cannot be had while the clock stands still, if anything is asked for.
    pub(super) fn needs_a_clock(configuration: &Configuration) -> Option<&'static str> {
        let settings = &configuration.settings;
        let mut issuers = std::iter::once(&settings.jwt).chain(settings.issuers.values());
        if issuers.any(|keys| !keys.urls.is_empty()) {
            Some("a key set by URL")
        } else if settings.introspection.is_some() {
            Some("[introspection]")
        } else if settings.store != crate::config::StoreSettings::Memory {
            Some("a rate_limit.store")
        } else {
            None
        }
    }

    /// True once after each change of a fetched key set.
    pub(super) fn key_sets_have_changed(&mut self) -> bool {
        let Some(key_sets) = &self.key_sets else { return false };
        let version = key_sets.version();
        let changed = version != self.version;
        self.version = version;
        changed
    }

    /// The set of a URL, if there is one by now.
    pub(super) fn key_set(&self, url: &RemoteUrl) -> Option<Arc<KeySet>> {
        Some(Arc::clone(&self.key_sets.as_ref()?.set(url)?.keys))
    }

    /// Says which fetched sets are not in force, and why: once, for as long as it stays so.
    pub(super) fn leave_out(&mut self, left_out: BTreeSet<String>) {
        for line in left_out.difference(&self.left_out) {
            warn!("{line}");
        }
        self.left_out = left_out;
    }

    /// How the key sets are doing.
    pub(super) fn key_set_status(&self) -> Vec<KeySetStatus> {
        self.key_sets.as_ref().map(|sets| sets.status(Instant::now())).unwrap_or_default()
    }

    /// How often what happened at the introspection endpoint.
    pub(super) fn introspection_counts(&self) -> remote::IntrospectionCounts {
        self.introspection.as_ref().map(remote::Introspection::counts).unwrap_or_default()
    }

    /// How often what happened at the store of windows.
    pub(super) fn window_counts(&self) -> remote::SharedWindowCounts {
        self.windows.as_ref().map(SharedWindows::counts).unwrap_or_default()
    }

    fn introspect(&mut self, token: &str, now: Now) -> Introspection {
        let Some(introspection) = &mut self.introspection else { return Introspection::Failed };
        let moment = Moment { date: now.wall, steady: Instant::now() };
        match introspection.ask(token, moment) {
            Introspected::Active(json) => Introspection::Active((*json).into()),
            Introspected::Inactive => Introspection::Inactive,
            Introspected::Failed(_) => Introspection::Failed,
        }
    }

    fn charge(&mut self, window: &SharedWindow) -> SharedRoom {
        let Some(windows) = &mut self.windows else { return SharedRoom::Failed };
        let caller = hexadecimal(&window.caller.to_bytes());
        let charge = Charge {
            window: &[&window.scope, &caller],
            limit: window.limit,
            history: window.history,
        };
        match windows.charge(&charge, Instant::now()) {
            Charged::Admitted => SharedRoom::Taken,
            Charged::Refused { retry_after } => {
                let retry_after = NonZeroU64::new(retry_after).unwrap_or(NonZeroU64::MIN);
                SharedRoom::Full { retry_after }
            }
            Charged::Failed => SharedRoom::Failed,
        }
    }
}

impl Node {
    /// Finds out what the core asks for.
    pub(super) fn find_out(&mut self, ask: &Ask, told: &mut Told) {
        match ask {
            Ask::Introspection(token) => {
                told.introspection = Some(self.outside.introspect(token.expose(), self.now));
            }
            Ask::Room(window) => told.room = Some(self.outside.charge(window)),
            Ask::Key { issuer, kid } => {
                let urls = self.in_force.urls_of(*issuer);
                if let Some(key_sets) = &self.outside.key_sets {
                    key_sets.wait_for_key(urls, kid);
                }
                if self.outside.key_sets_have_changed() {
                    self.in_force.put_keys(&mut self.gateway, &mut self.outside);
                    self.record_start(Event::Change);
                }
                told.key = Some(KeyAskedFor);
            }
        }
    }
}

fn timing(jwks: JwksSettings) -> KeySetTiming {
    KeySetTiming {
        refresh: jwks.refresh,
        timeout: jwks.timeout,
        unknown_kid_wait: jwks.unknown_kid_wait,
        unknown_kid_cooldown: jwks.unknown_kid_cooldown,
        max_stale: jwks.max_stale,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
