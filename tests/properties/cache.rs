//! A verdict on a remembered token is the verdict on the token.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use portcullis::gateway::ask::Told;
use portcullis::gateway::explain::Case;
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::gateway::token::{Workspace, verify};
use portcullis::gateway::trust::Trust;
use portcullis::gateway::{Gateway, Header, Now, Request, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::cases;
use super::support::{NOW, key_text, signing_key, token};

const NAMES: [&str; 4] = ["rsa", "p256", "p384", "ed25519"];
/// The life of every token that has one (seconds since 1970).
const NOT_BEFORE: u64 = NOW - 100;
const EXPIRY: u64 = NOW + 100;

static KEYS: LazyLock<Vec<Arc<KeySet>>> = LazyLock::new(|| {
    let public = NAMES.map(|name| key_text(&format!("{name}.public.pem")));
    let texts = [key_text("secret.txt"), key_text("secret-next.txt")].into_iter().chain(public);
    texts.map(|text| Arc::new(KeyText::Text(&text).read().unwrap().0)).collect()
});

/// For each key its tokens, in every relation to the clock, good and bad.
static TOKENS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let private = NAMES.map(|name| format!("{name}.private.pem"));
    let files = ["secret.txt".to_owned(), "secret-next.txt".to_owned()].into_iter().chain(private);
    files
        .map(|file| {
            let key = signing_key(&file);
            let alg = format!(r#"{{"alg":"{:?}"}}"#, key.default_algorithm());
            let made = [
                format!(r#"{{"sub":"ada","exp":{EXPIRY}}}"#),
                format!(r#"{{"sub":"ada","exp":{EXPIRY},"nbf":{NOT_BEFORE},"scope":"read"}}"#),
                format!(r#"{{"sub":"bob","exp":{EXPIRY},"aud":"others"}}"#),
                format!(r#"{{"exp":{EXPIRY},"nbf":"soon"}}"#),
                r#"{"sub":"ada"}"#.to_owned(),
            ]
            .map(|claims| token(&key, &alg, claims));
            let mut forged = made[0].clone();
            forged.replace_range(forged.len() - 8.., "AAAAAAAA");
            made.into_iter().chain([forged]).collect()
        })
        .collect()
});

/// What happens to a gateway.
#[derive(Clone, Debug)]
enum Step {
    Decide {
        token: &'static str,
        now: f64,
        path: &'static str,
        required: Option<&'static str>,
    },
    /// The token is checked ahead of its turn.
    Ahead(&'static str),
    Keys(Arc<KeySet>),
}

impl Step {
    /// A few keys and tokens of theirs, over and over.
    fn several() -> impl Strategy<Value = Vec<Self>> {
        vec(0..KEYS.len(), 1..3).prop_flat_map(|kinds| {
            let keys: Vec<_> = kinds.iter().map(|kind| Arc::clone(&KEYS[*kind])).collect();
            let tokens: Vec<&str> =
                kinds.iter().flat_map(|kind| &TOKENS[*kind]).map(String::as_str).collect();
            let first = Self::Keys(Arc::clone(&keys[0]));
            proptest::sample::subsequence(tokens, 1..4)
                .prop_flat_map(move |tokens| vec(Self::any(tokens, keys.clone()), 1..40))
                .prop_map(move |mut steps| {
                    steps.insert(0, first.clone());
                    steps
                })
        })
    }

    fn any(tokens: Vec<&'static str>, keys: Vec<Arc<KeySet>>) -> impl Strategy<Value = Self> {
        let instants = [NOT_BEFORE - 1, NOT_BEFORE, NOW, EXPIRY - 1, EXPIRY, EXPIRY + 1];
        let decide = (
            select(tokens.clone()),
            select(instants.to_vec()),
            select(vec![0.0, 0.5]),
            select(&["/users/1", "/api", "/a/../b"][..]),
            select(&[None, Some("read"), Some("write")][..]),
        )
            .prop_map(|(token, seconds, fraction, path, required)| {
                let now = seconds as f64 + fraction;
                Self::Decide { token, now, path, required }
            });
        prop_oneof![
            16 => decide,
            2 => select(tokens).prop_map(Self::Ahead),
            1 => select(keys).prop_map(Self::Keys),
        ]
    }
}

/// All that is decided about one request, and why.
fn decide(gateway: &mut Gateway, step: &Step) -> String {
    let Step::Decide { token, now, path, required } = step else { return String::new() };
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
    let now = Now::at(Timestamp::from_seconds(*now).unwrap());
    let request = Ok(request);
    let portcullis::gateway::Step::Decided(decision, facts) =
        gateway.step(&request, now, &Told::default())
    else {
        panic!("nothing is asked outside");
    };
    let case = Case { request: &request, decision: &decision, facts: &facts, now };
    format!("{decision:?} {:?}", gateway.explain(case))
}

proptest! {
    #![proptest_config(cases(400))]
    #[test]
    fn a_cached_verdict_equals_an_uncached_one(steps in Step::several()) {
        let mut keys = Arc::default();
        let mut old = Gateway::new();
        for step in &steps {
            match step {
                Step::Keys(other) => {
                    keys = Arc::clone(other);
                    old.replace_keys(Arc::clone(&keys));
                }
                Step::Ahead(token) => {
                    let outcome = verify(token, &Trust::of_keys(Arc::clone(&keys)), &mut Workspace::default());
                    old.take_ahead([(Box::from(&**token), outcome)]);
                }
                Step::Decide { .. } => {
                    let mut fresh = Gateway::new();
                    fresh.replace_keys(Arc::clone(&keys));
                    prop_assert_eq!(decide(&mut old, step), decide(&mut fresh, step));
                }
            }
        }
    }
}
