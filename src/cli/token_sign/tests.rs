//! What `portcullis token sign` prints, and what it says when it cannot.
#![allow(clippy::unwrap_used, reason = "a failing test may panic")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;

use portcullis::mint::{Kind, generate};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    sign: super::TokenSignArgs,
}

/// A key file that is gone after the test.
struct KeyFile(String);

impl KeyFile {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("portcullis-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        KeyFile(path.to_str().unwrap().to_owned())
    }

    fn sign(&self, line: &[&str]) -> Result<String, String> {
        sign(&[&["--key", &self.0], line].concat())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sign(line: &[&str]) -> Result<String, String> {
    let line =
        Line::try_parse_from([&["sign"], line].concat()).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    super::run(&line.sign, &mut out).map_err(|failure| format!("{:#}", failure.error()))?;
    Ok(String::from_utf8(out).unwrap())
}

fn part(token: &str, index: usize) -> String {
    let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
    String::from_utf8(part).unwrap()
}

#[test]
fn the_same_command_gives_the_same_token() {
    let key = KeyFile::new("same", b"secret\n");
    let token = key.sign(&["--sub=user123", "--now=1000"]).unwrap();
    assert_eq!(token, key.sign(&["--sub=user123", "--now=1000"]).unwrap());
    assert_eq!(part(&token, 0), r#"{"alg":"HS256","typ":"JWT"}"#);
    assert_eq!(part(&token, 1), r#"{"exp":4600,"iat":1000,"sub":"user123"}"#);
    assert!(token.ends_with('\n'));
}

#[test]
fn one_line_end_of_a_secret_file_is_cut() {
    let sign = |name, content| KeyFile::new(name, content).sign(&["--now=1"]).unwrap();
    assert_eq!(sign("cut-1", b"secret"), sign("cut-2", b"secret\n"));
    assert_eq!(sign("cut-3", b"secret"), sign("cut-4", b"secret\r\n"));
    assert_ne!(sign("cut-5", b"secret"), sign("cut-6", b"secret\n\n"));
}

#[test]
fn the_name_of_a_jwk_is_in_the_header_unless_another_is_given() {
    let made = generate(Kind::P256).unwrap();
    let text = serde_json::to_vec(made.private_jwk()).unwrap();
    let key = KeyFile::new("kid", &text);
    assert_eq!(
        part(&key.sign(&[]).unwrap(), 0),
        format!(r#"{{"alg":"ES256","kid":"{}","typ":"JWT"}}"#, made.private_jwk().kid())
    );
    assert_eq!(
        part(&key.sign(&["--kid=mine", "--typ=at+jwt"]).unwrap(), 0),
        r#"{"alg":"ES256","kid":"mine","typ":"at+jwt"}"#
    );
}

#[test]
fn what_is_wrong_is_said_without_the_key() {
    let secret = KeyFile::new("wrong", b"hunter2");
    assert_eq!(
        secret.sign(&["--algorithm=RS256"]).unwrap_err(),
        "the key cannot sign with RS256; it can with HS256, HS384, HS512"
    );
    assert!(secret.sign(&["--algorithm=none"]).unwrap_err().contains("it is none of HS256"));

    let empty = KeyFile::new("empty", b"\n");
    assert_eq!(
        empty.sign(&[]).unwrap_err(),
        format!(
            "cannot sign with the key in {}: the secret is empty, and what it signs anybody could \
             sign; give a key or a secret",
            empty.0
        )
    );
    let der = KeyFile::new("der", &[0x30, 0x82, 0xff]);
    assert_eq!(
        der.sign(&[]).unwrap_err(),
        format!(
            "{} is not text; a key in DER becomes PEM with `openssl pkey -inform DER -in FILE`",
            der.0
        )
    );
    assert_eq!(
        sign(&["--key=/nowhere/k"]).unwrap_err(),
        "cannot read the key file /nowhere/k: No such file or directory (os error 2)"
    );
    assert_eq!(
        sign(&["--key-env=PORTCULLIS_TEST_UNSET"]).unwrap_err(),
        "the environment variable PORTCULLIS_TEST_UNSET is not set"
    );
    assert!(sign(&[]).unwrap_err().contains("--key"));
    assert!(secret.sign(&["--key-env=HOME"]).unwrap_err().contains("cannot be used with"));
}
