//! From any record everything can be decided again, and nothing is said of another configuration that
//! a live gateway would not do.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use portcullis::gateway::ask::Introspection;
use portcullis::gateway::key::KeySet;
use portcullis::mint::{SigningKey, sign_bytes};
use portcullis::record::what_if::Category;
use portcullis::record::{RecordSettings, Redaction};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::live::{Asked, Live, NOW, Record, keys, proposal};

fn key_text(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/keys");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

struct Keys {
    jwt: SigningKey,
    partner: SigningKey,
    in_force: Vec<(Option<&'static str>, Arc<KeySet>)>,
}

const PARTNER: &str = "https://partner.example";

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    jwt: SigningKey::read(&key_text("ed25519.private.pem")).unwrap(),
    partner: SigningKey::read(&key_text("p256.private.pem")).unwrap(),
    in_force: vec![
        (None, keys(&key_text("ed25519.public.pem"))),
        (Some(PARTNER), keys(&key_text("p256.public.pem"))),
    ],
});

/// A table or a line that may be there or not.
fn maybe(text: &'static str) -> impl Strategy<Value = String> {
    prop::bool::ANY.prop_map(move |is| if is { format!("{text}\n") } else { String::new() })
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(texts).prop_map(|text| if text.is_empty() { String::new() } else { format!("{text}\n") })
}

fn jwt() -> impl Strategy<Value = String> {
    (
        one_of(&["", "", "issuer = \"https://auth.example\""]),
        one_of(&["", "", "audience = \"api\"", "audience = [\"api\", \"other\"]"]),
        one_of(&["", "", "algorithms = [\"EdDSA\"]", "algorithms = [\"ES256\"]"]),
        one_of(&["", "", "typ = [\"JWT\"]", "typ = [\"at+jwt\"]"]),
        one_of(&["", "", "leeway = \"30s\""]),
        one_of(&["", "", "max_lifetime = \"1h\""]),
        one_of(&["", "", "required_claims = [\"sub\", \"exp\", \"project\"]"]),
        one_of(&[
            "",
            "",
            "claim_names = { user = \"email\" }",
            "claim_names = { role = [\"realm\", \"role\"] }",
        ]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            format!("[jwt]\nkeys = [\"file:key.pem\"]\n{a}{b}{c}{d}{e}{f}{g}{h}")
        })
}

fn route(path: &'static str) -> impl Strategy<Value = String> {
    let conditions = (
        one_of(&["", "", "methods = [\"GET\"]", "methods = [\"GET\", \"DELETE\"]"]),
        one_of(&["", "permissions = [\"read\"]", "permissions = [\"read\", \"write\"]"]),
        one_of(&["", "", "roles = [\"admin\", \"user\"]", "roles = [\"admin\"]"]),
        one_of(&[
            "",
            "",
            "claims = { project = \"{id}\" }",
            "claims = { department = [\"fab1\", \"fab2\"] }",
            "claims = { email_verified = true }",
            "claims = { sub = \"{id}\" }",
        ]),
        one_of(&["", "", "", "acr = [\"mfa\"]", "max_age = \"5m\""]),
        one_of(&["", "", "issuers = [\"https://partner.example\"]"]),
        one_of(&["", "", "rate_limit = \"2/min\"", "rate_limit = \"1/s\""]),
        one_of(&["service = \"one\"", "service = \"two\""]),
        prop::bool::weighted(0.15),
    );
    conditions.prop_map(move |(a, b, c, d, e, f, g, service, public)| match public {
        _ if d.contains("{id}") && !path.contains("{id}") => {
            format!("[[routes]]\npath = \"{path}\"\n{service}{a}{b}{c}")
        }
        true => format!("[[routes]]\npath = \"{path}\"\n{service}{a}{g}public = true\n"),
        false => format!("[[routes]]\npath = \"{path}\"\n{service}{a}{b}{c}{d}{e}{f}{g}"),
    })
}

