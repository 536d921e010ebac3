//! Keys that are made can be read, sign, and verify; what is no private key says so.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests may panic")]

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use portcullis::mint::{
    GeneratedKey, Kind, SignError, SigningKey, SigningKeyError, TokenHeader, generate, sign,
};
use ring::{hmac, signature as sig};
use serde_json::{Map, Value, json};

fn members(jwk: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(jwk).unwrap() {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(members[name].as_str().unwrap()).unwrap()
}

/// Verifies with `ring`, from the public JWK alone (of a secret, from the only one there is).
fn verifies(key: &GeneratedKey, alg: Algorithm, token: &str) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (message, signature) = (message.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap());
    let jwk = members(&key.public_jwk().unwrap_or_else(|| key.private_jwk().clone()));
    let rsa = |parameters: &'static sig::RsaParameters| {
        sig::RsaPublicKeyComponents { n: bytes(&jwk, "n"), e: bytes(&jwk, "e") }
            .verify(parameters, message, &signature)
            .is_ok()
    };
    let point =
        |algorithm: &'static dyn sig::VerificationAlgorithm, head: &[u8], names: &[&str]| {
            let names = names.iter().flat_map(|name| bytes(&jwk, name));
            let point: Vec<u8> = head.iter().copied().chain(names).collect();
            sig::UnparsedPublicKey::new(algorithm, point).verify(message, &signature).is_ok()
        };
    let secret = |algorithm| {
        hmac::verify(&hmac::Key::new(algorithm, &bytes(&jwk, "k")), message, &signature).is_ok()
    };
    match alg {
        Algorithm::HS256 => secret(hmac::HMAC_SHA256),
        Algorithm::HS384 => secret(hmac::HMAC_SHA384),
        Algorithm::HS512 => secret(hmac::HMAC_SHA512),
        Algorithm::RS256 => rsa(&sig::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => rsa(&sig::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => rsa(&sig::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => rsa(&sig::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => rsa(&sig::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => rsa(&sig::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => point(&sig::ECDSA_P256_SHA256_FIXED, &[4], &["x", "y"]),
        Algorithm::ES384 => point(&sig::ECDSA_P384_SHA384_FIXED, &[4], &["x", "y"]),
        Algorithm::EdDSA => point(&sig::ED25519, &[], &["x"]),
        other => panic!("{other:?}"),
    }
}

/// `None` where there is no openssl.
fn openssl(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("SKIPPED: there is no openssl to read the keys with");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8(output.stdout).unwrap()))
}

fn made_keys_sign_and_verify(kinds: &[Kind]) {
    let claims = json!({"sub": "user123", "exp": 4_102_444_800_u64});
    let claims = claims.as_object().unwrap();
    for kind in kinds {
        let made = generate(*kind).unwrap();
        let texts =
            [made.private_text().to_owned(), serde_json::to_string(made.private_jwk()).unwrap()];
        for text in &texts {
            let key = SigningKey::read(text).unwrap_or_else(|error| panic!("{kind}: {error}"));
            for alg in key.algorithms() {
                let token = sign(&key, *alg, &TokenHeader::for_key(&key), claims).unwrap();
                assert!(verifies(&made, *alg, &token), "{kind} {alg:?}");
            }
        }
        openssl_reads(*kind, &made);
        assert_eq!(made.public_pem().is_none(), kind.is_secret());
        assert_eq!(made.public_jwk().is_none(), kind.is_secret());
        assert!(!format!("{made:?}").contains(made.private_text()));
    }
}

/// OpenSSL reads the private half and derives the public half that was written.
fn openssl_reads(kind: Kind, made: &GeneratedKey) {
    let Some(public) = made.public_pem() else { return };
    let Some((good, derived)) = openssl(&["pkey", "-pubout"], made.private_text()) else { return };
    assert!(good, "{kind}: openssl does not read the private key");
    assert_eq!(derived, public, "{kind}");
    let (good, again) = openssl(&["pkey", "-pubin"], public).unwrap();
    assert!(good, "{kind}: openssl does not read the public key");
    assert_eq!(again, public, "{kind}");
    let (good, _) = openssl(&["pkey", "-check", "-noout"], made.private_text()).unwrap();
    // OpenSSL has no such check for Ed25519.
    assert!(good || kind == Kind::Ed25519, "{kind}: openssl finds the key inconsistent");
}

#[test]
fn made_secrets_and_curves_sign_and_verify() {
    let [h2, h3, h5, _, _, _, p2, p3, ed] = Kind::ALL;
    made_keys_sign_and_verify(&[h2, h3, h5, p2, p3, ed]);
}

#[test]
fn made_rsa_keys_sign_and_verify() {
    // Several, because primes come in either order.
    made_keys_sign_and_verify(&[Kind::Rsa2048, Kind::Rsa2048, Kind::Rsa2048, Kind::Rsa3072]);
}

#[test]
fn made_rsa_4096_keys_sign_and_verify() {
    made_keys_sign_and_verify(&[Kind::Rsa4096]);
}

#[test]
fn kinds_are_read_by_their_names() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert!("rsa-1024".parse::<Kind>().is_err());
}

#[test]
fn jwk_members_stand_in_order_and_in_full_length() {
    let names = |kind| {
        let text = serde_json::to_string(generate(kind).unwrap().private_jwk()).unwrap();
        let names = text
            .split(['{', ','])
            .skip(1)
            .map(|member| member.split_once(':').unwrap().0.trim_matches('"').to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(Kind::Hmac256), "kty kid use alg k");
    assert_eq!(names(Kind::P384), "kty kid use alg crv x y d");
    assert_eq!(names(Kind::Ed25519), "kty kid use alg crv x d");
    assert_eq!(names(Kind::Rsa2048), "kty kid use alg n e d p q dp dq qi");
    // Coordinates that begin with a zero octet turn up once in 256; the length must not depend.
    for _ in 0..300 {
        let jwk = members(generate(Kind::P256).unwrap().private_jwk());
        for name in ["x", "y", "d"] {
            assert_eq!(bytes(&jwk, name).len(), 32);
        }
    }
}

#[test]
fn the_k_of_a_secret_decodes_to_its_text() {
    for (kind, length) in [(Kind::Hmac256, 43), (Kind::Hmac384, 64), (Kind::Hmac512, 86)] {
        let made = generate(kind).unwrap();
        assert_eq!(bytes(&members(made.private_jwk()), "k"), made.private_text().as_bytes());
        assert_eq!(made.private_text().len(), length);
    }
}

/// RFC 8037 appendix A.1, A.4: the key as published gives the signature as published.
#[test]
fn ed25519_signs_as_published() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519",
        "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = SigningKey::read(jwk).unwrap();
    let token = portcullis::mint::sign_bytes(
        &key,
        Algorithm::EdDSA,
        br#"{"alg":"EdDSA"}"#,
        b"Example of Ed25519 signing",
    );
    assert_eq!(
        token.unwrap(),
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PG\
         cvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn a_token_says_what_it_was_told() {
    let key = SigningKey::read("secret").unwrap();
    let mut header = TokenHeader { kid: Some("k1".into()), ..TokenHeader::default() };
    header.extra.insert("crit".into(), json!(["exp"]));
    let token = sign(&key, Algorithm::HS256, &header, &Map::new()).unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&header).unwrap(),
        json!({"alg": "HS256", "typ": "JWT", "kid": "k1", "crit": ["exp"]})
    );
}

#[test]
fn a_key_signs_with_its_own_algorithms_only() {
    let key = SigningKey::read(generate(Kind::P256).unwrap().private_text()).unwrap();
    let error = sign(&key, Algorithm::HS256, &TokenHeader::default(), &Map::new()).unwrap_err();
    assert_eq!(error, SignError::Algorithm { alg: Algorithm::HS256, able: &[Algorithm::ES256] });
    assert_eq!(error.to_string(), "the key cannot sign with HS256; it can with ES256");
}

#[test]
fn debug_shows_no_key() {
    let key = SigningKey::read("correct horse battery staple").unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("[redacted]"), "{shown}");
    assert!(!shown.contains("horse"), "{shown}");
}

/// The containers that OpenSSL writes besides PKCS#8, and the ones that cannot be used.
#[test]
fn keys_written_by_openssl_are_read() {
    let run = |line: &str, input: &str| {
        openssl(&line.split(' ').collect::<Vec<_>>(), input).map(|(good, text)| {
            assert!(good, "openssl {line}");
            text
        })
    };
    let first = |text: &str| SigningKey::read(text).map(|key| key.default_algorithm());
    let Some(p256) = run("ecparam -genkey -name prime256v1", "") else { return };
    assert!(p256.contains("BEGIN EC PARAMETERS"));
    assert_eq!(first(&p256), Ok(Algorithm::ES256));
    assert_eq!(first(&p256.replace('\n', "\\n")), Ok(Algorithm::ES256));
    let p384 = run("ecparam -genkey -noout -name secp384r1", "").unwrap();
    assert_eq!(first(&p384), Ok(Algorithm::ES384));
    let pkcs8 = run("pkcs8 -topk8 -nocrypt", &p384).unwrap();
    assert_eq!(first(&pkcs8), Ok(Algorithm::ES384));
    let rsa = run("genrsa -traditional 2048", "").unwrap();
    assert!(rsa.contains("BEGIN RSA PRIVATE KEY"));
    assert_eq!(first(&rsa), Ok(Algorithm::RS256));
    let ed25519 = run("genpkey -algorithm ED25519", "").unwrap();
    assert_eq!(first(&ed25519), Ok(Algorithm::EdDSA));

    let no_public = run("ec -no_public", &p256).unwrap();
    assert_eq!(first(&no_public), Err(SigningKeyError::NoPublicPoint));
    let weak = run("genrsa -traditional 1024", "").unwrap();
    assert!(matches!(first(&weak), Err(SigningKeyError::Rejected { kind: "RSA", .. })));
    let p521 = run("ecparam -genkey -noout -name secp521r1", "").unwrap();
    assert!(matches!(first(&p521), Err(SigningKeyError::UnsupportedKind(_))));
    let x25519 = run("genpkey -algorithm X25519", "").unwrap();
    assert!(matches!(first(&x25519), Err(SigningKeyError::UnsupportedKind(_))));
    let encrypted = run("pkcs8 -topk8 -passout pass:x", &p256).unwrap();
    assert_eq!(first(&encrypted), Err(SigningKeyError::Encrypted));
    let encrypted = run("ec -aes128 -passout pass:x", &p256).unwrap();
    assert_eq!(first(&encrypted), Err(SigningKeyError::Encrypted));
}

#[test]
fn what_is_no_private_key_is_refused() {
    let made = generate(Kind::Ed25519).unwrap();
    let pem = made.private_text();
    let public = made.public_pem().unwrap();
    let base64 = |pem: &str| pem.lines().filter(|line| !line.starts_with("--")).collect::<String>();
    let zeros =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "A".repeat(8));
    let cases = [
        ("", SigningKeyError::Empty),
        (r#"{"kty":"oct","k":""}"#, SigningKeyError::Empty),
        (public, SigningKeyError::PublicKey("a public key")),
        ("ssh-ed25519 AAAAC3Nz", SigningKeyError::PublicKey("an OpenSSH public key")),
        (&base64(pem), SigningKeyError::BareDer("a private key")),
        (&base64(public), SigningKeyError::BareDer("a public key")),
        (&format!("{pem}{public}"), SigningKeyError::SeveralBlocks(2)),
        (&zeros, SigningKeyError::Der("PrivateKeyInfo")),
        (
            &pem.replace("-----END PRIVATE KEY-----", ""),
            SigningKeyError::Pem("a BEGIN or END line has no partner"),
        ),
        (
            &pem.replace("-----BEGIN PRIVATE KEY-----", ""),
            SigningKeyError::Pem("a BEGIN or END line has no partner"),
        ),
        (&pem.replace("MC", "M!"), SigningKeyError::Pem("its base64 is broken")),
        (&pem.replace("PRIVATE", "SECRET"), SigningKeyError::UnknownLabel("SECRET KEY".into())),
        (&pem.replace("PRIVATE", "OPENSSH PRIVATE"), SigningKeyError::OpenSsh),
        (r#"{"keys":[]}"#, SigningKeyError::JwkSet),
    ];
    for (text, expected) in cases {
        assert_eq!(SigningKey::read(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn a_jwk_is_read_strictly() {
    let jwk = |kind, change: fn(&mut Map<String, Value>)| {
        let mut members = members(generate(kind).unwrap().private_jwk());
        change(&mut members);
        SigningKey::read(&Value::Object(members).to_string()).unwrap_err().to_string()
    };
    let cases = [
        (
            jwk(Kind::P256, |members| drop(members.remove("d"))),
            "this is a public JWK (it has no `d`), which can only verify; sign with the private \
             key that belongs to it",
        ),
        (
            jwk(Kind::P256, |members| drop(members.insert("x".into(), "AAAA".into()))),
            "the JWK's member `x` has not the full length of its curve (RFC 7518 §6.2, RFC 8037 \
             §2)",
        ),
        (
            jwk(Kind::P256, |members| drop(members.insert("d".into(), "A".repeat(43).into()))),
            "the P-256 key cannot be used: it is damaged, or its private and its public half do \
             not belong together",
        ),
        (
            jwk(Kind::Ed25519, |members| drop(members.insert("x".into(), "A".repeat(43).into()))),
            "the JWK's member `x` does not belong to its `d`",
        ),
        (
            jwk(Kind::Ed25519, |members| drop(members.insert("d".into(), "=".into()))),
            "the JWK's member `d` is not base64url without padding",
        ),
        (
            jwk(Kind::Rsa2048, |members| drop(members.remove("qi"))),
            "the JWK's member `qi` is missing",
        ),
        (
            jwk(Kind::Rsa2048, |members| drop(members.insert("dp".into(), "Aw".into()))),
            "the RSA key cannot be used: it does not sign; its numbers do not belong \
             together",
        ),
        (
            jwk(Kind::Hmac256, |members| drop(members.insert("use".into(), "enc".into()))),
            "the JWK may not sign: its own `use` says so",
        ),
        (
            jwk(Kind::Hmac256, |members| drop(members.insert("key_ops".into(), json!(["verify"])))),
            "the JWK may not sign: its own `key_ops` says so",
        ),
        (
            jwk(Kind::Hmac256, |members| drop(members.insert("alg".into(), "RS256".into()))),
            "the JWK may not sign: its own `alg` says so",
        ),
        (
            jwk(Kind::Hmac256, |members| drop(members.insert("k".into(), 12_345.into()))),
            "the text begins with `{`, but is no JWK: a member of the wrong type, or one that \
             stands twice, at line 1, column 24",
        ),
        (
            SigningKey::read(r#"{"kty":"oct","k":"c2VjcmV0","k":"c2VjcmV0"}"#)
                .unwrap_err()
                .to_string(),
            "the text begins with `{`, but is no JWK: a member of the wrong type, or one that \
             stands twice, at line 1, column 31",
        ),
    ];
    for (error, expected) in cases {
        assert_eq!(error, expected);
    }
}

#[test]
fn a_jwk_narrows_what_it_signs_with() {
    let jwk = r#"{"kty":"oct","k":"c2VjcmV0","alg":"HS384","kid":"mine","key_ops":["sign"]}"#;
    let key = SigningKey::read(jwk).unwrap();
    assert_eq!((key.algorithms(), key.kid()), (&[Algorithm::HS384][..], Some("mine")));
}

#[test]
fn base64_that_is_no_key_is_a_secret() {
    let secret = STANDARD.encode([0x30; 64]);
    assert_eq!(SigningKey::read(&secret).unwrap().default_algorithm(), Algorithm::HS256);
}
