//! What the faces work with: where keys, secrets and stores are, and how services are reached.
//!
//! Nothing here is opened. Secrets are named until [`super::Configuration::resolve`] asks for them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::node::Place;
use super::tree::{Balancing, OnRecordFailure, Redacted};

/// What the faces work with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The keys of `[jwt]`.
    pub jwt: IssuerKeys,
    /// The keys of each further issuer.
    pub issuers: BTreeMap<String, IssuerKeys>,
    /// Where opaque tokens are asked about.
    pub introspection: Option<IntrospectionSettings>,
    /// Where windows of rate limits are kept.
    pub store: StoreSettings,
    /// A file of revocations.
    pub revocation_file: Option<PathBuf>,
    /// The recording of decisions.
    pub record: RecordSettings,
    /// How services are reached.
    pub services: BTreeMap<String, ServiceSettings>,
}

/// The keys of one issuer, all of which are one set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IssuerKeys {
    /// Keys in variables and files.
    pub named: Vec<SecretName>,
    /// URLs of JWK Sets.
    pub urls: Vec<String>,
    /// How they are fetched.
    pub jwks: JwksSettings,
    /// Whether an HMAC secret of less than 256 bits is taken.
    pub allow_weak_secrets: bool,
}

/// How sets of keys are fetched by URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwksSettings {
    /// How old a set may become before it is fetched again.
    pub refresh: Duration,
    /// How long a fetch may take.
    pub timeout: Duration,
    /// How long a token with an unknown `kid` waits for a fetch.
    pub unknown_kid_wait: Duration,
    /// How long after such a fetch no other is made.
    pub unknown_kid_cooldown: Duration,
    /// How long the last good set is used where no other can be had.
    pub max_stale: Duration,
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName {
    /// Where that is.
    pub stands: Stands,
    /// The full name of the value that says so.
    pub(super) path: String,
    pub(super) place: Option<Place>,
}

/// Outside of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// In an environment variable.
    Variable(String),
    /// In a file; a relative path was joined to the folder of the file that names it.
    File(PathBuf),
}

/// Where opaque tokens are asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct IntrospectionSettings {
    /// The endpoint.
    pub url: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret.
    pub client_secret: SecretName,
    /// How long an answer is remembered.
    pub cache: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The most questions in a second.
    pub max_per_second: u32,
}

/// Where windows of rate limits are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum StoreSettings {
    /// In this process.
    #[default]
    Memory,
    /// With the Redis server behind this URL.
    Redis(String),
    /// With the Redis server whose URL stands there.
    Named(SecretName),
}

/// The recording of decisions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordSettings {
    /// Where to; none: nowhere.
    pub file: Option<PathBuf>,
    /// What happens to a request whose decision cannot be recorded.
    pub on_failure: OnRecordFailure,
    /// What is replaced by keyed hashes.
    pub redact: Vec<Redacted>,
}

/// How a service is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSettings {
    /// Where it listens.
    pub targets: Vec<String>,
    /// How one of several targets is chosen.
    pub balancing: Balancing,
    /// How it is seen whether a target is well.
    pub health: Option<HealthSettings>,
}

/// How it is seen whether a target is well.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthSettings {
    /// What is asked for.
    pub path: String,
    /// How often.
    pub interval: Duration,
    /// How long the answer may take.
    pub timeout: Duration,
}

impl Default for JwksSettings {
    fn default() -> Self {
        super::tree::Jwks::default().into()
    }
}

impl From<super::tree::Jwks> for JwksSettings {
    fn from(jwks: super::tree::Jwks) -> Self {
        Self {
            refresh: jwks.refresh.0,
            timeout: jwks.timeout.0,
            unknown_kid_wait: jwks.unknown_kid_wait.0,
            unknown_kid_cooldown: jwks.unknown_kid_cooldown.0,
            max_stale: jwks.max_stale.0,
        }
    }
}
