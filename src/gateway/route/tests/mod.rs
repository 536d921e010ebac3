mod properties;

use super::super::path::{NormalPath, PathFault};
use super::super::policy::{Access, Route};
use super::*;

fn pattern(text: &str) -> RoutePattern {
    RoutePattern::parse(text).expect(text)
}

fn route(text: &str, methods: Option<&[&str]>) -> Route {
    Route {
        pattern: pattern(text),
        methods: methods.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        service: "s".to_owned(),
        access: Access::Public,
        rate_limit: None,
        rewrite: None,
    }
}

fn table(patterns: &[&str]) -> (RouteTable, Vec<Route>) {
    let routes: Vec<_> = patterns.iter().map(|text| route(text, None)).collect();
    (RouteTable::new(&routes).unwrap(), routes)
}

/// What is found, with the values of the parameters.
fn found(table: &RouteTable, path: &str, method: &str) -> Result<(usize, Vec<String>), String> {
    let path = NormalPath::parse(path).expect(path);
    match table.find(&path, method) {
        Found::NoPattern => Err("no pattern".to_owned()),
        Found::NoMethod { allowed } => Err(format!("allowed: {}", allowed.join(", "))),
        Found::Route { index, values } => {
            Ok((index, values.iter(&path).map(str::to_owned).collect()))
        }
    }
}

#[test]
fn a_pattern_is_literals_and_parameters() {
    for (text, names) in [
        ("/", &[][..]),
        ("/users", &[]),
        ("/users/", &[]),
        ("/a;b/c%20d/*/:x", &[]),
        ("/users/{id}", &["id"]),
        ("/{a}/b/{c-1}/{*_rest}", &["a", "c-1", "_rest"]),
        ("/{*rest}/", &["rest"]),
    ] {
        let parsed = pattern(text);
        assert_eq!(parsed.parameters().collect::<Vec<_>>(), names, "{text}");
        assert_eq!(parsed.as_str(), text);
    }
}

#[test]
fn what_is_no_pattern_says_why() {
    use PatternFault::*;
    for (text, fault) in [
        ("", NotAbsolute),
        ("users", NotAbsolute),
        ("{a}", NotAbsolute),
        ("/a?b=c", Query),
        ("/a/../b", Ambiguous(PathFault::DotSegment)),
        ("/a/.;x", Ambiguous(PathFault::DotSegment)),
        ("/a%2fb", Ambiguous(PathFault::EncodedSeparator)),
        ("/a%", Ambiguous(PathFault::BadEscape)),
        ("/a b", Ambiguous(PathFault::RawCharacter)),
        ("/caf\u{e9}", Ambiguous(PathFault::RawCharacter)),
        ("/a#b", Ambiguous(PathFault::RawCharacter)),
        ("//a", NotNormal("/a".to_owned())),
        ("/%61/{b}//", NotNormal("/a/{b}/".to_owned())),
        ("/a{x}", PartOfSegment("a{x}".to_owned())),
        ("/{x}.json", PartOfSegment("{x}.json".to_owned())),
        ("/{a}{b}", PartOfSegment("{a}{b}".to_owned())),
        ("/{{a}}", PartOfSegment("{{a}}".to_owned())),
        ("/{a", PartOfSegment("{a".to_owned())),
        ("/a}", PartOfSegment("a}".to_owned())),
        ("/{}", Name("{}".to_owned())),
        ("/{*}", Name("{*}".to_owned())),
        ("/{**a}", Name("{**a}".to_owned())),
        ("/{a:int}", Name("{a:int}".to_owned())),
        ("/{*all}/x", NotLast("all".to_owned())),
        ("/{*all}/{*more}", NotLast("all".to_owned())),
        ("/{a}/{b}/{a}", Twice("a".to_owned())),
        ("/{a}/{*a}", Twice("a".to_owned())),
    ] {
        assert_eq!(RoutePattern::parse(text), Err(fault), "{text}");
    }
}

