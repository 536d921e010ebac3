//! `init`: who may appoint the keys, and what a good init changes.
//!
//! Everything is read and judged before anything changes: a broken init leaves in force what was.

use std::sync::Arc;

use tracing::warn;

use super::Node;
use super::conversation::ErrorCode;
use crate::gateway::key::{KeyFault, KeySet, KeyText};
use crate::protocol::{Init, KeyMember, WrongMember};

/// The deepest `config` that is read, itself being 1.
const MAX_CONFIG_DEPTH: usize = 100;

/// Why an init is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum InitFault {
    /// Whoever can send requests cannot appoint the key.
    #[error("Already initialised")]
    AlreadyInitialised,
    #[error("Invalid init: {0}")]
    Member(#[from] WrongMember),
    #[error("Invalid init: src is missing")]
    NoSource,
    #[error("Invalid init: jwt_public_key is missing")]
    NoKey,
    #[error("Invalid init: jwt_public_key: {0}")]
    Key(#[from] KeyFault),
    #[error("Invalid init: config is nested deeper than {MAX_CONFIG_DEPTH}")]
    ConfigDepth,
    #[error("Invalid init: config: {0}")]
    Config(String),
}

impl InitFault {
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::AlreadyInitialised => ErrorCode::NotPermitted,
            _ => ErrorCode::Malformed,
        }
    }
}

/// Puts an init in force.
pub(super) fn apply(
    node: &mut Node,
    src: Option<&str>,
    init: &Result<Init<'_>, WrongMember>,
) -> Result<(), InitFault> {
    // Decided before anything else, so that a stranger learns nothing about what it sent.
    if node.appointed_by.is_some() && node.appointed_by.as_deref() != src {
        return Err(InitFault::AlreadyInitialised);
    }
    let init = init.as_ref().map_err(|fault| *fault)?;
    let src = src.ok_or(InitFault::NoSource)?;
    if let Some(config) = init.config {
        check_config(config)?;
    }
    let keys = match &init.key {
        Some(key) => read_key(key)?,
        None => node.options.keys.clone().ok_or(InitFault::NoKey)?,
    };
    node.gateway.replace_keys(keys);
    node.appointed_by = Some(src.to_owned());
    if let Some(name) = &init.node_id {
        node.name = Some(name.to_string());
    }
    Ok(())
}

fn read_key(key: &KeyMember<'_>) -> Result<Arc<KeySet>, KeyFault> {
    let (keys, warnings) = match key {
        KeyMember::Text(text) => KeyText::Text(text),
        KeyMember::Object(json) => KeyText::Object(json),
    }
    .read()?;
    for warning in warnings {
        warn!("jwt_public_key: {warning}");
    }
    Ok(Arc::new(keys))
}

fn check_config(config: &str) -> Result<(), InitFault> {
    if depth(config) > MAX_CONFIG_DEPTH {
        return Err(InitFault::ConfigDepth);
    }
    let tree: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(config).map_err(|error| InitFault::Config(error.to_string()))?;
    match tree.keys().next() {
        None => Ok(()),
        Some(name) => Err(InitFault::Config(format!("`{name}` is not a known name"))),
    }
}

/// How deep lists and objects are nested in well-formed JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
