//! R41, H1 to H3, H7, H8, H10: what a service is told, only we tell it.

use serde_json::{Value, json};

use super::{Conversation, THEM, ours, signed};
use crate::claims;

const POLICY: &str = "[jwt]\nkeys = [\"env:OURS\"]\n[services.s]\n\
    [[routes]]\npath = \"/s\"\nservice = \"s\"\n\
    [[routes]]\npath = \"/open\"\nservice = \"s\"\npublic = true\n\
    [[routes]]\npath = \"/write\"\nmethods = [\"DELETE\"]\nservice = \"s\"\npermissions = [\"delete\"]\n\
    [identity_headers]\nissuer = \"X-User-Issuer\"\nclaims = { \"X-PHI-Access-Level\" = \"level\", \"X.Groups\" = \"groups\" }\n";

/// The headers that a service is sent of a request with these.
fn sent(token: Option<&str>, members: Value, headers: &Value) -> Value {
    let mut conversation = Conversation::forwarding(POLICY);
    let mut all = headers.clone();
    if let Some(token) = token {
        all["Authorization"] = format!("Bearer {token}").into();
    }
    let mut members = members;
    members["headers"] = all;
    let id = conversation.next();
    conversation.line("", super::request_with(id, "", &members), String::new());
    let answers = conversation.answers();
    let mut message: Value = serde_json::from_str(&answers[1]).unwrap();
    assert_eq!(message["body"]["type"], "api_request", "{message}");
    message["body"]["headers"].take()
}

/// Every spelling of a header's name that some server takes for it.
fn spellings(name: &str) -> Vec<String> {
    let mut all = vec![name.to_owned(), name.to_lowercase(), name.to_uppercase()];
    for mark in ['_', '.', '-'] {
        let other: String =
            name.chars().map(|c| if matches!(c, '-' | '_' | '.') { mark } else { c }).collect();
        all.extend([other.to_lowercase(), other.to_uppercase(), other]);
    }
    all.push(name.replacen('-', "_", 1));
    all
}

const OURS: [&str; 6] = [
    "X-User-ID",
    "X-User-Role",
    "X-User-Permissions",
    "X-User-Issuer",
    "X-PHI-Access-Level",
    "X.Groups",
];