#[test]
fn a_fault_says_what_to_do() {
    let by_id = pattern("/{id}/{*rest}");
    for (fault, text) in [
        (
            RoutePattern::parse("/a/.").unwrap_err(),
            "the path has a dot segment, so no request could ever have it",
        ),
        (RoutePattern::parse("//a").unwrap_err(), "paths are matched in normal form: write `/a`"),
        (
            RoutePattern::parse("/a{x}").unwrap_err(),
            "`a{x}`: a parameter is a whole segment, as in `/users/{id}`",
        ),
        (
            RoutePattern::parse("/{*a}/b").unwrap_err(),
            "`{*a}` takes all that follows, so it stands last",
        ),
        (
            Rewrite::parse("/{name}", &by_id).unwrap_err(),
            "the path has no parameter `name`: it has `id`, `rest`",
        ),
        (
            Rewrite::parse("/{name}", &pattern("/")).unwrap_err(),
            "the path has no parameter `name`, nor any other",
        ),
        (
            Rewrite::parse("/{*id}", &by_id).unwrap_err(),
            "`id` is one segment of the path: write `{id}`",
        ),
    ] {
        assert_eq!(fault.to_string(), text);
    }
}

#[test]
fn a_literal_goes_before_one_segment_and_that_before_the_rest() {
    let patterns = [
        "/",
        "/a",
        "/a/b",
        "/a/{x}",
        "/a/{x}/c",
        "/a/b/d",
        "/{y}/b/e",
        "/a/{*rest}",
        "/{*all}",
        "/{y}/b;v=1",
        "/s/{x}/",
    ];
    let (table, _) = table(&patterns);
    for (path, expected, values) in [
        ("/", "/", &[][..]),
        ("//", "/", &[]),
        ("/?x=/a", "/", &[]),
        ("/a", "/a", &[]),
        ("/a/", "/a", &[]),
        ("/a//", "/a", &[]),
        ("/%61/b/", "/a/b", &[]),
        ("/a/q", "/a/{x}", &["q"]),
        ("/a/q/", "/a/{x}", &["q"]),
        ("/a/b/c", "/a/{x}/c", &["b"]),
        ("/a/b/d", "/a/b/d", &[]),
        // The first literal decides: what follows it is tried to the end before `{y}` is.
        ("/a/b/e", "/a/{*rest}", &["b/e"]),
        ("/q/b/e", "/{y}/b/e", &["q"]),
        ("/q/b/f/", "/{*all}", &["q/b/f"]),
        ("/A", "/{*all}", &["A"]),
        ("/a/%20%c3%a9", "/a/{x}", &["%20%c3%a9"]),
        ("/a/b;v=1", "/{y}/b;v=1", &["a"]),
        ("/s/1", "/s/{x}/", &["1"]),
        ("/s/1/", "/s/{x}/", &["1"]),
    ] {
        let place = patterns.iter().position(|text| *text == expected).unwrap();
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(found(&table, path, "GET"), Ok((place, values)), "{path}");
    }
}

#[test]
fn no_parameter_stands_for_nothing_or_for_a_segment_with_a_semicolon() {
    let (table, _) = table(&["/a/{x}", "/b/{*rest}", "/c;v/{x}"]);
    for path in [
        "/",
        "/a",
        "/a/",
        "/b",
        "/b/",
        "/a/x/y",
        "/a/x;y",
        "/a/;",
        "/a/x%3by",
        "/a/x%3B",
        "/b/x;y/z",
        "/b/x/y%3b",
        "/b/x/y/;/z/",
        "/c/x",
        "/c%3bv/x",
    ] {
        assert_eq!(found(&table, path, "GET"), Err("no pattern".to_owned()), "{path}");
    }
    assert_eq!(found(&table, "/c;v/x%3a", "GET"), Ok((2, vec!["x%3a".to_owned()])));
    // Encoded twice it is no semicolon, since nothing is decoded twice.
    assert_eq!(found(&table, "/a/x%253b", "GET"), Ok((0, vec!["x%253b".to_owned()])));
}

