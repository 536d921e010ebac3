//! What is said to turn a decision round does: each way is gone here by other means, with another
//! token, another message, another clock.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use portcullis::config::Layers;
use portcullis::gateway::key::KeyText;
use portcullis::gateway::nearest::{Change, Way};
use portcullis::gateway::{BoundValue, Timestamp};
use portcullis::node::{Answer, Clock, Explanation, Node, Options};
use portcullis::protocol::{Body, Frame, Framer, Incoming, Message};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::cases;
use super::support::{NOW, key_text, signing_key, token};

const PARTNER: &str = "https://partner.example";
const PERMISSIONS: [&str; 4] = ["a:read", "a:write", "b:read", "c"];
const ROLES: [&str; 4] = ["reader", "writer", "chief", "guest"];
const PATHS: [&str; 6] = ["/a", "/a/x", "/a/y/z", "/b/x", "/bb", "/c/d/e/f"];

/// A request and all that it is decided by.
#[derive(Clone, Debug)]
struct Call {
    tree: Value,
    claims: Map<String, Value>,
    body: Map<String, Value>,
    now: Timestamp,
}

fn some(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(of.to_vec(), 0..=most)
}

fn object(value: Value) -> Map<String, Value> {
    value
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

fn any_route(pattern: &'static str, methods: Vec<&'static str>) -> impl Strategy<Value = Value> {
    let access = (some(&PERMISSIONS, 2), some(&PERMISSIONS, 2), some(&ROLES, 2), any::<bool>());
    let step_up = (
        option::weighted(0.3, some(&["mfa", "hardware"], 2)),
        option::weighted(0.2, Just(["otp"])),
        option::weighted(0.3, Just("5m")),
    );
    let bound =
        option::weighted(0.4, select(vec![json!("{p}"), json!("x"), json!(["x", "y"]), json!(7)]));
    (access, step_up, bound, 0..8u8).prop_map(
        move |((permissions, any, roles, open), (acr, amr, max_age), bound, public)| {
            let mut route = json!({"path": pattern, "methods": methods, "service": "s"});
            let has_parameter = pattern.contains("{p}");
            let bound = bound.filter(|bound| has_parameter || *bound != json!("{p}"));
            let further = match public {
                0 => json!({"public": true}),
                _ => json!({
                    "permissions": permissions, "any_permissions": any, "roles": roles,
                    "claims": bound.map(|bound| json!({"project": bound})),
                    "acr": acr, "amr": amr, "max_age": max_age,
                    "issuers": open.then_some([PARTNER]),
                }),
            };
            for (name, value) in object(further) {
                if value != json!([]) {
                    route[name] = value;
                }
            }
            route
        },
    )
}

fn any_tree() -> impl Strategy<Value = Value> {
    let grants = || subsequence(vec!["a:read", "a:write", "b:*", "c", "*"], 0..=3);
    let roles = (grants(), grants(), grants());
    let routes = (
        any_route("/a", vec!["GET"]),
        any_route("/a/{p}", vec!["GET", "PUT"]),
        any_route("/a/{p}", vec!["POST"]),
        any_route("/b/{*rest}", vec!["GET"]),
    );
    let ceiling = (subsequence(vec!["a:read", "b:*"], 0..=2), some(&ROLES, 3));
    (roles, routes, ceiling, select(vec!["0s", "5s"])).prop_map(
        |((reader, writer, chief), (one, two, three, four), (most, exist), leeway)| {
            json!({
                "jwt": {"leeway": leeway},
                "issuers": {PARTNER: {"keys": ["env:PARTNER"], "permissions": most, "roles": exist}},
                "roles": {"reader": reader, "writer": writer, "chief": chief},
                "services": {"s": {}},
                "routes": [one, two, three, four],
            })
        },
    )
}

fn any_call() -> impl Strategy<Value = Call> {
    let times = (
        select(vec![NOW - 300, NOW, NOW + 1, NOW + 300]),
        option::weighted(0.3, select(vec![NOW - 10, NOW + 10, NOW + 400])),
        option::weighted(0.6, select(vec![NOW - 600, NOW - 60, NOW + 60])),
    );
    let claims = (
        some(&ROLES, 2),
        some(&PERMISSIONS, 3),
        option::weighted(
            0.6,
            select(vec![json!("x"), json!("w z"), json!(["y"]), json!(7), json!(true)]),
        ),
        option::weighted(0.5, select(vec!["mfa", "pwd"])),
        option::weighted(0.5, Just(["otp"])),
        option::weighted(0.3, Just(PARTNER)),
    );
    let asked = (
        select(PATHS.to_vec()),
        select(vec!["GET", "PUT", "DELETE"]),
        vec(select(PERMISSIONS.to_vec()), 0..2),
        0..12u8,
    );
    (any_tree(), times, claims, asked).prop_map(|(tree, (exp, nbf, auth_time), claims, asked)| {
        let (roles, permissions, project, acr, amr, iss) = claims;
        let (path, method, required, credential) = asked;
        Call {
            tree,
            claims: object(json!({
                "sub": "ada", "exp": exp, "nbf": nbf, "auth_time": auth_time, "roles": roles,
                "permissions": permissions, "project": project, "acr": acr, "amr": amr, "iss": iss,
            })),
            body: object(json!({
                "type": "api_request", "msg_id": 1, "method": method, "path": path,
                "required_permissions": required,
                "anonymous": (credential == 0).then_some(true),
            })),
            now: Timestamp::from_seconds(NOW as f64).unwrap(),
        }
    })
}

impl Call {
    fn explain(&self) -> Explanation {
        let partner = key_text("secret-next.txt");
        let tree = self.tree.to_string();
        let (keys, _) = KeyText::Text(&key_text("secret.txt")).read().unwrap();
        let mut node = Node::new(Options {
            clock: Clock::Frozen(self.now),
            keys: Some(Arc::new(keys)),
            layers: Arc::new(Layers::new().file(Path::new("tree.json"), tree.as_bytes())),
            environment: Arc::new(BTreeMap::from([("PARTNER".into(), partner.into())])),
            ..Options::default()
        })
        .unwrap_or_else(|error| panic!("{error}: {tree}"));
        let mut framer = Framer::new(1 << 20);
        let message = format!("{}\n", json!({"src": "c", "body": self.message()}));
        framer.fill(&mut message.as_bytes()).unwrap();
        let Frame::Message(_, Incoming::Message(Message { body: Body::ApiRequest(request), .. })) =
            framer.next()
        else {
            panic!("{message}");
        };
        node.explain(&request)
    }

    fn message(&self) -> Value {
        let mut body = self.body.clone();
        if body.remove("anonymous").is_none() {
            let is_partner = self.claims.get("iss") == Some(&json!(PARTNER));
            let key = signing_key(if is_partner { "secret-next.txt" } else { "secret.txt" });
            let claims = Value::Object(self.claims.clone()).to_string();
            let bearer = format!("Bearer {}", token(&key, r#"{"alg":"HS256"}"#, claims));
            body.insert("headers".to_owned(), json!({"Authorization": bearer}));
        }
        Value::Object(body)
    }

    fn add(&mut self, claim: &str, more: &str) {
        let list = self.claims.entry(claim).or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(json!(more));
    }

    /// The same call with something different about it.
    fn change(&mut self, change: &Change) {
        match change {
            Change::At(instant) => self.now = *instant,
            Change::Hold(permissions) => {
                permissions.iter().for_each(|permission| self.add("permissions", permission));
            }
            Change::Role(role) => self.add("roles", role),
            Change::Claim { name, value } => {
                self.claims.insert(name.clone(), bound(value));
            }
            Change::Context(acr) => drop(self.claims.insert("acr".to_owned(), json!(acr))),
            Change::AuthenticationMethod(amr) => self.add("amr", amr),
            Change::Authenticate => {
                self.claims.insert("auth_time".to_owned(), json!(self.now.seconds()));
            }
            Change::Issuer(None) => drop(self.claims.remove("iss")),
            Change::Issuer(Some(iss)) => drop(self.claims.insert("iss".to_owned(), json!(iss))),
            Change::Method(method) => drop(self.body.insert("method".to_owned(), json!(method))),
            Change::Path(path) => drop(self.body.insert("path".to_owned(), json!(path))),
            Change::AskForNothing => drop(self.body.remove("required_permissions")),
            Change::Lose(_) | Change::LoseRole(_) | Change::OnlyHeader(_) | Change::Bearer => {
                panic!("nothing like that is said of these requests: {change:?}");
            }
        }
    }

    /// What it would be. Who authenticates anew does so at the time of the request.
    fn changed<'c>(&self, changes: impl IntoIterator<Item = &'c Change>) -> Self {
        let mut changed = self.clone();
        let mut changes: Vec<&Change> = changes.into_iter().collect();
        changes.sort_by_key(|change| matches!(change, Change::Authenticate));
        changes.into_iter().for_each(|change| changed.change(change));
        changed
    }
}

fn bound(value: &BoundValue) -> Value {
    match value {
        BoundValue::Text(text) => json!(text),
        BoundValue::Number(number) => json!(number),
        BoundValue::Boolean(truth) => json!(truth),
        other => panic!("no route asks for {other:?}"),
    }
}

fn passes(explanation: &Explanation) -> bool {
    matches!(explanation.answer, Answer::Passes { .. })
}

/// The ways in which one of the roles that would grant a permission stands in its place.
fn by_role(way: &Way) -> Vec<Vec<Change>> {
    let mut all = Vec::new();
    for (place, step) in way.steps.iter().enumerate() {
        for role in &step.granted_by {
            let mut changes: Vec<Change> =
                way.steps.iter().map(|step| step.change.clone()).collect();
            changes[place] = Change::Role(role.clone());
            all.push(changes);
        }
    }
    all
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn what_is_said_to_turn_a_decision_round_does(call in any_call()) {
        let explanation = call.explain();
        let ways = &explanation.nearest.ways;
        if passes(&explanation) {
            for way in ways {
                if let [step] = way.steps.as_slice() && matches!(step.change, Change::At(_)) {
                    let later = call.changed([&step.change]).explain();
                    prop_assert!(!passes(&later), "{:?}", step);
                }
            }
            return Ok(());
        }
        prop_assert!(ways.is_empty() == explanation.nearest.hint.is_some(), "{:?}", explanation.nearest);
        for way in ways {
            let changed = call.changed(way.steps.iter().map(|step| &step.change));
            let then = changed.explain();
            prop_assert!(passes(&then), "{way:#?}\n{:?}", then.answer);
            for changes in by_role(way) {
                let then = call.changed(&changes).explain();
                prop_assert!(passes(&then), "{way:#?}\n{changes:?}\n{:?}", then.answer);
            }
        }
    }
}

/// Where nothing is in the way but permissions, a way is always found.
#[test]
fn most_that_is_refused_can_be_turned_round() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut refused, mut turned) = (0, 0);
    for _ in 0..100 {
        let call = any_call().new_tree(&mut runner).unwrap().current();
        let explanation = call.explain();
        refused += usize::from(!passes(&explanation));
        turned += usize::from(!passes(&explanation) && !explanation.nearest.ways.is_empty());
    }
    assert!(refused > 60 && turned * 10 > refused * 6, "{turned} of {refused}");
}
