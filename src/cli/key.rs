//! `portcullis key`: makes keys.
//!
//! A private key, a secret or an API key is printed only where no file was named for it. Its file can
//! be read by its owner alone, and never replaces another unasked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};

use portcullis::mint::{self, ApiKey, GeneratedKey, Kind};

use super::{Failure, what_if};

/// Arguments of `portcullis key`.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key pair, or an HMAC secret, that signs and verifies tokens; or an API key
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
}

const GENERATE_EXAMPLES: &str = "\
Examples:
  An Ed25519 pair, private key first, on standard output:
    portcullis key generate --kind ed25519

  An RSA pair in two files; the private one can be read by you alone:
    portcullis key generate --kind rsa-2048 --private issuer.pem --public issuer.pub.pem

  A pair as JWKs, each with its RFC 7638 thumbprint as `kid`:
    portcullis key generate --kind p256 --format jwk

  An API key in a file for whoever calls with it; what the gateway needs to know is printed:
    portcullis key generate --kind api-key --private ci.key >> portcullis.toml

The public half, or an HMAC secret, is what an init's `jwt_public_key` takes. The private half
signs: `portcullis token sign --key issuer.pem`. An API key is sent as it is, in `X-API-Key`; the
configuration holds its SHA-256 alone.";

/// Arguments of `portcullis key generate`.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// What to make
    #[arg(long, value_enum, value_name = "KIND")]
    kind: KindName,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Pem)]
    format: Format,

    /// Write the private key, the secret or the API key to this new file (mode 0600)
    #[arg(long, value_name = "FILE")]
    private: Option<PathBuf>,

    /// Write the public key to this new file; goes with --private
    #[arg(long, value_name = "FILE", requires = "private")]
    public: Option<PathBuf>,

    /// Replace files that are already there
    #[arg(long, requires = "private")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Secret of 256 random bits in base64url, for HS256
    #[value(name = "hmac-256")]
    Hmac256,
    /// Secret of 384 random bits in base64url, for HS384
    #[value(name = "hmac-384")]
    Hmac384,
    /// Secret of 512 random bits in base64url, for HS512
    #[value(name = "hmac-512")]
    Hmac512,
    /// RSA, 2048 bits, for RS256 to PS512
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA, 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// RSA, 4096 bits
    #[value(name = "rsa-4096")]
    Rsa4096,
    /// Elliptic curve P-256, for ES256
    #[value(name = "p256")]
    P256,
    /// Elliptic curve P-384, for ES384
    #[value(name = "p384")]
    P384,
    /// Edwards curve, for EdDSA: short keys and signatures, and fast
    #[value(name = "ed25519")]
    Ed25519,
    /// API key of 256 random bits in base64url, with its SHA-256 as an entry of `[[api_keys]]`
    #[value(name = "api-key")]
    ApiKey,
}

/// What is made.
#[derive(Clone, Copy)]
enum Wanted {
    /// A key that signs or verifies tokens.
    Key(Kind),
    ApiKey,
}

