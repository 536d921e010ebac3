//! A10, A13 to A19: the form of a token, from its dots down to its JSON.

use serde_json::Value;

use super::Verdict::{Allowed, Invalid, NoToken};
use super::support::{key_text, path, signing_key, token};
use super::{GOOD, HS256, Table, base64url, claims, hmac_over, hs256};

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn table() -> Table {
    let mut table = Table::new(&key_text("secret.txt"));
    table.add("the control", hs256(HS256, GOOD), Allowed);
    table
}

/// The same bytes with other spare bits: the last letter's neighbour in the alphabet.
fn with_spare_bits(segment: &str) -> String {
    assert_ne!(segment.len() % 4, 0, "the segment has no spare bits");
    let (rest, last) = segment.split_at(segment.len() - 1);
    let place = ALPHABET.find(last).unwrap();
    format!("{rest}{}", &ALPHABET[place + 1..place + 2])
}

#[test]
fn a10_b64_and_detached_or_unencoded_payloads_are_refused() {
    let mut table = table();
    for header in [
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","b64":true}"#,
        r#"{"alg":"HS256","b64":null}"#,
        r#"{"alg":"HS256","b\u00364":true}"#,
        r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
    ] {
        table.add(header, hs256(header, GOOD), Invalid);
    }
    let secret = key_text("secret.txt");
    let raw = |header: &str, payload: &str| {
        hmac_over(ring::hmac::HMAC_SHA256, secret.as_bytes(), base64url(header), payload)
    };
    let unencoded = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
    // A comma ends a token before anything is decoded (row 3).
    table.add("unencoded", raw(unencoded, GOOD), NoToken);
    table.add("unencoded", raw(unencoded, r#"{"sub":"ada"}"#), Invalid);
    let good = hs256(HS256, GOOD);
    let (header, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    table.add("detached", format!("{header}..{signature}"), Invalid);
    table.add("detached and signed so", raw(HS256, ""), Invalid);
    table.check();
}

#[test]
fn a13_base64url_slack_in_each_part() {
    let mut table = table();
    let secret = key_text("secret.txt");
    // Neither length is a multiple of three, so both segments have spare bits.
    let parts = [base64url(r#"{"alg":"HS256" }"#), base64url(GOOD.replace('}', " }"))];
    let signed = |parts: &[String; 2]| {
        hmac_over(ring::hmac::HMAC_SHA256, secret.as_bytes(), &parts[0], &parts[1])
    };
    table.add("no slack", signed(&parts), Allowed);
    let slacken = |segment: &str| {
        let (head, tail) = segment.split_at(4);
        let mut slack: Vec<_> = ["=", "==", "+", "/", "\r", "\n", "\r\n", "?", "A", "\0", "\u{e9}"]
            .iter()
            .flat_map(|junk| {
                let behind = format!("{segment}{junk}");
                [behind, format!("{head}{junk}{tail}"), format!("{junk}{segment}")]
            })
            .map(|segment| (segment, Invalid))
            .collect();
        slack.push((with_spare_bits(segment), Invalid));
        slack.push((segment.replace(['-', '_'], "+"), Invalid));
        // A space, a tab or a comma ends a token (row 3).
        for junk in [" ", "\t", ","] {
            slack.push((format!("{head}{junk}{tail}"), NoToken));
        }
        slack.retain(|(slack, _)| slack != segment);
        slack
    };
    for at in 0..2 {
        for (slack, verdict) in slacken(&parts[at]) {
            let mut parts = parts.clone();
            parts[at] = slack;
            // Spaces around a header's value do not count, and neither do those before a token.
            table.add(format!("slack in part {at}"), signed(&parts), verdict);
        }
    }
    let good = signed(&parts);
    let (head, signature) = good.rsplit_once('.').unwrap();
    for (slack, verdict) in slacken(signature) {
        table.add("slack in the signature", format!("{head}.{slack}"), verdict);
    }
    table.check();
}

#[test]
fn a14_any_other_number_of_parts() {
    let mut table = table();
    let good = hs256(HS256, GOOD);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { panic!("{good}") };
    for token in [
        header.to_string(),
        payload.to_string(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{good}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}..{signature}"),
        format!("{header}.{good}.{signature}"),
        ".".into(),
        "..".into(),
        "...".into(),
        "x".into(),
        ".".repeat(100_000),
        format!("{good}{}", ".".repeat(100_000)),
    ] {
        table.add("not three parts", token, Invalid);
    }
    table.check();
}

#[test]
fn a15_encrypted_and_nested_tokens() {
    let mut table = table();
    let vectors = std::fs::read_to_string(path("tests/vectors/rfc.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&vectors).unwrap();
    for entry in &vectors {
        let token = entry["token"].as_str().unwrap();
        if token.starts_with('{') {
            // Its commas end it before anything is decoded (row 3).
            table.add("one of the JSON serialisations", token, NoToken);
        } else if token.split('.').count() == 5 {
            table.add("a JWE", token, Invalid);
        }
    }
    assert!(table.cases.len() > 5, "the vectors hold no such tokens");
    let unsigned = format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url(GOOD));
    let inner = hs256(HS256, GOOD);
    for nested in [&inner, &unsigned] {
        let header = r#"{"alg":"HS256","cty":"JWT"}"#;
        table.add("a token in a token", hs256(header, nested), Invalid);
        table.add("as a string", hs256(header, format!("\"{nested}\"")), Invalid);
        let header = r#"{"alg":"dir","enc":"A256GCM"}"#;
        table.add("in a JWE", format!("{}..AAAA.{nested}", base64url(header)), Invalid);
    }
    // `cty` is none of the parameters that the protocol names, so by itself it says nothing.
    table.add("cty", hs256(r#"{"alg":"HS256","cty":"JWT"}"#, GOOD), Allowed);
    table.check();
}

#[test]
fn a16_members_that_stand_twice() {
    let mut table = table();
    for more in [
        r#""alg":"HS256""#,
        r#""alg":"none""#,
        r#""a\u006cg":"HS256""#,
        r#""typ":"JWT","typ":"JWT""#,
        r#""kid":"a","k\u0069d":"a""#,
        r#""x":1,"x":2"#,
        r#""":1,"":1"#,
    ] {
        let header = format!(r#"{{"alg":"HS256",{more}}}"#);
        table.add(header.clone(), hs256(header, GOOD), Invalid);
    }
    for more in [
        r#""sub":"ada""#,
        r#""sub":"root""#,
        r#""s\u0075b":"root""#,
        r#""exp":1767229200"#,
        r#""scope":"a","sco\u0070e":"b""#,
        r#""iss":"a","iss":"a""#,
        r#""x":1,"\u0078":1"#,
        r#""\ud800":1,"\ud800":1"#,
    ] {
        table.add(more, hs256(HS256, claims(more)), Invalid);
    }
    // The protocol judges the top alone: nobody reads what is nested.
    table.add("nested", hs256(HS256, claims(r#""x":{"sub":1,"sub":2}"#)), Allowed);
    let header = r#"{"alg":"HS256","x":{"alg":1,"alg":2}}"#;
    table.add("nested", hs256(header, GOOD), Allowed);
    table.check();
}

/// What is no strict JSON object: the same for a header and for claims, of which `object` is one.
fn not_one_object(object: &str) -> Vec<Vec<u8>> {
    let inner = &object[1..object.len() - 1];
    let mut texts: Vec<Vec<u8>> = [
        String::new(),
        "[]".into(),
        "null".into(),
        "5".into(),
        "\"\"".into(),
        format!("[{object}]"),
        format!("\u{feff}{object}"),
        format!("{object}{object}"),
        format!("{object}x"),
        format!("{object}\0"),
        format!("{object}//"),
        format!("/**/{object}"),
        format!("{{{inner},}}"),
        format!("{{{inner},\"x\":NaN}}"),
        format!("{{{inner},\"x\":Infinity}}"),
        format!("{{{inner},\"x\":01}}"),
        format!("{{{inner},\"x\":+1}}"),
        format!("{{{inner},\"x\":.9}}"),
        format!("{{{inner},\"x\":'1'}}"),
        format!("{{{inner},x:1}}"),
        format!("{{{inner},\"x\":\"\n\"}}"),
        format!("{{{inner},\"x\":\"\\x41\"}}"),
        format!("{{{inner},\"x\":tru}}"),
        format!("{{{inner},\"x\":[1}}"),
        format!("{{{inner}"),
        inner.to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    for byte in [0x80, 0xff, 0xc0, 0xed] {
        let mut text = format!("{{{inner},\"x\":\"").into_bytes();
        text.push(byte);
        text.extend(b"\"}");
        texts.push(text);
    }
    texts.push(object.encode_utf16().flat_map(u16::to_be_bytes).collect());
    texts.push(object.encode_utf16().flat_map(u16::to_le_bytes).collect());
    texts
}

#[test]
fn a17_header_and_claims_are_one_strict_json_object() {
    let mut table = table();
    for text in not_one_object(HS256) {
        table.add(text.escape_ascii().to_string(), hs256(&text, GOOD), Invalid);
    }
    for text in not_one_object(GOOD) {
        table.add(text.escape_ascii().to_string(), hs256(HS256, &text), Invalid);
    }
    for (claims, verdict) in [
        (r#"{"sub":"\ud800","exp":1767229200}"#, Invalid),
        (r#"{"sub":"ada","exp":1767229200,"role":"\udc00"}"#, Invalid),
        (r#"{"sub":"ada","exp":1767229200,"scp":["\ud800\ud800"]}"#, Invalid),
        // The list says that every lone surrogate is refused; the protocol, only one that is read.
        (r#"{"sub":"ada","exp":1767229200,"x":"\ud800"}"#, Allowed),
        (r#"{"sub":"ada","exp":1767229200,"\ud800":[]}"#, Allowed),
        // Blanks are JSON, too.
        (" {\n\t\"sub\" : \"ada\",\r \"exp\" : 1767229200 }\n", Allowed),
    ] {
        table.add(claims, hs256(HS256, claims), verdict);
    }
    table.check();
}

/// The list proposes a depth of 16; the protocol sets no limit but the token's length, and asks
/// that depth costs no stack.
#[test]
fn a18_deep_and_wide_claims_cost_no_stack() {
    let mut table = table();
    let deep = |open: &str, close: &str, depth: usize| {
        format!("{}1{}", open.repeat(depth), close.repeat(depth))
    };
    let wide: String = (0..1_200).map(|number| format!(",\"{number}\":{number}")).collect();
    for (about, more, verdict) in [
        ("128 lists", format!(r#""x":{}"#, deep("[", "]", 128)), Allowed),
        ("5,500 lists", format!(r#""x":{}"#, deep("[", "]", 5_500)), Allowed),
        ("1,700 objects", format!(r#""x":{}"#, deep(r#"{"":"#, "}", 1_700)), Allowed),
        ("lists as a subject", format!(r#""scope":{}"#, deep("[", "]", 5_500)), Invalid),
        ("lists in a list", format!(r#""roles":["a",{}]"#, deep("[", "]", 5_500)), Invalid),
        ("lists that never end", format!(r#""x":{}"#, "[".repeat(11_000)), Invalid),
        ("many members", format!(r#""x":0{wide}"#), Allowed),
        ("many members, one twice", format!(r#""x":0{wide},"7":7"#), Invalid),
        ("a long string", format!(r#""x":"{}""#, "x".repeat(11_000)), Allowed),
        // None of these fits into 16 KiB.
        ("10^5 lists", format!(r#""x":{}"#, deep("[", "]", 100_000)), Invalid),
        ("10^5 members", format!(r#""x":0{}"#, ",\"a\":1".repeat(100_000)), Invalid),
        ("1 MiB", format!(r#""x":"{}""#, "x".repeat(400_000)), Invalid),
    ] {
        table.add(about, hs256(HS256, claims(&more)), verdict);
    }
    let header = format!(r#"{{"alg":"HS256","x":{}}}"#, deep("[", "]", 5_500));
    table.add("a deep header", hs256(header, GOOD), Allowed);
    let header = format!(r#"{{"alg":{}}}"#, deep("[", "]", 5_500));
    table.add("a deep alg", hs256(header, GOOD), Invalid);
    table.check();
}

/// The list names 8,096 bytes, after another gateway; the protocol has 16 KiB.
#[test]
fn a19_a_token_has_at_most_16_kib() {
    let key = signing_key("secret.txt");
    let of_length = |length: usize| {
        let empty = token(&key, HS256, claims(r#""x":"""#)).len();
        // Four letters for three bytes: the header's blanks make up for the remainder.
        (0..4)
            .flat_map(|blanks| {
                let header = format!("{HS256}{}", " ".repeat(blanks));
                let about = (length - empty) / 4 * 3;
                (about.saturating_sub(6)..=about + 3).map(move |fill| (header.clone(), fill))
            })
            .map(|(header, fill)| {
                token(&key, header, claims(&format!(r#""x":"{}""#, "x".repeat(fill))))
            })
            .find(|token| token.len() == length)
            .unwrap()
    };
    let mut table = table();
    for (length, verdict) in [(8_096, Allowed), (8_097, Allowed), (16_384, Allowed)] {
        table.add(format!("{length} bytes"), of_length(length), verdict);
    }
    for length in [16_385, 16_386, 20_000] {
        table.add(format!("{length} bytes"), of_length(length), Invalid);
    }
    table.check();
}