#[test]
fn the_method_chooses_among_the_routes_of_the_pattern_alone() {
    let routes = [
        route("/a/{x}", Some(&["GET", "PUT"])),
        route("/a/{y}", Some(&["POST"])),
        route("/{*all}", None),
        route("/b", Some(&["GET"])),
        route("/b/", None),
        route("/c", Some(&[])),
    ];
    let table = RouteTable::new(&routes).unwrap();
    let allowed = |methods: &str| Err(format!("allowed: {methods}"));
    let one = |index, value: &str| Ok((index, vec![value.to_owned()]));
    for (path, method, expected) in [
        ("/a/1", "GET", one(0, "1")),
        ("/a/1", "POST", one(1, "1")),
        ("/a/1", "DELETE", allowed("GET, PUT, POST")),
        ("/a/1", "get", allowed("GET, PUT, POST")),
        ("/a/1", "HEAD", allowed("GET, PUT, POST")),
        ("/a/1", "OPTIONS", allowed("GET, PUT, POST")),
        ("/a/1/2", "DELETE", one(2, "a/1/2")),
        ("/b", "GET", Ok((3, vec![]))),
        ("/b", "HEAD", Ok((4, vec![]))),
        ("/c", "GET", allowed("")),
    ] {
        assert_eq!(found(&table, path, method), expected, "{method} {path}");
    }
    let path = NormalPath::parse("/a/1").unwrap();
    for (method, index, name, other) in [("GET", 0, "x", "y"), ("POST", 1, "y", "x")] {
        let Found::Route { index: at, values } = table.find(&path, method) else { panic!() };
        let Route { pattern, .. } = &routes[at];
        let looked_up = [name, other].map(|name| values.value(name, pattern, &path));
        assert_eq!((at, looked_up), (index, [Some("1"), None]), "each has names of its own");
    }
}

#[test]
fn every_tie_is_told() {
    let listed =
        |names: &[&str]| TiedMethods::Listed(names.iter().map(|name| (*name).to_owned()).collect());
    let routes = [
        route("/a/{x}", Some(&["GET", "PUT", "GET"])),
        route("/a/{y}/", Some(&["PUT", "POST", "GET"])),
        route("/a/{z}", None),
        route("/a/{x}", None),
        route("/a/{*x}", None),
        route("/a/x", None),
        route("/a/{q}", Some(&["POST", "GET"])),
        route("/a/{x}", None),
    ];
    assert_eq!(
        RouteTable::new(&routes).map(drop),
        Err(vec![
            Tie { first: 0, second: 1, methods: listed(&["PUT", "GET"]) },
            Tie { first: 2, second: 3, methods: TiedMethods::Others },
            Tie { first: 0, second: 6, methods: listed(&["GET"]) },
            Tie { first: 1, second: 6, methods: listed(&["POST"]) },
            Tie { first: 2, second: 7, methods: TiedMethods::Others },
        ])
    );
}

#[test]
fn a_service_sees_the_rewritten_path_with_values_and_query_as_sent() {
    for (from, to, target, expected) in [
        ("/api/users/{id}", Some("/v1/users/{id}"), "/api/users/7", "/v1/users/7"),
        ("/api/users/{id}", Some("/v1/users/{id}"), "/api/users/7/", "/v1/users/7/"),
        ("/api/users/{id}", Some("/v1/users/"), "/api/users/7?a=/b?c", "/v1/users/?a=/b?c"),
        ("/api/{a}/{b}", Some("/{b}/x/{a}/{b}"), "/api/1/%20%7e", "/%20~/x/1/%20~"),
        ("/{p}/x/{*rest}", Some("/{*rest}"), "/c//x/1/2/?", "/1/2/?"),
        ("/{p}/x/{*rest}", Some("/{rest}/of/{p}"), "/c/x/1/2?q", "/1/2/of/c?q"),
        ("/a", Some("/"), "/a?b", "/?b"),
        ("/a", Some("/"), "/a/", "/"),
        ("/a/{*rest}", None, "//a/%62/c/?x=%62", "/a/b/c/?x=%62"),
        ("/a/{*rest}", None, "/a/b", "/a/b"),
    ] {
        let routes = [route(from, None)];
        let table = RouteTable::new(&routes).unwrap();
        let path = NormalPath::parse(target).unwrap();
        let Found::Route { values, .. } = table.find(&path, "GET") else { panic!("{target}") };
        let rewrite = to.map(|to| Rewrite::parse(to, &routes[0].pattern).expect(to));
        assert_eq!(rewrite.as_ref().map(Rewrite::as_str), to);
        assert_eq!(forwarded(rewrite.as_ref(), &values, &path, target), expected, "{target}");
    }
}

