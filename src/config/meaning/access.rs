//! Roles, limits, API keys and revocations.

use std::collections::{BTreeMap, HashMap};

use super::{Interpreter, common};
use crate::config::configuration::Mode;
use crate::config::fault::{Fault, Problem};
use crate::config::leaf::{Digest, Store};
use crate::config::path::At;
use crate::config::tree::{self, OnStoreFailure};
use crate::gateway::grant::Grant;
use crate::gateway::policy::{self, ApiKey, LimitPolicy, LimitStore};
use crate::gateway::revocation::Revocations;

impl Interpreter<'_> {
    pub(super) fn roles(&self) -> BTreeMap<String, Vec<Grant>> {
        let roles = self.tree.roles.iter().map(|(role, grants)| {
            (role.clone(), grants.iter().map(|grant| grant.0.clone()).collect())
        });
        roles.collect()
    }

    pub(super) fn limits(&self) -> LimitPolicy {
        let tree = &self.tree.rate_limit;
        LimitPolicy {
            default: tree.default.map(|rate| rate.0),
            roles: tree.roles.iter().map(|(role, rate)| (role.clone(), rate.0)).collect(),
            per_address: tree.per_address.map(|rate| rate.0),
            max_callers: usize::try_from(tree.max_callers.get()).unwrap_or(usize::MAX),
            store: match tree.store {
                Store::Memory => LimitStore::Memory,
                Store::Redis(_) | Store::Named(_) => {
                    LimitStore::Shared(match tree.on_store_failure {
                        OnStoreFailure::Local => policy::OnStoreFailure::Local,
                        OnStoreFailure::Deny => policy::OnStoreFailure::Deny,
                        OnStoreFailure::Allow => policy::OnStoreFailure::Allow,
                    })
                }
            },
        }
    }

    pub(super) fn api_keys(&mut self) -> Vec<ApiKey> {
        let tree = self.tree;
        let root = self.root;
        let list = root.name("api_keys");
        let mut ids = HashMap::new();
        let mut digests = HashMap::new();
        let keys = tree.api_keys.iter().enumerate().map(|(index, key)| {
            let at = list.item(index);
            if let Some(first) = ids.insert(&key.id.0, index) {
                let problem = Problem::IdTwice { id: key.id.0.clone() };
                self.beside(problem, &at.name("id"), &list.item(first).name("id"));
            }
            let sha256 = match key.sha256 {
                Some(Digest(digest)) => {
                    self.digest(digest, key, index, &list, &mut digests);
                    digest
                }
                None => no_digest(index),
            };
            ApiKey {
                id: key.id.0.clone(),
                sha256,
                user: key.user.0.clone(),
                role: key.role.as_ref().map(|role| role.0.clone()),
                permissions: key.permissions.iter().map(|held| held.0.clone()).collect(),
                expires: key.expires.map(|expires| expires.0),
            }
        });
        keys.collect()
    }

    fn digest<'k>(
        &mut self,
        digest: [u8; 32],
        key: &'k tree::ApiKey,
        index: usize,
        list: &At<'_>,
        seen: &mut HashMap<[u8; 32], (usize, &'k str)>,
    ) {
        let at = list.item(index);
        let here = at.name("sha256");
        if let Some((first, id)) = seen.insert(digest, (index, &key.id.0)) {
            let problem = Problem::DigestTwice { id: id.to_owned() };
            self.beside(problem, &here, &list.item(first).name("sha256"));
        }
        if self.mode == Mode::Written && common::is_digest_of_word(&digest) {
            self.fault(Problem::CommonKey, &here);
        }
    }

    fn beside(&mut self, problem: Problem, at: &At<'_>, other: &At<'_>) {
        let mut fault = Fault::of(problem, at);
        if let Some(place) = other.place() {
            fault = fault.beside(place, "it stands here first");
        }
        self.faults.push(fault);
    }

    pub(super) fn revoked(&self) -> Revocations {
        let tree = &self.tree.revocation;
        Revocations {
            jtis: tree.jtis.iter().cloned().collect(),
            users: tree.users.iter().map(|(user, before)| (user.clone(), before.0)).collect(),
            kids: tree.kids.iter().cloned().collect(),
            api_keys: tree.api_keys.iter().cloned().collect(),
        }
    }
}

/// What stands for a digest that was not recorded: one a key, and of no key that anybody knows.
fn no_digest(index: usize) -> [u8; 32] {
    let mut digest = [0; 32];
    for (byte, of_index) in digest.iter_mut().zip(index.to_le_bytes()) {
        *byte = of_index;
    }
    digest
}
