//! A private key out of PEM text (RFC 7468).
//!
//! One block is one key. What says it is PEM and cannot be read is an error, never a secret; the
//! error quotes the label at most.

use pem::{Pem, PemError};

use super::SigningKeyError;
use super::asn1::Material;

/// `true` for text that says it is PEM, whole or not.
pub(super) fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN") || text.contains("-----END")
}

/// The key in `text`, which [`is_pem`].
pub(super) fn read(text: &str) -> Result<Material, SigningKeyError> {
    // A PEM text in an environment variable often has its line ends as two characters. A backslash
    // has no other place in PEM.
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let blocks = pem::parse_many(&text).map_err(|error| SigningKeyError::Pem(fault(&error)))?;
    if blocks.len() != text.matches("-----BEGIN").count()
        || blocks.len() != text.matches("-----END").count()
    {
        return Err(SigningKeyError::Pem("a BEGIN or END line has no partner"));
    }
    // `openssl ecparam -genkey` writes the name of the curve into a block of its own, and again
    // into the key.
    let keys: Vec<&Pem> = blocks.iter().filter(|block| block.tag() != "EC PARAMETERS").collect();
    match keys.as_slice() {
        [block] => read_block(block),
        [] => Err(SigningKeyError::Pem("it holds no key")),
        several => Err(SigningKeyError::SeveralBlocks(several.len())),
    }
}

fn read_block(block: &Pem) -> Result<Material, SigningKeyError> {
    // RFC 1421 encryption (`Proc-Type: 4,ENCRYPTED`) is the only use of headers that is about.
    if block.tag() == "ENCRYPTED PRIVATE KEY" || block.headers().iter().next().is_some() {
        return Err(SigningKeyError::Encrypted);
    }
    match block.tag() {
        "PRIVATE KEY" => Material::from_pkcs8(block.contents()),
        "RSA PRIVATE KEY" => Material::from_pkcs1(block.contents()),
        "EC PRIVATE KEY" => Material::from_ec_private_key(block.contents(), None),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(SigningKeyError::PublicKey("a public key")),
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            Err(SigningKeyError::PublicKey("a certificate"))
        }
        "OPENSSH PRIVATE KEY" => Err(SigningKeyError::OpenSsh),
        other => Err(SigningKeyError::UnknownLabel(other.to_owned())),
    }
}

/// The parser's own texts quote what it met, which may be a piece of the key.
fn fault(error: &PemError) -> &'static str {
    match error {
        PemError::MismatchedTags(..) => "its BEGIN and END lines name different things",
        PemError::InvalidData(_) => "its base64 is broken",
        PemError::MissingData => "nothing stands between BEGIN and END",
        PemError::InvalidHeader(_) => "a line in it is neither base64 nor a header",
        PemError::NotUtf8(_) => "it is not UTF-8",
        _ => "a BEGIN or END line is missing or damaged",
    }
}
