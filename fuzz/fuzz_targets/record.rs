//! Any bytes as a record, or behind the beginning of a good one: it never panics, numbers only rise,
//! and every decision that is read is counted once, whatever it is decided under.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::record::replay::replay;
use portcullis::record::what_if::{Category, Proposal, what_if};
use portcullis::record::{Line, Records};

/// A record of which the first lines say under what its decisions were made.
const GOOD: &str = include_str!("../corpus/record/good");

/// How many decisions are read before the end or a fault.
fn read(record: &[u8]) -> u64 {
    let mut records = Records::new(record);
    let (mut decisions, mut last) = (0, 0);
    while let Ok(Some(line)) = records.next_line() {
        if let Line::Decision(decision) = line {
            assert!(decision.number > last);
            (decisions, last) = (decisions + 1, decision.number);
        }
    }
    assert_eq!(records.missing(), last - decisions);
    decisions
}

fn judge(record: &[u8]) {
    let decisions = read(record);
    match replay(record) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(replayed) => {
            let judged = replayed.passed + replayed.failed + replayed.undecidable;
            assert_eq!(judged, decisions, "{replayed:?}");
        }
    }
    match what_if(record, &Proposal::default()) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(report) => {
            let changed: u64 =
                Category::ALL.map(|category| report.counts.of(category)).iter().sum();
            assert_eq!((report.decisions, report.unchanged + changed), (decisions, decisions));
            assert_eq!(report.changes.iter().map(|change| change.count).sum::<u64>(), changed);
        }
    }
}

fuzz_target!(|input: &[u8]| {
    judge(input);
    let is_decision = |line: &&str| !line.starts_with("{\"portcullis\"");
    let decisions: usize =
        GOOD.split_inclusive('\n').skip_while(|line| !is_decision(line)).map(str::len).sum();
    let beginning = &GOOD.as_bytes()[..GOOD.len() - decisions];
    judge(&[beginning, input].concat());
});