fn routes() -> impl Strategy<Value = String> {
    let all = (
        route("/api/{id}"),
        route("/api/{id}/deep/{*rest}"),
        route("/api/open"),
        prop::bool::weighted(0.2),
        subsequence(vec![0, 1, 2], 1..=3),
    );
    all.prop_map(|(a, b, c, none, some)| {
        if none {
            return String::new();
        }
        let routes = [a, b, c];
        some.into_iter().map(|place| routes[place].clone()).collect()
    })
}

/// The parts of any configuration.
#[derive(Clone, Debug)]
struct Parts {
    jwt: String,
    issuers: String,
    roles: String,
    routes: String,
    limits: String,
    revocation: String,
    introspection: String,
    record: String,
    api_keys: &'static [&'static str],
}

fn parts() -> impl Strategy<Value = Parts> {
    let limits = (
        one_of(&["", "", "default = \"3/min\"", "default = \"5/s\""]),
        one_of(&["", "", "per_address = \"3/min\""]),
        one_of(&["", "", "roles = { admin = \"10/min\", user = \"2/min\" }"]),
        one_of(&[
            "",
            "",
            "",
            "store = \"redis://127.0.0.1:1/0\"\non_store_failure = \"deny\"",
            "store = \"redis://127.0.0.1:1/0\"\non_store_failure = \"allow\"",
        ]),
    );
    let access = (
        one_of(&[
            "[roles]\nadmin = [\"*\"]\nuser = [\"read\"]",
            "[roles]\nadmin = [\"read\", \"write\"]\nuser = [\"read\"]",
            "[roles]\nadmin = [\"write\"]\nuser = []",
        ]),
        routes(),
        limits.prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}")),
    );
    let credentials = (
        maybe(concat!(
            "[issuers.\"https://partner.example\"]\nkeys = [\"file:partner.pem\"]\n",
            "audience = \"api\"\npermissions = [\"read\"]\nroles = [\"user\"]"
        )),
        select(vec![&[][..], &["ci"], &["ci", "cd"], &["cd"]]),
        one_of(&[
            "",
            "",
            "[revocation]\njtis = [\"jti-1\"]",
            "[revocation]\nusers = { ada = 2026-01-01T00:00:00Z }",
            "[revocation]\napi_keys = [\"ci\"]",
        ]),
        maybe(concat!(
            "[introspection]\nurl = \"https://auth.example/introspect\"\n",
            "client_id = \"g\"\nclient_secret = \"env:S\""
        )),
        one_of(&["", "[record]\nclaims = [\"department\", \"project\"]"]),
    );
    (jwt(), access, credentials).prop_map(|(jwt, access, credentials)| {
        let (roles, routes, limits) = access;
        let (issuers, api_keys, revocation, introspection, record) = credentials;
        Parts { jwt, issuers, roles, routes, limits, revocation, introspection, record, api_keys }
    })
}

impl Parts {
    /// The same with some parts of another one.
    fn with(mut self, other: Self, taken: [bool; 9]) -> Self {
        let pairs = [
            (&mut self.jwt, other.jwt),
            (&mut self.issuers, other.issuers),
            (&mut self.roles, other.roles),
            (&mut self.routes, other.routes),
            (&mut self.limits, other.limits),
            (&mut self.revocation, other.revocation),
            (&mut self.introspection, other.introspection),
            (&mut self.record, other.record),
        ];
        for ((mine, theirs), taken) in pairs.into_iter().zip(taken) {
            if taken {
                *mine = theirs;
            }
        }
        if taken[8] {
            self.api_keys = other.api_keys;
        }
        self
    }

    fn without_limits(mut self) -> Self {
        self.limits.clear();
        let is_limit = |line: &&str| line.starts_with("rate_limit");
        self.routes = self
            .routes
            .lines()
            .filter(|line| !is_limit(line))
            .map(|line| format!("{line}\n"))
            .collect();
        self
    }