#[test]
fn what_is_no_rewrite_says_why() {
    use PatternFault::*;
    let from = pattern("/{a}/{*rest}");
    let unknown =
        UnknownParameter { name: "b".to_owned(), known: vec!["a".to_owned(), "rest".to_owned()] };
    for (text, fault) in [
        ("v1", NotAbsolute),
        ("http://host/x", NotAbsolute),
        ("/v1?x={a}", Query),
        ("/v1/../x", Ambiguous(PathFault::DotSegment)),
        ("/v1//x", NotNormal("/v1/x".to_owned())),
        ("/v1/{a}.json", PartOfSegment("{a}.json".to_owned())),
        ("/v1/{b}", unknown),
        ("/v1/{*a}", NotRest("a".to_owned())),
    ] {
        assert_eq!(Rewrite::parse(text, &from), Err(fault), "{text}");
    }
}

#[test]
fn a_value_is_decoded_once() {
    let routes = [route("/{x}", None)];
    let table = RouteTable::new(&routes).unwrap();
    for (path, decoded) in [
        ("/plain", Some("plain")),
        ("/a%20b%C3%A9", Some("a b\u{e9}")),
        ("/%2525", Some("%25")),
        ("/a+b", Some("a+b")),
        ("/%ff", None),
    ] {
        let path = NormalPath::parse(path).unwrap();
        let Found::Route { values, .. } = table.find(&path, "GET") else { panic!() };
        assert_eq!(values.decoded("x", &routes[0].pattern, &path).as_deref(), decoded);
    }
}

#[test]
fn patterns_overlap_where_a_path_matches_both() {
    // Each with: overlap, the first covers the second, the second covers the first.
    for (one, other, expected) in [
        ("/a", "/a/", [true, true, true]),
        ("/a", "/b", [false; 3]),
        ("/a", "/{x}", [true, false, true]),
        ("/a;v", "/{x}", [false; 3]),
        ("/a;v", "/{*x}", [false; 3]),
        ("/{x}", "/{y}", [true, true, true]),
        ("/a/{x}", "/{y}/b", [true, false, false]),
        ("/{*x}", "/", [false; 3]),
        ("/{*x}", "/a/{y}", [true, true, false]),
        ("/{*x}", "/a/{*y}", [true, true, false]),
        ("/{*x}", "/a/b%3B", [false; 3]),
        ("/a/{*x}", "/a", [false; 3]),
        ("/a/{*x}", "/{y}/b/c", [true, false, false]),
        ("/{y}/{*x}", "/{y}", [false; 3]),
        ("/{y}", "/{*x}", [true, false, true]),
    ] {
        let (a, b) = (&pattern(one), &pattern(other));
        assert_eq!([overlap(a, b), covers(a, b), covers(b, a)], expected, "{one} {other}");
        assert_eq!(overlap(b, a), expected[0], "{other} {one}");
    }
}

#[test]
fn a_pattern_that_no_path_reaches_is_found_out() {
    for (patterns, unreachable) in [
        (&["/x/{*rest}", "/x/{a}", "/x/{a}/{*r}"][..], &[0][..]),
        (&["/x/{*rest}", "/x/{a}", "/x/{a}/{b}/{*r}"], &[]),
        (&["/x/{*rest}", "/x/{a}", "/x/{a}/{b}", "/x/{a}/{b}/{*r}"], &[0]),
        (&["/x/{*rest}", "/x/{a}/{*r}"], &[]),
        (&["/x/{a}", "/x/{a}/{*r}", "/{*all}"], &[]),
        (&["/{*all}", "/{a}", "/{b}/{*r}", "/{x}/{y}", "/{x}/{y}/{*z}"], &[0, 2]),
        (&["/{*all}", "/xx/{*r}", "/xx", "/x"], &[]),
        (&["/"], &[]),
    ] {
        let (table, routes) = table(patterns);
        assert_eq!(table.unreachable(&routes), unreachable, "{patterns:?}");
    }
}

#[test]
fn a_deep_pattern_and_a_deep_path_cost_no_stack() {
    let deep = "/a".repeat(100_000);
    let (table, _) = table(&[&deep, &format!("{deep}/{{*rest}}"), "/{*all}"]);
    assert_eq!(found(&table, &deep, "GET"), Ok((0, vec![])));
    assert_eq!(found(&table, &deep[2..], "GET").map(|(index, _)| index), Ok(2));
    assert_eq!(found(&table, &format!("{deep}/b"), "GET"), Ok((1, vec!["b".to_owned()])));
}
