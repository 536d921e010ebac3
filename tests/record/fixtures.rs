//! Every recorded conversation, run once more with a record: what the node decides, whatever is in
//! force, can be decided again.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use portcullis::config::{Configuration, Layers};
use portcullis::node::{self, Record};
use portcullis::record::replay::replay;
use portcullis::record::what_if::{Proposal, what_if};
use portcullis::record::{Line, Records};
use portcullis::replay::Fixture;

/// The configurations of a record, each once.
fn configurations(record: &[u8]) -> Vec<Configuration> {
    let mut records = Records::new(record);
    let mut trees = Vec::new();
    while let Some(line) = records.next_line().unwrap() {
        if let Line::Start(start) = line
            && !trees.contains(&start.tree)
        {
            trees.push(start.tree);
        }
    }
    trees.iter().map(|tree| Layers::recorded(tree).unwrap()).collect()
}

#[test]
fn every_conversation_is_decided_again_as_it_was() {
    let (mut decisions, mut compared) = (0, 0);
    for fixture in Fixture::find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).unwrap() {
        let (name, folder) = (fixture.name(), tempfile::tempdir().unwrap());
        let path = folder.path().join("decisions.jsonl");
        let mut options = fixture.options().unwrap();
        let layers = Arc::try_unwrap(options.layers).ok().unwrap();
        let file = path.to_str().unwrap();
        options.layers = Arc::new(layers.option("--record", &["record", "file"], file));
        options.record = Record::Decisions;
        let input = Cursor::new(fixture.input().unwrap());
        let mut plain = Vec::new();
        let ran = node::run(node::Whole(input), &mut plain, options);
        // Some conversations are about a node that does not start.
        if ran.is_err() || !path.exists() {
            continue;
        }
        let record = fs::read(&path).unwrap();
        let replayed = replay(record.as_slice()).unwrap();
        assert_eq!((replayed.failed, replayed.undecidable), (0, 0), "{name}: {replayed:#?}");
        decisions += replayed.passed;
        // Under one configuration all the while, that configuration changes nothing.
        if let [configuration] = configurations(&record).as_slice() {
            let proposal = Proposal {
                policy: configuration.policy.clone(),
                tree: configuration.to_json(),
                ..Proposal::default()
            };
            let report = what_if(record.as_slice(), &proposal).unwrap();
            assert_eq!(report.unchanged, replayed.passed, "{name}: {report:#?}");
            compared += report.unchanged;
        }
    }
    assert!(decisions > 1000 && compared > 500, "{decisions} {compared}");
}
