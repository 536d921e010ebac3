//! The tools' side of JOSE: private keys are made and read here, and tokens are signed.
//!
//! For the command line, tests and benches. The node never comes here: whoever decides about
//! tokens holds no key that could make one.
//!
//! - [`generate()`] makes a key and writes it as PEM and as a JWK; [`ApiKey`] makes API keys;
//! - [`SigningKey`] is a private key, read strictly and tried once before it is handed out;
//! - [`sign`] makes a token, [`sign_bytes`] makes one of any header and payload, for tests;
//! - [`provider`] lends jsonwebtoken the cryptography of `ring`; [`install()`] puts it in force.
//!
//! Nothing here reads a clock, a file or the environment; [`generate()`] and [`ApiKey::generate`]
//! draw on the operating system's randomness, and so does every ECDSA and RSA-PSS signature. No error and no
//! `Debug` output holds a key or a secret.

mod api_key;
mod asn1;
mod generate;
mod jwk;
mod jwk_read;
mod pem_read;
pub mod provider;
mod signing_key;
mod signing_key_error;
mod token;

pub use api_key::ApiKey;
pub use generate::{GenerateError, GeneratedKey, Kind, UnknownKind, generate};
pub use jwk::Jwk;
pub use provider::install;
pub use signing_key::SigningKey;
pub use signing_key_error::SigningKeyError;
pub use token::{SignError, TokenHeader, sign, sign_bytes};
