//! What holds where nothing is written.

use portcullis::config::Layers;
use portcullis::gateway::policy::Policy;
use serde_json::json;

use crate::file;

#[test]
fn without_any_configuration_the_policy_is_the_default() {
    let configuration = Layers::new().read().unwrap();
    assert_eq!(configuration.policy, Policy::default());
    assert!(configuration.settings.services.is_empty());
}

#[test]
fn every_default_is_what_the_contract_says() {
    let tree = Layers::new().read().unwrap().to_json();
    let expected = json!({
        "jwt": {
            "keys": [],
            "issuer": [],
            "audience": [],
            "typ": ["JWT", "at+jwt"],
            "leeway": "0s",
            "required_claims": ["sub", "exp"],
            "allow_weak_secrets": true,
            "claim_names": {},
            "jwks": {
                "refresh": "10m",
                "timeout": "5s",
                "unknown_kid_wait": "1s",
                "unknown_kid_cooldown": "30s",
                "max_stale": "1h",
            },
        },
        "issuers": {},
        "roles": {},
        "services": {},
        "rate_limit": {
            "roles": {},
            "store": "memory",
            "on_store_failure": "local",
            "max_callers": 100_000,
        },
        "api_keys": [],
        "revocation": {"jtis": [], "users": {}, "kids": [], "api_keys": []},
        "identity_headers": {
            "user": "X-User-ID",
            "role": "X-User-Role",
            "permissions": "X-User-Permissions",
            "claims": {},
        },
        "record": {"on_failure": "deny", "claims": [], "redact": []},
    });
    assert_eq!(tree, expected);
}

#[test]
fn what_a_table_leaves_out_is_filled_in() {
    let text = "\
[services.users]
health_check = { path = \"/health\" }
[introspection]
url = \"https://auth.example.com/introspect\"
client_id = \"gateway\"
client_secret = \"env:SECRET\"
[[routes]]
path = \"/users\"
service = \"users\"
";
    let tree = file("a.toml", text).unwrap().to_json();
    assert_eq!(
        tree["services"]["users"],
        json!({
            "targets": [],
            "load_balancing": "least_requests",
            "timeout": "10s",
            "health_check": {"path": "/health", "interval": "10s", "timeout": "2s"},
            "circuit_breaker": {"failures": 5, "open_for": "30s", "probes": 1},
        })
    );
    assert_eq!(
        tree["introspection"],
        json!({
            "url": "https://auth.example.com/introspect",
            "client_id": "gateway",
            "client_secret": "env:SECRET",
            "cache": "30s",
            "timeout": "2s",
            "max_per_second": 50,
        })
    );
    assert_eq!(tree["routes"], json!([{"path": "/users", "service": "users"}]));
}

#[test]
fn no_routes_at_all_count_as_configured() {
    let policy = |text| file("a.json", text).unwrap().policy;
    assert_eq!(policy("{}").routes, None);
    assert_eq!(policy(r#"{"routes": []}"#).routes, Some(Vec::new()));
}

#[test]
fn what_an_issuer_does_not_set_it_takes_from_jwt() {
    let text = r#"
jwt:
  audience: us
  leeway: 7s
  algorithms: [ES256]
  required_claims: [sub, exp, iat]
  allow_weak_secrets: false
  claim_names: {user: uid, role: [a, b]}
  jwks: {refresh: 1m, timeout: 2s}
issuers:
  bare: {keys: [env:A], permissions: ["a:*"], roles: [r]}
  own:
    keys: ["https://own.example/jwks"]
    permissions: []
    roles: []
    audience: [them]
    leeway: 0s
    algorithms: [RS256]
    typ: [Application/JOSE]
    max_lifetime: 1h
    required_claims: [exp, sub]
    allow_weak_secrets: true
    claim_names: {role: rank}
    jwks: {timeout: 3s}
"#;
    let configuration = file("a.yaml", text).unwrap();
    let policy = &configuration.policy;
    assert_eq!(policy.issuers["bare"].policy, {
        let mut jwt = policy.jwt.clone();
        jwt.names = Vec::new();
        jwt
    });
    insta::assert_debug_snapshot!("own-issuer", policy.issuers["own"]);
    let settings = &configuration.settings;
    assert_eq!(settings.issuers["bare"].jwks, settings.jwt.jwks);
    assert!(!settings.issuers["bare"].allow_weak_secrets);
    insta::assert_debug_snapshot!("own-issuer-keys", settings.issuers["own"]);
}
