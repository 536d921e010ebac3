//! The signed tokens that the RFCs print (`tests/vectors/rfc.json`), through the library.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::gateway::key::KeyText;
use portcullis::gateway::token::{Jws, TokenFault, Workspace};
use portcullis::gateway::trust::Trust;
use serde::Deserialize;
use serde_json::value::RawValue;
use support::path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    key: Box<RawValue>,
    token: String,
    signature: Expected,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "note")]
    _note: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Valid,
    Invalid,
    Refused,
}

/// What comes of a token, and what was signed where that is good.
fn verify(vector: &Vector) -> (Expected, Option<Vec<u8>>) {
    let Ok((keys, _)) = KeyText::Object(vector.key.get()).read() else {
        return (Expected::Refused, None);
    };
    let trust = Trust::of_keys(Arc::new(keys));
    match Jws::verify(&vector.token, &trust, &mut Workspace::default()) {
        Ok(jws) => (Expected::Valid, Some(jws.payload().to_owned())),
        Err(TokenFault::Signature) => (Expected::Invalid, None),
        // Refused before any signature was looked at.
        Err(_) => (Expected::Refused, None),
    }
}

#[test]
fn the_examples_of_the_rfcs_come_out_as_the_rfcs_say() {
    let text = std::fs::read_to_string(path("tests/vectors/rfc.json")).unwrap();
    let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap();
    for vector in &vectors {
        let payload = (vector.signature == Expected::Valid).then(|| {
            let segment = vector.token.split('.').nth(1).unwrap();
            URL_SAFE_NO_PAD.decode(segment).unwrap()
        });
        assert_eq!(verify(vector), (vector.signature, payload), "{}", vector.name);
    }
    let count = |expected| vectors.iter().filter(|v| v.signature == expected).count();
    let counts = [Expected::Valid, Expected::Invalid, Expected::Refused].map(count);
    assert!(counts.iter().all(|count| *count >= 9), "{counts:?}");
}
