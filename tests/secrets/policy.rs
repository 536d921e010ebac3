//! The node with a whole policy: key sets, opaque tokens, API keys, limits in a Redis, revocations,
//! forwarding. Nothing that proves who somebody is may show in what it says or writes.

use std::fmt::Write;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::mint::{Kind, generate};
use redis::Commands;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http_server::{Reply, Server};
use super::redis_server::RedisServer;
use super::support::{portcullis, run, run_as};
use super::{EACH, Forbidden, Pair, pairs, tokens};

const PASSWORD: &str = "Tr0ub4dor-and-three-more-words";
const CLIENT_SECRET: &str = "s3cr3t+of/the=client that has spaces";

fn hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Texts that look like API keys or opaque tokens.
fn made_up(what: &str, count: usize) -> Vec<String> {
    let one = |number| URL_SAFE_NO_PAD.encode(hash(&format!("{what} {number}")));
    (0..count).map(|number| format!("{what}_{}", one(number))).collect()
}

/// An endpoint that knows every third token, says no to every third, and fails for the rest; and it
/// repeats what it was asked.
fn endpoint() -> Server {
    Server::asked_for(|asked| match hash(&asked.body)[0] % 3 {
        0 => Reply::ok(
            json!({"active": true, "sub": "ada", "scope": "read", "echo": asked.body}).to_string(),
        ),
        1 => Reply::ok(json!({"active": false, "echo": asked.body}).to_string()),
        _ => Reply::Status(500, asked.body.clone().into_bytes()),
    })
}

fn key_set() -> Server {
    let made = generate(Kind::P256).unwrap();
    let mut jwk = serde_json::to_value(made.public_jwk().unwrap()).unwrap();
    jwk["kid"] = "of-the-set".into();
    Server::scripted(vec![Reply::ok(json!({ "keys": [jwk] }).to_string())])
}

fn toml(keys: &[String], introspection: &Server, key_set: &Server) -> String {
    let mut toml = format!(
        "[jwt]\nkeys = [\"env:KEY\"]\n\
         [issuers.\"https://partner.example\"]\nkeys = [\"file:partner.pem\", \"{}\"]\npermissions = [\"read\"]\nroles = [\"clerk\"]\n\
         [roles]\nclerk = [\"read\"]\nadmin = [\"*\"]\n\
         [services.users-service]\n\
         [[routes]]\npath = \"/users\"\nservice = \"users-service\"\nissuers = [\"https://partner.example\"]\n\
         [[routes]]\npath = \"/mine/{{*rest}}\"\nservice = \"users-service\"\nclaims = {{ sub = \"ada\" }}\nacr = [\"mfa\"]\n\
         [rate_limit]\ndefault = \"100000/min\"\nper_address = \"100000/min\"\nstore = \"env:REDIS_URL\"\n\
         [revocation]\njtis = [\"j1\"]\nfile = \"revoked.jsonl\"\n\
         [introspection]\nurl = \"{}\"\nclient_id = \"gateway\"\nclient_secret = \"file:client.secret\"\n\
         timeout = \"60s\"\nmax_per_second = 1000000\n\
         [identity_headers]\nissuer = \"X-User-Issuer\"\nclaims = {{ \"X-Who\" = \"sub\" }}\n",
        key_set.url().as_str(),
        introspection.url().as_str()
    );
    for (number, key) in keys.iter().enumerate() {
        let digest = hexadecimal(&hash(key));
        writeln!(
            toml,
            "[[api_keys]]\nid = \"key-{number}\"\nsha256 = \"{digest}\"\nuser = \"bot\""
        )
        .unwrap();
        if number % 4 == 0 {
            writeln!(toml, "expires = 2020-01-01T00:00:00Z").unwrap();
        }
    }
    toml
}

fn message(body: Value) -> String {
    json!({"src": "c", "dest": "g", "body": body}).to_string() + "\n"
}

