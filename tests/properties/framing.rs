//! One message in, one message out, whatever the input: held against [`super::reference`].

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::reads::input;
use super::reference::{Found, messages};
use super::support::{
    NOW, answers, init, init_ok, key_text, options, refused, request_with, run, signing_key, token,
};
use super::{Input, cases};

/// Bytes without any sense.
pub(crate) fn noise() -> impl Strategy<Value = Input> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(super::byte(), 0..200),
    ]
    .prop_map(Input)
}

/// What is nearly JSON, over one or several lines.
fn nearly_json() -> impl Strategy<Value = Input> {
    let atom = r#"[{}\[\]:, \n]|"(a|src|dest|body|type|x_ok|in_reply_to|\\u006f|é)?"|"src":"c",|"body":\{|"type":"(init|x_ok)"|\}\n\{|-?[0-9.e]{1,3}|true|null|nul"#;
    proptest::string::string_regex(&format!("({atom}){{0,30}}"))
        .unwrap()
        .prop_map(|text| Input(text.into_bytes()))
}

/// An answer, as far as it is known what it must say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(rename = "src")]
    _src: String,
    dest: String,
    body: AnswerBody,
}

#[derive(Deserialize)]
struct AnswerBody {
    in_reply_to: Option<IgnoredAny>,
    text: Option<String>,
}

impl Answer {
    /// The line a message began on, where it is called malformed.
    fn malformed_line(&self) -> Option<usize> {
        let text = self.body.text.as_deref()?.strip_prefix("Malformed message on line ")?;
        text.split_once(':')?.0.parse().ok()
    }
}

/// One answer to each message that is none itself, in order, and nothing else.
fn check(input: &[u8]) -> Result<(), TestCaseError> {
    let output = String::from_utf8(run(input, options())).unwrap();
    prop_assert!(output.is_empty() || output.ends_with('\n'));
    let found = messages(input);
    let expected: Vec<_> = found.iter().filter(|found| **found != Found::Answer).collect();
    prop_assert_eq!(output.lines().count(), expected.len(), "{:?}\n{}", expected, output);
    for (line, found) in output.lines().zip(expected) {
        let answer: Answer = serde_json::from_str(line).unwrap();
        match (found, answer.malformed_line()) {
            (Found::Broken(began), Some(line)) => {
                prop_assert_eq!(line, *began);
                prop_assert_eq!(&answer.dest, "unknown");
                prop_assert!(answer.body.in_reply_to.is_none());
            }
            (Found::Object(began), Some(line)) => prop_assert_eq!(line, *began),
            (Found::Object(_), None) => {}
            (other, _) => prop_assert!(false, "{:?} was answered with {}", other, line),
        }
    }
    Ok(())
}

#[test]
fn the_recorded_inputs_are_framed_as_the_reference_frames_them() {
    for fixture in super::support::fixtures() {
        let input = fixture.input().unwrap();
        // The reference knows no limits and goes back to a message's beginning with every line.
        if !fixture.name().contains("limit") && input.len() < 100_000 {
            check(&input).unwrap_or_else(|error| panic!("{}: {error}", fixture.name()));
        }
    }
}

/// Nothing here looks at a clock: where the cost grows with the square of the line, or of the list,
/// this does not end.
#[test]
fn very_many_of_anything_cost_in_proportion() {
    let objects = "{}".repeat(400_000);
    let output = run(objects.as_bytes(), options());
    assert_eq!(output.iter().filter(|&&byte| byte == b'\n').count(), 400_000);

    let key = signing_key("secret.txt");
    let claims = format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + 1);
    let token = token(&key, r#"{"alg":"HS256"}"#, claims);
    let required: Vec<_> = (0..100_000).map(|number| format!("{number:05}")).collect();
    let asked = request_with(1, &token, &json!({ "required_permissions": required }));
    let error = format!("Insufficient permissions: required [{}], have []", required.join(", "));
    let answers = answers(&[init(&key_text("secret.txt")), asked]);
    assert!(answers == [init_ok(), refused(1, 403, &error)], "not every permission is listed once");
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn nearly_good_input_gets_one_answer_a_message(Input(input) in input()) {
        check(&input)?;
    }

    #[test]
    fn nearly_json_gets_one_answer_a_message(Input(input) in nearly_json()) {
        check(&input)?;
    }

    #[test]
    fn noise_gets_one_answer_a_message(Input(input) in noise()) {
        check(&input)?;
    }
}