    /// As TOML. Only what there is can be referred to.
    fn tree(&self) -> String {
        let Self { jwt, issuers, roles, limits, revocation, introspection, record, .. } = self;
        let routes = match issuers.is_empty() {
            true => self.routes.replace("issuers = [\"https://partner.example\"]\n", ""),
            false => self.routes.clone(),
        };
        let revocation = match self.api_keys.contains(&"ci") {
            true => revocation.clone(),
            false => revocation.replace("[\"ci\"]", "[]"),
        };
        let mut tree = format!("{jwt}{issuers}{roles}[services.one]\n[services.two]\n");
        let _ = write!(tree, "[rate_limit]\n{limits}{revocation}{introspection}{record}");
        for id in self.api_keys {
            let digest = ring::digest::digest(&ring::digest::SHA256, key_of(id).as_bytes());
            let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = write!(tree, "[[api_keys]]\nid = \"{id}\"\nsha256 = \"{hex}\"\n");
            tree.push_str("user = \"bot\"\nrole = \"user\"\npermissions = [\"deploy\"]\n");
            tree.push_str("expires = 2026-01-01T00:01:00Z\n");
        }
        tree + &routes
    }
}

/// Any configuration, as TOML.
fn tree() -> impl Strategy<Value = String> {
    parts().prop_map(|parts| parts.tree())
}

/// Two configurations that have much in common.
fn two_trees() -> impl Strategy<Value = (String, String)> {
    let taken = prop::array::uniform9(prop::bool::weighted(0.25));
    (parts(), parts(), taken, prop::bool::weighted(0.4)).prop_map(|(one, other, taken, limits)| {
        let other = one.clone().with(other, taken);
        match limits {
            true => (one.tree(), other.tree()),
            false => (one.without_limits().tree(), other.without_limits().tree()),
        }
    })
}

fn key_of(id: &str) -> String {
    format!("a-key-that-nobody-guesses-for-{id}")
}

fn claims() -> impl Strategy<Value = String> {
    let who = (
        one_of(&["\"sub\":\"ada\",", "\"sub\":\"bob\",", "\"sub\":5,", "", "\"sub\":\"\","]),
        one_of(&[
            "",
            "\"role\":\"admin\",",
            "\"role\":\"user\",",
            "\"role\":null,",
            "\"roles\":[\"user\",\"admin\"],",
        ]),
        one_of(&[
            "",
            "\"permissions\":[\"read\"],",
            "\"scope\":\"read write\",",
            "\"permissions\":7,",
        ]),
        one_of(&["", "\"project\":\"7\",", "\"project\":\"8\",", "\"project\":[\"7\"],"]),
        one_of(&[
            "",
            "\"department\":\"fab1\",",
            "\"department\":[\"fab3\",\"fab2\"],",
            "\"department\":{},",
        ]),
        one_of(&[
            "",
            "\"email\":\"ada@example.com\",",
            "\"email_verified\":true,",
            "\"realm\":{\"role\":\"admin\"},",
            "\"realm\":{\"role\":\"a\",\"role\":\"b\"},",
        ]),
    );
    let what = (
        select(vec![100.0, 100.0, 100.0, 15.0, 40.0, -10.0, 7200.0]),
        one_of(&["", "", "\"nbf\":1767225620,", "\"nbf\":\"x\","]),
        one_of(&["\"iat\":1767225500,", "", "\"iat\":1767220000,"]),
        one_of(&["", "\"aud\":\"api\",", "\"aud\":\"api\",", "\"aud\":[\"other\"],", "\"aud\":3,"]),
        one_of(&[
            "",
            "\"iss\":\"https://auth.example\",",
            "\"iss\":\"https://partner.example\",",
            "\"iss\":1,",
        ]),
        one_of(&["", "\"jti\":\"jti-1\",", "\"jti\":\"jti-2\",", "\"jti\":4,"]),
        one_of(&["", "\"acr\":\"mfa\",\"auth_time\":1767225500,", "\"acr\":5,"]),
    );
    (who, what).prop_map(|((a, b, c, d, e, f), (exp, g, h, i, j, k, l))| {
        format!("{{{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}\"exp\":{}}}", NOW + exp).replace('\n', "")
    })
}

