//! The semiconductor plant: six roles, six services, limits, revocations and a circuit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::recorded::{Change, Edit, Recorded};

/// A tightened policy: how it differs, and for each reason to refuse what passed the route, the role
/// and the path by which the requests are found in the conversation.
struct Tightened {
    name: &'static str,
    edits: &'static [Edit],
    refused: &'static [Refused],
}

struct Refused {
    route: &'static str,
    role: &'static str,
    user: &'static str,
    path: &'static str,
    reason: &'static str,
}

const REPORTS: Edit = (r#"analyst = ["reports:read"]"#, "analyst = []");
const WRITING: Edit = (r#""process:read", "process:write", "#, r#""process:read", "#);
const TELEMETRY: Edit = (r#"permissions = ["m2m"]"#, r#"permissions = ["m2m", "telemetry:write"]"#);
const STAR: Edit = (r#"admin = ["*"]"#, r#"admin = ["process:*", "reports:read"]"#);

const NO_REPORTS: Refused = Refused {
    route: "GET /api/reports/{id}",
    role: "analyst",
    user: "anna",
    path: "/api/reports/yield-2025",
    reason: "missing reports:read",
};
const NO_WRITING: Refused = Refused {
    route: "POST /api/process/{line}",
    role: "operator",
    user: "omar",
    path: "/api/process/line-1",
    reason: "missing process:write",
};
const NO_TELEMETRY: Refused = Refused {
    route: "POST /api/telemetry",
    role: "service",
    user: "scada-bot",
    path: "/api/telemetry",
    reason: "missing telemetry:write",
};
const NO_STAR: Refused = Refused {
    route: "* /api/diagnostics/{*tool}",
    role: "admin",
    user: "alice",
    path: "/api/diagnostics/cache",
    reason: "missing diagnostics:run",
};
const NO_TRAINING: Refused = Refused {
    route: "POST /api/models/{id}/train",
    role: "engineer",
    user: "nora",
    path: "/api/models/etch-7/train",
    reason: "missing models:train",
};

const TIGHTENED: [Tightened; 7] = [
    Tightened { name: "analysts lose a permission", edits: &[REPORTS], refused: &[NO_REPORTS] },
    Tightened { name: "operators lose a permission", edits: &[WRITING], refused: &[NO_WRITING] },
    Tightened { name: "a route asks for one more", edits: &[TELEMETRY], refused: &[NO_TELEMETRY] },
    Tightened { name: "admins lose the star", edits: &[STAR], refused: &[NO_STAR] },
    Tightened {
        name: "all at once",
        edits: ALL,
        refused: &[NO_STAR, NO_WRITING, NO_REPORTS, NO_TELEMETRY],
    },
    // What is refused never reaches the service, whose circuit then never opens. That makes no
    // difference here: a permission is asked for before a circuit.
    Tightened {
        name: "engineers train no more",
        edits: &[(r#""models:train", "#, "")],
        refused: &[NO_TRAINING],
    },
    // A limit is counted anew, and refuses sooner what led nowhere.
    Tightened {
        name: "a limit",
        edits: &[(r#"user = "10/min""#, r#"user = "5/min""#)],
        refused: &[],
    },
];

const ALL: &[Edit] = &[REPORTS, WRITING, TELEMETRY, STAR];

fn plant() -> Recorded {
    Recorded::new("plant-semiconductor", "config/plant.toml")
}

#[test]
fn the_record_of_a_plant_is_decided_again_as_it_was() {
    let plant = plant();
    let replayed = plant.replay();
    let passed = format!("{} passed, 0 failed\n", plant.talk.asked().len());
    assert_eq!((replayed.status, replayed.stdout, replayed.stderr), (0, passed, String::new()));
    let same = plant.what_if(&[], &["--fail-on", "any"]);
    let unchanged = "note: an API key is taken to be the same as long as its id is\n\
        FOLDER/decisions.jsonl: 1,855 decisions, 1,855 unchanged\n";
    assert_eq!((same.status, same.stdout.as_str(), same.stderr.as_str()), (0, unchanged, ""));
}

#[test]
fn what_if_names_exactly_what_a_tightened_policy_would_refuse() {
    let plant = plant();
    for Tightened { name, edits, refused } in TIGHTENED {
        let changes = plant.changes(edits);
        let report = plant.what_if_is_what_would_be(name, edits, &changes);
        let named: Vec<&Value> = report["changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["category"] == "newly_denied")
            .collect();
        let expected = expected(&plant, changes, refused);
        assert_eq!(named, expected.iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(report["newly_allowed"], 0, "{name}");
        let status = |on| plant.what_if(edits, &["--fail-on", on]).status;
        let denied = i32::from(!refused.is_empty());
        assert_eq!((status("allowed"), status("denied"), status("any")), (0, denied, 1), "{name}");
    }
}

/// The changes by which the newly refused requests are reported, found in the conversation.
fn expected(
    plant: &Recorded,
    mut left: BTreeMap<usize, Change>,
    refused: &[Refused],
) -> Vec<Value> {
    let (asked, lines) = (plant.talk.asked(), &plant.lines);
    left.retain(|_, change| *change == Change::NewlyDenied);
    let mut expected = Vec::new();
    for Refused { route, role, user, path, reason } in refused {
        let here: Vec<usize> = left.keys().copied().filter(|at| asked[*at].path == *path).collect();
        let first = here[0];
        left.retain(|at, _| !here.contains(at));
        let (line, decision) = lines[first];
        let method = &asked[first].method;
        let change = json!({
            "category": "newly_denied",
            "route": route,
            "role": role,
            "reason": reason,
            "warm_up": false,
            "count": here.len(),
            "example": {
                "line": line, "decision": decision, "method": method, "path": path, "user": user,
            },
        });
        expected.push((std::cmp::Reverse(here.len()), line, change));
    }
    assert!(left.is_empty(), "not accounted for: {left:?}");
    expected.sort_by_key(|(count, line, _)| (*count, *line));
    expected.into_iter().map(|(_, _, change)| change).collect()
}

#[test]
fn a_person_reads_what_a_tightened_policy_would_refuse() {
    let run = plant().what_if(ALL, &[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("tightened", run.stdout);
}
