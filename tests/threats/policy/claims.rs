//! R22, R23, R28 to R31, C2 to C5: what a token says of itself, where the configuration asks for it.

use super::super::Verdict::{self, Allowed, Expired, Invalid};
use super::super::support::NOW;
use super::super::{ADA, claims};
use super::{Conversation, THEM, US, ours, signed};

const JWT: &str = "[jwt]\nkeys = [\"env:OURS\"]\n";

fn check(toml: &str, cases: impl IntoIterator<Item = (String, String, Verdict)>) {
    let mut conversation = Conversation::by(toml);
    for (about, token, verdict) in cases {
        conversation.token(about, &token, &verdict);
    }
    conversation.check();
}

#[test]
fn c04_an_issuer_is_compared_to_the_letter() {
    let toml = format!("{JWT}issuer = \"{US}\"\n");
    let with = |iss: &str| ours(&format!(r#""iss":{iss}"#));
    let mut cases = vec![
        ("the issuer".to_owned(), with(&format!("\"{US}\"")), Allowed),
        ("escaped".to_owned(), with(r#""https:\/\/us.\u0065xample""#), Allowed),
        ("none".to_owned(), ours(r#""a":1"#), Invalid),
    ];
    for iss in [
        r#""https://us.example/""#,
        r#""https://us.exampl""#,
        r#""https://us.example.evil""#,
        r#""HTTPS://us.example""#,
        r#""https://US.example""#,
        r#"" https://us.example""#,
        r#""https://us.example\u0000""#,
        r#""https://us%2eexample""#,
        r#""https://us.example:443""#,
        r#""us.example""#,
        r#""""#,
        r#"["https://us.example"]"#,
        r#"{"https://us.example":1}"#,
        "null",
        "true",
        "5",
    ] {
        cases.push((iss.to_owned(), with(iss), Invalid));
    }
    check(&toml, cases);
}

/// With look-alikes: composed and decomposed, Latin and Cyrillic.
#[test]
fn r22_names_are_compared_by_code_point() {
    let toml = format!("{JWT}issuer = \"caf\u{e9}\"\naudience = \"p\u{61}\"\n");
    let with = |iss: &str, aud: &str| ours(&format!(r#""iss":"{iss}","aud":"{aud}""#));
    check(
        &toml,
        [
            ("the same", with("caf\u{e9}", "pa"), Allowed),
            ("escaped", with("caf\\u00e9", "p\\u0061"), Allowed),
            ("decomposed", with("cafe\u{301}", "pa"), Invalid),
            ("another case", with("CAF\u{c9}", "pa"), Invalid),
            ("look-alike", with("caf\u{e9}", "p\u{430}"), Invalid),
            ("fullwidth", with("caf\u{e9}", "\u{ff50}a"), Invalid),
        ]
        .map(|(about, token, verdict)| (about.to_owned(), token, verdict)),
    );
}

#[test]
fn c03_an_audience_is_a_string_or_a_list_of_strings_and_holds_one_of_ours() {
    let toml = format!("{JWT}audience = [\"api\", \"orders\"]\n");
    let mut cases = vec![("none".to_owned(), ours(r#""a":1"#), Invalid)];
    for (aud, verdict) in [
        (r#""api""#, Allowed),
        (r#""orders""#, Allowed),
        (r#"["api"]"#, Allowed),
        (r#"["x","orders"]"#, Allowed),
        (r#"["api","api"]"#, Allowed),
        ("[]", Invalid),
        ("5", Invalid),
        ("null", Invalid),
        ("true", Invalid),
        ("{}", Invalid),
        (r#"{"api":1}"#, Invalid),
        (r#"["api",5]"#, Invalid),
        (r#"[5,"api"]"#, Invalid),
        (r#"["api",null]"#, Invalid),
        (r#"[["api"]]"#, Invalid),
        (r#""API""#, Invalid),
        (r#""api ""#, Invalid),
        (r#""ap""#, Invalid),
        (r#""apis""#, Invalid),
        (r#""api,orders""#, Invalid),
        (r#""api orders""#, Invalid),
        (r#""""#, Invalid),
        (r#""*""#, Invalid),
    ] {
        cases.push((aud.to_owned(), ours(&format!(r#""aud":{aud}"#)), verdict));
    }
    check(&toml, cases);
}

#[test]
fn r23_a_key_verifies_the_tokens_of_its_issuer_alone() {
    let toml = format!(
        "{JWT}[issuers.\"{THEM}\"]\nkeys = [\"env:THEIRS\"]\npermissions = [\"read\"]\nroles = []\naudience = \"theirs\"\n\
         [services.users-service]\n[[routes]]\npath = \"/api/users/{{id}}\"\nservice = \"users-service\"\nissuers = [\"{THEM}\"]\n"
    );
    let by = |key: &str, more: &str| signed(key, r#"{"alg":"ALG"}"#, &claims(more));
    let them = |more: &str| format!(r#""iss":"{THEM}","aud":"theirs"{more}"#);
    let capped = Verdict::AllowedAs(ADA.replace("[]", "[\"read\"]"));
    check(
        &toml,
        [
            ("ours", by("ours", r#""a":1"#), Allowed),
            ("ours, by another name", by("ours", r#""iss":"https://elsewhere.example""#), Allowed),
            ("theirs", by("theirs", &them(r#","scope":"read write admin:x""#)), capped),
            ("our key, their name", by("ours", &them("")), Invalid),
            ("their key, no name", by("theirs", r#""a":1"#), Invalid),
            ("their key, our name", by("theirs", r#""iss":"https://elsewhere.example""#), Invalid),
            (
                "their key, nearly their name",
                by("theirs", r#""iss":"https://them.example/","aud":"theirs""#),
                Invalid,
            ),
            ("their name twice", by("theirs", &them(&format!(r#","\u0069ss":"{THEM}""#))), Invalid),
            (
                "their name as a list",
                by("theirs", &format!(r#""iss":["{THEM}"],"aud":"theirs""#)),
                Invalid,
            ),
            ("another audience", by("theirs", &format!(r#""iss":"{THEM}","aud":"ours""#)), Invalid),
            ("no audience", by("theirs", &format!(r#""iss":"{THEM}""#)), Invalid),
            (
                "their name in the header alone",
                signed(
                    "theirs",
                    &format!(r#"{{"alg":"ALG","iss":"{THEM}"}}"#),
                    &claims(r#""aud":"theirs""#),
                ),
                Invalid,
            ),
        ]
        .map(|(about, token, verdict)| (about.to_owned(), token, verdict)),
    );
}

#[test]
fn r29_r31_another_kind_of_token_is_no_access_token() {
    let of = |typ: &str| signed("ours", &format!(r#"{{"alg":"ALG"{typ}}}"#), &claims(r#""a":1"#));
    for (types, good, bad) in [
        (
            "",
            &[
                "",
                r#","typ":"JWT""#,
                r#","typ":"jwt""#,
                r#","typ":"at+jwt""#,
                r#","typ":"application/AT+JWT""#,
            ][..],
            &[
                r#","typ":"logout+jwt""#,
                r#","typ":"dpop+jwt""#,
                r#","typ":"secevent+jwt""#,
                r#","typ":"token-introspection+jwt""#,
                r#","typ":"JWE""#,
                r#","typ":"at+jwt ""#,
                r#","typ":"""#,
                r#","typ":null"#,
                r#","typ":["JWT"]"#,
                r#","typ":5"#,
                r#","typ":"application/application/jwt""#,
            ][..],
        ),
        (
            "typ = [\"at+jwt\"]\n",
            &[r#","typ":"at+jwt""#, r#","typ":"AT+JWT""#, r#","typ":"application/at+jwt""#],
            &[
                "",
                r#","typ":"JWT""#,
                r#","typ":"at+jwt+x""#,
                r#","typ":"at""#,
                r#","typ":"logout+jwt""#,
            ],
        ),
    ] {
        let good = good.iter().map(|typ| (typ.to_string(), of(typ), Allowed));
        let bad = bad.iter().map(|typ| (typ.to_string(), of(typ), Invalid));
        check(&format!("{JWT}{types}"), good.chain(bad));
    }
}

#[test]
fn r30_a_claim_that_is_required_is_there() {
    let required = ["iss", "aud", "client_id", "iat", "jti"];
    let toml = format!(
        "{JWT}audience = \"api\"\nrequired_claims = [\"sub\", \"exp\", \"iss\", \"aud\", \"client_id\", \"iat\", \"jti\"]\n"
    );
    let all =
        [r#""iss":"us""#, r#""aud":"api""#, r#""client_id":"c""#, r#""iat":1"#, r#""jti":"j""#];
    let mut cases = vec![("all".to_owned(), ours(&all.join(",")), Allowed)];
    for (at, name) in required.iter().enumerate() {
        let without: Vec<_> =
            all.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| *c).collect();
        cases.push((format!("without {name}"), ours(&without.join(",")), Invalid));
        let misnamed =
            all.join(",").replace(&format!("\"{name}\""), &format!("\"{}\"", name.to_uppercase()));
        cases.push((format!("{name} in capitals"), ours(&misnamed), Invalid));
    }
    check(&toml, cases);
}

#[test]
fn c02_a_life_has_a_bound_and_begins_in_the_past() {
    let toml = format!("{JWT}max_lifetime = \"1h\"\nleeway = \"10s\"\n");
    let token = |iat: &str, exp: u64| {
        signed("ours", r#"{"alg":"ALG"}"#, &format!(r#"{{"sub":"ada","exp":{exp}{iat}}}"#))
    };
    let at = |iat: u64| format!(r#","iat":{iat}"#);
    let mut cases = vec![
        ("an hour".to_owned(), token(&at(NOW), NOW + 3600), Allowed),
        ("a second more".to_owned(), token(&at(NOW), NOW + 3601), Invalid),
        ("a fraction more".to_owned(), token(r#","iat":1767225599.5"#, NOW + 3600), Invalid),
        ("begun before".to_owned(), token(&at(NOW - 3000), NOW + 600), Allowed),
        ("begun long before".to_owned(), token(&at(NOW - 3001), NOW + 600), Invalid),
        ("begun within the leeway".to_owned(), token(&at(NOW + 10), NOW + 60), Allowed),
        ("begun after the leeway".to_owned(), token(&at(NOW + 11), NOW + 60), Invalid),
        ("over before it began".to_owned(), token(&at(NOW + 9), NOW + 5), Invalid),
        ("no beginning".to_owned(), token("", NOW + 60), Invalid),
        // Leeway holds for the end, too.
        ("over, within the leeway".to_owned(), token(&at(NOW - 60), NOW - 9), Allowed),
        ("over".to_owned(), token(&at(NOW - 60), NOW - 10), Expired),
        ("over, whatever its life".to_owned(), token("", NOW - 10), Expired),
    ];
    for iat in ["null", "\"1767225600\"", "true", "[]", "{}", "-1e400", "1e400", "-1"] {
        cases.push((iat.to_owned(), token(&format!(r#","iat":{iat}"#), NOW + 60), Invalid));
    }
    check(&toml, cases);
}

#[test]
fn r25_a_token_that_is_not_yet_good_has_its_leeway() {
    let toml = format!("{JWT}leeway = \"10s\"\n");
    let with = |nbf: u64| ours(&format!(r#""nbf":{nbf}"#));
    check(
        &toml,
        [(NOW + 10, Allowed), (NOW + 11, Invalid)]
            .map(|(nbf, verdict)| (nbf.to_string(), with(nbf), verdict)),
    );
}

#[test]
fn c05_a_user_by_another_claim_is_as_strict_and_sub_stays_required() {
    let toml = format!("{JWT}claim_names = {{ user = [\"who\", \"name\"] }}\n");
    let with = |who: &str| ours(&format!(r#""who":{who}"#));
    let bob = Verdict::AllowedAs(ADA.replace("ada", "bob"));
    let mut cases = vec![
        ("the user".to_owned(), with(r#"{"name":"bob"}"#), bob.clone()),
        ("and more".to_owned(), with(r#"{"x":{"name":"eve"},"name":"bob"}"#), bob),
        ("none".to_owned(), ours(r#""a":1"#), Invalid),
        (
            "no sub".to_owned(),
            signed(
                "ours",
                r#"{"alg":"ALG"}"#,
                &format!(r#"{{"exp":{},"who":{{"name":"bob"}}}}"#, NOW + 9),
            ),
            Invalid,
        ),
    ];
    for who in [
        r#""bob""#,
        r#"["bob"]"#,
        "null",
        "{}",
        r#"{"name":""}"#,
        r#"{"name":null}"#,
        r#"{"name":5}"#,
        r#"{"name":["bob"]}"#,
        r#"{"name":"b\u0000b"}"#,
        r#"{"name":"b\r\nb"}"#,
        r#"{"name":"bob","name":"bob"}"#,
        r#"{"name":"bob","n\u0061me":"eve"}"#,
        r#"{"name.x":"bob"}"#,
    ] {
        cases.push((who.to_owned(), with(who), Invalid));
    }
    // Twice on the way, and a dotted name that is no way.
    cases.push(("twice".to_owned(), ours(r#""who":{"name":"bob"},"who":{"name":"eve"}"#), Invalid));
    cases.push(("dotted".to_owned(), ours(r#""who.name":"bob""#), Invalid));
    check(&toml, cases);
}
