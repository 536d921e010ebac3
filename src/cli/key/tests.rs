//! What `portcullis key` prints and writes.
#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

use std::fs;
use std::path::PathBuf;

use clap::Parser;

use portcullis::mint::SigningKey;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    key: super::KeyArgs,
}

fn key(line: &[&str]) -> Result<String, String> {
    let line = Line::try_parse_from([&["key", "generate"], line].concat())
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    super::run(&line.key, &mut out).map_err(|failure| format!("{:#}", failure.error()))?;
    Ok(String::from_utf8(out).unwrap())
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("portcullis-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn without_files_both_halves_are_printed_private_first() {
    let text = key(&["--kind=ed25519"]).unwrap();
    let (private, public) = text.split_at(text.find("-----BEGIN PUBLIC KEY-----").unwrap());
    assert!(SigningKey::read(private).is_ok());
    assert!(public.ends_with("-----END PUBLIC KEY-----\n"));

    let text = key(&["--kind=p256", "--format=jwk"]).unwrap();
    let (private, public) = text.split_once('\n').unwrap();
    assert!(SigningKey::read(private).is_ok());
    assert!(public.starts_with(r#"{"kty":"EC","kid":""#) && !public.contains(r#""d":"#));
}

#[test]
fn a_secret_is_one_line() {
    let text = key(&["--kind=hmac-256"]).unwrap();
    assert_eq!((text.len(), text.lines().count()), (44, 1));
    assert_eq!(key(&["--kind=hmac-256", "--format=jwk"]).unwrap().lines().count(), 1);
}

#[test]
fn an_api_key_comes_with_the_entry_that_lets_it_in() {
    let (one, other) = (key(&["--kind=api-key"]).unwrap(), key(&["--kind=api-key"]).unwrap());
    let (text, entry) = one.split_once("\n\n").unwrap();
    assert_ne!(text, other.split_once("\n\n").unwrap().0);
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        entry,
        format!(
            "[[api_keys]]\n\
             id = \"NAME\"      # what records and revocations call the key\n\
             sha256 = \"{hex}\"\n\
             user = \"USER\"    # who calls with it; `role` and `permissions` say what they may do\n"
        )
    );
}

#[test]
fn files_are_written_and_never_replaced_unasked() {
    let folder = Folder::new("replace");
    let (private, public) = (folder.file("k.pem"), folder.file("k.pub.pem"));
    let files = ["--kind=ed25519", "--private", &private, "--public", &public];
    assert_eq!(
        key(&files).unwrap(),
        format!(
            "wrote the private key (ed25519) to {private}\nwrote the public key (ed25519) to \
             {public}\n"
        )
    );
    let before = fs::read_to_string(&private).unwrap();
    assert!(SigningKey::read(&before).is_ok());
    assert!(fs::read_to_string(&public).unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));

    assert_eq!(
        key(&files).unwrap_err(),
        format!("{private} is already there; name another file, or say --force")
    );
    assert_eq!(fs::read_to_string(&private).unwrap(), before);

    key(&[&files[..], &["--force"]].concat()).unwrap();
    assert_ne!(fs::read_to_string(&private).unwrap(), before);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2, "nothing is left beside the keys");
}

#[cfg(unix)]
#[test]
fn the_private_file_is_its_owners_alone_whatever_it_replaces() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    let secret = folder.file("secret");
    for kind in ["--kind=hmac-512", "--kind=api-key"] {
        fs::write(&secret, "old").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
        key(&[kind, "--private", &secret, "--force"]).unwrap();
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&secret).unwrap().lines().count(), 1);
    }
}

#[test]
fn what_cannot_be_written_is_said_before_a_key_is_made() {
    let folder = Folder::new("refused");
    let (one, two) = (folder.file("one"), folder.file("two"));
    let cases: [(&[&str], &str); 5] = [
        (&["--kind=p256", "--private", &one], "name a file for the public key too, with --public"),
        (
            &["--kind=hmac-256", "--private", &one, "--public", &two],
            "an HMAC secret has no public half; leave --public out",
        ),
        (
            &["--kind=p256", "--private", &one, "--public", &one],
            &format!("--private and --public name the same file, {one}"),
        ),
        (
            &["--kind=hmac-256", "--private", folder.0.to_str().unwrap(), "--force"],
            &format!("{} is no regular file, so it is not replaced", folder.0.display()),
        ),
        (
            &["--kind=hmac-256", "--private", &folder.file("absent/k")],
            &format!(
                "cannot write {}: No such file or directory (os error 2)",
                folder.file("absent/k")
            ),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(key(line).unwrap_err(), expected);
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    assert!(key(&["--kind=p256", "--public", &two]).unwrap_err().contains("--private"));
}
