//! The form of a configuration that is the same for the same configuration, and its hash.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::tree::Tree;
use crate::gateway::key::{KeySet, VerifyingKey};

/// A tree as JSON, defaults included.
pub(super) fn tree(tree: &Tree) -> Value {
    // Nothing in the types can fail: names are strings, numbers finite.
    serde_json::to_value(tree).unwrap_or_default()
}

/// The thumbprints (RFC 7638) of the public keys in force, by issuer; the one of `[jwt]` has the
/// empty name. Secrets have none.
pub fn thumbprints<'a>(
    sets: impl IntoIterator<Item = (&'a str, &'a KeySet)>,
) -> BTreeMap<String, Vec<String>> {
    let all = sets.into_iter().map(|(issuer, set)| {
        let mut prints: Vec<_> = set.keys().iter().filter_map(VerifyingKey::thumbprint).collect();
        prints.sort();
        (issuer.to_owned(), prints)
    });
    all.filter(|(_, prints)| !prints.is_empty()).collect()
}

/// The hash of a configuration with the keys that are in force: SHA-256, in hexadecimal, over the
/// RFC 8785 form of `{"keys": …, "tree": …}`.
pub fn hash(tree: &Value, keys: &BTreeMap<String, Vec<String>>) -> String {
    let whole = json!({ "keys": keys, "tree": tree });
    let form = serde_json_canonicalizer::to_vec(&whole).unwrap_or_default();
    let digest = digest(&SHA256, &form);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