#[test]
fn h01_h02_no_caller_says_who_it_is_by_whatever_spelling() {
    let token = ours(r#""role":"clerk","scope":"read""#);
    for name in OURS.iter().flat_map(|name| spellings(name)) {
        for value in [json!("root"), json!(["root", "root"]), json!("")] {
            let headers = json!({ name.as_str(): value, "Accept": "*/*" });
            assert_eq!(
                sent(Some(&token), json!({"path": "/s"}), &headers),
                json!({"Accept": "*/*", "X-User-ID": "ada", "X-User-Role": "clerk", "X-User-Permissions": "read"}),
                "{name}"
            );
            // On a public route nobody is anybody, and says nothing of it either.
            let open = sent(None, json!({"path": "/open"}), &headers);
            assert_eq!(open, json!({"Accept": "*/*"}), "{name}");
            let known = sent(Some(&ours(r#""a":1"#)), json!({"path": "/open"}), &headers);
            assert_eq!(known, json!({"Accept": "*/*", "X-User-ID": "ada"}), "{name}");
        }
    }
    // What only resembles them says nothing to anybody.
    for name in ["X-User-IDs", "X-UserID", "XX-User-ID", "X-User--ID", "X User ID", "User-ID"] {
        let headers = sent(Some(&token), json!({"path": "/s"}), &json!({ name: "root" }));
        assert_eq!(headers[name], "root");
        assert_eq!(headers["X-User-ID"], "ada");
    }
}

#[test]
fn h03_no_header_takes_ours_away() {
    let token = ours(r#""scope":"read""#);
    for connection in ["X-User-ID, Authorization", "x-user-id", "close, X-USER-ID", "*"] {
        for name in ["Connection", "connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer"]
        {
            let headers = sent(Some(&token), json!({"path": "/s"}), &json!({ name: connection }));
            assert_eq!(headers["X-User-ID"], "ada", "{name}: {connection}");
            assert_eq!(headers["X-User-Permissions"], "read", "{name}: {connection}");
            assert!(!headers.to_string().contains("Bearer"));
        }
    }
}

#[test]
fn h07_whatever_a_claim_holds_is_one_word_of_one_header() {
    for (level, shown) in [
        (r#""a\r\nX-User-ID: root""#, json!("a%0D%0AX-User-ID:%20root")),
        (r#""a\u0000b\u007f""#, json!("a%00b%7F")),
        (r#""a,b""#, json!("a%2Cb")),
        (r#"["a,b","c d"]"#, json!("a%2Cb,c%20d")),
        (r#""100%""#, json!("100%25")),
        (r#""é\u202e""#, json!("%C3%A9%E2%80%AE")),
        (r#""""#, Value::Null),
        ("null", Value::Null),
        ("{\"a\":1}", Value::Null),
        ("[[\"a\"]]", Value::Null),
        ("7", json!("7")),
        ("true", json!("true")),
    ] {
        let token = ours(&format!(r#""level":{level}"#));
        let headers =
            sent(Some(&token), json!({"path": "/s"}), &json!({"x_phi_access_level": "9"}));
        assert_eq!(headers["X-PHI-Access-Level"], shown, "{level}");
        assert_eq!(headers["X-User-ID"], "ada");
        assert_eq!(headers.get("x_phi_access_level"), None);
    }
    // The same of who it is. What no user, role or permission may hold is refused before.
    for (claims, shown) in [
        (r#""role":"a b,c*""#, json!(["X-User-Role", "a%20b%2Cc%2A"])),
        (
            r#""permissions":["a b","*","c,d","é"]"#,
            json!(["X-User-Permissions", "a%20b,%2A,c%2Cd,%C3%A9"]),
        ),
    ] {
        let headers = sent(Some(&ours(claims)), json!({"path": "/s"}), &json!({}));
        assert_eq!(headers[shown[0].as_str().unwrap()], shown[1], "{claims}");
    }
    let long = "x".repeat(8 * 1024);
    let headers =
        sent(Some(&ours(&format!(r#""level":"{long}""#))), json!({"path": "/s"}), &json!({}));
    assert_eq!(headers["X-PHI-Access-Level"], long);
}

/// Claims of a further issuer fill no header of ours but those that say who calls.
#[test]
fn h07_another_issuers_claims_stay_its_own() {
    let toml = format!(
        "{}[issuers.\"{THEM}\"]\nkeys = [\"env:THEIRS\"]\npermissions = [\"read\"]\nroles = []\n",
        POLICY.replacen(
            "service = \"s\"\n",
            &format!("service = \"s\"\nissuers = [\"{THEM}\"]\n"),
            1
        )
    );
    let mut conversation = Conversation::forwarding(&toml);
    let claims =
        claims(&format!(r#""iss":"{THEM}","level":"9","role":"clerk","scope":"read write""#));
    let token = signed("theirs", r#"{"alg":"ALG"}"#, &claims);
    let expected = format!(
        r#"{{"src": "gateway", "dest": "s", "body": {{"type": "api_request", "msg_id": 1, "method": "GET", "path": "/s", "headers": {{"X-User-ID": "ada", "X-User-Permissions": "read", "X-User-Issuer": "{THEM}"}}}}}}"#
    );
    conversation.ask("theirs", &token, &json!({"path": "/s"}), |_| expected);
    conversation.check();
}

/// The method and the path that are judged are those that the service is sent.
#[test]
fn h08_h10_no_header_makes_another_request_of_it() {
    let names = [
        "X-HTTP-Method",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
    ];
    let token = ours(r#""scope":"read""#);
    for name in
        names.iter().flat_map(|name| [name.to_string(), name.to_lowercase(), name.to_uppercase()])
    {
        let headers =
            sent(Some(&token), json!({"path": "/s"}), &json!({ name.as_str(): "DELETE" }));
        assert_eq!(headers.get(&name), None);
        // Nor does it open or close a way.
        let mut conversation = Conversation::by(POLICY);
        let bearer = format!("Bearer {token}");
        for (about, path, method, status) in [
            ("it is a GET", "/write", "GET", 404),
            ("it is a DELETE", "/write", "DELETE", 403),
            ("a query says nothing", "/s?_method=DELETE", "GET", 200),
        ] {
            let id = conversation.next();
            let headers = json!({"Authorization": bearer, name.as_str(): "/open"});
            let members = json!({"path": path, "method": method, "headers": headers});
            conversation.line(
                format!("{name}: {about}"),
                super::request_with(id, "", &members),
                status.to_string(),
            );
        }
        let expected: Vec<_> = conversation.expected.iter().skip(1).cloned().collect();
        for (answer, (about, status)) in conversation.answers()[1..].iter().zip(expected) {
            assert!(answer.contains(&format!("\"status\": {status}")), "{about}: {answer}");
        }
    }
}