/// Requests that carry a credential where it belongs, or twice, or beside another.
fn requests(credential: &str, at: usize) -> String {
    let bearer = format!("Bearer {credential}");
    let headers = match at % 9 {
        0..3 => json!({"Authorization": bearer}),
        3 => json!({"X-API-Key": credential}),
        4 => json!({"authorization": format!("apikey {credential}")}),
        5 => json!({"Authorization": bearer, "x-api-key": credential}),
        6 => json!({"X-API-Key": [credential, credential]}),
        7 => json!({"AUTHORIZATION": bearer, "Connection": "Authorization, X-User-ID"}),
        _ => json!({"Authorization": format!("bearer   {credential}"), "X-User-ID": "root"}),
    };
    let path = ["/users", "/mine/1", "/nowhere", "/users/"][at % 4];
    message(
        json!({"type": "api_request", "msg_id": at, "method": "GET", "path": path, "headers": headers, "client_ip": "192.0.2.1"}),
    )
}

/// What its operator says in between, and strangers with it.
fn operators(at: usize) -> String {
    let mut all = message(json!({"type": "health", "msg_id": at}));
    all += &message(json!({"type": "metrics", "msg_id": at}));
    all += &message(json!({"type": "revoke", "jti": format!("j{at}")}));
    all += &message(json!({"type": "revoke", "api_key": format!("key-{}", at * 7 % 100)}));
    all
}

#[test]
fn a_node_with_a_whole_policy_shows_no_credential_and_no_secret() {
    let Some(redis) = RedisServer::start(Some(PASSWORD)) else { return };
    let pairs = pairs();
    let tokens = tokens(&pairs);
    let (good, bad) = (made_up("good", 100), made_up("bad", 100));
    let opaque = made_up("opaque", 200);
    let credentials: Vec<&String> = tokens.iter().chain(&good).chain(&bad).chain(&opaque).collect();
    assert!(credentials.len() >= 1_400, "{}", credentials.len());
    let partner = generate(Kind::Ed25519).unwrap();
    let owner = generate(Kind::Hmac256).unwrap();

    let mut forbidden = Forbidden::default();
    tokens.iter().for_each(|token| forbidden.add_token(token));
    for key in good.iter().chain(&bad) {
        forbidden.add(key);
        // Nor what it is found by.
        forbidden.add(&hexadecimal(&hash(key)));
    }
    opaque.iter().for_each(|token| forbidden.add(token));
    for pair in &pairs {
        forbidden.add_key(&pair.private);
        forbidden.add_key(&pair.public);
    }
    forbidden.add_key(partner.private_text());
    forbidden.add_key(partner.public_pem().unwrap());
    forbidden.add_key(owner.private_text());
    forbidden.add(PASSWORD);
    forbidden.add(CLIENT_SECRET);
    forbidden.add(&CLIENT_SECRET.replace(' ', "+"));

    let mut input = message(json!({"type": "init", "msg_id": 0}));
    for (turn, Pair { public, .. }) in pairs.iter().enumerate() {
        input +=
            &message(json!({"type": "init", "msg_id": 1, "jwt_public_key": public.trim_end()}));
        for (at, credential) in credentials.iter().enumerate().skip(turn % 4).step_by(4) {
            input += &requests(credential, at + turn);
        }
        // As it should be, too, where more than a good token is asked for.
        tokens.iter().skip(EACH - 1).step_by(EACH).for_each(|token| input += &requests(token, 37));
        input += &operators(turn);
    }

    let (introspection, key_set) = (endpoint(), key_set());
    for arguments in [
        &["--log=trace", "--explain"][..],
        &["--log=trace", "--log-format=json", "--forward", "--explain"],
        &["--log=trace", "--jobs=2", "--forward"],
    ] {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("gateway.toml", &toml(&good, &introspection, &key_set));
        write("partner.pem", partner.public_pem().unwrap());
        write("client.secret", CLIENT_SECRET);
        write("revoked.jsonl", "");
        let config = folder.path().join("gateway.toml");
        let mut command = portcullis(arguments);
        let record = folder.path().join("decisions.jsonl");
        command.arg("--config").arg(&config).arg("--record").arg(&record);
        command.env("KEY", owner.private_text()).env("REDIS_URL", redis.text());
        let run = run_as(command, input.as_bytes());
        assert_eq!(run.status, 0, "{arguments:?} {}", run.stderr);
        forbidden.check(&run, &arguments.join(" "));
        // It was all judged, in every way there is.
        let forwards = arguments.contains(&"--forward");
        for (text, least) in [
            (if forwards { "\"type\": \"api_request\"" } else { "\"status\": 200" }, 20),
            ("Invalid or expired token", 100),
            ("Token expired", 10),
            ("Service unavailable: introspection", 20),
            ("more than one credential", 20),
            ("\"durable\": true", 10),
            ("\"type\": \"health_ok\"", 5),
            ("Stronger authentication required", 1),
            ("Service not recognized", 1),
        ] {
            let seen = run.stdout.matches(text).count();
            assert!(seen >= least, "{arguments:?}: {text}: {seen}");
        }
        for (name, least) in [("revoked.jsonl", 10), ("decisions.jsonl", 1_000)] {
            let text = fs::read_to_string(folder.path().join(name)).unwrap();
            assert!(text.lines().count() > least, "{name}");
            forbidden.check_text(&text, name);
        }
        // Nor in what is made of the recording.
        fs::write(folder.path().join("tighter.toml"), "[roles]\nadmin = [\"read\"]\n").unwrap();
        let tighter = folder.path().join("tighter.toml");
        let (record, tighter) = (record.to_str().unwrap(), tighter.to_str().unwrap());
        for arguments in [
            &["replay", record][..],
            &["what-if", "--config", tighter, record],
            &["what-if", "--format=json", "--config", tighter, record],
            &["what-if", "--format=markdown", "--config", tighter, record],
        ] {
            let run = run_as(portcullis(arguments), b"");
            assert!(!run.stdout.is_empty(), "{arguments:?} {}", run.stderr);
            forbidden.check(&run, &arguments.join(" "));
        }
    }
    assert!(introspection.count() > 100);
    let mut connection = redis.client().get_connection().unwrap();
    let keys: Vec<String> = connection.keys("*").unwrap();
    assert!(keys.len() > 2, "{keys:?}");
    forbidden.check_text(&keys.join("\n"), "the names of windows");
    for asked in introspection.asked() {
        // It is told of what may be an opaque token, which no JWT is.
        let token = asked.body.strip_prefix("token=").unwrap();
        assert_ne!(token.split('.').filter(|segment| !segment.is_empty()).count(), 3, "{token}");
    }
}

