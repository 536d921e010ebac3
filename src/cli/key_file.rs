//! Keys and secrets in files. What a file holds is never shown, not even in an error.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use portcullis::gateway::key::KeyText;

/// No key file is longer; a device that never ends is refused.
const MAX_KEY_BYTES: u64 = 1 << 20;

/// Reads a key or a secret; a byte order mark and one line end at its end are cut.
pub(super) fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_KEY_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read the key file {}", path.display()))?;
    if bytes.len() as u64 > MAX_KEY_BYTES {
        bail!("{} is longer than 1 MiB, which no key is", path.display());
    }
    // The error of the conversion holds the bytes, so it is not passed on.
    let Ok(text) = String::from_utf8(bytes) else {
        bail!(
            "{} is not text; a key in DER becomes PEM with `openssl pkey -inform DER -in FILE`",
            path.display()
        );
    };
    let KeyText::Text(cut) = KeyText::of_file(&text) else { return Ok(text) };
    Ok(cut.to_owned())
}
