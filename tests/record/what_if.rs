//! What another configuration would change, as people and machines read it.

use std::fs;
use std::path::Path;

use portcullis::gateway::recorded::{KnownKey, Lack};
use portcullis::record::what_if::{Category, Proposal, Report};
use portcullis::record::{Event, RecordSettings, Redaction};

use super::command::run;
use super::lines::{SECRET, secret, signed, token};
use super::live::{Asked, Live, NOW, Record, configuration, keys, proposal};

const OLD: &str = r#"
[jwt]
keys = ["file:secret.txt"]
[roles]
operator = ["users:read", "users:write"]
analyst = ["reports:read"]
[services.users-service]
[services.reports-service]
[[routes]]
path = "/api/users/{id}"
methods = ["GET"]
service = "users-service"
permissions = ["users:read"]
[[routes]]
path = "/api/users/{id}"
methods = ["DELETE"]
service = "users-service"
permissions = ["users:write"]
[[routes]]
path = "/api/reports/{*rest}"
service = "reports-service"
permissions = ["reports:read"]
[[routes]]
path = "/api/legacy"
service = "users-service"
"#;

const NEW: &str = r#"
[jwt]
keys = ["file:secret.txt"]
[roles]
operator = ["users:read"]
analyst = ["reports:read", "users:read"]
[services.users-service]
[services.reports-service]
[services.archive-service]
[rate_limit]
default = "5/min"
[[routes]]
path = "/api/users/{id}"
methods = ["GET"]
service = "users-service"
permissions = ["users:read"]
[[routes]]
path = "/api/users/{id}"
methods = ["DELETE"]
service = "users-service"
permissions = ["users:write"]
[[routes]]
path = "/api/reports/{*rest}"
service = "archive-service"
permissions = ["reports:read"]
claims = { department = "fab1" }
"#;

