//! Against a second verifier: what we accept, jsonwebtoken accepts too (THREATS F25).
//!
//! Both verify with `ring`, so this is about everything around the signature: the form, the
//! header, the claims, and which key meets which algorithm. The few places where PROTOCOL.md asks
//! us to accept what jsonwebtoken does not are named in the last test, one by one.
//!
//! `PROPTEST_CASES=1000000 cargo test --release --test differential` looks harder.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::KeyText;
use portcullis::gateway::token::{self, Workspace};
use portcullis::gateway::trust::Trust;
use portcullis::mint::{self, SigningKey, sign_bytes};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde::de::IgnoredAny;

/// One key in the hands of its owner, of the gateway and of jsonwebtoken.
struct Party {
    algorithm: Algorithm,
    signer: SigningKey,
    allowed: Vec<Algorithm>,
    trust: Trust,
    theirs: DecodingKey,
    now: Timestamp,
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/keys").join(name);
    fs::read_to_string(path).unwrap()
}

impl Party {
    /// From the key of this name in `scripts/keys`.
    fn new(name: &str, algorithm: Algorithm) -> Self {
        assert!(mint::install());
        let [private, public] = ["private", "public"].map(|half| match name {
            "secret.txt" => read(name),
            _ => read(&format!("{name}.{half}.pem")),
        });
        let theirs = match name {
            "rsa" => DecodingKey::from_rsa_pem(public.as_bytes()),
            "p256" | "p384" => DecodingKey::from_ec_pem(public.as_bytes()),
            "ed25519" => DecodingKey::from_ed_pem(public.as_bytes()),
            _ => Ok(DecodingKey::from_secret(public.as_bytes())),
        };
        let keys = KeyText::Text(&public).read().unwrap().0;
        Self {
            algorithm,
            signer: SigningKey::read(&private).unwrap(),
            allowed: keys.keys()[0].algorithms().to_vec(),
            trust: Trust::of_keys(keys.into()),
            theirs: theirs.unwrap(),
            // jsonwebtoken reads the clock itself; no claim below lies near it.
            now: Timestamp::from_system(SystemTime::now()),
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let header = header.replace("ALG", &format!("{:?}", self.algorithm));
        sign_bytes(&self.signer, self.algorithm, header.as_bytes(), claims.as_bytes()).unwrap()
    }

    fn we_accept(&self, token: &str) -> bool {
        token::verify(token, &self.trust, &mut Workspace::default())
            .is_ok_and(|signed| signed.at(self.now).is_ok())
    }

    /// What `jsonwebtoken` says when it is asked to be as strict as it can.
    fn they_accept(&self, token: &str) -> Result<(), jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(self.algorithm);
        validation.algorithms = self.allowed.clone();
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        decode::<IgnoredAny>(token, &self.theirs, &validation).map(drop)
    }

    fn check(&self, token: &str) -> Result<bool, TestCaseError> {
        let accepted = self.we_accept(token);
        if accepted && let Err(error) = self.they_accept(token) {
            let parts: Vec<_> = token
                .split('.')
                .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default())
                .map(|part| String::from_utf8_lossy(&part).into_owned())
                .collect();
            return Err(TestCaseError::fail(format!("we accept {parts:?}, they say {error}")));
        }
        Ok(accepted)
    }
}

/// JSON values of every kind that a claim or a parameter may wrongly have. Those that lie within
/// the known differences are not among them.
const VALUES: [&str; 22] = [
    "4000000000",
    "4000000000.5",
    "4e9",
    "18446744073709551615",
    "1000000000",
    "0",
    "-0.0",
    "1e400",
    "01",
    "\"4000000000\"",
    "\"\"",
    "\"ada\"",
    "\"a b\\u0000\"",
    "\"\\ud800\"",
    "\"JWT\"",
    "\"at+jwt\"",
    "null",
    "true",
    "[]",
    "[\"a\",\"b\"]",
    "[\"a\",1]",
    "{\"exp\":1}",
];

const CLAIMS: [&str; 13] = [
    "exp",
    "nbf",
    "iat",
    "sub",
    "role",
    "roles",
    "permissions",
    "scope",
    "scp",
    "jti",
    "iss",
    "x",
    "s\\u0075b",
];

const PARAMETERS: [&str; 8] = ["alg", "typ", "kid", "jku", "x5u", "x5c", "crit", "b64"];

/// An object with most of its own members, now and then with another value, and some that were
/// not asked for; now and then with something where it should not be.
fn object(
    own: &[(&'static str, &'static str)],
    names: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let written = |(name, value): (&str, &str)| format!("\"{name}\":{value}");
    let own = own.iter().map(|&(name, value)| {
        let value = prop_oneof![12 => Just(value), 1 => select(&VALUES[..])];
        prop::option::weighted(0.97, (Just(name), value))
    });
    let own: Vec<_> = own.collect();
    let more = prop::collection::vec((select(names), select(&VALUES[..])), 0..2);
    let open =
        prop_oneof![30 => Just("{"), 2 => Just(" {\t"), 1 => Just("["), 1 => Just("\u{feff}{")];
    let close = prop_oneof![30 => Just("}"), 2 => Just(" }\n"), 1 => Just(",}"), 1 => Just("}{}")];
    (own, more, open, close).prop_map(move |(own, more, open, close)| {
        let all: Vec<_> = own.into_iter().flatten().chain(more).map(written).collect();
        format!("{open}{}{close}", all.join(","))
    })
}

