//! The form in which a tree is recorded and hashed.

use std::collections::BTreeMap;

use portcullis::config::{Layers, hash, thumbprints};
use portcullis::gateway::key::{KeySet, KeyText};

use crate::file;

const EXAMPLE: &str = include_str!("example.toml");

#[test]
fn a_recorded_tree_is_the_same_policy_but_for_digests() {
    let written = file("a.toml", EXAMPLE).unwrap();
    let json = written.to_json();
    assert!(!json.to_string().contains("6d6154fa2919e7a3"), "no digest is recorded");
    let recorded = Layers::recorded(&json.to_string()).unwrap();
    assert_eq!(recorded.to_json(), json);
    let mut policy = written.policy.clone();
    let digests: Vec<_> = recorded.policy.api_keys.iter().map(|key| key.sha256).collect();
    for (key, digest) in policy.api_keys.iter_mut().zip(digests) {
        assert_ne!(key.sha256, digest);
        key.sha256 = digest;
    }
    assert_eq!(recorded.policy, policy);
    // Elsewhere a key without a digest is none.
    assert!(file("a.json", &json.to_string()).is_err());
}

#[test]
fn the_hash_tells_configurations_apart_and_not_spellings() {
    let none = BTreeMap::new();
    let of = |name: &str, text: &str| hash(&file(name, text).unwrap().to_json(), &none);
    let toml = of("a.toml", "[jwt]\nleeway = \"60s\"\nissuer = \"a\"\n");
    assert_eq!(toml, of("a.yaml", "jwt: {issuer: [a], leeway: 1m}\n"));
    assert_eq!(
        toml,
        of("a.json", r#"{"jwt": {"leeway": "60000ms", "issuer": ["a"], "keys": []}}"#)
    );
    assert_ne!(toml, of("a.toml", "[jwt]\nleeway = \"61s\"\nissuer = \"a\"\n"));
    insta::assert_snapshot!(of("a.toml", EXAMPLE), @"3457fbe025eda3484431c73d33ad38a47a03f36e92e9176cbdc1356df7e3a854");
}

#[test]
fn the_hash_covers_public_keys_and_no_secret() {
    let read = |text: &str| KeyText::Text(text).read().unwrap().0;
    let public =
        read(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    let (secret, other) =
        (read("a secret of thirty-two bytes, say"), read("another of thirty-two bytes, say"));
    let tree = Layers::new().read().unwrap().to_json();
    let of = |sets: &[(&str, &KeySet)]| hash(&tree, &thumbprints(sets.iter().copied()));
    let expected = BTreeMap::from([(
        "partner".to_owned(),
        vec!["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".to_owned()],
    )]);
    assert_eq!(thumbprints([("", &secret), ("partner", &public)]), expected);
    assert_eq!(of(&[("", &secret)]), of(&[("", &other)]));
    assert_ne!(of(&[("", &public)]), of(&[("", &secret)]));
    assert_ne!(of(&[("", &public)]), of(&[("a", &public)]));
}
