//! A1 to A3, A9, A11, A12: what a header asks for is not what decides.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;
use portcullis::gateway::key::{JwkFault, KeyFault, KeyText};
use ring::hmac;
use serde_json::{Value, json};

use super::Verdict::{Allowed, Invalid};
use super::support::{
    allowed, answers, init, init_ok, invalid, key_text, message, public_der, public_jwk, request,
    signing_key, token, token_with,
};
use super::{
    ADA, GOOD, HS256, Table, assert_key_refused, base64url, hmac_over, hs256, key_refused,
    signature_of, with_signature,
};

/// Each kind of key: what signs, what verifies, and the header that fits.
const KINDS: [(&str, &str, &str); 5] = [
    ("secret.txt", "secret.txt", HS256),
    ("rsa.private.pem", "rsa.public.pem", r#"{"alg":"RS256"}"#),
    ("p256.private.pem", "p256.public.pem", r#"{"alg":"ES256"}"#),
    ("p384.private.pem", "p384.public.pem", r#"{"alg":"ES384"}"#),
    ("ed25519.private.pem", "ed25519.public.pem", r#"{"alg":"EdDSA"}"#),
];
const PUBLIC: [&str; 4] = ["rsa", "p256", "p384", "ed25519"];

#[test]
fn a01_alg_none_in_any_form_with_any_signature() {
    for (private, public, header) in KINDS {
        let key = signing_key(private);
        let mut table = Table::new(&key_text(public));
        let good = token(&key, header, GOOD);
        table.add("the control", good.as_str(), Allowed);
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""NONE""#,
            r#""nOnE""#,
            r#""none ""#,
            r#""n\u006fne""#,
            r#""none\u0000""#,
            r#""""#,
            "null",
            "5",
            "true",
            "[]",
            r#"["none"]"#,
            "{}",
            r#"" HS256""#,
            r#""hs256""#,
            r#""HS256 ""#,
            r#""HS-256""#,
            r#""es256""#,
            r#""ES512""#,
            r#""ES256K""#,
            r#""RS1""#,
            r#""eddsa""#,
            r#""Ed448""#,
            r#""dir""#,
        ] {
            for kid in ["", r#","kid":"k""#] {
                let header = format!(r#"{{"alg":{alg}{kid}}}"#);
                let signed = token(&key, &header, GOOD);
                table.add(header.clone(), with_signature(&signed, b""), Invalid);
                table.add(header.clone(), with_signature(&signed, b"junk"), Invalid);
                table.add(header.clone(), with_signature(&signed, &signature_of(&good)), Invalid);
                table.add(header, signed, Invalid);
            }
        }
        table.add("no alg", token(&key, "{}", GOOD), Invalid);
        table.add("no alg", token(&key, r#"{"typ":"JWT"}"#, GOOD), Invalid);
        table.check();
    }
}

/// A public key as texts and bytes that a library may have at hand when it is asked for a secret.
fn forms(name: &str) -> Vec<Vec<u8>> {
    let pem = key_text(&format!("{name}.public.pem"));
    let der = public_der(name);
    let jwk = public_jwk(name);
    let trimmed = pem.trim_end();
    let armour: Vec<&str> = trimmed.lines().collect();
    let base64 = armour[1..armour.len() - 1].concat();
    let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = textual_forms(name);
    forms.extend([
        base64.clone(),
        format!("{base64}\n"),
        armour[1..armour.len() - 1].join("\n"),
        base64url(&der),
        hex.to_uppercase(),
        hex,
        jwk["x"].as_str().or(jwk["n"].as_str()).unwrap().to_owned(),
        base64url(&pem),
    ]);
    let mut forms: Vec<Vec<u8>> = forms.into_iter().map(String::into_bytes).collect();
    forms.push(der.clone());
    // The key alone, without the name of its algorithm.
    forms.extend([32, 65, 97].map(|length| der[der.len().saturating_sub(length)..].to_owned()));
    forms.push(pem.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms
}

/// Those of them that say what they are, whoever wrote them.
fn textual_forms(name: &str) -> Vec<String> {
    let pem = key_text(&format!("{name}.public.pem"));
    let trimmed = pem.trim_end();
    let jwk = public_jwk(name);
    let mut forms = vec![
        pem.clone(),
        trimmed.to_owned(),
        format!(" {pem}"),
        format!("\n{pem}"),
        format!("{pem}\n"),
        format!("junk\n{pem}"),
        format!("{pem}junk"),
        format!("\u{feff}{pem}"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\\n"),
        trimmed.replace('\n', ""),
        trimmed.replace('\n', " "),
        pem.replace("PUBLIC", "public"),
        pem.replace("-----END", "-----BEGIN"),
        jwk.to_string(),
        format!("\n {jwk}"),
        serde_json::to_string_pretty(&jwk).unwrap(),
        json!({ "keys": [jwk] }).to_string(),
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== somebody@example".to_owned(),
    ];
    if ["rsa", "p256"].contains(&name) {
        forms.push(key_text(&format!("{name}.certificate.pem")));
    }
    forms
}

const HMACS: [(&str, hmac::Algorithm); 3] =
    [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)];

#[test]
fn a02_a_public_key_is_no_secret_in_whatever_form() {
    for name in PUBLIC {
        let key = signing_key(&format!("{name}.private.pem"));
        let alg = format!(r#"{{"alg":"{:?}"}}"#, key.default_algorithm());
        for in_force in [key_text(&format!("{name}.public.pem")), public_jwk(name).to_string()] {
            let mut table = Table::new(&in_force);
            table.add("the control", token(&key, &alg, GOOD), Allowed);
            for form in forms(name) {
                for (alg, algorithm) in HMACS {
                    let header = base64url(format!(r#"{{"alg":"{alg}"}}"#));
                    let forged = hmac_over(algorithm, &form, header, base64url(GOOD));
                    table.add(form.escape_ascii().to_string(), forged, Invalid);
                }
            }
            table.check();
        }
    }
}

/// The other way round: a text that says it is a key is never in force as a secret, whether it can
/// be read or not.
#[test]
fn a02_what_says_it_is_a_key_is_never_taken_for_a_secret() {
    let texts = PUBLIC.iter().flat_map(|name| {
        let der = public_der(name);
        let base64 = STANDARD.encode(&der);
        let bare = [format!(" {base64}"), base64, base64url(der)];
        textual_forms(name).into_iter().chain(bare)
    });
    for text in texts {
        let forged =
            hmac_over(hmac::HMAC_SHA256, text.as_bytes(), base64url(HS256), base64url(GOOD));
        let answers = answers(&[init(&text), request(1, &forged)]);
        let first = match KeyText::Text(&text).read() {
            Ok((keys, _)) => {
                assert!(keys.keys().iter().all(|key| !key.is_secret()), "{text}");
                init_ok()
            }
            Err(fault) => key_refused(&fault.to_string()),
        };
        assert_eq!(answers, [first, invalid(1)], "{text}");
    }
}

/// A key with an `alg` of its own verifies that algorithm and no sibling.
#[test]
fn a03_a_sibling_of_the_keys_algorithm() {
    use Algorithm::{HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa = signing_key("rsa.private.pem");
    let hmac = signing_key("secret.txt");
    let secret = json!({"kty": "oct", "k": base64url(key_text("secret.txt"))});
    for (key, jwk, siblings) in [
        (&rsa, public_jwk("rsa"), &[RS256, RS384, RS512, PS256, PS384, PS512][..]),
        (&hmac, secret, &[HS256, HS384, HS512][..]),
    ] {
        for pinned in siblings {
            let mut jwk = jwk.clone();
            jwk["alg"] = format!("{pinned:?}").into();
            let mut table = Table::new(&jwk.to_string());
            for said in siblings {
                let header = format!(r#"{{"alg":"{said:?}"}}"#);
                for used in siblings {
                    let verdict = if said == pinned && used == pinned { Allowed } else { Invalid };
                    let about = format!("pinned {pinned:?}, said {said:?}, used {used:?}");
                    table.add(about, token_with(key, *used, &header, GOOD), verdict);
                }
            }
            table.check();
        }
    }
}

#[test]
fn a03_a_key_that_leaves_no_algorithm_is_refused() {
    for (name, alg) in [("rsa", "HS256"), ("p256", "ES384"), ("p384", "ES256"), ("ed25519", "none")]
    {
        let mut jwk = public_jwk(name);
        jwk["alg"] = alg.into();
        let fault = KeyFault::from(JwkFault::NoUsableKey);
        assert_key_refused(&jwk.to_string(), &fault.to_string());
    }
}

/// Not of the classes A, but found by fuzzing: the sum of more than eight bytes once overflowed.
#[test]
fn k02_an_rsa_exponent_is_odd_and_of_sensible_size() {
    let with_exponent = |e: &[u8]| {
        let mut jwk = public_jwk("rsa");
        jwk["e"] = base64url(e).into();
        jwk.to_string()
    };
    let why = KeyFault::RsaExponent.to_string();
    for e in
        [&[1][..], &[2], &[1, 0], &[2, 0, 0, 0, 1], &[1; 6], &[0xff; 8], &[0xff; 9], &[0xff; 300]]
    {
        assert_key_refused(&with_exponent(e), &why);
    }
    for e in [&[3][..], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(answers(&[init(&with_exponent(e))]), [init_ok()]);
    }
}

/// The same JWK is the same key as an object and as a string, whatever else stands in it.
#[test]
fn k03_pem_within_a_jwk_is_not_the_key() {
    let mut jwk = public_jwk("p256");
    jwk["pem"] = key_text("p256-next.public.pem").into();
    let as_object = message(json!({"type": "init", "msg_id": 0, "jwt_public_key": jwk}));
    for first in [as_object, init(&jwk.to_string())] {
        let alg = r#"{"alg":"ES256"}"#;
        let ours = token(&signing_key("p256.private.pem"), alg, GOOD);
        let theirs = token(&signing_key("p256-next.private.pem"), alg, GOOD);
        let answers = answers(&[first, request(1, &ours), request(2, &theirs)]);
        assert_eq!(answers, [init_ok(), allowed(1, ADA), invalid(2)]);
    }
    let pem = key_text("p256.public.pem");
    let why = "this looks like a JWK and cannot be read: the JSON is not one JSON object";
    assert_key_refused(&format!("{{{pem}}}"), why);
}

#[test]
fn a09_crit_is_refused_whatever_it_lists() {
    let mut table = Table::new(&key_text("secret.txt"));
    table.add("the control", hs256(HS256, GOOD), Allowed);
    for crit in [
        "[]",
        r#"["exp"]"#,
        r#"["alg"]"#,
        r#"["b64"]"#,
        r#"["x"]"#,
        r#"["x","x"]"#,
        r#"[""]"#,
        r#"["http://example.com/UNDEFINED"]"#,
        r#""x""#,
        r#""""#,
        "null",
        "true",
        "5",
        "{}",
        "[5]",
    ] {
        for name in ["crit", "cr\\u0069t"] {
            let header = format!(r#"{{"alg":"HS256","x":1,"{name}":{crit}}}"#);
            table.add(header.clone(), hs256(header, GOOD), Invalid);
        }
    }
    table.add("another name", hs256(r#"{"alg":"HS256","Crit":["x"]}"#, GOOD), Allowed);
    table.add("nested", hs256(r#"{"alg":"HS256","x":{"crit":["x"]}}"#, GOOD), Allowed);
    table.check();
}

/// Keys come from the init alone: one that a token brings neither helps a forged token nor harms
/// a good one.
#[test]
fn a11_keys_that_a_token_brings() {
    let (ours, theirs) = (signing_key("p256.private.pem"), signing_key("p256-next.private.pem"));
    let jwk = public_jwk("p256-next");
    let certificate = key_text("p256.certificate.pem");
    let x5c: String = certificate.lines().filter(|line| !line.starts_with("--")).collect();
    let mut table = Table::new(&key_text("p256.public.pem"));
    for brought in [
        json!({ "jwk": jwk }),
        json!({ "x5c": [x5c] }),
        json!({ "jku": "https://evil.example/jwks.json" }),
        json!({ "x5u": "https://evil.example/chain.pem" }),
        json!({ "jku": "file:///etc/keys", "jwk": jwk, "kid": "theirs" }),
    ] {
        let mut header = brought;
        header["alg"] = "ES256".into();
        let header = header.to_string();
        table.add(header.clone(), token(&theirs, &header, GOOD), Invalid);
        table.add(header.clone(), token(&ours, &header, GOOD), Allowed);
    }
    // Of the wrong type, they mark a token that no honest issuer made.
    for wrong in [
        json!({"jwk": jwk.to_string()}),
        json!({"jwk": null}),
        json!({"jwk": [jwk]}),
        json!({"x5c": "MIIB"}),
        json!({"x5c": [5]}),
        json!({"x5c": null}),
        json!({"jku": {}}),
        json!({"jku": null}),
        json!({"x5u": ["https://evil.example"]}),
        json!({"x5u": 5}),
    ] {
        let mut header = wrong;
        header["alg"] = "ES256".into();
        table.add(header.to_string(), token(&ours, header.to_string(), GOOD), Invalid);
    }
    table.check();
}

#[test]
fn a12_the_name_of_a_key_is_looked_up_to_the_letter_and_nowhere_else() {
    let secret = json!({"kty": "oct", "k": base64url(key_text("secret.txt")), "kid": "key-1"});
    let names: Vec<Value> = [
        "../../key-1",
        "./key-1",
        "/dev/null",
        "key-1/",
        "key-1'--",
        "\"key-1\"",
        "key-1;",
        "|id",
        "' OR '1'='1",
        "key-1\0",
        "\0",
        "key-1\n",
        "https://evil.example/key-1",
        "file:///key-1",
        "",
        " ",
        "key-1 ",
        " key-1",
        "KEY-1",
        "Key-1",
        "key\u{2010}1",
        "k\u{435}y-1",
        "key-\u{ff11}",
        "key-1\u{301}",
        "key-",
        "ey-1",
        "key-11",
        "0",
        "*",
        "$(id)",
        "{{7*7}}",
        "%6bey-1",
    ]
    .into_iter()
    .map(Value::from)
    .chain([Value::from("k".repeat(10 * 1024)), Value::from("../".repeat(2_000))])
    .collect();
    let wrong =
        [json!(5), json!(null), json!(true), json!([]), json!(["key-1"]), json!({}), json!(1.5)];
    let header = |kid: &Value| json!({"alg": "HS256", "kid": kid}).to_string();

    let mut named = Table::new(&secret.to_string());
    // PEM and a secret have no name, so a token's `kid` chooses nothing, whatever it is.
    let mut nameless = Table::new(&key_text("secret.txt"));
    named.add("its name", hs256(header(&json!("key-1")), GOOD), Allowed);
    named.add("escaped", hs256(r#"{"alg":"HS256","kid":"k\u0065y-1"}"#, GOOD), Allowed);
    named.add("no name", hs256(HS256, GOOD), Allowed);
    for kid in &names {
        named.add(kid.to_string(), hs256(header(kid), GOOD), Invalid);
        nameless.add(kid.to_string(), hs256(header(kid), GOOD), Allowed);
    }
    for kid in &wrong {
        named.add(kid.to_string(), hs256(header(kid), GOOD), Invalid);
        nameless.add(kid.to_string(), hs256(header(kid), GOOD), Invalid);
    }
    named.check();
    nameless.check();
}