/// A change to a token's text at one letter.
#[derive(Clone, Debug)]
struct Change {
    /// None is the last one, where base64 has bits that nobody reads.
    at: Option<Index>,
    edit: Edit,
}

#[derive(Clone, Debug)]
enum Edit {
    Replace(char),
    Next,
    Append(char),
    Delete,
    Cut,
    Repeat,
}

impl Change {
    fn apply(&self, token: &str) -> String {
        let at = self.at.map_or(token.len() - 1, |at| at.index(token.len()));
        let (before, after) = token.split_at(at);
        let (letter, rest) = after.split_at(1);
        match self.edit {
            Edit::Replace(c) => format!("{before}{c}{rest}"),
            Edit::Next => format!("{before}{}{rest}", char::from(letter.as_bytes()[0] + 1)),
            Edit::Append(c) => format!("{before}{letter}{c}{rest}"),
            Edit::Delete => format!("{before}{rest}"),
            Edit::Cut => before.to_owned(),
            Edit::Repeat => format!("{before}{after}{after}"),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let c = || select("ABCwxyz019-_.=+/ \n".chars().collect::<Vec<_>>());
    let edit = prop_oneof![
        4 => c().prop_map(Edit::Replace),
        2 => Just(Edit::Next),
        2 => c().prop_map(Edit::Append),
        2 => Just(Edit::Delete),
        1 => Just(Edit::Cut),
        1 => Just(Edit::Repeat),
    ];
    (prop::option::weighted(0.7, any::<Index>()), edit).prop_map(|(at, edit)| Change { at, edit })
}

const HEADER: &str = r#"{"alg":"ALG","typ":"JWT"}"#;
const GOOD: &str = r#"{"exp":4000000000,"nbf":1000000000,"sub":"ada"}"#;

/// Runs `check` on many tokens; true in enough cases to have said something, false in enough too.
fn explore<S: Strategy>(strategy: S, check: impl Fn(S::Value) -> Result<bool, TestCaseError>)
where
    S::Value: Clone + std::fmt::Debug,
{
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if asked { Config::default().cases } else { 500 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    TestRunner::new(config)
        .run(&strategy, |value| {
            let counter = if check(value)? { &accepted } else { &refused };
            counter.set(counter.get() + 1);
            Ok(())
        })
        .unwrap();
    let enough = cases / 20;
    assert!(accepted.get() > enough && refused.get() > enough, "{accepted:?} {refused:?}");
}

fn differential(key: &str, algorithm: Algorithm) {
    let party = Party::new(key, algorithm);
    let good = party.sign(HEADER, GOOD);
    assert!(party.we_accept(&good));
    party.they_accept(&good).unwrap();
    // Signed by the key's owner, with whatever in it.
    let header = [("alg", "\"ALG\""), ("typ", "\"JWT\"")];
    let claims = [("exp", "4000000000"), ("sub", "\"ada\""), ("nbf", "1000000000")];
    let (header, claims) = (object(&header, &PARAMETERS), object(&claims, &CLAIMS));
    explore((header, claims), |(header, claims)| party.check(&party.sign(&header, &claims)));
    // Signed once, then changed; some are left as they were.
    explore(prop::collection::vec(change(), 0..3), |changes| {
        let token = changes.iter().fold(good.clone(), |token, change| match token.as_str() {
            "" => token,
            _ => change.apply(&token),
        });
        party.check(&token)
    });
}

#[test]
fn hs256_agrees() {
    differential("secret.txt", Algorithm::HS256);
}

#[test]
fn rs256_agrees() {
    differential("rsa", Algorithm::RS256);
}

#[test]
fn ps256_agrees() {
    differential("rsa", Algorithm::PS256);
}

#[test]
fn es256_agrees() {
    differential("p256", Algorithm::ES256);
}

#[test]
fn es384_agrees() {
    differential("p384", Algorithm::ES384);
}

#[test]
fn eddsa_agrees() {
    differential("ed25519", Algorithm::EdDSA);
}

/// PROTOCOL.md §5 says yes to each of these, and jsonwebtoken no.
#[test]
fn the_known_differences_are_these() {
    let party = Party::new("ed25519", Algorithm::EdDSA);
    for (header, claims, they_say) in [
        // RFC 9864: the newer name of the same algorithm.
        (r#"{"alg":"Ed25519"}"#, GOOD, "JSON error: unknown variant `Ed25519`"),
        // Never followed, so nothing is asked of it but to be an object.
        (r#"{"alg":"EdDSA","jwk":{"use":5}}"#, GOOD, "JSON error: "),
        // A parameter that takes no part in the decision.
        (r#"{"alg":"EdDSA","cty":5}"#, GOOD, "JSON error: invalid type: integer `5`"),
        // §2: a string that nobody reads may hold half a surrogate pair, a number any digits.
        (r#"{"alg":"EdDSA","x":"\ud800"}"#, GOOD, "JSON error: unexpected end of hex escape"),
        (r#"{"alg":"EdDSA","x":1e400}"#, GOOD, "JSON error: number out of range"),
        // Numbers are compared as binary64.
        (HEADER, r#"{"exp":1e20,"sub":"ada"}"#, "Missing required claim: exp"),
        (HEADER, r#"{"exp":4e9,"nbf":-1,"sub":"ada"}"#, "Invalid format for claim: nbf"),
    ] {
        let token = party.sign(header, claims);
        assert!(party.we_accept(&token), "{header} {claims}");
        let error = party.they_accept(&token).unwrap_err().to_string();
        assert!(error.starts_with(they_say), "{header} {claims}: {error}");
    }
}
