//! What recording costs, and how fast a record is decided under another configuration.

use std::path::Path;
use std::sync::Arc;

use portcullis::config::{Configuration, Layers};
use portcullis::gateway::ask::Told;
use portcullis::gateway::key::{Algorithm, KeyText};
use portcullis::gateway::{Gateway, Header, Now, Request, Step, Timestamp};
use portcullis::record::replay::replay;
use portcullis::record::what_if::{Proposal, what_if};
use portcullis::record::{Event, KeysFrom, RecordSettings, Recorder, Start};

use super::PASSES;
use super::measure::{Samples, cpu_time, median};
use super::workload::{key_pair, token};

const DECISIONS: usize = 200_000;
const TOKENS: usize = 1_000;

const CONFIGURATION: &str = r#"
[jwt]
keys = ["file:key.pem"]
[roles]
admin = ["users:*"]
[services.users-service]
[rate_limit]
default = "1000000/min"
[[routes]]
path = "/api/users/{id}"
methods = ["GET"]
service = "users-service"
permissions = ["read"]
[[routes]]
path = "/api/orders/{*rest}"
service = "users-service"
"#;

fn configuration(toml: &str) -> Configuration {
    Layers::new().file(Path::new("bench.toml"), toml.as_bytes()).read().unwrap()
}

/// Time per decision with and without a record, and of deciding the record again.
pub(crate) fn run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.jsonl");
    let (key, public) = key_pair(Algorithm::EdDSA);
    let tokens: Vec<String> = (0..TOKENS)
        .map(|number| format!("Bearer {}", token(&key, Algorithm::EdDSA, number)))
        .collect();
    let keys = Arc::new(KeyText::Text(&public).read().unwrap().0);
    let configuration = configuration(CONFIGURATION);
    let mut policy = configuration.policy.clone();
    policy.recorded = true;
    let mut gateway = Gateway::new();
    gateway.enforce(&policy).unwrap();
    gateway.replace_keys(keys);
    let mut decide = |mut recorder: Option<&mut Recorder>| {
        let wall = Timestamp::from_seconds(1_767_225_600.0).unwrap();
        for number in 0..DECISIONS {
            let headers: [Header<'_>; 3] = [
                ("Authorization".into(), tokens[number * 619 % TOKENS].as_str().into()),
                ("User-Agent".into(), "bench".into()),
                ("Accept".into(), "*/*".into()),
            ];
            let request = Request {
                method: "GET",
                target: "/api/users/123",
                headers: &headers,
                required: &["read".into()],
                client_ip: Some("192.0.2.1"),
            };
            // As many decisions share an instant as a node answers at once.
            let seconds = (number / 500) as f64 * 1e-3;
            let now = Now::at(Timestamp::from_seconds(wall.seconds() + seconds).unwrap());
            let step = gateway.step(&Ok(request.clone()), now, &Told::default());
            let Step::Decided(decision, facts) = step else { continue };
            if let Some(recorder) = &mut recorder {
                recorder.decision(Ok(&request), now, &decision, &facts);
                if recorder.waiting() > 256 * 1024 {
                    recorder.flush().unwrap();
                }
            }
        }
        if let Some(recorder) = recorder {
            recorder.flush().unwrap();
        }
    };
    let mut samples = [Samples::default(), Samples::default()];
    for pass in 0..=PASSES {
        let plain = cpu_time(|| decide(None));
        let _ = std::fs::remove_file(&path);
        let mut recorder = Recorder::open(&path, RecordSettings::default()).unwrap();
        let trust = portcullis::gateway::trust::Trust::new(&policy);
        let start = Start {
            event: Event::Begin,
            now: Now::at(Timestamp::from_seconds(1_767_225_600.0).unwrap()),
            tree: &configuration.to_json(),
            policy: &policy,
            trust: &trust,
            keys_from: KeysFrom::Init,
        };
        recorder.start(&start);
        let recorded = cpu_time(|| decide(Some(&mut recorder)));
        if pass > 0 {
            samples[0].push(plain / DECISIONS as f64);
            samples[1].push(recorded / DECISIONS as f64);
        }
    }
    let [plain, recorded] = &samples;
    println!("CPU per decision, ns: {plain} without a record, {recorded} with one");
    let added = (0..PASSES).map(|pass| recorded.at(pass) - plain.at(pass)).collect();
    println!("recording adds {:.0} ns (at most 1,000)", median(added));
    decide_again(&path, &configuration);
}

fn decide_again(path: &Path, same: &Configuration) {
    let record = std::fs::read(path).unwrap();
    let tightened = configuration(&CONFIGURATION.replace("[\"read\"]", "[\"read\", \"audit\"]"));
    for (name, configuration) in [("the same configuration", same), ("a tighter one", &tightened)] {
        let proposal = Proposal {
            policy: configuration.policy.clone(),
            tree: configuration.to_json(),
            ..Proposal::default()
        };
        let mut samples = Samples::default();
        for pass in 0..=PASSES {
            let time = cpu_time(|| {
                let report = what_if(record.as_slice(), &proposal).unwrap();
                assert_eq!(report.decisions, DECISIONS as u64);
            });
            if pass > 0 {
                samples.push(time / DECISIONS as f64);
            }
        }
        let rate = 1e9 / median((0..PASSES).map(|pass| samples.at(pass)).collect());
        println!("what-if under {name}: {samples} ns a decision, {rate:.0} a second (500000)");
    }
    let bytes = record.len() / DECISIONS;
    let time = cpu_time(|| assert_eq!(replay(record.as_slice()).unwrap().failed, 0));
    println!("replay: {:.0} ns a decision of {bytes} bytes", time / DECISIONS as f64);
    println!();
}
