//! `init`: who may appoint the keys and the policy, and what a good init changes.
//!
//! Everything is read and judged before anything changes: a broken init leaves in force what was.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tracing::warn;

use super::conversation::{ErrorCode, Node};
use super::in_force::InForce;
use super::outside::Outside;
use super::{Clock, NodeError, Options};
use crate::config::{Configuration, Diagnosis, Resolver};
use crate::gateway::key::{KeyFault, KeySet, KeyText, KeyWarning};
use crate::protocol::{Init, KeyMember, WrongMember};
use crate::record::{Event, KeysFrom};

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
    #[error("Invalid init: jwt_public_key: {0}, and jwt.allow_weak_secrets is false")]
    WeakSecret(KeyWarning),
    #[error("Invalid init: config is nested deeper than {MAX_CONFIG_DEPTH}")]
    ConfigDepth,
    #[error("Invalid init: config: {0}")]
    Config(Box<Diagnosis>),
}

impl InitFault {
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::AlreadyInitialised => ErrorCode::NotPermitted,
            _ => ErrorCode::Malformed,
        }
    }
}

impl From<Diagnosis> for InitFault {
    fn from(diagnosis: Diagnosis) -> Self {
        Self::Config(Box::new(diagnosis))
    }
}

/// What is in force before any init.
pub(super) fn at_start(options: &Options) -> Result<(Outside, InForce), NodeError> {
    let configuration = options.layers.read()?;
    if options.clock != Clock::System
        && let Some(what) = Outside::needs_a_clock(&configuration)
    {
        return Err(NodeError::StoppedClock(what));
    }
    let resolved = resolve(&configuration, options)?;
    let outside = Outside::start(&configuration, &resolved)?;
    let mut in_force = InForce::new(Arc::new(configuration), resolved);
    if let Some(keys) = &options.keys {
        in_force.give(Arc::clone(keys), KeysFrom::Configuration);
    }
    Ok((outside, in_force))
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
    let options = &node.options;
    let configuration = match init.config {
        Some(config) if depth(config) > MAX_CONFIG_DEPTH => return Err(InitFault::ConfigDepth),
        Some(config) => options.layers.with_init(config)?,
        None => options.layers.read()?,
    };
    let resolved = resolve(&configuration, options)?;
    let allow_weak = configuration.settings.jwt.allow_weak_secrets;
    let mut in_force = InForce::new(Arc::new(configuration), resolved);
    match (&init.key, &options.keys) {
        (Some(key), _) => in_force.give(read_key(key, allow_weak)?, KeysFrom::Init),
        (None, Some(keys)) => in_force.give(Arc::clone(keys), KeysFrom::Configuration),
        (None, None) if in_force.names_a_key() => {}
        (None, None) => return Err(InitFault::NoKey),
    }
    node.enforce(Arc::new(in_force));
    node.record_start(Event::Change);
    node.appointed_by = Some(src.to_owned());
    if let Some(name) = &init.node_id {
        node.name = Some(name.to_string());
    }
    Ok(())
}

impl Node {
    /// Puts a configuration in force. Counters, circuits and revocations stay.
    pub(super) fn enforce(&mut self, in_force: Arc<InForce>) {
        let configuration = &in_force.configuration;
        if self.gateway.enforce(&configuration.policy).is_err() {
            // A configuration with routes that tie is none, so that nobody comes here.
            warn!("routes tie; what was in force stays");
            return;
        }
        let file = configuration.settings.revocation_file.as_deref();
        self.revocation_file.follow(file, self.now, self.gateway.revocations());
        in_force.put_keys(&mut self.gateway, &mut self.outside);
        self.in_force = in_force;
    }
}

fn read_key(key: &KeyMember<'_>, allow_weak: bool) -> Result<Arc<KeySet>, InitFault> {
    let (keys, warnings) = match key {
        KeyMember::Text(text) => KeyText::Text(text),
        KeyMember::Object(json) => KeyText::Object(json),
    }
    .read()?;
    for warning in warnings {
        if matches!(warning, KeyWarning::WeakSecret { .. }) && !allow_weak {
            return Err(InitFault::WeakSecret(warning));
        }
        warn!("jwt_public_key: {warning}");
    }
    Ok(Arc::new(keys))
}

fn resolve(
    configuration: &Configuration,
    options: &Options,
) -> Result<crate::config::Resolved, Diagnosis> {
    let resolved = configuration.resolve(&mut Surroundings(&options.environment))?;
    for warning in resolved.warnings() {
        warn!("{warning}");
    }
    Ok(resolved)
}

/// The environment, and the files of this machine.
struct Surroundings<'o>(&'o BTreeMap<OsString, OsString>);

impl Resolver for Surroundings<'_> {
    fn variable(&mut self, name: &str) -> Result<String, String> {
        let value = self.0.get(std::ffi::OsStr::new(name)).ok_or("is not set")?;
        value.to_str().map(str::to_owned).ok_or_else(|| "is not UTF-8".to_owned())
    }

    fn file(&mut self, path: &Path) -> Result<String, String> {
        /// No key is longer; a device that never ends is refused.
        const LONGEST: u64 = 1 << 20;
        use std::io::Read;
        let mut bytes = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| error.to_string())?;
        if bytes.len() as u64 > LONGEST {
            return Err("it is longer than 1 MiB".to_owned());
        }
        String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())
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
