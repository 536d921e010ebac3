//! A verdict on a remembered token is the verdict on the token, whatever the policy, and whatever
//! became of policy, keys and revocations since; and threads change nothing.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use portcullis::config::Layers;
use portcullis::gateway::ask::Told;
use portcullis::gateway::explain::Case;
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::gateway::policy::Policy;
use portcullis::gateway::revocation::{Revocation, parse_line};
use portcullis::gateway::token::{Workspace, verify};
use portcullis::gateway::trust::IssuerId;
use portcullis::gateway::{Gateway, Header, KeySource, Now, Request, Timestamp};
use portcullis::node::Options;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::cases;
use super::support::{
    self, NOW, key_text, message, options, public_jwk, request_with, signing_key, token,
};

const THEM: &str = "https://them.example";

/// Who signs: some that are remembered at once, and some at the second use; by two names.
const SIGNERS: [(&str, &str); 5] =
    [("p256", "k1"), ("p256-next", "k1"), ("ed25519", "k2"), ("rsa", "k3"), ("secret", "k4")];

/// The keys of those, each as a set of its own.
static KEYS: LazyLock<Vec<Arc<KeySet>>> = LazyLock::new(|| {
    let read = |(name, kid): (&str, &str)| {
        let text = match name {
            "secret" => key_text("secret.txt"),
            _ => {
                let mut jwk = public_jwk(name);
                jwk["kid"] = kid.into();
                jwk.to_string()
            }
        };
        Arc::new(KeyText::Text(&text).read().unwrap().0)
    };
    SIGNERS.into_iter().map(read).collect()
});

