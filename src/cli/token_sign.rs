//! `portcullis token sign`: signs a token with a private key or a secret.
//!
//! Everything that goes into the token is an argument, so that with `--now` the same command gives
//! the same token (RSASSA-PKCS1-v1_5, HMAC and Ed25519; the other signatures hold a random number).
//! The claims themselves are put together in `token_claims`.

use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;
use jsonwebtoken::Algorithm;

use super::token_claims::ClaimArgs;
use super::{Failure, key_file};
use portcullis::gateway::Timestamp;
use portcullis::mint::{self, SigningKey, TokenHeader};

/// The examples below the help of `portcullis token sign`.
pub(super) const EXAMPLES: &str = "\
Examples:
  A token for an hour, signed with an RSA key:
    portcullis token sign --key issuer.pem --sub user123 --role admin --permissions read,write

  The same token again and again, for a fixture:
    portcullis token sign --key issuer.pem --sub user123 --now 2026-01-01T00:00:00Z

  With a secret from the environment, and claims of any shape:
    portcullis token sign --key-env JWT_SECRET --algorithm HS512 --sub user123 \\
      --claim tenant=acme --claim 'aud=[\"users\", \"orders\"]' --claim level=3

  One that has expired already:
    portcullis token sign --key issuer.pem --sub user123 --expires-at 1970-01-02T00:00:00Z

A claim's value is taken as JSON where it is JSON, else as a string: `level=3` is a number,
`level=\"3\"` and `level=three` are strings. Quote it for the shell.";

/// Arguments of `portcullis token sign`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenSignArgs {
    #[command(flatten)]
    source: KeySource,

    /// What to sign with [default: the key's first of HS256, RS256, ES256, ES384, EdDSA]
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    algorithm: Option<Algorithm>,

    /// The header's `kid` [default: the JWK's own, else none]
    #[arg(long, value_name = "KID")]
    kid: Option<String>,

    /// The header's `typ`
    #[arg(long, value_name = "TYP", default_value = "JWT")]
    typ: String,

    #[command(flatten)]
    claims: ClaimArgs,

    /// The time it is, in seconds since 1970 or RFC 3339 [default: the system's clock]
    #[arg(long, value_name = "T", value_parser = time)]
    now: Option<f64>,
}

/// Where the key is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeySource {
    /// File with the private key (PEM or JWK), or with a secret; one newline at its end is cut
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Environment variable that holds the same
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
}

/// Runs `portcullis token sign`: writes the token and a line end to `out`.
///
/// # Errors
///
/// When the key cannot be read or is not for the algorithm, when a claim is given twice, and when
/// `out` cannot be written. No error holds the key.
pub(super) fn run(args: &TokenSignArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let token = sign(args).map_err(Failure::Usage)?;
    Ok(writeln!(out, "{token}").map_err(anyhow::Error::from)?)
}

fn sign(args: &TokenSignArgs) -> Result<String> {
    let key = args.source.read()?;
    let claims = args.claims.to_claims(args.now.map_or_else(system_time, Ok)?)?;
    let mut header = TokenHeader::for_key(&key);
    header.typ = Some(args.typ.clone());
    if let Some(kid) = &args.kid {
        header.kid = Some(kid.clone());
    }
    let alg = args.algorithm.unwrap_or(key.default_algorithm());
    Ok(mint::sign(&key, alg, &header, &claims)?)
}

impl KeySource {
    fn read(&self) -> Result<SigningKey> {
        match (&self.key, &self.key_env) {
            (Some(path), _) => SigningKey::read(&key_file::read(path)?)
                .with_context(|| format!("cannot sign with the key in {}", path.display())),
            (None, Some(name)) => SigningKey::read(&read_variable(name)?)
                .with_context(|| format!("cannot sign with the key in the variable {name}")),
            (None, None) => bail!("no key; name one with --key or --key-env"),
        }
    }
}

fn read_variable(name: &str) -> Result<String> {
    match std::env::var(name) {
        Ok(text) => Ok(text),
        Err(std::env::VarError::NotPresent) => bail!("the environment variable {name} is not set"),
        // The error holds the value, so it is not passed on.
        Err(std::env::VarError::NotUnicode(_)) => {
            bail!("the environment variable {name} is not UTF-8")
        }
    }
}

/// Whole seconds: fractions are legal in a token, and nobody wants them there.
fn system_time() -> Result<f64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Ok(since.context("the system's clock is before 1970; say --now")?.as_secs() as f64)
}

/// A point in time, in seconds since 1970.
pub(super) fn time(text: &str) -> Result<f64, String> {
    Timestamp::parse(text).map(Timestamp::seconds).map_err(|fault| fault.to_string())
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|_| {
        "it is none of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
         ES384 and EdDSA"
            .to_owned()
    })
}

#[cfg(test)]
mod tests;