fn credential() -> impl Strategy<Value = (Vec<(String, String)>, Introspection)> {
    let headers = &[
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","typ":"JWT"}"#,
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k"}"#,
        r#"{"alg":"EdDSA","typ":"logout+jwt"}"#,
        r#"{"alg":"EdDSA","crit":[]}"#,
    ];
    let token = (select(headers), claims(), 0..12_usize).prop_map(|(header, claims, kind)| {
        let partner = claims.contains("partner.example") != (kind == 0);
        let (key, header) = match partner {
            true => (&KEYS.partner, header.replace("EdDSA", "ES256")),
            false => (&KEYS.jwt, (*header).to_owned()),
        };
        let algorithm = key.default_algorithm();
        let token = sign_bytes(key, algorithm, header.as_bytes(), claims.as_bytes()).unwrap();
        match kind {
            1 => token.replace('.', ""),
            2 => token[..token.len() - 4].to_owned() + "AAAA",
            3 => token.replacen('.', ".*", 1),
            4 => "x".repeat(20_000),
            5 => token.split_once('.').unwrap().0.to_owned() + "..",
            _ => token,
        }
    });
    let bearer =
        token.prop_map(|token| vec![("Authorization".to_owned(), format!("Bearer {token}"))]);
    let other = select(vec![
        vec![],
        vec![("X-API-Key", "a-key-that-nobody-guesses-for-ci")],
        vec![("Authorization", "ApiKey a-key-that-nobody-guesses-for-cd")],
        vec![("x-api-key", "unknown")],
        vec![("X-API-Key", " ")],
        vec![("Authorization", "ApiKey unknown")],
        vec![("Authorization", "ApiKey")],
        vec![("Authorization", "Basic abc")],
        vec![("Authorization", "Bearer a b")],
        vec![("Authorization", "")],
        vec![("Authorization", "Bearer opaque")],
        vec![("Authorization", "Bearer a"), ("authorization", "Bearer b")],
        vec![("Authorization", "Bearer opaque"), ("X-API-Key", "unknown")],
    ])
    .prop_map(|headers| {
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    });
    let answer = prop_oneof![
        Just(Introspection::Failed),
        Just(Introspection::Inactive),
        claims().prop_map(|claims| {
            Introspection::Active(claims.replacen('{', "{\"active\":true,", 1).into())
        }),
    ];
    let headers: BoxedStrategy<Vec<(String, String)>> =
        prop_oneof![4 => bearer.boxed(), 2 => other.boxed()].boxed();
    (headers, answer)
}

fn asked() -> impl Strategy<Value = Asked> {
    let path = select(vec![
        "/api/7",
        "/api/7",
        "/api/8?access_token=x",
        "/api/ada",
        "/api/open",
        "/api/7/deep/er",
        "/api",
        "/other/7",
        "/api/%2e%2e",
        "nowhere",
        "/a#b",
    ]);
    let method = select(vec!["GET", "GET", "DELETE", "get"]);
    let required = select(vec![vec![], vec![], vec!["read"], vec!["write", "read"], vec!["p\"q"]]);
    let client =
        select(vec![None, Some("192.0.2.1"), Some("192.0.2.2"), Some("2001:db8::1"), Some("x")]);
    let at = select(vec![0.0, 0.25, 1.0, 20.0, 61.0]);
    (credential(), method, path, required, client, at, prop::bool::weighted(0.2)).prop_map(
        |((headers, introspection), method, path, required, client, at, store_fails)| Asked {
            method: method.to_owned(),
            target: path.to_owned(),
            headers,
            required: required.into_iter().map(str::to_owned).collect(),
            client: client.map(str::to_owned),
            at,
            introspection,
            store_fails,
        },
    )
}

