//! A broken message costs itself alone: what stands before it and behind it is answered.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::support::{
    NOW, allowed, init, init_ok, key_text, options, request, run, signing_key, token,
};
use super::{Edit, Input, cases};

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let claims = format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + 1);
    token(&signing_key("secret.txt"), r#"{"alg":"HS256"}"#, claims)
});

/// A request on one line, or over several.
fn good() -> impl Strategy<Value = String> {
    let compact = request(2, &TOKEN);
    let value: Value = serde_json::from_str(&compact).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    select(vec![compact, pretty.replace('\n', "\r\n"), pretty])
}

/// What is left of a good message when one byte of it, or all behind one byte, is not what it was.
fn broken() -> impl Strategy<Value = Input> {
    (good(), Edit::any()).prop_map(|(good, edit)| {
        let mut text = good.into_bytes();
        edit.apply(&mut text);
        Input(text)
    })
}

/// The neighbours are answered, first and last, whatever the answers between: the broken one may
/// have fallen into several, or be a message still.
fn check(broken: &[u8]) -> Result<(), TestCaseError> {
    let before = format!("{}\n{}\n", init(&key_text("secret.txt")), request(1, &TOKEN));
    let behind = format!("\n{}\n", request(3, &TOKEN));
    let input = [before.as_bytes(), broken, behind.as_bytes()].concat();
    let output = String::from_utf8(run(input.as_slice(), options())).unwrap();
    let user = r#"{"user_id": "ada", "role": null, "permissions": []}"#;
    let first = format!("{}\n{}\n", init_ok(), allowed(1, user));
    let last = format!("\n{}\n", allowed(3, user));
    prop_assert!(output.starts_with(&first), "{output}");
    // The newline before the last answer belongs to the one before it.
    prop_assert!(output[first.len() - 1..].ends_with(&last), "{output}");
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_broken_message_never_swallows_its_neighbours(Input(broken) in broken()) {
        check(&broken)?;
    }

    #[test]
    fn noise_never_swallows_its_neighbours(Input(noise) in super::framing::noise()) {
        check(&noise)?;
    }
}

#[test]
fn a_message_cut_anywhere_never_swallows_its_neighbours() {
    let compact = request(2, &TOKEN);
    let value: Value = serde_json::from_str(&compact).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for text in [compact, pretty] {
        for end in 0..text.len() {
            check(&text.as_bytes()[..end]).unwrap_or_else(|error| panic!("{end}: {error}"));
        }
    }
}
