//! New API keys: random texts, of which a configuration holds the digest alone.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;

use super::generate::{GenerateError, random};

/// What every API key begins with, so that whoever finds one, or searches for some that have got
/// out, knows what it is.
const PREFIX: &str = "pck_";

/// A new API key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Makes one of 256 random bits: `pck_` and their base64url, 47 characters in all.
    ///
    /// # Errors
    ///
    /// Only where the operating system gives no randomness.
    pub fn generate() -> Result<Self, GenerateError> {
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?))))
    }

    /// The key as its owner sends it.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of its text in hexadecimal, by which a gateway knows it.
    pub fn sha256(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.0.as_bytes());
        let mut hex = String::with_capacity(64);
        for byte in digest.as_ref() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("sha256", &self.sha256()).finish_non_exhaustive()
    }
}
