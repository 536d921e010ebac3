//! C1 to C7: claims of the wrong type, and permissions that only look alike.

use serde_json::{Value, json};

use super::Verdict::{Allowed, AllowedAs, Expired, Invalid};
use super::support::{allowed, answers, init, init_ok, key_text, refused, request_with};
use super::{ADA, GOOD, HS256, Table, claims, hs256};

fn table() -> Table {
    let mut table = Table::new(&key_text("secret.txt"));
    table.add("the control", hs256(HS256, GOOD), Allowed);
    table
}

/// Values that are no number, or none that fits binary64.
const NO_NUMBERS: [&str; 18] = [
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[1767229200]",
    "[\"1767229200\"]",
    "{\"exp\":1767229200}",
    "\"\"",
    "\"9999999999\"",
    "\"2027-01-01T00:00:00Z\"",
    "\"NaN\"",
    "1e400",
    "-1e400",
    "1e999999999999",
    "NaN",
    ".9",
    "0x7fffffff",
];

#[test]
fn c01_exp_is_a_number_and_nothing_else_is_read_as_one() {
    let mut table = table();
    table.add("no exp", hs256(HS256, r#"{"sub":"ada"}"#), Invalid);
    for exp in NO_NUMBERS {
        table.add(exp, hs256(HS256, format!(r#"{{"sub":"ada","exp":{exp}}}"#)), Invalid);
    }
    for (exp, verdict) in [
        ("0", Expired),
        ("-0", Expired),
        ("-1", Expired),
        ("1e-400", Expired),
        ("-1e300", Expired),
        ("1767225599.9", Expired),
        ("1767225600", Expired),
        ("1767225600.0", Expired),
        ("1.7672256e9", Expired),
        // The list takes the whole second; the protocol compares as binary64.
        ("1767225600.9", Allowed),
        ("1767225601", Allowed),
        ("17672256010e-1", Allowed),
        ("9007199254740993", Allowed),
        ("9223372036854775808", Allowed),
        ("18446744073709551616", Allowed),
        ("1e300", Allowed),
        ("1.7976931348623157e308", Allowed),
    ] {
        table.add(exp, hs256(HS256, format!(r#"{{"sub":"ada","exp":{exp}}}"#)), verdict);
    }
    table.check();
}

#[test]
fn c01_nbf_and_iat() {
    let mut table = table();
    for nbf in NO_NUMBERS {
        table.add(nbf, hs256(HS256, claims(&format!(r#""nbf":{nbf}"#))), Invalid);
    }
    for (nbf, verdict) in [
        ("1767225600", Allowed),
        ("1767225600.0", Allowed),
        ("0", Allowed),
        ("-1e300", Allowed),
        ("1767225600.25", Invalid),
        ("1767225601", Invalid),
        ("9007199254740993", Invalid),
        ("18446744073709551616", Invalid),
        ("1e300", Invalid),
    ] {
        table.add(nbf, hs256(HS256, claims(&format!(r#""nbf":{nbf}"#))), verdict);
    }
    // The list wants `iat` judged, too; the protocol does not. JSON it must be.
    for iat in NO_NUMBERS {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(iat).is_ok();
        let verdict = if is_json { Allowed } else { Invalid };
        table.add(iat, hs256(HS256, claims(&format!(r#""iat":{iat}"#))), verdict);
    }
    table.check();
}

/// That a token has expired is said before any other claim is judged, whatever is wrong with it.
#[test]
fn c01_an_expired_token_has_expired_whatever_else_is_wrong_with_it() {
    let mut table = table();
    for name in ["nbf", "sub", "role", "roles", "permissions", "scope", "scp", "aud", "iat"] {
        for value in NO_NUMBERS {
            let claims = format!(r#"{{"exp":1767222000,"{name}":{value}}}"#);
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok();
            let verdict = if is_json { Expired } else { Invalid };
            table.add(claims.clone(), hs256(HS256, claims), verdict);
        }
    }
    table.check();
}

/// The list caps a token's life; the protocol does not judge when one was issued.
#[test]
fn c02_the_time_of_issue_is_not_judged() {
    let mut table = table();
    for iat in ["0", "-1", "1767225601", "9007199254740993", "1e300"] {
        table.add(iat, hs256(HS256, claims(&format!(r#""iat":{iat}"#))), Allowed);
    }
    table.check();
}

/// Without a configuration there is no audience, so a token that names one was made for others.
#[test]
fn c03_an_audience_of_any_type_is_refused_where_none_is_configured() {
    let mut table = table();
    for aud in [
        "5",
        "null",
        "true",
        "{}",
        "[]",
        "\"\"",
        "\"api\"",
        "\"API\"",
        "\"api \"",
        "[\"api\"]",
        "[\"api\",5]",
        "[[\"api\"]]",
        "1e400",
        "\"\\ud800\"",
    ] {
        table.add(aud, hs256(HS256, claims(&format!(r#""aud":{aud}"#))), Invalid);
    }
    table.add("escaped", hs256(HS256, claims(r#""\u0061ud":"api""#)), Invalid);
    table.add("another name", hs256(HS256, claims(r#""AUD":"api""#)), Allowed);
    table.check();
}

/// The protocol judges `iss` where the configuration names one, and here there is none.
#[test]
fn c04_an_issuer_says_nothing_where_none_is_configured() {
    let mut table = table();
    for iss in ["\"https://issuer.example/\"", "\"\"", "5", "null", "[\"a\"]"] {
        table.add(iss, hs256(HS256, claims(&format!(r#""iss":{iss}"#))), Allowed);
    }
    table.check();
}

#[test]
fn c05_the_subject_is_a_non_empty_string_without_control_characters() {
    let mut table = table();
    let with = |sub: &str| hs256(HS256, format!(r#"{{"exp":1767229200,"sub":{sub}}}"#));
    table.add("no subject", hs256(HS256, r#"{"exp":1767229200}"#), Invalid);
    for sub in ["\"\"", "5", "null", "true", "[]", "[\"ada\"]", "{}", "1e400", "\"\\ud800\""] {
        table.add(sub, with(sub), Invalid);
    }
    for control in (0..0x20).chain([0x7f]) {
        for text in [format!("\\u{control:04x}"), format!("a\\u{control:04X}b")] {
            table.add(text.clone(), with(&format!("\"{text}\"")), Invalid);
        }
    }
    table.add("a raw DEL", with("\"a\u{7f}\""), Invalid);
    for (sub, written) in [
        ("\" \"", r#"" ""#),
        ("\"a\\u0080\"", r#""a\u0080""#),
        ("\"a\u{2028}b\"", r#""a\u2028b""#),
        ("\"../../etc\"", r#""../../etc""#),
        ("\"a\\\"b\"", r#""a\"b""#),
    ] {
        let context = format!(r#"{{"user_id": {written}, "role": null, "permissions": []}}"#);
        table.add(sub, with(sub), AllowedAs(context));
    }
    // The list has at most 255 characters; the protocol, as many as a token holds.
    let long = "x".repeat(5_000);
    let context = format!(r#"{{"user_id": "{long}", "role": null, "permissions": []}}"#);
    table.add("long", with(&format!("\"{long}\"")), AllowedAs(context));
    table.check();
}

/// A request that asks for one permission, its token's claims, and what the token holds.
fn assert_permission(required: &str, claim: &str, held: Option<&str>) {
    let token = hs256(HS256, claims(claim));
    let request = request_with(1, &token, &json!({ "required_permission": required }));
    let written = |text: &str| {
        let json = Value::from(text).to_string();
        let escaped = json.chars().map(|c| match c {
            ' '..='~' => c.to_string(),
            _ => format!("\\u{:04x}", u32::from(c)),
        });
        let escaped: String = escaped.collect();
        escaped[1..escaped.len() - 1].to_owned()
    };
    let expected = match held {
        Some(held) => {
            let (required, held) = (written(required), written(held));
            let error = format!("Insufficient permissions: required [{required}], have [{held}]");
            refused(1, 403, &error)
        }
        None => allowed(1, &ADA.replace("[]", &format!("[\"{required}\"]"))),
    };
    let answers = answers(&[init(&key_text("secret.txt")), request]);
    assert_eq!(answers, [init_ok(), expected], "{required} of {claim}");
}

#[test]
fn c06_a_permission_is_a_whole_word_of_a_scope() {
    for (required, claim, held) in [
        ("read", r#""scope":"read""#, None),
        ("read", r#""scope":["read"]"#, None),
        ("read", r#""scp":"read""#, None),
        ("read", r#""permissions":"read,""#, None),
        ("read", r#""scope":"reader""#, Some("reader")),
        ("reader", r#""scope":"read er""#, Some("read, er")),
        ("read", r#""scope":"READ Read""#, Some("READ, Read")),
        ("read", r#""scope":"read,write""#, Some("read,write")),
        ("read", "\"scope\":\"read\u{a0}write\"", Some("read\u{a0}write")),
        ("read", "\"scope\":\"read\u{2003}\"", Some("read\u{2003}")),
        ("read", r#""scope":["read write"]"#, Some("read write")),
        ("read", r#""permissions":["read write","read,write"]"#, Some("read write, read,write")),
        ("read", r#""scope":"*""#, Some("*")),
        ("read", r#""permissions":["*","re*","read:*"]"#, Some("*, re*, read:*")),
        ("*", r#""scope":"read""#, Some("read")),
        ("read", r#""scopes":"read""#, Some("")),
        ("read", r#""role":"read","roles":["read"]"#, Some("")),
        ("re\u{301}ad", "\"scope\":\"r\u{e9}ad\"", Some("r\u{e9}ad")),
    ] {
        assert_permission(required, claim, held);
    }
}

#[test]
fn c06_a_scope_with_control_characters_is_refused() {
    let mut table = table();
    for scope in [r#""read\twrite""#, r#""read\nwrite""#, r#"["read\u0000"]"#, r#""\u007f""#] {
        for name in ["scope", "scp", "permissions", "role", "roles"] {
            // A role is no list.
            table.add(scope, hs256(HS256, claims(&format!(r#""{name}":{scope}"#))), Invalid);
        }
    }
    table.check();
}

#[test]
fn c07_no_permission_is_a_prefix_of_another() {
    for (required, held) in [
        ("/john", "/johnny"),
        ("/johnny", "/john"),
        ("/api/v1", "/api/v10"),
        ("/api/v1/x", "/api/v1"),
        ("/api/v1", "/api/v1/"),
        ("users:read", "users"),
        ("users:read", "users:*"),
        ("users:read", "users:"),
        ("users", "users:read"),
    ] {
        assert_permission(required, &format!(r#""scope":"{held}""#), Some(held));
        assert_permission(held, &format!(r#""scope":"{held}""#), None);
    }
}
