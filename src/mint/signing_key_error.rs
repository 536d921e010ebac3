//! Why a text is no signing key: one variant for each reason, with what to do about it.
//!
//! A text may quote a label, an object identifier or a member's name, never what stands behind it.

use thiserror::Error;

/// A text that could not be read as a private key or secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// Nothing stands there.
    #[error("the secret is empty, and what it signs anybody could sign; give a key or a secret")]
    Empty,
    /// A verification key was given.
    #[error("this is {0}, which can only verify; sign with the private key that belongs to it")]
    PublicKey(&'static str),
    /// The key is behind a passphrase.
    #[error(
        "the private key is encrypted; write it out without its passphrase first \
         (`openssl pkey -in FILE -out PLAIN`)"
    )]
    Encrypted,
    /// OpenSSH's own container.
    #[error(
        "this is a private key in OpenSSH's own format, which is not read; convert it to PKCS#8, \
         or make a new key with `portcullis key generate`"
    )]
    OpenSsh,
    /// The text is marked as PEM and is none.
    #[error("the text is marked as PEM, but {0}")]
    Pem(&'static str),
    /// More than one block.
    #[error("the PEM text holds {0} blocks; give the private key alone")]
    SeveralBlocks(usize),
    /// A PEM block that is no key.
    #[error(
        "the PEM block is labelled {0:?}; what can be read is `PRIVATE KEY`, `RSA PRIVATE KEY` \
         and `EC PRIVATE KEY`"
    )]
    UnknownLabel(String),
    /// Base64 of DER, without the lines that would say so.
    #[error(
        "this is base64 of {0} in DER, not a secret; put it between `-----BEGIN …-----` and \
         `-----END …-----` lines, or convert it with `openssl pkey`"
    )]
    BareDer(&'static str),
    /// The ASN.1 inside does not hold together.
    #[error("the private key is damaged: what stands there is no {0} (DER)")]
    Der(&'static str),
    /// A key that none of the algorithms fits.
    #[error(
        "the private key is of the kind {0}, which signs no token here; use RSA, P-256, P-384 or \
         Ed25519"
    )]
    UnsupportedKind(String),
    /// An EC key that does not hold its public half.
    #[error(
        "the EC key does not hold its public point; write it out with it \
         (`openssl pkey -in FILE -out COMPLETE`)"
    )]
    NoPublicPoint,
    /// The mathematics of the key does not work out, or the key is too weak.
    #[error("the {kind} key cannot be used: {reason}")]
    Rejected {
        /// The kind of key.
        kind: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The text begins with `{` and is no JSON object with members of the right types.
    #[error("the text begins with `{{`, but is no JWK: {problem} at line {line}, column {column}")]
    Json {
        /// What is wrong.
        problem: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A set where a key was asked for.
    #[error("this is a JWK Set; give the one key to sign with")]
    JwkSet,
    /// A JWK's member is absent or wrong.
    #[error("the JWK's member `{member}` {problem}")]
    JwkMember {
        /// The member's name.
        member: &'static str,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
    /// A JWK whose own members leave nothing to sign with.
    #[error("the JWK may not sign: its own `{0}` says so")]
    JwkPurpose(&'static str),
}
