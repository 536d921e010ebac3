//! What somebody gives as a key: PEM, a JWK, a JWK Set, or a secret.
//!
//! What says it is a key and cannot be read is refused, never taken for a secret: else anybody
//! who has the public key's text could sign with it (THREATS A2).

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::set::KeySet;
use super::{KeyFault, KeyWarning, Material, VerifyingKey, der, jwk};

/// A key as it is given: as text, or as the JSON object that it is.
#[derive(Clone, Copy)]
pub enum KeyText<'a> {
    /// PEM, the JSON of a JWK or JWK Set, or a secret.
    Text(&'a str),
    /// The JSON of a JWK or JWK Set, which stood as an object where a key was asked for.
    Object(&'a str),
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl KeyText<'_> {
    /// Reads the key or keys.
    ///
    /// # Errors
    /// Where it is empty, broken, weak, private, or says it is a key and cannot be read.
    pub fn read(self) -> Result<(KeySet, Vec<KeyWarning>), KeyFault> {
        let text = match self {
            Self::Object(json) => return jwk::read(json),
            Self::Text(text) => text,
        };
        let start = text.trim_start();
        // Before PEM: a JWK may carry its certificate, say, in a member that nobody reads.
        if start.starts_with('{') {
            return jwk::read(start);
        }
        if text.contains("-----BEGIN") || text.contains("-----END") {
            return Ok((KeySet::of_one(VerifyingKey::new(der::from_pem(text)?)), Vec::new()));
        }
        if start.starts_with("ssh-") {
            return Err(KeyFault::Ssh);
        }
        if is_bare_der(text) {
            return Err(KeyFault::BareDer);
        }
        let key = VerifyingKey::new(Material::secret(text.as_bytes())?);
        let warnings = key.warning().into_iter().collect();
        Ok((KeySet::of_one(key), warnings))
    }
}

fn is_bare_der(text: &str) -> bool {
    let compact: String = text
        .replace("\\r", "")
        .replace("\\n", "")
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    [&alphabet::STANDARD, &alphabet::URL_SAFE].into_iter().any(|alphabet| {
        GeneralPurpose::new(alphabet, LENIENT)
            .decode(&compact)
            .is_ok_and(|bytes| der::is_public_key(&bytes))
    })
}
