//! C6, C7, P7: what is held is held to the letter, and judged on the path that was asked for.

use serde_json::json;

use super::super::ADA;
use super::super::support::{allowed, allowed_to, refused};
use super::{Conversation, forbidden, ours};

const JWT: &str = "[jwt]\nkeys = [\"env:OURS\"]\n";

fn holding(role: &str, held: &[&str]) -> String {
    let role = if role.is_empty() { "null".to_owned() } else { format!("\"{role}\"") };
    let held: Vec<_> = held.iter().map(|one| format!("\"{one}\"")).collect();
    format!(r#"{{"user_id": "ada", "role": {role}, "permissions": [{}]}}"#, held.join(", "))
}

#[test]
fn c06_c07_a_pattern_of_a_role_covers_whole_parts_and_a_token_brings_none() {
    let toml = format!("{JWT}[roles]\nclerk = [\"orders:*\", \"read\"]\nboss = [\"*\"]\n");
    let mut conversation = Conversation::by(&toml);
    for (required, role, scope, may) in [
        ("orders:read", "clerk", "", true),
        ("orders:read:all", "clerk", "", true),
        ("orders:", "clerk", "", true),
        ("orders", "clerk", "", false),
        ("order", "clerk", "", false),
        ("orders2:read", "clerk", "", false),
        ("Orders:read", "clerk", "", false),
        ("xorders:read", "clerk", "", false),
        (" orders:read", "clerk", "", false),
        ("read", "clerk", "", true),
        ("rea", "clerk", "", false),
        ("reader", "clerk", "", false),
        ("read:x", "clerk", "", false),
        ("anything at all", "boss", "", true),
        ("orders:read", "Clerk", "", false),
        ("orders:read", "clerk ", "", false),
        ("orders:read", "cler", "", false),
        // What a token brings is letters.
        ("orders:read", "", "orders:*", false),
        ("orders:read", "", "*", false),
        ("orders:*", "", "orders:*", true),
        ("*", "", "*", true),
        ("*", "clerk", "", false),
        ("read", "", "read,write", false),
        ("read", "", "read\u{a0}write", false),
        ("read", "", "xread", false),
    ] {
        let token = ours(&format!(r#""role":"{role}","scope":"{scope}""#));
        let members = json!({ "required_permission": required });
        let about = format!("{required:?} of {role:?} with {scope:?}");
        let granted: &[&str] = match role {
            "clerk" => &["orders:*", "read"],
            "boss" => &["*"],
            _ => &[],
        };
        let brought = scope.split(' ').filter(|one| !one.is_empty());
        let held: Vec<&str> = brought.chain(granted.iter().copied()).collect();
        conversation.ask(about, &token, &members, |id| match may {
            true => allowed(id, &holding(role, &held)),
            false => forbidden(id, required, &held.join(", ")).replace('\u{a0}', "\\u00a0"),
        });
    }
    conversation.check();
}

const PROJECTS: &str = "[services.p]\n[[routes]]\npath = \"/{project}/runs/{*rest}\"\nservice = \"p\"\nclaims = { project = \"{project}\", department = [\"fab1\", \"fab2\"] }\n";

#[test]
fn c07_a_claim_is_bound_to_a_whole_segment_of_the_path() {
    let toml = format!("{JWT}{PROJECTS}");
    let mut conversation = Conversation::by(&toml);
    let claims = |project: &str, department: &str| {
        ours(&format!(r#""project":{project},"department":{department}"#))
    };
    let fab = r#""fab1""#;
    for (path, project, department, shown) in [
        ("/john/runs/1", r#""john""#, fab, None),
        ("/john/runs/1/2/3", r#"["x","john"]"#, r#"["fab9","fab2"]"#, None),
        ("/%6Aohn/runs/1", r#""john""#, fab, None),
        ("/a%20b/runs/1", r#""a b""#, fab, None),
        ("/a%2520b/runs/1", r#""a%20b""#, fab, None),
        ("/johnny/runs/1", r#""john""#, fab, Some("johnny")),
        ("/joh/runs/1", r#""john""#, fab, Some("joh")),
        ("/John/runs/1", r#""john""#, fab, Some("John")),
        ("/a%2520b/runs/1", r#""a b""#, fab, Some("a%20b")),
        ("/john/runs/1", r#""john ""#, fab, Some("john")),
        ("/john/runs/1", r#"["john",5]"#, "5", Some("john")),
        ("/john/runs/1", "null", fab, Some("john")),
        ("/john/runs/1", "{\"john\":1}", fab, Some("john")),
        ("/john/runs/1", "[[\"john\"]]", fab, Some("john")),
        ("/5/runs/1", "5", fab, Some("5")),
        ("/true/runs/1", "true", fab, Some("true")),
        ("/*/runs/1", r#""john""#, fab, Some("*")),
        ("/john/runs/1", r#""*""#, fab, Some("john")),
        ("/john/runs/1", r#""{project}""#, fab, Some("john")),
        ("/john/runs/1", r#""john""#, r#""fab""#, Some("john")),
        ("/john/runs/1", r#""john""#, r#""fab1|department=fab2""#, Some("john")),
        ("/john/runs/1", r#""john""#, r#""fab11""#, Some("john")),
    ] {
        let about = format!("{path} by {project} of {department}");
        let token = claims(project, department);
        conversation.ask(about, &token, &json!({ "path": path }), |id| match shown {
            None => allowed_to(id, "p", ADA),
            Some(project) => {
                let required = format!("department=fab1|department=fab2, project={project}");
                forbidden(id, &required, "")
            }
        });
    }
    conversation.check();
}

/// The permission is that of the path that was asked for; what the service is sent follows from it,
/// and leads nowhere else.
#[test]
fn p07_a_rewritten_path_is_the_one_that_was_judged() {
    let toml = format!(
        "{JWT}[services.p]\n\
         [[routes]]\npath = \"/files/{{id}}\"\nservice = \"p\"\nrewrite = \"/v1/{{id}}\"\n\
         [[routes]]\npath = \"/open/{{*rest}}\"\nservice = \"p\"\nrewrite = \"/{{*rest}}\"\n\
         [[routes]]\npath = \"/admin/{{*rest}}\"\nservice = \"p\"\npermissions = [\"admin\"]\n\
         [[routes]]\npath = \"/v1/{{id}}\"\nservice = \"p\"\npermissions = [\"admin\"]\n"
    );
    let mut conversation = Conversation::forwarding(&toml);
    let token = ours(r#""a":1"#);
    let mut number = 0;
    for (path, sent) in [
        ("/files/7", "/v1/7"),
        ("/files/7/", "/v1/7/"),
        ("//files///7?a=/../b", "/v1/7?a=/../b"),
        ("/files/%2541", "/v1/%2541"),
        ("/files/a%3Fb%23c", "/v1/a%3Fb%23c"),
        ("/files/%7e%41", "/v1/~A"),
        ("/open/x/y?z", "/x/y?z"),
        ("/open/a%20b/%C3%A9", "/a%20b/%C3%A9"),
        ("/open/%252e%252e/admin", "/%252e%252e/admin"),
    ] {
        number += 1;
        let expected = format!(
            r#"{{"src": "gateway", "dest": "p", "body": {{"type": "api_request", "msg_id": {number}, "method": "GET", "path": "{sent}", "headers": {{"X-User-ID": "ada"}}}}}}"#
        );
        conversation.ask(path, &token, &json!({ "path": path }), |_| expected);
    }
    // No way of writing the path leads a caller past what the path requires.
    for path in ["/admin/x", "/v1/7", "//admin/x", "/%61dmin/x", "/admin//x/", "/v1/%37"] {
        conversation.ask(path, &token, &json!({ "path": path }), |id| forbidden(id, "admin", ""));
    }
    for path in
        ["/open/../admin/x", "/open/%2e%2e/admin", "/files/%2e%2e%2fadmin", "/open/..;/admin"]
    {
        let why = match path.contains("%2f") {
            true => "the path encodes a slash, a backslash or a control character",
            false => "the path has a dot segment",
        };
        conversation.ask(path, &token, &json!({ "path": path }), |id| {
            refused(id, 400, &format!("Bad request: {why}"))
        });
    }
    // A parameter has no semicolon in it.
    for path in ["/files/7;x", "/files/7%3Bx", "/Files/7", "/files", "/files/7/8"] {
        conversation.ask(path, &token, &json!({ "path": path }), |id| {
            refused(id, 404, "Service not recognized")
        });
    }
    conversation.check();
}