fn conversation() -> impl Strategy<Value = Vec<Asked>> {
    let several = prop::collection::vec((asked(), 1..4_usize), 1..12);
    several.prop_map(|several| {
        let mut all: Vec<Asked> =
            several.into_iter().flat_map(|(asked, times)| vec![asked; times]).collect();
        all.sort_by(|one, other| one.at.total_cmp(&other.at));
        all
    })
}

fn live(tree: &str) -> Live {
    Live::new(tree, &KEYS.in_force)
}

fn settings(user: bool, client: bool) -> RecordSettings {
    RecordSettings { redact: Redaction { user, client }, ..RecordSettings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_replays_to_the_same_decisions(
        tree in tree(),
        requests in conversation(),
        user in prop::bool::weighted(0.2),
        client in prop::bool::weighted(0.2),
    ) {
        let record = Record::of(&mut live(&tree), &requests, settings(user, client));
        let replayed = record.replay();
        prop_assert!(replayed.failed == 0, "{tree}\n{}\n{:#?}", record.text(), replayed.differences);
        prop_assert!(user || replayed.undecidable == 0);
        prop_assert_eq!(replayed.passed + replayed.undecidable, requests.len() as u64);
    }

    #[test]
    fn under_the_same_configuration_nothing_changes(
        tree in tree(),
        requests in conversation(),
        user in prop::bool::weighted(0.2),
    ) {
        let record = Record::of(&mut live(&tree), &requests, settings(user, false));
        let report = record.what_if(&proposal(&tree));
        let decided = report.unchanged + if user { report.counts.undecidable } else { 0 };
        prop_assert!(decided == requests.len() as u64, "{tree}\n{}\n{report:#?}", record.text());
    }

    #[test]
    fn what_is_said_of_another_configuration_is_what_a_live_gateway_does(
        (one, other) in two_trees(),
        mut requests in conversation(),
        user in prop::bool::weighted(0.2),
    ) {
        // A store that nobody asked is taken to have worked.
        requests.iter_mut().for_each(|asked| asked.store_fails = false);
        let record = Record::of(&mut live(&one), &requests, settings(user, false));
        let report = record.what_if(&proposal(&other));
        // Then windows are known to be fuller than was counted.
        prop_assume!(!report.notes.iter().any(|note| note.contains("counted against limits")));
        let answers = |tree: &str| {
            let mut live = live(tree);
            requests.iter().map(|asked| live.decide(asked, None)).collect::<Vec<_>>()
        };
        let category = |((was, old), (is, new)): &((u16, String), (u16, String))| match (*was == 200, *is == 200) {
            (false, true) => Some(Category::NewlyAllowed),
            (true, false) => Some(Category::NewlyDenied),
            _ if (was, old) == (is, new) => None,
            (true, true) => Some(Category::AllowedOtherwise),
            (false, false) => Some(Category::DeniedOtherwise),
        };
        let pairs: Vec<_> = answers(&one).into_iter().zip(answers(&other)).collect();
        let really: Vec<_> = pairs.iter().map(category).collect();
        let shown = || format!("ONE\n{one}\nOTHER\n{other}\n{}\n{report:#?}\n{pairs:#?}", record.text());
        let real = |category| really.iter().filter(|is| **is == category).count() as u64;
        prop_assert!(report.unchanged <= real(None), "{}", shown());
        for category in Category::ALL {
            if category != Category::Undecidable {
                prop_assert!(report.counts.of(category) <= real(Some(category)), "{category:?} {}", shown());
            }
        }
        for change in &report.changes {
            if change.category != Category::Undecidable {
                let really = really[change.example.decision as usize - 1];
                prop_assert_eq!(really, Some(change.category), "{}", shown());
            }
        }
    }
}
