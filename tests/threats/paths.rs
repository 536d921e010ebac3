//! P1 to P9: paths that two readers could understand differently.

use serde_json::json;

use super::support::{allowed_to, answers, init, init_ok, key_text, refused, request_with};
use super::{ADA, GOOD, HS256, hs256};

const DOTS: &str = "the path has a dot segment";
const ENCODED: &str = "the path encodes a slash, a backslash or a control character";
const ESCAPE: &str = "the path has a `%` without two hex digits";
const RAW: &str = "the path has a character that must be percent-encoded";
const RELATIVE: &str = "the path must begin with `/`";

/// What a path is answered with.
enum Goes {
    /// To this service.
    To(&'static str),
    /// Nowhere: row 7.
    Nowhere,
    /// It is refused: row 1.
    Bad(&'static str),
}
use Goes::{Bad, Nowhere, To};

/// Each path of a table, asked for by a caller who may go anywhere.
fn check<const N: usize>(table: [(&str, Goes); N]) {
    check_with("GET", table);
}

fn check_with<const N: usize>(method: &str, table: [(&str, Goes); N]) {
    let token = hs256(HS256, GOOD);
    let ask = |(id, (path, _)): (usize, &(&str, Goes))| {
        request_with(id, &token, &json!({ "path": path, "method": method }))
    };
    let mut lines = vec![init(&key_text("secret.txt"))];
    lines.extend((1..).zip(&table).map(ask));
    let answers = answers(&lines);
    assert_eq!(answers.len(), 1 + table.len());
    assert_eq!(answers[0], init_ok());
    for (id, (path, goes)) in (1..).zip(&table) {
        let expected = match goes {
            To(service) => allowed_to(id, service, ADA),
            Nowhere => refused(id, 404, "Service not recognized"),
            Bad(why) => refused(id, 400, &format!("Bad request: {why}")),
        };
        assert_eq!(answers[id], expected, "{path}");
    }
}

#[test]
fn p01_dot_segments() {
    check([
        ("/public/x", To("public-service")),
        ("/public/../admin", Bad(DOTS)),
        ("/public/./admin", Bad(DOTS)),
        ("/..", Bad(DOTS)),
        ("/.", Bad(DOTS)),
        ("/../", Bad(DOTS)),
        ("/public/..", Bad(DOTS)),
        ("/public/%2e%2e/admin", Bad(DOTS)),
        ("/public/%2E%2e/admin", Bad(DOTS)),
        ("/public/.%2e/admin", Bad(DOTS)),
        ("/public/%2e./admin", Bad(DOTS)),
        ("/public/%2e/admin", Bad(DOTS)),
        ("/public//../admin", Bad(DOTS)),
        ("/public/..//admin", Bad(DOTS)),
        ("/public/..;/admin", Bad(DOTS)),
        ("/public/..;x=1/admin", Bad(DOTS)),
        ("/public/..%3b/admin", Bad(DOTS)),
        ("/public/%2e%2E%3Bx/admin", Bad(DOTS)),
        ("/public/.;/admin", Bad(DOTS)),
        // Decoded once and never again, so that this is three harmless segments.
        ("/public/%252e%252e/admin", To("public-service")),
        ("/%252e%252e/admin", Nowhere),
        ("/public/.../admin", To("public-service")),
        ("/public/..x/admin", To("public-service")),
        ("/.../admin", To("...-service")),
        ("/..;", Bad(DOTS)),
    ]);
}

#[test]
fn p02_encoded_separators_and_control_characters() {
    check([
        ("/public%2fadmin", Bad(ENCODED)),
        ("/public%2Fadmin", Bad(ENCODED)),
        ("/public/%2e%2e%2fadmin", Bad(ENCODED)),
        ("/public%5cadmin", Bad(ENCODED)),
        ("/public%5C..%5Cadmin", Bad(ENCODED)),
        ("/public%00", Bad(ENCODED)),
        ("/public/x%00.json", Bad(ENCODED)),
        ("/public/%0d%0aX-Admin:1", Bad(ENCODED)),
        ("/public/%09", Bad(ENCODED)),
        ("/public/%1f", Bad(ENCODED)),
        ("/public/%7f", Bad(ENCODED)),
        ("/public%", Bad(ESCAPE)),
        ("/public/%2", Bad(ESCAPE)),
        ("/public/%zz", Bad(ESCAPE)),
        ("/public/%u002e", Bad(ESCAPE)),
        ("/public/% 2e", Bad(ESCAPE)),
        // The list refuses %3B, %3F and %23, too. The protocol decodes none of them, so they are
        // letters of a segment, which then names no service.
        ("/public/x%3by%3fz%23", To("public-service")),
        ("/public%3bx", Nowhere),
        ("/public%3fx", Nowhere),
        ("/public%23x", Nowhere),
    ]);
}

#[test]
fn p03_repeated_slashes_are_one_and_no_path_is_an_authority() {
    check([
        ("//admin", To("admin-service")),
        ("///admin//", To("admin-service")),
        ("//evil.example/admin", To("evil.example-service")),
        ("//user@evil.example:80/admin", Nowhere),
        ("/admin/", To("admin-service")),
        ("//api//v1//admin", To("admin-service")),
        ("/", Nowhere),
        ("//", Nowhere),
        ("/api//", Nowhere),
    ]);
}

#[test]
fn p04_bytes_that_no_path_holds() {
    check([
        ("/admin#x", Bad(RAW)),
        ("/public\\..\\admin", Bad(RAW)),
        ("/public admin", Bad(RAW)),
        ("/public\tadmin", Bad(RAW)),
        ("/public\r\nadmin", Bad(RAW)),
        ("/public\u{0}", Bad(RAW)),
        ("/public\u{7f}", Bad(RAW)),
        ("/\u{ff0e}\u{ff0e}/admin", Bad(RAW)),
        ("/public\u{ff0f}admin", Bad(RAW)),
        ("/admi\u{0301}n", Bad(RAW)),
        // The list refuses a semicolon; to the protocol it is a letter, and overlong UTF-8 stays
        // encoded. Neither names a service, or reaches one that the plain path does not reach.
        ("/admin;x=1", Nowhere),
        ("/admin/;x=1", To("admin-service")),
        ("/%c0%ae%c0%ae/admin", Nowhere),
        ("/public/%c0%af", To("public-service")),
    ]);
}

#[test]
fn p05_a_path_is_never_folded() {
    check([
        ("/admin", To("admin-service")),
        ("/Admin", To("Admin-service")),
        ("/ADMIN", To("ADMIN-service")),
        ("/%41dmin", To("Admin-service")),
        ("/API/admin", To("API-service")),
        ("/api/V1/admin", To("V1-service")),
    ]);
}

#[test]
fn p06_the_query_begins_at_the_first_question_mark_and_is_not_judged() {
    check([
        ("/public?/../admin", To("public-service")),
        ("/public?x=%2e%2e%2f%zz\\ #", To("public-service")),
        ("/public??", To("public-service")),
        ("/public/?/admin", To("public-service")),
        ("/?/admin", Nowhere),
        ("?/admin", Bad(RELATIVE)),
        ("/public%3F/../admin", Bad(DOTS)),
        ("/public/x%3Fy", To("public-service")),
        ("/public#?/x", Bad(RAW)),
    ]);
}

#[test]
fn p08_only_a_path_is_a_path() {
    check([
        ("http://evil.example/admin", Bad(RELATIVE)),
        ("evil.example:443", Bad(RELATIVE)),
        ("*", Bad(RELATIVE)),
        ("admin", Bad(RELATIVE)),
        (" /admin", Bad(RELATIVE)),
        ("\u{feff}/admin", Bad(RELATIVE)),
        ("%2fadmin", Bad(RELATIVE)),
        ("\\admin", Bad(RELATIVE)),
        ("/http://evil.example/admin", Nowhere),
    ]);
}

/// The list denies unknown methods; without a configuration the protocol knows no method, so none
/// opens a way that another does not.
#[test]
fn p09_what_no_rule_matches_goes_nowhere_whatever_the_method() {
    for method in ["GET", "HEAD", "get", "CONNECT", "X", "GET /admin", "\u{0}"] {
        check_with(
            method,
            [
                ("/", Nowhere),
                ("/api", Nowhere),
                ("/api/v1", Nowhere),
                ("/us%20ers", Nowhere),
                ("/users", To("users-service")),
            ],
        );
    }
}