fn requests() -> Vec<Asked> {
    let delete = |asked: Asked| Asked { method: "DELETE".to_owned(), ..asked };
    let operator = || token("olga", r#","role":"operator""#);
    let (ada, alan) = (token("ada", r#","role":"analyst""#), token("alan", r#","role":"analyst""#));
    let mut requests = vec![
        Asked::get("/api/users/7").bearer(&operator()),
        delete(Asked::get("/api/users/7")).bearer(&operator()),
        delete(Asked::get("/api/users/8")).bearer(&operator()),
        Asked::get("/api/users/7").bearer(&ada),
        Asked::get("/api/users/9").bearer(&alan),
        delete(Asked::get("/api/users/9")).bearer(&alan),
        Asked::get("/api/reports/2026/q1?x=|").bearer(&ada),
        Asked::get("/api/legacy").bearer(&ada),
        Asked::get("/api/users/7"),
        Asked::get("/api/users/7").bearer("a.b.c"),
    ];
    requests.extend((0..4).map(|_| Asked::get("/api/users/7").bearer(&operator()).at(1.0)));
    requests
}

/// A folder with a record, both configurations, and the key.
fn folder() -> (tempfile::TempDir, Record) {
    let folder = tempfile::tempdir().unwrap();
    let with_audience = |tree: &str| tree.replacen("[roles]", "audience = \"api\"\n[roles]", 1);
    let record = Record::of(
        &mut Live::new(&with_audience(OLD), &[(None, secret())]),
        &requests(),
        RecordSettings::default(),
    );
    fs::copy(&record.path, folder.path().join("decisions.jsonl")).unwrap();
    fs::write(folder.path().join("old.toml"), with_audience(OLD)).unwrap();
    fs::write(folder.path().join("new.toml"), with_audience(NEW)).unwrap();
    fs::write(folder.path().join("secret.txt"), SECRET).unwrap();
    (folder, record)
}

fn what_if(folder: &Path, config: &str, more: &[&str]) -> super::command::Run {
    let path = |name: &str| folder.join(name).display().to_string();
    let (config, record) = (path(config), path("decisions.jsonl"));
    let mut arguments = vec!["what-if", "--config", &config, &record];
    arguments.extend(more);
    let mut run = run(arguments, b"");
    for text in [&mut run.stdout, &mut run.stderr] {
        *text = text.replace(&folder.display().to_string(), "FOLDER");
    }
    run
}

#[test]
fn a_report_names_what_would_change() {
    let (folder, _) = folder();
    for (format, name) in [("text", "text"), ("json", "json"), ("markdown", "markdown")] {
        let run = what_if(folder.path(), "new.toml", &["--format", format]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{format}");
        insta::assert_snapshot!(name, run.stdout);
    }
    let same = what_if(folder.path(), "old.toml", &["--fail-on", "any"]);
    assert_eq!(same.stdout, "FOLDER/decisions.jsonl: 14 decisions, 14 unchanged\n");
    assert_eq!(same.status, 0);
}

#[test]
fn ci_fails_on_what_it_is_told_to_fail_on() {
    let (folder, _) = folder();
    let status = |set: &str, on: &str| {
        what_if(folder.path(), "old.toml", &["--set", set, "--fail-on", on]).status
    };
    for (set, allowed, denied, any) in [
        ("jwt.leeway=0s", 0, 0, 0),
        ("roles.analyst=[\"*\"]", 1, 0, 1),
        ("roles.operator=[]", 0, 1, 1),
        ("rate_limit.default=1/min", 0, 1, 1),
        // Whether the claim is there was not recorded.
        ("jwt.required_claims=[\"sub\", \"exp\", \"department\"]", 1, 1, 1),
    ] {
        let statuses = (status(set, "allowed"), status(set, "denied"), status(set, "any"));
        assert_eq!(statuses, (allowed, denied, any), "{set}");
    }
    let run = what_if(folder.path(), "old.toml", &["--set", "jwt.leway=0s"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("leeway"), "{}", run.stderr);
    let run = what_if(folder.path(), "missing.toml", &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    fs::write(folder.path().join("decisions.jsonl"), "{}\n").unwrap();
    let run = what_if(folder.path(), "old.toml", &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            1,
            "portcullis: FOLDER/decisions.jsonl: line 1: no record of decisions begins like this; \
             give a file that --record has written\n"
        )
    );
}

#[test]
fn replay_knows_a_record_by_its_first_line() {
    let (folder, record) = folder();
    let path = folder.path().join("decisions.jsonl").display().to_string();
    let replay = |more: &[&str]| {
        let mut arguments = vec!["replay", &path];
        arguments.extend(more);
        let run = run(arguments, b"");
        (run.status, run.stdout.replace(&path, "RECORD"), run.stderr.replace(&path, "RECORD"))
    };
    assert_eq!(replay(&[]), (0, "14 passed, 0 failed\n".to_owned(), String::new()));
    let refused = "portcullis: RECORD: recorded decisions cannot be blessed; they are what was\n";
    assert_eq!(replay(&["--bless"]), (2, String::new(), refused.to_owned()));
    let changed = record.text().replacen("\"status\":200", "\"status\":201", 1);
    fs::write(&path, format!("{changed}{{\"n\":")).unwrap();
    let (status, text, _) = replay(&[]);
    assert_eq!(
        (status, text.as_str()),
        (
            1,
            "FAILED RECORD\n  line 2, decision 1, decision.status\n    - 201\n    + 200\n\
             RECORD: line 16 has no end and is left out\n13 passed, 1 failed\n"
        )
    );
    let (_, json, _) = replay(&["--format", "json"]);
    insta::assert_snapshot!("replayed", json);
}

#[test]
fn what_strangers_send_cannot_steer_a_terminal() {
    let mut live = Live::new(OLD, &[(None, secret())]);
    let token = signed(&format!(r#"{{"sub":"a\u202eb","exp":{}}}"#, NOW + 9.0));
    let asked = Asked::get("/api/legacy").bearer(&token).needs("\u{1b}[31mred|\u{202e}");
    let record = Record::of(&mut live, &[asked], RecordSettings::default());
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&record.path, folder.path().join("decisions.jsonl")).unwrap();
    fs::write(folder.path().join("new.toml"), format!("{OLD}public = true\n")).unwrap();
    for format in ["text", "markdown"] {
        let run = what_if(folder.path(), "new.toml", &["--format", format]);
        let odd = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(run.status == 0 && !run.stdout.contains(odd), "{:?}", run.stdout);
    }
}

/// What becomes of one request that is recorded under one configuration and decided under another.
fn one(old: &str, new: &Proposal, asked: &Asked, settings: RecordSettings) -> Report {
    let mut live = Live::new(old, &[(None, secret())]);
    Record::of(&mut live, std::slice::from_ref(asked), settings).what_if(new)
}

#[test]
fn what_the_record_lacks_is_undecidable() {
    let plain = "[jwt]\nkeys = [\"file:k\"]\n";
    let with = |more: &str| format!("{plain}{more}");
    let keyed = "[[api_keys]]\nid = \"ci\"\nuser = \"bot\"\nsha256 = \"6d6154fa2919e7a3f07ed3be3c94125fcaf270f3afc85f9d7b66e0966c797c49\"\n";
    let introspection = "[introspection]\nurl = \"https://a.example/i\"\nclient_id = \"g\"\nclient_secret = \"env:S\"\n";
    let good = signed(&format!(r#"{{"sub":"ada","exp":{},"jti":"j","role":"user"}}"#, NOW + 9.0));
    let (signed_part, signature) = good.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let bad = format!("{signed_part}.{other}{}", &signature[1..]);
    let for_us = signed(&format!(r#"{{"sub":"ada","exp":{},"aud":"api"}}"#, NOW + 9.0));
    let old = signed(&format!(r#"{{"sub":"ada","exp":{}}}"#, NOW - 9.0));
    let ask = || Asked::get("/x/1");
    let services = "[services.s]\n[[routes]]\npath = \"/x/{id}\"\nservice = \"s\"\n";
    let other_key = plain.replace("file:k", "file:l");
    let undecidable = |lack: Lack| Ok::<_, Category>(lack.to_string());
    let decided = |category: Option<Category>| Err::<String, _>(category.unwrap());
    for (name, old_tree, new_tree, asked, expected) in [
        ("form", plain.to_owned(), other_key.clone(), ask().bearer("a.b"), None),
        ("encoding", plain.to_owned(), other_key.clone(), ask().bearer("*.b.c"), None),
        (
            "signature, same keys",
            plain.to_owned(),
            with("leeway = \"9s\"\n"),
            ask().bearer(&bad),
            None,
        ),
        (
            "signature, other keys",
            plain.to_owned(),
            other_key.clone(),
            ask().bearer(&bad),
            Some(undecidable(Lack::Keys)),
        ),
        (
            "good, other keys",
            plain.to_owned(),
            other_key,
            ask().bearer(&good),
            Some(undecidable(Lack::Key)),
        ),
        (
            "form, opaque now",
            plain.to_owned(),
            with(introspection),
            ask().bearer("opaque"),
            Some(undecidable(Lack::Introspection)),
        ),
        (
            "opaque, elsewhere",
            with(introspection),
            with(&introspection.replace("a.ex", "b.ex")),
            ask().bearer("opaque"),
            Some(undecidable(Lack::Introspection)),
        ),
        (
            "opaque, not now",
            with(introspection),
            plain.to_owned(),
            ask().bearer("opaque"),
            Some(decided(Some(Category::DeniedOtherwise))),
        ),
        (
            "header, API keys now",
            plain.to_owned(),
            with(keyed),
            ask().header("X-API-Key", "k"),
            Some(undecidable(Lack::Credential)),
        ),
        (
            "scheme, API keys now",
            plain.to_owned(),
            with(keyed),
            ask().header("Authorization", "ApiKey k"),
            Some(undecidable(Lack::Scheme)),
        ),
        (
            "unknown key, others now",
            with(keyed),
            with(&keyed.replace("\"ci\"", "\"cd\"")),
            ask().header("X-API-Key", "k"),
            Some(undecidable(Lack::ApiKey)),
        ),
        (
            "unknown key, fewer now",
            with(&format!("{keyed}{}", keyed.replace("\"ci\"", "\"cd\"").replace("6d61", "7d61"))),
            with(keyed),
            ask().header("X-API-Key", "k"),
            None,
        ),
        (
            "audience, another now",
            plain.to_owned(),
            with("audience = \"api\"\n"),
            ask().bearer(&for_us),
            Some(undecidable(Lack::Claims)),
        ),
        (
            "audience, good one now",
            plain.to_owned(),
            with("audience = \"api\"\n"),
            ask().bearer(&good),
            Some(decided(Some(Category::NewlyDenied))),
        ),
        (
            "expired, longer now",
            plain.to_owned(),
            with("leeway = \"30s\"\n"),
            ask().bearer(&old),
            Some(decided(Some(Category::NewlyAllowed))),
        ),
        (
            "required, not kept",
            plain.to_owned(),
            with("required_claims = [\"sub\", \"exp\", \"org\"]\n"),
            ask().bearer(&good),
            Some(undecidable(Lack::Claim("org".into()))),
        ),
        (
            "required, expired",
            plain.to_owned(),
            with("required_claims = [\"sub\", \"exp\", \"org\"]\n"),
            ask().bearer(&old),
            None,
        ),
        (
            "required, kept",
            with("[record]\nclaims = [\"org\"]\n"),
            with("required_claims = [\"sub\", \"exp\", \"org\"]\n"),
            ask().bearer(&good),
            Some(decided(Some(Category::NewlyDenied))),
        ),
        (
            "condition, not kept",
            with(services),
            with(&format!("{services}claims = {{ org = \"a\" }}\n")),
            ask().bearer(&good),
            Some(undecidable(Lack::Claim("org".into()))),
        ),
        (
            "condition, not held anyway",
            with(services),
            with(&format!("{services}permissions = [\"p\"]\nclaims = {{ org = \"a\" }}\n")),
            ask().bearer(&good),
            Some(decided(Some(Category::NewlyDenied))),
        ),
        (
            "revoked by the tree",
            with("[revocation]\njtis = [\"j\"]\n"),
            plain.to_owned(),
            ask().bearer(&good),
            Some(undecidable(Lack::Revocation)),
        ),
        (
            "revoked now",
            plain.to_owned(),
            with("[revocation]\njtis = [\"j\"]\n"),
            ask().bearer(&good),
            Some(decided(Some(Category::NewlyDenied))),
        ),
    ] {
        let report = one(&old_tree, &proposal(&new_tree), &asked, RecordSettings::default());
        let found = report.changes.first().map(|change| match change.category {
            Category::Undecidable => {
                let reason = change.reason.strip_prefix("depends on ").unwrap();
                Ok(reason.rsplit_once("; was ").unwrap().0.to_owned())
            }
            other => Err(other),
        });
        assert_eq!(found, expected, "{name}\n{report:#?}");
    }
}

#[test]
fn a_redacted_user_is_not_compared() {
    let tree = |claims: &str| {
        format!(
            "[jwt]\nkeys = [\"file:k\"]\n[services.s]\n[[routes]]\npath = \"/x/{{id}}\"\nservice = \"s\"\n{claims}"
        )
    };
    let settings = RecordSettings {
        redact: Redaction { user: true, client: false },
        ..RecordSettings::default()
    };
    let good = signed(&format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + 9.0));
    let asked = Asked::get("/x/ada").bearer(&good);
    for (claims, undecidable) in [
        ("claims = { sub = \"ada\" }\n", 1),
        ("claims = { sub = [\"bob\", \"{id}\"] }\n", 0),
        ("claims = { sub = 5 }\n", 0),
        ("permissions = [\"p\"]\n", 0),
    ] {
        let report = one(&tree(""), &proposal(&tree(claims)), &asked, settings);
        assert_eq!(report.counts.undecidable, undecidable, "{claims}");
    }
    let revoking = tree("[revocation]\nusers = { ada = 2027-01-01T00:00:00Z }\n");
    assert_eq!(one(&tree(""), &proposal(&revoking), &asked, settings).counts.undecidable, 1);
    // What was compared then is what it was.
    let record = Record::of(
        &mut Live::new(&tree("claims = { sub = \"{id}\" }\n"), &[(None, secret())]),
        &[asked],
        settings,
    );
    let replayed = record.replay();
    assert_eq!((replayed.failed, replayed.passed + replayed.undecidable), (0, 1));
}

#[test]
fn keys_are_told_apart_by_their_thumbprints() {
    let key = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/keys");
        fs::read_to_string(folder.join(name)).unwrap()
    };
    let signing = portcullis::mint::SigningKey::read(&key("ed25519.private.pem")).unwrap();
    let claims = format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + 9.0);
    let token = portcullis::mint::sign_bytes(
        &signing,
        signing.default_algorithm(),
        br#"{"alg":"EdDSA"}"#,
        claims.as_bytes(),
    );
    let token = token.unwrap();
    let (good, bad) =
        (Asked::get("/x").bearer(&token), Asked::get("/x").bearer(&format!("{token}AAAA")));
    let known = |name: Option<&str>, file: &str| {
        let keys = keys(&key(file));
        let key = &keys.keys()[0];
        KnownKey {
            name: name.map(str::to_owned),
            thumbprint: key.thumbprint(),
            algorithms: key.algorithms().to_vec(),
        }
    };
    let ours = "ed25519.public.pem";
    let next = "ed25519-next.public.pem";
    for (name, now, expected) in [
        ("the same file elsewhere", vec![known(None, ours)], (2, 0, 0)),
        ("another key", vec![known(None, next)], (0, 1, 1)),
        ("another one beside it", vec![known(None, ours), known(None, next)], (1, 0, 1)),
        ("named now", vec![known(Some("k"), ours)], (0, 0, 2)),
    ] {
        let tree = "[jwt]\nkeys = [\"file:old.pem\"]\n";
        let new = configuration("[jwt]\nkeys = [\"file:new.pem\"]\n");
        let proposal =
            Proposal { tree: new.to_json(), policy: new.policy, keys: [(None, now)].into() };
        let mut live = Live::new(tree, &[(None, keys(&key(ours)))]);
        let record = Record::of(&mut live, &[good.clone(), bad.clone()], RecordSettings::default());
        let report = record.what_if(&proposal);
        let counts = (report.unchanged, report.counts.newly_denied, report.counts.undecidable);
        assert_eq!(counts, expected, "{name}\n{report:#?}");
    }
}

#[test]
fn limits_are_counted_anew_and_circuits_stay() {
    let tree =
        |limit: &str| format!("[jwt]\nkeys = [\"file:k\"]\n[rate_limit]\ndefault = \"{limit}\"\n");
    let good = signed(&format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + 900.0));
    let asked = |at: f64| Asked::get("/users/1").bearer(&good).at(at);
    let record = Record::new();
    let mut recorder = record.open(RecordSettings::default());
    let mut live = Live::new(&tree("2/min"), &[(None, secret())]);
    live.start(&mut recorder, Event::Begin);
    for at in [0.0, 1.0, 2.0, 70.0, 71.0, 72.0] {
        live.decide(&asked(at), Some(&mut recorder));
    }
    // Another process begins with empty windows.
    let mut live = Live::new(&tree("2/min"), &[(None, secret())]);
    live.start(&mut recorder, Event::Begin);
    for at in [73.0, 74.0, 75.0] {
        live.decide(&asked(at), Some(&mut recorder));
    }
    recorder.flush().unwrap();
    let what_if = |limit: &str| {
        let report = record.what_if(&proposal(&tree(limit)));
        let warm = |change: &&portcullis::record::what_if::Change| change.warm_up;
        let warm: u64 = report.changes.iter().filter(warm).map(|change| change.count).sum();
        (report.counts.newly_allowed, report.counts.newly_denied, warm)
    };
    assert_eq!(what_if("2/min"), (0, 0, 0));
    assert_eq!(what_if("3/min"), (3, 0, 2));
    assert_eq!(what_if("1/min"), (0, 3, 2));
    assert_eq!(what_if("1/s"), (3, 0, 2));
}

#[test]
fn what_passes_now_takes_room_from_what_passed_then() {
    let tree = |more: &str| {
        format!("[jwt]\nkeys = [\"file:k\"]\n{more}[rate_limit]\ndefault = \"2/min\"\n")
    };
    let until = |end: f64| signed(&format!(r#"{{"sub":"ada","exp":{}}}"#, NOW + end));
    let asked = |end: f64, at: f64| Asked::get("/users/1").bearer(&until(end)).at(at);
    let requests = [asked(-9.0, 0.0), asked(900.0, 1.0), asked(900.0, 2.0)];
    let mut live = Live::new(&tree(""), &[(None, secret())]);
    let record = Record::of(&mut live, &requests, RecordSettings::default());
    let report = record.what_if(&proposal(&tree("leeway = \"30s\"\n")));
    assert_eq!((report.counts.newly_allowed, report.counts.newly_denied), (1, 1), "{report:#?}");
    assert_eq!(record.what_if(&proposal(&tree(""))).unchanged, 3);
}
