//! Two projects behind one gateway, whose tokens never reach each other's paths.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::conversation::{Asked, Outcome};
use super::recorded::{Change, Edit, Recorded};

fn projects() -> Recorded {
    Recorded::new("plant-two-projects", "config/two-projects.toml")
}

/// The projects that a request's token names, as its issuer wrote them.
fn named_by(asked: &Asked) -> BTreeSet<String> {
    let Some(token) = asked.headers["Authorization"].as_str() else { return BTreeSet::new() };
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match &claims["project"] {
        Value::Array(names) => names.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// The requests that reach a path of a project that their token does not name.
fn astray(talk: &[Asked], outcomes: &[Outcome]) -> Vec<usize> {
    let strays = |(asked, outcome): (&Asked, &Outcome)| match outcome {
        Outcome::Refused { status, .. } => {
            assert!((400..500).contains(status), "{asked:?}");
            false
        }
        Outcome::Sent { message, .. } => {
            let path = message["path"].as_str().unwrap();
            !named_by(asked).contains(path.split('/').nth(1).unwrap())
        }
    };
    let requests = talk.iter().zip(outcomes).map(strays).enumerate();
    requests.filter(|(_, strays)| *strays).map(|(at, _)| at).collect()
}

#[test]
fn no_token_reaches_the_paths_of_another_project() {
    let projects = projects();
    let (asked, outcomes) = (projects.talk.asked(), projects.talk.outcomes());
    assert_eq!(astray(&asked, &outcomes), [0; 0]);
    // Each project is reached, and each is refused to those of the other.
    for (project, other) in [("alpha", "beta"), ("beta", "alpha")] {
        let mine = |asked: &Asked| named_by(asked) == BTreeSet::from([project.to_owned()]);
        let of = |text: &str, is_sent: bool| {
            let pairs = asked.iter().zip(&outcomes).filter(|(asked, _)| mine(asked));
            let pairs = pairs.filter(|(asked, _)| asked.path.starts_with(text));
            pairs.filter(|(_, one)| matches!(one, Outcome::Sent { .. }) == is_sent).count()
        };
        assert!(of(&format!("/{project}/"), true) >= 4 && of(&format!("/{other}/"), false) >= 6);
        assert_eq!(of(&format!("/{other}/"), true), 0);
    }
    let replayed = projects.replay();
    let passed = format!("{} passed, 0 failed\n", asked.len());
    assert_eq!((replayed.status, replayed.stdout), (0, passed));
}

#[test]
fn what_if_names_exactly_what_a_dropped_condition_would_let_through() {
    const CONDITION: &str = "claims = { project = \"{project}\" }\n";
    const BOTH: Edit = (CONDITION, "");
    const ONE: Edit = (
        "service = \"mlflow-service\"\nclaims = { project = \"{project}\" }\n",
        "service = \"mlflow-service\"\n",
    );
    let projects = projects();
    for (name, edit) in [("of one service", ONE), ("of both", BOTH)] {
        let edits = &[edit];
        let changes = projects.changes(edits);
        let report = projects.what_if_is_what_would_be(name, edits, &changes);
        assert!(changes.values().all(|change| *change == Change::NewlyAllowed), "{changes:?}");
        // What is let through is all that strays, and nothing else.
        let outcomes = projects.talk.outcomes_under(&projects.edited(edits));
        let astray = astray(&projects.talk.asked(), &outcomes);
        assert_eq!(changes.keys().copied().collect::<Vec<_>>(), astray, "{name}");
        assert_eq!(report["newly_allowed"], astray.len(), "{name}");
        let status = |on| projects.what_if(edits, &["--fail-on", on]).status;
        assert_eq!((status("allowed"), status("denied"), status("any")), (1, 0, 1), "{name}");
    }
    let run = projects.what_if(&[BOTH], &["--fail-on", "allowed"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    insta::assert_snapshot!("dropped", run.stdout);
}
