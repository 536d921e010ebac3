use proptest::collection::vec;
use proptest::prelude::*;

use super::super::json::ObjectFault;
use super::*;

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

fn parse(line: &str) -> Revocation {
    parse_line(line).expect(line)
}

fn list(lines: &[&str]) -> RevocationList {
    let mut list = RevocationList::default();
    list.add(lines.iter().map(|line| parse(line)));
    list
}

fn token<'a>(jti: &'a str, user: &'a str, issued: f64, kid: &'a str) -> TokenFacts<'a> {
    TokenFacts { jti: Some(jti), user, issued: Some(at(issued)), kid: Some(kid) }
}

#[test]
fn a_line_says_one_thing() {
    use RevocationTarget::*;
    let user = |before| User { user: "ada".to_owned(), before: at(before) };
    for (line, target, expires) in [
        (r#"{"jti": "a"}"#, Jti("a".to_owned()), None),
        (r#" {"jti":"\u0061\"","exp":10} "#, Jti("a\"".to_owned()), Some(at(10.0))),
        (r#"{"exp": "1970-01-01T00:00:10Z", "kid": "k"}"#, Kid("k".to_owned()), Some(at(10.0))),
        (r#"{"api_key": "ci"}"#, ApiKey("ci".to_owned()), None),
        (r#"{"before": 1.5, "user": "ada"}"#, user(1.5), None),
        (r#"{"user": "ada", "before": "1.5", "exp": -1}"#, user(1.5), Some(at(-1.0))),
    ] {
        assert_eq!(parse(line), Revocation { target, expires }, "{line}");
    }
}

#[test]
fn a_line_that_says_more_or_less_is_a_fault() {
    use LineFault::*;
    let time = |text: &str| Timestamp::parse(text).unwrap_err();
    for (line, fault) in [
        ("", Json(ObjectFault::Syntax)),
        ("[]", Json(ObjectFault::Syntax)),
        (r#"{"jti": "a"} {"jti": "b"}"#, Json(ObjectFault::Syntax)),
        (r#"{"jti": "a""#, Json(ObjectFault::Syntax)),
        (r#"{"jti": "a", "jti": "a"}"#, Json(ObjectFault::Duplicate)),
        (r#"{"jti": "a", "\u006ati": "b"}"#, Json(ObjectFault::Duplicate)),
        ("{}", Nothing),
        (r#"{"exp": 1}"#, Nothing),
        (r#"{"jtis": "a"}"#, Unknown("jtis".to_owned())),
        (r#"{"jti": "a", "Exp": 1}"#, Unknown("Exp".to_owned())),
        (r#"{"kid": "a", "jti": "b"}"#, Several("jti", "kid")),
        (r#"{"jti": null}"#, NotAName("jti")),
        (r#"{"kid": 5}"#, NotAName("kid")),
        (r#"{"user": ["a"], "before": 1}"#, NotAName("user")),
        (r#"{"api_key": ""}"#, NotAName("api_key")),
        (r#"{"user": "a"}"#, NoBefore),
        (r#"{"jti": "a", "before": 1}"#, StrayBefore),
        (r#"{"user": "a", "before": null}"#, NotAnInstant("before")),
        (r#"{"jti": "a", "exp": 1e400}"#, NotAnInstant("exp")),
        (r#"{"jti": "a", "exp": "soon"}"#, BadInstant("exp", time("soon"))),
    ] {
        assert_eq!(parse_line(line), Err(fault), "{line}");
    }
}

#[test]
fn a_fault_steers_no_terminal() {
    let fault = parse_line(r#"{"\u001b[31m\u202e\n": 1}"#).unwrap_err().to_string();
    let shown =
        r"`\u{1b}[31m\u{202e}\n` is none of `jti`, `user`, `before`, `kid`, `api_key`, `exp`";
    assert_eq!(fault, shown);
}

#[test]
fn a_file_is_read_whole_or_not_at_all() {
    let good = "\u{feff}{\"jti\": \"a\"}\r\n\n \t\n{\"kid\": \"b\"}";
    let expected = [r#"{"jti": "a"}"#, r#"{"kid": "b"}"#].map(parse);
    assert_eq!(parse_file(good).as_deref(), Ok(&expected[..]));
    assert_eq!(parse_file(""), Ok(vec![]));
    let broken = parse_file("{\"jti\": \"a\"}\n\n{\"jti\": \"b\"\n{}").unwrap_err();
    assert_eq!(broken, FileFault { line: 3, fault: LineFault::Json(ObjectFault::Syntax) });
    assert_eq!(broken.to_string(), "line 3: the line is not one JSON object");
}

#[test]
fn a_token_is_revoked_by_its_jti_its_user_or_its_key() {
    let list = list(&[
        r#"{"jti": "j"}"#,
        r#"{"user": "ada", "before": 100}"#,
        r#"{"kid": "k"}"#,
        r#"{"api_key": "ci"}"#,
    ]);
    let now = at(200.0);
    for (facts, expected) in [
        (token("j", "bob", 150.0, "-"), Some(RevokedBy::Jti)),
        (token("J", "bob", 150.0, "-"), None),
        (token("ci", "j", 150.0, "j"), None),
        (token("-", "bob", 150.0, "k"), Some(RevokedBy::Kid)),
        (token("-", "ada", 99.999, "-"), Some(RevokedBy::User)),
        (token("-", "ada", 100.0, "-"), None),
        (token("-", "ada", 200.0, "-"), None),
        (token("-", "ada", 200.5, "-"), Some(RevokedBy::User)),
        (TokenFacts { user: "ada", ..TokenFacts::default() }, Some(RevokedBy::User)),
        (TokenFacts { user: "bob", ..TokenFacts::default() }, None),
    ] {
        assert_eq!(list.token(&facts, now), expected, "{facts:?}");
    }
    for (id, user, expected) in [
        ("ci", "bob", Some(RevokedBy::ApiKey)),
        ("cd", "ada", Some(RevokedBy::User)),
        ("j", "k", None),
    ] {
        assert_eq!(list.api_key(id, user, now), expected, "{id} of {user}");
    }
}

#[test]
fn what_has_expired_counts_no_more_and_can_be_dropped() {
    let mut list = list(&[
        r#"{"jti": "j", "exp": 10}"#,
        r#"{"user": "ada", "before": 5, "exp": 10}"#,
        r#"{"user": "ada", "before": 3}"#,
        r#"{"kid": "k", "exp": 20}"#,
    ]);
    let revoked = |list: &RevocationList, now| {
        let facts = [token("j", "-", 1.0, "-"), token("-", "ada", 4.0, "-")];
        facts.map(|facts| list.token(&facts, at(now)).is_some())
    };
    assert_eq!(revoked(&list, 10.0), [true, true]);
    assert_eq!(revoked(&list, 10.5), [false, false]);
    assert_eq!(list.token(&token("-", "ada", 2.0, "-"), at(99.0)), Some(RevokedBy::User));
    let version = list.version();
    assert_eq!((list.drop_expired(at(10.0)), list.version()), (false, version));
    assert_eq!((list.drop_expired(at(11.0)), list.len()), (true, 2));
    assert!(list.version() > version);
    assert_eq!(revoked(&list, 9.0), [false, false], "they are gone");
}

#[test]
fn the_version_grows_with_every_change_and_only_then() {
    let mut list = RevocationList::default();
    let mut version = list.version();
    let mut changed = |list: &RevocationList| {
        let grown = list.version() > version;
        version = list.version();
        grown
    };
    for (line, grows) in [
        (r#"{"jti": "a", "exp": 10}"#, true),
        (r#"{"jti": "a", "exp": 10}"#, false),
        (r#"{"jti": "a", "exp": 9}"#, false),
        (r#"{"jti": "a", "exp": 11}"#, true),
        (r#"{"jti": "a"}"#, true),
        (r#"{"jti": "a", "exp": 12}"#, false),
        (r#"{"kid": "a"}"#, true),
        (r#"{"user": "a", "before": 5, "exp": 10}"#, true),
        (r#"{"user": "a", "before": 4, "exp": 10}"#, false),
        (r#"{"user": "a", "before": 4, "exp": 11}"#, true),
        (r#"{"user": "a", "before": 6}"#, true),
        (r#"{"user": "a", "before": 5, "exp": 10}"#, false),
    ] {
        assert_eq!(list.add([parse(line)]), grows, "{line}");
        assert_eq!(changed(&list), grows, "{line}");
    }
    assert_eq!(list.len(), 3);
    let file = || [r#"{"jti": "f"}"#, r#"{"user": "a", "before": 7}"#].map(parse);
    assert_eq!([list.replace_file(file()), changed(&list)], [true; 2]);
    let [one, other] = file();
    assert_eq!([list.replace_file([other, one]), changed(&list)], [false; 2], "in any order");
    assert_eq!([list.replace_file([]), changed(&list)], [true; 2]);
}

#[test]
fn lists_are_united_and_the_file_alone_can_take_back() {
    let mut list = RevocationList::default();
    let mut tree = Revocations::default();
    tree.jtis.insert("tree".to_owned());
    tree.users.insert("ada".to_owned(), at(5.0));
    tree.kids.insert("k".to_owned());
    tree.api_keys.insert("ci".to_owned());
    list.add(tree.iter());
    assert_eq!(list.len(), 4);
    list.replace_file([parse(r#"{"jti": "file"}"#), parse(r#"{"jti": "tree"}"#)]);
    list.add([parse(r#"{"jti": "message"}"#)]);
    let revoked = |list: &RevocationList| {
        ["tree", "file", "message"]
            .map(|jti| list.token(&token(jti, "-", 0.0, "-"), at(1.0)).is_some())
    };
    assert_eq!(revoked(&list), [true, true, true]);
    list.replace_file([]);
    assert_eq!(revoked(&list), [true, false, true]);
    assert_eq!(list.api_key("ci", "-", at(1.0)), Some(RevokedBy::ApiKey));
    assert_eq!(list.len(), 5);
    assert!(RevocationList::default().is_empty() && !list.is_empty());
}

#[test]
fn without_an_instant_all_tokens_so_far_are_meant() {
    for (now, before) in [(10.0, 11.0), (10.25, 11.0), (-0.5, 0.0)] {
        let target = RevocationTarget::user_until_now("ada", at(now));
        let expected = RevocationTarget::User { user: "ada".to_owned(), before: at(before) };
        assert_eq!(target, expected, "{now}");
    }
}

#[test]
fn a_hundred_thousand_tokens_are_looked_up_like_one() {
    let mut list = RevocationList::default();
    let jti = |number: u32| format!("7c9e6679-7425-40de-944b-{number:012}");
    let target = |number| RevocationTarget::Jti(jti(number));
    list.add((0..100_000).map(|number| Revocation { target: target(number), expires: None }));
    assert_eq!((list.len(), list.version()), (100_000, 1));
    for (number, expected) in [(0, true), (99_999, true), (100_000, false)] {
        let facts = jti(number);
        let revoked = list.token(&token(&facts, "-", 0.0, "-"), at(0.0)).is_some();
        assert_eq!(revoked, expected, "{number}");
    }
}

fn any_revocation() -> impl Strategy<Value = Revocation> {
    let instant = prop_oneof![
        (-5..20i32).prop_map(f64::from),
        any::<f64>().prop_filter("finite", |seconds| seconds.is_finite()),
        (0..4_000_000_000_000i64).prop_map(|millis| millis as f64 / 1e3),
    ]
    .prop_map(at);
    let name = "[ab\"\\\\\u{e9}\n]{1,3}";
    let target = prop_oneof![
        name.prop_map(RevocationTarget::Jti),
        name.prop_map(RevocationTarget::Kid),
        name.prop_map(RevocationTarget::ApiKey),
        (name, instant.clone()).prop_map(|(user, before)| RevocationTarget::User { user, before }),
    ];
    (target, proptest::option::of(instant))
        .prop_map(|(target, expires)| Revocation { target, expires })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_that_was_written_is_read_as_the_same(revocation in any_revocation()) {
        let line = write_line(&revocation);
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(parse_line(&line), Ok(revocation), "{}", line);
    }

    #[test]
    fn no_text_stops_the_reader(text in "[{}\":,a-z0-9\\\\ \n\u{e9}]{0,40}") {
        drop(parse_file(&text));
    }

    /// In whatever order and however often they are added, they revoke what each of them does.
    #[test]
    fn a_list_revokes_what_one_of_its_entries_does(
        revocations in vec(any_revocation(), 0..30),
        now in -5..20i32,
        issued in proptest::option::of(-5..20i32),
    ) {
        let mut list = RevocationList::default();
        list.add(revocations.iter().rev().cloned());
        let version = list.version();
        prop_assert!(!list.add(revocations.iter().cloned()));
        prop_assert_eq!(list.version(), version);
        let (now, issued) = (at(now.into()), issued.map(|seconds| at(seconds.into())));
        for name in ["a", "b", "\u{e9}"] {
            let hit = |revocation: &&Revocation| {
                revocation.expires.is_none_or(|expires| now <= expires)
                    && match &revocation.target {
                        RevocationTarget::Jti(jti) => jti == name,
                        RevocationTarget::Kid(kid) => kid == name,
                        RevocationTarget::User { user, before } => {
                            user == name && issued.is_none_or(|iat| iat < *before || iat > now)
                        }
                        RevocationTarget::ApiKey(_) => false,
                    }
            };
            let facts =
                TokenFacts { jti: Some(name), user: name, issued, kid: Some(name) };
            let expected = revocations.iter().any(|revocation| hit(&revocation));
            prop_assert_eq!(list.token(&facts, now).is_some(), expected);
        }
    }
}

#[test]
fn a_clock_that_is_put_back_makes_another_version() {
    let mut list = RevocationList::default();
    let versions = [5.0, 5.0, 9.0, 8.5, 8.5, 9.0].map(|seconds| {
        list.look_at(at(seconds));
        list.version()
    });
    assert_eq!(versions, [0, 0, 0, 1, 1, 1]);
}
