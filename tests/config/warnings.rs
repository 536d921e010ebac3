//! What is legal and unwise.

use portcullis::config::{Colours, Matrix};

use crate::file;

fn warnings(text: &str) -> String {
    let text = format!("{text}\n[services.s]\n");
    file("portcullis.toml", &text).unwrap().warnings(None).render(Colours::None)
}

fn codes(text: &str) -> Vec<String> {
    let text = format!("{text}\n[services.s]\n");
    let warnings = file("portcullis.toml", &text).unwrap().warnings(None);
    let all = warnings.findings().into_iter();
    all.map(|finding| format!("{} {}", finding.code, finding.path)).collect()
}

fn route(path: &str, rest: &str) -> String {
    format!("[[routes]]\nservice = \"s\"\npath = \"{path}\"\n{rest}\n")
}

const BOUND: &str = "jwt.max_lifetime = \"1h\"\n";

#[test]
fn every_kind_as_a_person_reads_it() {
    let issuers =
        "[issuers.p]\nkeys = [\"env:P\"]\npermissions = [\"orders:read\"]\nroles = [\"partner\"]\n";
    let text = [
        issuers,
        "[roles]\nadmin = [\"*\"]\nunused = [\"nothing:here\"]\n",
        "[rate_limit]\nroles = { admni = \"1/s\" }\n",
        &route("/files/{*rest}", "public = true"),
        &route("/files/private", "roles = [\"admin\"]"),
        &route("/open", ""),
        &route("/orders", "issuers = [\"p\"]\npermissions = [\"orders:read\", \"orders:write\"]"),
        &route("/any", "issuers = [\"p\"]\nany_permissions = [\"x\", \"y\"]"),
        &route("/deep/{a}", "roles = [\"admin\"]"),
        &route("/deep/{a}/{*rest}", "roles = [\"admin\"]"),
        &route("/deep/{*rest}", "roles = [\"admin\"]"),
    ];
    insta::assert_snapshot!("warnings", warnings(&text.concat()));
    insta::assert_snapshot!("warnings-nothing", warnings(""));
}

#[test]
fn a_public_pattern_over_protected_paths() {
    let protected = "roles = [\"r\"]";
    for (public, path, warned) in [
        ("/a/{*rest}", "/a/b", true),
        ("/a/{*rest}", "/a/{x}/c", true),
        ("/a/{*rest}", "/a/b/{*rest}", true),
        ("/{*rest}", "/a", true),
        ("/a/{x}", "/a/b", true),
        ("/{x}/b", "/a/b", true),
        ("/a/b", "/a/{x}", false),
        ("/a/{x}", "/a/{y}", false),
        ("/a/{*rest}", "/a/{*more}", false),
        ("/a/{*rest}", "/a", false),
        ("/a/{*rest}", "/b/c", false),
        ("/a/{x}", "/a/b/c", false),
        ("/a", "/a/b", false),
        ("/a/{x}", "/a/{*rest}", false),
    ] {
        let text =
            [BOUND, &route(public, "public = true\nmethods = [\"GET\"]"), &route(path, protected)];
        let expected = if warned { vec!["public-covers-protected routes[0].path"] } else { vec![] };
        assert_eq!(codes(&text.concat()), expected, "{public} {path}");
    }
}

#[test]
fn a_pattern_that_no_path_can_reach() {
    let protected = "roles = [\"r\"]";
    for (others, path, warned) in [
        (&["/a/{x}", "/a/{x}/{*r}"][..], "/a/{*rest}", true),
        (&["/a/{x}", "/a/{y}/{z}", "/a/{x}/{y}/{*r}"], "/a/{*rest}", true),
        (&["/a/{x}/{*r}"], "/a/{*rest}", false),
        (&["/a/{x}"], "/a/{*rest}", false),
        (&["/a/b", "/a/b/{*r}"], "/a/{*rest}", false),
        (&["/b/{x}", "/b/{x}/{*r}"], "/a/{*rest}", false),
        (&["/{x}", "/{x}/{*r}"], "/a/{*rest}", false),
    ] {
        let mut text = BOUND.to_owned();
        others.iter().for_each(|other| text += &route(other, protected));
        text += &route(path, protected);
        let last = format!("unreachable-pattern routes[{}].path", others.len());
        let expected = if warned { vec![last] } else { vec![] };
        assert_eq!(codes(&text), expected, "{others:?} {path}");
    }
}

#[test]
fn a_role_is_of_use_where_something_refers_to_it() {
    for (text, warned) in [
        ("[roles]\na = [\"x\"]\n".to_owned(), false),
        (["routes = []\n[roles]\na = [\"x\"]\n"].concat(), true),
        (["[roles]\na = [\"x\"]\n", &route("/p", "permissions = [\"x\"]")].concat(), false),
        (["[roles]\na = [\"x:*\"]\n", &route("/p", "any_permissions = [\"x:y\"]")].concat(), false),
        (["[roles]\na = [\"x:*\"]\n", &route("/p", "permissions = [\"xy\"]")].concat(), true),
        (["[roles]\na = [\"*\"]\n", &route("/p", "roles = [\"b\"]")].concat(), true),
        (["[roles]\na = []\n", &route("/p", "roles = [\"a\"]")].concat(), false),
        (["rate_limit.roles.a = \"1/s\"\nroutes = []\n[roles]\na = []\n"].concat(), false),
    ] {
        let text = format!("{BOUND}{text}");
        let unused = codes(&text).contains(&"unused-role roles.a".to_owned());
        assert_eq!(unused, warned, "{text}");
    }
}

#[test]
fn who_may_do_what() {
    let text = [
        BOUND,
        "[roles]\nadmin = [\"*\"]\nreader = [\"orders:*\"]\npartner = [\"orders:*\", \"x\"]\n",
        "[issuers.p]\nkeys = [\"env:P\"]\npermissions = [\"orders:read\"]\nroles = [\"partner\"]\n",
        &route(
            "/orders",
            "methods = [\"GET\"]\npermissions = [\"orders:read\"]\nissuers = [\"p\"]",
        ),
        &route(
            "/orders",
            "methods = [\"PUT\"]\npermissions = [\"orders:write\"]\nissuers = [\"p\"]",
        ),
        &route("/any", "any_permissions = [\"x\", \"y\"]\nacr = [\"mfa\"]"),
        &route("/admin", "roles = [\"admin\", \"other\"]"),
        &route("/status", "public = true"),
        "[services.s]\n",
    ];
    let configuration = file("a.toml", &text.concat()).unwrap();
    let matrix = Matrix::of(&configuration.policy);
    insta::assert_snapshot!("matrix", serde_json::to_string_pretty(&matrix).unwrap());
}