/// `check` opens keys and secrets when it is told to, and shows them as little.
#[test]
fn a_good_configuration_is_checked_without_its_secrets() {
    let good = made_up("good", 20);
    let owner = generate(Kind::Hmac256).unwrap();
    let weak = "hunter2hunter2";
    let server = Server::scripted(vec![Reply::ok("{}")]);
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("gateway.toml", &toml(&good, &server, &server));
    write("client.secret", CLIENT_SECRET);
    write("partner.pem", generate(Kind::P256).unwrap().public_pem().unwrap());
    let mut forbidden = Forbidden::default();
    good.iter().for_each(|key| forbidden.add(&hexadecimal(&hash(key))));
    forbidden.add_key(owner.private_text());
    [PASSWORD, CLIENT_SECRET, weak].iter().for_each(|secret| forbidden.add(secret));
    let path = folder.path().join("gateway.toml");
    let path = path.to_str().unwrap();
    for key in [owner.private_text(), weak] {
        for arguments in [
            &["check", path][..],
            &["check", "--strict", path],
            &["check", "--resolve", path],
            &["check", "--resolve", "--format=json", path],
            &["check", "--matrix", path],
            &["check", "--matrix", "--format=json", path],
        ] {
            let mut command = portcullis(arguments);
            command.env("KEY", key).env("REDIS_URL", format!("redis://:{PASSWORD}@127.0.0.1:1/0"));
            let run = run_as(command, b"");
            assert_ne!(run.status, 2, "{arguments:?} {}", run.stderr);
            forbidden.check(&run, &arguments.join(" "));
        }
    }
    // Not even what would tell one from another.
    let run = run(["check", "--set", "api_keys=[]", path], b"");
    assert_ne!(run.status, 2);
    assert_eq!(server.count(), 0);
}