impl From<KindName> for Wanted {
    fn from(name: KindName) -> Self {
        Wanted::Key(match name {
            KindName::ApiKey => return Wanted::ApiKey,
            KindName::Hmac256 => Kind::Hmac256,
            KindName::Hmac384 => Kind::Hmac384,
            KindName::Hmac512 => Kind::Hmac512,
            KindName::Rsa2048 => Kind::Rsa2048,
            KindName::Rsa3072 => Kind::Rsa3072,
            KindName::Rsa4096 => Kind::Rsa4096,
            KindName::P256 => Kind::P256,
            KindName::P384 => Kind::P384,
            KindName::Ed25519 => Kind::Ed25519,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// PEM: PKCS#8 and SPKI; of a secret, the text itself
    Pem,
    /// JSON Web Key, one line each
    Jwk,
}

/// Runs `portcullis key`.
///
/// # Errors
///
/// When the files that are named will not do, when the key cannot be made, or its files or `out`
/// cannot be written.
pub(super) fn run(args: &KeyArgs, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.command {
        KeyCommand::Generate(args) => {
            let wanted = args.kind.into();
            let files = Files::from_args(args, wanted).map_err(Failure::Usage)?;
            match wanted {
                Wanted::Key(kind) => generate(kind, args, files, out)?,
                Wanted::ApiKey => api_key(args, files, out)?,
            }
            Ok(())
        }
    }
}

fn generate(
    kind: Kind,
    args: &GenerateArgs,
    files: Option<Files<'_>>,
    out: &mut dyn Write,
) -> Result<()> {
    let texts = Texts::new(&mint::generate(kind)?, args.format)?;
    match files {
        None => {
            out.write_all(texts.private.as_bytes())?;
            out.write_all(texts.public.unwrap_or_default().as_bytes())?;
        }
        Some(files) => {
            let what = if kind.is_secret() { "secret" } else { "private key" };
            write_file(files.private, &texts.private, Readers::Owner, args.force)?;
            writeln!(out, "wrote the {what} ({kind}) to {}", files.private.display())?;
            if let (Some(path), Some(public)) = (files.public, &texts.public) {
                write_file(path, public, Readers::Everybody, args.force)?;
                writeln!(out, "wrote the public key ({kind}) to {}", path.display())?;
            }
        }
    }
    Ok(())
}

/// With its file named, all that is printed is TOML and can be appended to a configuration.
fn api_key(args: &GenerateArgs, files: Option<Files<'_>>, out: &mut dyn Write) -> Result<()> {
    let key = ApiKey::generate()?;
    match files {
        None => writeln!(out, "{}\n", key.text())?,
        Some(Files { private, .. }) => {
            write_file(private, &line(key.text().to_owned()), Readers::Owner, args.force)?;
            // No name of a file can end the comment.
            writeln!(
                out,
                "# wrote the API key to {}",
                what_if::harmless(&private.to_string_lossy())
            )?;
        }
    }
    writeln!(out, "[[api_keys]]")?;
    writeln!(out, "id = \"NAME\"      # what records and revocations call the key")?;
    writeln!(out, "sha256 = \"{}\"", key.sha256())?;
    writeln!(
        out,
        "user = \"USER\"    # who calls with it; `role` and `permissions` say what they may do"
    )?;
    Ok(())
}

/// Where the two halves go.
struct Files<'a> {
    private: &'a Path,
    public: Option<&'a Path>,
}

impl<'a> Files<'a> {
    /// Everything that can be wrong with the files is found before a key is made.
    fn from_args(args: &'a GenerateArgs, wanted: Wanted) -> Result<Option<Self>> {
        if matches!(wanted, Wanted::ApiKey) && args.format != Format::Pem {
            bail!("an API key has one form, which is no JWK; leave --format out");
        }
        let Some(private) = args.private.as_deref() else { return Ok(None) };
        let public = args.public.as_deref();
        match (public, wanted) {
            (Some(_), Wanted::ApiKey) => {
                bail!(
                    "an API key has no public half, and its SHA-256 is printed; leave --public out"
                )
            }
            (Some(_), Wanted::Key(kind)) if kind.is_secret() => {
                bail!("an HMAC secret has no public half; leave --public out")
            }
            // A half without a file would be lost, or be printed beside the report.
            (None, Wanted::Key(kind)) if !kind.is_secret() => {
                bail!("name a file for the public key too, with --public")
            }
            (Some(path), Wanted::Key(_)) if path == private => {
                bail!("--private and --public name the same file, {}", path.display())
            }
            _ => {}
        }
        for path in [Some(private), public].into_iter().flatten() {
            match fs::symlink_metadata(path) {
                Ok(_) if !args.force => {
                    bail!("{} is already there; name another file, or say --force", path.display())
                }
                Ok(there) if !there.is_file() => {
                    bail!("{} is no regular file, so it is not replaced", path.display())
                }
                _ => {}
            }
        }
        Ok(Some(Files { private, public }))
    }
}

/// The two halves as they are written, with a line end.
struct Texts {
    private: String,
    public: Option<String>,
}

impl Texts {
    fn new(key: &GeneratedKey, format: Format) -> Result<Self> {
        let (private, public) = match format {
            Format::Pem => (key.private_text().to_owned(), key.public_pem().map(str::to_owned)),
            Format::Jwk => (
                serde_json::to_string(key.private_jwk())?,
                key.public_jwk().as_ref().map(serde_json::to_string).transpose()?,
            ),
        };
        Ok(Texts { private: line(private), public: public.map(line) })
    }
}

fn line(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    Everybody,
}

/// Writes a file that is new. What it replaces keeps its name until the new one is whole, and
/// hands on neither its mode nor its other links.
fn write_file(path: &Path, text: &str, readers: Readers, replace: bool) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let target = if replace { beside(path).with_context(cannot)? } else { path.to_owned() };
    let mut file = create(&target, readers).with_context(cannot)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| if replace { fs::rename(&target, path) } else { Ok(()) });
    if written.is_err() {
        // Half a key helps nobody. Why it could not be written is what is reported.
        let _ = fs::remove_file(&target);
    }
    written.with_context(cannot)
}

fn beside(path: &Path) -> Result<PathBuf> {
    let mut name = path.file_name().context("this names no file")?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    Ok(path.with_file_name(name))
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

#[cfg(test)]
mod tests;