/// For each signer its tokens, in every relation to the clock and to the policies below.
static TOKENS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let claims = [
        r#""role":"clerk""#.to_owned(),
        r#""role":"clerk","scope":"write","iat":NOW,"jti":"j1""#.to_owned(),
        r#""roles":["boss","clerk"],"job":"clerk","aud":"api","iat":EARLY,"jti":"j2""#.to_owned(),
        r#""permissions":["orders:*","read"],"nbf":NOW,"acr":"mfa","auth_time":EARLY"#.to_owned(),
        format!(r#""iss":"{THEM}","role":"clerk","scope":"read write orders:x""#),
        format!(r#""iss":"{THEM}","aud":["api","b"],"role":"boss","iat":EARLY,"jti":"j1""#),
        r#""iss":"us","project":"a","who":{"name":"bob"},"jti":5"#.to_owned(),
        r#""iss":"us","project":["b","1"],"who":"bob","aud":"api","acr":["mfa"],"iat":"x""#
            .to_owned(),
    ];
    let made = |(name, kid): (&str, &str)| {
        let file =
            if name == "secret" { "secret.txt".to_owned() } else { format!("{name}.private.pem") };
        let key = signing_key(&file);
        let algorithm = format!("{:?}", key.default_algorithm());
        let one = |(number, more): (usize, &String)| {
            let more =
                more.replace("NOW", &NOW.to_string()).replace("EARLY", &(NOW - 50).to_string());
            // Some name their key, and some another one.
            let header = match number % 3 {
                0 => format!(r#"{{"alg":"{algorithm}"}}"#),
                1 => format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"at+jwt"}}"#),
                _ => format!(r#"{{"alg":"{algorithm}","kid":"k1"}}"#),
            };
            let user = ["ada", "bob"][number % 2];
            token(&key, header, format!(r#"{{"sub":"{user}","exp":{},{more}}}"#, NOW + 100))
        };
        claims.iter().enumerate().map(one).collect()
    };
    SIGNERS.into_iter().map(made).collect()
});

/// A tree, of parts that each are there or not; without limits, so that nothing is counted.
fn tree() -> impl Strategy<Value = Value> {
    let grants =
        || select(vec![json!([]), json!(["read"]), json!(["orders:*", "write"]), json!(["*"])]);
    let jwt = subsequence(
        vec![
            ("issuer", json!("us")),
            ("audience", json!(["api"])),
            ("leeway", json!("5s")),
            ("max_lifetime", json!("150s")),
            ("typ", json!(["at+jwt"])),
            ("required_claims", json!(["sub", "exp", "jti"])),
            ("claim_names", json!({"role": "job"})),
            ("claim_names", json!({"user": ["who", "name"]})),
            ("algorithms", json!(["ES256", "HS256"])),
        ],
        0..4,
    );
    let routes = subsequence(
        vec![
            json!({"path": "/users/{id}", "service": "s"}),
            json!({"path": "/open", "service": "s", "public": true}),
            json!({"path": "/orders/{*rest}", "service": "s", "permissions": ["orders:x"], "issuers": [THEM]}),
            json!({"path": "/any", "service": "s", "any_permissions": ["read", "write"], "roles": ["clerk", "boss"]}),
            json!({"path": "/{project}/runs", "service": "s", "claims": {"project": "{project}"}}),
            json!({"path": "/step", "service": "s", "acr": ["mfa"], "max_age": "60s"}),
        ],
        0..=6,
    );
    let revocation = subsequence(
        vec![
            ("jtis", json!(["j2"])),
            ("kids", json!(["k2"])),
            ("users", json!({"bob": "2026-01-01T00:00:00Z"})),
        ],
        0..2,
    );
    (
        jwt,
        proptest::option::of((grants(), select(vec![json!([]), json!(["clerk"])]))),
        grants(),
        grants(),
        proptest::option::of(routes),
        revocation,
    )
        .prop_map(|(jwt, them, clerk, boss, routes, revocation)| {
            let named = |parts: Vec<(&str, Value)>| {
                parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>()
            };
            let mut tree = json!({
                "jwt": named(jwt),
                "roles": {"clerk": clerk, "boss": boss},
                "services": {"s": {}},
                "revocation": named(revocation),
            });
            let is_open_to_them = them.is_some();
            if let Some((permissions, roles)) = them {
                // The key comes later, and stands nowhere.
                tree["issuers"] = json!({ THEM: {"keys": ["env:NOWHERE"], "permissions": permissions, "roles": roles} });
            }
            if let Some(mut routes) = routes {
                for route in &mut routes {
                    if !is_open_to_them {
                        route.as_object_mut().unwrap().remove("issuers");
                    }
                }
                tree["routes"] = routes.into();
            }
            tree
        })
}

fn policy_of(tree: &Value) -> Policy {
    let layers = Layers::new().file(std::path::Path::new("a.json"), tree.to_string().as_bytes());
    layers.read().unwrap_or_else(|diagnosis| panic!("{diagnosis}: {tree}")).policy
}

fn a_revocation() -> impl Strategy<Value = Revocation> {
    let now = NOW;
    let lines = [
        r#"{"jti":"j1"}"#.to_owned(),
        r#"{"jti":"j2"}"#.to_owned(),
        r#"{"kid":"k1"}"#.to_owned(),
        r#"{"kid":"k3"}"#.to_owned(),
        format!(r#"{{"user":"ada","before":{now}}}"#),
        format!(r#"{{"user":"bob","before":{}}}"#, now - 10),
        format!(r#"{{"jti":"j1","exp":{}}}"#, now + 1),
    ];
    select(lines.to_vec()).prop_map(|line| parse_line(&line).unwrap())
}

/// What happens to a gateway.
#[derive(Clone, Debug)]
enum Event {
    Decide {
        token: &'static str,
        now: f64,
        path: &'static str,
        required: Option<&'static str>,
    },
    /// The token is checked ahead of its turn.
    Ahead(&'static str),
    Keys(IssuerId, Arc<KeySet>),
    /// The keys stay those that they were.
    Enforce(Arc<Policy>),
    /// No key is in force until one comes.
    EnforceWithoutKeys(Arc<Policy>),
    Revoke(Revocation),
}

const PATHS: [&str; 8] =
    ["/users/1", "/open", "/orders/a/b", "/any", "/a/runs", "/b/runs", "/step", "/nowhere/at/all"];

fn events() -> impl Strategy<Value = Vec<Event>> {
    let signers = vec(0..SIGNERS.len(), 1..4);
    (signers, vec(tree(), 1..4)).prop_flat_map(|(signers, trees)| {
        let keys: Vec<_> = signers.iter().map(|signer| Arc::clone(&KEYS[*signer])).collect();
        let tokens: Vec<&'static str> =
            signers.iter().flat_map(|signer| &TOKENS[*signer]).map(String::as_str).collect();
        let policies: Vec<_> = trees.iter().map(|tree| Arc::new(policy_of(tree))).collect();
        let first = [
            Event::Enforce(Arc::clone(&policies[0])),
            Event::Keys(IssuerId::JWT, Arc::clone(&keys[0])),
            Event::Keys(IssuerId::further(0), Arc::clone(keys.last().unwrap())),
        ];
        subsequence(tokens, 1..6)
            .prop_flat_map(move |tokens| vec(event(tokens, keys.clone(), policies.clone()), 1..40))
            .prop_map(move |events| first.iter().cloned().chain(events).collect())
    })
}

fn event(
    tokens: Vec<&'static str>,
    keys: Vec<Arc<KeySet>>,
    policies: Vec<Arc<Policy>>,
) -> impl Strategy<Value = Event> {
    let instants = [NOW - 1, NOW, NOW + 50, NOW + 99, NOW + 100, NOW + 105];
    let decide = (
        select(tokens.clone()),
        select(instants.to_vec()),
        select(PATHS.to_vec()),
        select(vec![None, None, Some("read"), Some("orders:x")]),
    )
        .prop_map(|(token, now, path, required)| Event::Decide {
            token,
            now: now as f64,
            path,
            required,
        });
    let issuer = select(vec![IssuerId::JWT, IssuerId::further(0)]);
    prop_oneof![
        24 => decide,
        3 => select(tokens).prop_map(Event::Ahead),
        3 => (issuer, select(keys)).prop_map(|(issuer, keys)| Event::Keys(issuer, keys)),
        2 => (any::<bool>(), select(policies)).prop_map(|(keep, policy)| match keep {
            true => Event::Enforce(policy),
            false => Event::EnforceWithoutKeys(policy),
        }),
        2 => a_revocation().prop_map(Event::Revoke),
    ]
}

/// All that is decided about one request, and why.
fn decide(
    gateway: &mut Gateway,
    token: &str,
    now: f64,
    path: &str,
    required: Option<&str>,
) -> String {
    let headers: [Header<'_>; 1] =
        [(Cow::Borrowed("Authorization"), Cow::Owned(format!("Bearer {token}")))];
    let required: Vec<_> = required.iter().map(|name| Cow::Borrowed(*name)).collect();
    let request = Request {
        method: "GET",
        target: path,
        headers: &headers,
        required: &required,
        client_ip: None,
    };
    let now = Now::at(Timestamp::from_seconds(now).unwrap());
    let request = Ok(request);
    let portcullis::gateway::Step::Decided(decision, facts) =
        gateway.step(&request, now, &Told::default())
    else {
        panic!("nothing is asked outside");
    };
    let case = Case { request: &request, decision: &decision, facts: &facts, now };
    format!("{decision:?} {:?}", gateway.explain(case))
}

/// A gateway that has heard of nothing but what is in force.
#[derive(Default)]
struct InForce {
    policy: Arc<Policy>,
    keys: [Arc<KeySet>; 2],
    revoked: Vec<Revocation>,
}

impl InForce {
    fn fresh(&self) -> Gateway {
        let mut gateway = Gateway::new();
        gateway.enforce(&self.policy).unwrap();
        for (id, keys) in [IssuerId::JWT, IssuerId::further(0)].into_iter().zip(&self.keys) {
            gateway.replace_keys_of(id, Arc::clone(keys), KeySource::Given);
        }
        gateway.revocations().add(self.revoked.iter().cloned());
        gateway
    }
}

proptest! {
    #![proptest_config(cases(300))]
    #[test]
    fn a_remembered_verdict_is_the_verdict_whatever_has_changed(events in events()) {
        let mut in_force = InForce::default();
        let mut old = Gateway::new();
        for event in &events {
            match event {
                Event::Enforce(policy) => {
                    in_force.policy = Arc::clone(policy);
                    // What a tree revokes stays revoked.
                    in_force.revoked.extend(policy.revoked.iter());
                    old.enforce(policy).unwrap();
                    for (id, keys) in [IssuerId::JWT, IssuerId::further(0)].into_iter().zip(&in_force.keys) {
                        old.replace_keys_of(id, Arc::clone(keys), KeySource::Given);
                    }
                }
                Event::EnforceWithoutKeys(policy) => {
                    in_force.policy = Arc::clone(policy);
                    in_force.keys = Default::default();
                    in_force.revoked.extend(policy.revoked.iter());
                    old.enforce(policy).unwrap();
                }
                Event::Keys(issuer, keys) => {
                    let place = usize::from(*issuer != IssuerId::JWT);
                    in_force.keys[place] = Arc::clone(keys);
                    old.replace_keys_of(*issuer, Arc::clone(keys), KeySource::Given);
                }
                Event::Revoke(revocation) => {
                    in_force.revoked.push(revocation.clone());
                    old.revocations().add([revocation.clone()]);
                }
                Event::Ahead(token) => {
                    let outcome = verify(token, old.trust(), &mut Workspace::default());
                    old.take_ahead([(Box::from(*token), outcome)]);
                }
                Event::Decide { token, now, path, required } => {
                    prop_assert_eq!(
                        decide(&mut old, token, *now, path, *required),
                        decide(&mut in_force.fresh(), token, *now, path, *required)
                    );
                }
            }
        }
    }

    /// Inits with trees and keys, revocations, ticks and requests, all in one piece.
    #[test]
    fn any_number_of_threads_gives_the_same_answers(
        trees in vec(tree(), 1..4),
        order in vec((0..12_usize, 0..SIGNERS.len(), 0..8_usize, 0..PATHS.len()), 20..80),
    ) {
        let mut lines = Vec::new();
        let mut clock = NOW;
        for (id, (what, signer, number, path)) in order.into_iter().enumerate() {
            let (name, kid) = SIGNERS[signer];
            lines.push(match what {
                0 => {
                    let mut tree = trees[number % trees.len()].clone();
                    // An init names no key but its own.
                    tree.as_object_mut().unwrap().remove("issuers");
                    for route in tree.get_mut("routes").and_then(Value::as_array_mut).into_iter().flatten() {
                        route.as_object_mut().unwrap().remove("issuers");
                    }
                    let key = match name {
                        "secret" => key_text("secret.txt").into(),
                        _ => {
                            let mut jwk = public_jwk(name);
                            jwk["kid"] = kid.into();
                            jwk
                        }
                    };
                    message(json!({"type": "init", "msg_id": id, "jwt_public_key": key, "config": tree}))
                }
                1 => message(json!({"type": "revoke", "jti": format!("j{}", number % 3)})),
                2 => {
                    clock += number as u64 * 5;
                    message(json!({"type": "tick", "now": clock}))
                }
                _ => request_with(id, &TOKENS[signer][number], &json!({"path": PATHS[path]})),
            });
        }
        let first = message(json!({"type": "init", "jwt_public_key": public_jwk("p256")}));
        let input = format!("{first}\n{}\n", lines.join("\n"));
        let run = |jobs: usize| {
            let options = Options { jobs: NonZeroUsize::new(jobs).unwrap(), explain: true, ..options() };
            String::from_utf8(support::run(input.as_bytes(), options)).unwrap()
        };
        let alone = run(1);
        prop_assert_eq!(alone.lines().count(), lines.len() + 1);
        prop_assert_eq!(&run(2), &alone);
        prop_assert_eq!(&run(4), &alone);
    }
}
