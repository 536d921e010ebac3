//! The configuration tree: read, laid over one another, judged, and made into a policy.
//!
//! [`Layers`] takes texts: a file, the environment, options, an init's `config`. It reads no file,
//! variable or clock itself. What comes out is a [`Configuration`], or a [`Diagnosis`] with every fault
//! at once, each with its place in the source.
//!
//! On the way: one tree for all notations (`node`, `format`), laid over one another (`merge`), held
//! against the shape that the types in [`tree`] give it (`shape`, `leaf`), and understood (`meaning`).

mod assign;
mod canonical;
mod configuration;
mod fault;
mod format;
mod init;
mod layers;
mod leaf;
mod matrix;
mod meaning;
mod merge;
mod node;
mod path;
mod reference;
mod report;
mod secrets;
mod settings;
mod shape;
mod source;
pub mod tree;
mod url;
mod warning;

pub use self::canonical::{hash, thumbprints};
pub use self::configuration::Configuration;
pub use self::fault::{Fault, Problem};
pub use self::layers::Layers;
pub use self::leaf::{
    AlgorithmName, Digest, FilePath, GrantText, HeaderName, Instant, KeySource, LongSpan, Method,
    Name, PathPattern, Permission, PlainPath, Rate, Reference, SecretSource, Span, Store, Target,
    TrustedUrl,
};
pub use self::matrix::{CallerKind, Matrix, MatrixRow, May};
pub use self::reference::reference;
pub use self::report::{Colours, Diagnosis, Finding, FoundAt, Severity, printable};
pub use self::secrets::{Resolved, Resolver, Secret};
pub use self::settings::{
    HealthSettings, IntrospectionSettings, IssuerKeys, JwksSettings, RecordSettings, SecretName,
    ServiceSettings, Settings, Stands, StoreSettings,
};
pub use self::warning::{Concern, Warning, Warnings};

/// A configuration to begin with, in TOML, with comments.
pub const STARTER: &str = include_str!("starter.toml");

/// The JSON Schema of the tree, as text.
pub fn schema() -> String {
    format!("{:#}\n", shape::schema())
}
