//! Any text as a token, any header and claims with a good signature, and good tokens with a few
//! letters changed: nothing panics, nobody forges, and who is let in has a name.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::KeyText;
use portcullis::gateway::token::{SignedToken, Workspace, verify};
use portcullis::gateway::trust::Trust;
use portcullis::mint::{SigningKey, sign_bytes};

const GOOD: &[u8] =
    br#"{"sub":"ada","exp":1767229200,"role":"r","scope":"a b","permissions":["c"]}"#;

/// A key that signs, and what verifies with it.
struct Pair {
    signing: SigningKey,
    trust: Trust,
    /// A good token.
    token: String,
}

fn pair(private: &str, public: &str) -> Pair {
    let signing = SigningKey::read(private).expect("a test key");
    let (keys, _) = KeyText::Text(public).read().expect("a test key");
    let algorithm = signing.default_algorithm();
    let header = format!(r#"{{"alg":"{algorithm:?}","typ":"JWT"}}"#);
    let token = sign_bytes(&signing, algorithm, header.as_bytes(), GOOD).expect("a good key");
    Pair { signing, trust: Trust::of_keys(keys.into()), token }
}

macro_rules! pair {
    ($name:literal) => {
        pair(
            include_str!(concat!("../../scripts/keys/", $name, ".private.pem")),
            include_str!(concat!("../../scripts/keys/", $name, ".public.pem")),
        )
    };
}

/// Of every kind; the secret comes first.
static PAIRS: LazyLock<[Pair; 5]> = LazyLock::new(|| {
    let secret = include_str!("../../scripts/keys/secret.txt");
    [pair(secret, secret), pair!("rsa"), pair!("p256"), pair!("p384"), pair!("ed25519")]
});

/// The same token is judged alike twice, and never lets in somebody without a name.
fn judge(signed: &SignedToken) {
    for seconds in [0.0, 1_767_225_600.0, 1e300] {
        let now = Timestamp::from_seconds(seconds).expect("a finite number");
        let (first, second) = (signed.at(now), signed.at(now));
        assert_eq!(first.is_ok(), second.is_ok());
        if let Ok(token) = first {
            let identity = token.identity();
            let user = [identity.user()];
            let names = user.into_iter().chain(identity.roles()).chain(identity.permissions());
            for name in names {
                assert!(!name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_control()));
            }
        }
    }
}

/// The first three bytes of each four say where and what to change.
fn changed(token: &str, changes: &[u8]) -> Option<String> {
    let mut bytes = token.as_bytes().to_owned();
    for change in changes.chunks_exact(4).take(8) {
        let [high, low, byte, kind] = *change else { continue };
        let at = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
        match kind % 3 {
            0 if at < bytes.len() => bytes[at] = byte & 0x7f,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at, byte & 0x7f),
        }
    }
    String::from_utf8(bytes).ok().filter(|changed| changed != token)
}

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        for pair in PAIRS.iter() {
            if let Ok(signed) = verify(text, &pair.trust, &mut Workspace::default()) {
                judge(&signed);
            }
        }
    }
    // A header and claims, parted by a newline, with a signature that is good whatever they are.
    let newline = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (header, claims) = input.split_at(newline);
    let secret = &PAIRS[0];
    let algorithm = secret.signing.default_algorithm();
    for (header, claims) in [(header, claims), (br#"{"alg":"HS256"}"#, input)] {
        let token = sign_bytes(&secret.signing, algorithm, header, claims).expect("a good key");
        if let Ok(signed) = verify(&token, &secret.trust, &mut Workspace::default()) {
            judge(&signed);
        }
    }
    for pair in PAIRS.iter() {
        assert!(verify(&pair.token, &pair.trust, &mut Workspace::default()).is_ok());
        if let Some(changed) = changed(&pair.token, input) {
            assert!(verify(&changed, &pair.trust, &mut Workspace::default()).is_err(), "{changed}");
        }
    }
});
