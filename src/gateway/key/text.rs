//! What somebody gives as a key: PEM, a JWK, a JWK Set, or a secret.
//!
//! What says it is a key and cannot be read is refused, never taken for a secret: else anybody
//! who has the public key's text could sign with it.

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

const BYTE_ORDER_MARK: char = '\u{feff}';

/// How the names of OpenSSH's kinds of key begin.
const SSH: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl<'a> KeyText<'a> {
    /// What stands in a file: a byte order mark and one line end are an editor's, not the key's.
    pub fn of_file(text: &'a str) -> Self {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let cut = text.strip_suffix('\n').map(|cut| cut.strip_suffix('\r').unwrap_or(cut));
        Self::Text(cut.unwrap_or(text))
    }

    /// Reads the key or keys.
    ///
    /// # Errors
    /// Where it is empty, broken, weak, private, or says it is a key and cannot be read.
    pub fn read(self) -> Result<(KeySet, Vec<KeyWarning>), KeyFault> {
        let text = match self {
            Self::Object(json) => return jwk::read(json),
            Self::Text(text) => text,
        };
        let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
        // Before PEM: a JWK may carry its certificate, say, in a member that nobody reads.
        if start.starts_with('{') {
            return jwk::read(start);
        }
        if text.contains("-----BEGIN") || text.contains("-----END") {
            return Ok((KeySet::of_one(VerifyingKey::new(der::from_pem(text)?)), Vec::new()));
        }
        if SSH.iter().any(|kind| start.starts_with(kind)) {
            return Err(KeyFault::Ssh);
        }
        if let Some(fault) = decoded(text).find_map(|bytes| fault_of_bare(&bytes)) {
            return Err(fault);
        }
        let key = VerifyingKey::new(Material::secret(text.as_bytes())?);
        let warnings = key.warning().into_iter().collect();
        Ok((KeySet::of_one(key), warnings))
    }
}

/// The bytes that the text stands for, if it is base64 in either alphabet, however wrapped.
fn decoded(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let compact = text.replace("\\r", "").replace("\\n", "");
    let compact: String = compact.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .filter_map(move |alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(&compact).ok())
}

/// Why the bytes behind base64 are no secret, if they are a key.
fn fault_of_bare(bytes: &[u8]) -> Option<KeyFault> {
    let is_pem = memchr::memmem::find(bytes, b"-----BEGIN").is_some();
    if der::is_private_key(bytes) {
        Some(KeyFault::PrivateKey)
    } else if is_pem || der::is_public_key(bytes) {
        Some(KeyFault::BareDer)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> KeyFault {
        KeyText::Text(text).read().expect_err(text)
    }

    #[test]
    fn what_says_it_is_a_key_is_never_taken_for_a_secret() {
        let pem = include_str!("../../../scripts/keys/p256.public.pem");
        let private = include_str!("../../../scripts/keys/p256.private.pem");
        let body =
            |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        assert_eq!(fault(&body(pem)), KeyFault::BareDer);
        assert_eq!(fault(&encode(pem)), KeyFault::BareDer);
        assert_eq!(fault(&body(private)), KeyFault::PrivateKey);
        assert_eq!(fault("\u{feff} ssh-rsa AAAA"), KeyFault::Ssh);
        assert_eq!(fault("ecdsa-sha2-nistp256 AAAA"), KeyFault::Ssh);
        assert_eq!(fault("sk-ssh-ed25519@openssh.com AAAA"), KeyFault::Ssh);
        assert!(matches!(fault("\u{feff}{\"kty\":1}"), KeyFault::Jwk(_)));
        assert!(matches!(fault("\u{feff}\n {"), KeyFault::Jwk(_)));
    }

    #[test]
    fn anything_else_is_a_secret() {
        for text in [" ", "[]", "AAAA", "a secret"] {
            let (keys, _) = KeyText::Text(text).read().expect(text);
            assert!(keys.keys().iter().all(|key| key.is_secret()), "{text}");
        }
    }

    #[test]
    fn a_file_may_end_in_one_line_end() {
        for (file, text) in
            [("k", "k"), ("k\n", "k"), ("k\r\n", "k"), ("k\n\n", "k\n"), ("\u{feff}k", "k")]
        {
            assert!(
                matches!(KeyText::of_file(file), KeyText::Text(cut) if cut == text),
                "{file:?}"
            );
        }
    }
}
