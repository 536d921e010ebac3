//! What the node costs, beside the least it could cost.
//!
//! `cargo bench` prints CPU time per message on one core, from bytes in to bytes out, and in the
//! same process, pass by pass in turn, two floors: **loop**, which finds lines, parses them with
//! serde_json into borrowed data, looks the token up and writes the answer by hand; and **check**,
//! the bare signature check. Machines are noisy, so the ratios are what counts: each is the median
//! of the ratios of the passes.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark reports or dies")]

mod floor;
mod measure;
mod policy;
mod process;
mod record;
mod workload;

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::Arc;

use portcullis::config::Layers;
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::{Algorithm, KeyText};
use portcullis::node::{self, Clock, Options};

use measure::{Elapsed, Samples, Stopwatch, cpu_time, median};
use workload::{Tokens, Workload};

const PASSES: usize = 11;
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

fn main() {
    // cargo passes --bench, and a filter where one is given.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| filter.as_deref().is_none_or(|filter| name.contains(filter));
    if wanted("cpu") {
        cpu();
    }
    if wanted("jobs") {
        jobs();
    }
    if wanted("latency") {
        process::latency();
    }
    if wanted("policy") {
        policy::run();
    }
    if wanted("record") {
        record::run();
    }
    if wanted("memory") {
        process::memory();
    }
}

/// CPU time per message on one core.
fn cpu() {
    println!("CPU per message on one core, ns: medians of {PASSES} passes [lowest to highest]");
    println!(
        "{:<6} {:<10} {:>5} {:>22} {:>22} {:>22}  ratio (to reach)",
        "alg", "tokens", "bytes", "loop", "check", "node"
    );
    for algorithm in ALGORITHMS {
        for tokens in [Tokens::One, Tokens::Thousand, Tokens::Different] {
            let load = Workload::new(algorithm, tokens);
            let mut samples = [Samples::default(), Samples::default(), Samples::default()];
            // The first pass warms caches and is not counted.
            for pass in 0..=PASSES {
                let [floor, check, node] = &mut samples;
                let timed = [
                    (floor, cpu_time(|| floor::run(&load))),
                    (check, cpu_time(|| load.check())),
                    (node, run_node(&load, 1).cpu),
                ];
                for (samples, time) in timed {
                    if pass > 0 {
                        samples.push(time / load.messages as f64);
                    }
                }
            }
            let [floor, check, node] = &samples;
            let (name, bound) = bound(algorithm, tokens);
            let ratios = (0..PASSES).map(|pass| {
                node.at(pass) / (floor.at(pass) + bound.checks * check.at(pass) + bound.extra)
            });
            println!(
                "{:<6} {:<10} {:>5} {floor:>22} {check:>22} {node:>22}  {:.2} x {name} ({:.2})",
                format!("{algorithm:?}"),
                tokens.name(),
                load.message_bytes(),
                median(ratios.collect()),
                bound.ratio,
            );
        }
    }
    println!();
}

/// What a case may cost: `ratio` times loop + `checks` x check + `extra` ns.
struct Bound {
    ratio: f64,
    checks: f64,
    extra: f64,
}

fn bound(algorithm: Algorithm, tokens: Tokens) -> (&'static str, Bound) {
    match (tokens, algorithm) {
        (Tokens::One | Tokens::Thousand, _) => {
            ("loop", Bound { ratio: 1.25, checks: 0.0, extra: 0.0 })
        }
        (_, Algorithm::HS256) => {
            ("(loop + check + 320)", Bound { ratio: 1.15, checks: 1.0, extra: 320.0 })
        }
        _ => ("(loop + check)", Bound { ratio: 1.05, checks: 1.0, extra: 0.0 }),
    }
}

/// Wall time with two threads against one, beside what two cores give to two nodes that share
/// nothing: the cores of a virtual machine are seldom two whole ones.
fn jobs() {
    println!(
        "wall time per message, all tokens different, us: --jobs 1, --jobs 2, two nodes at once"
    );
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let load = Workload::new(algorithm, Tokens::Different);
        let mut samples = [Samples::default(), Samples::default(), Samples::default()];
        for pass in 0..=PASSES {
            let [one, two, apart] = &mut samples;
            let timed = [
                (one, run_node(&load, 1).wall),
                (two, run_node(&load, 2).wall),
                (apart, two_nodes(&load) / 2.0),
            ];
            for (samples, time) in timed {
                if pass > 0 {
                    samples.push(time / load.messages as f64 / 1e3);
                }
            }
        }
        let [one, two, apart] = &samples;
        let gain = |with: &Samples| median((0..PASSES).map(|p| one.at(p) / with.at(p)).collect());
        println!(
            "{:<6} {one:>20} {two:>20} {apart:>20}  {:.2} x as fast (1.80), {:.2} x at best",
            format!("{algorithm:?}"),
            gain(two),
            gain(apart)
        );
    }
    println!();
}

/// Wall time of two nodes side by side, each with the whole load, in ns.
fn two_nodes(load: &Workload) -> f64 {
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run_node(load, 1));
        run_node(load, 1);
        other.join().unwrap();
    });
    watch.elapsed().wall
}

/// The whole node over a buffer; every answer must be a 200. Where tokens recur, the messages are
/// answered once before, and only the second time counts. Returns its CPU and wall time, in ns.
fn run_node(load: &Workload, jobs: usize) -> Elapsed {
    run_node_under(load, jobs, Arc::default())
}

/// The same under a configuration.
fn run_node_under(load: &Workload, jobs: usize, layers: Arc<Layers>) -> Elapsed {
    let (keys, _) = KeyText::Text(&load.public_key).read().unwrap();
    let options = Options {
        clock: Clock::Frozen(Timestamp::from_seconds(1_767_225_600.0).unwrap()),
        jobs: NonZeroUsize::new(jobs).unwrap(),
        keys: Some(Arc::new(keys)),
        layers,
        ..Options::default()
    };
    let mut sink = floor::Sink::default();
    let mut input = WarmedUp::new(&load.input, load.tokens.len() < load.messages);
    node::run(&mut input, &mut sink, options).unwrap();
    assert_eq!(sink.lines, load.messages * input.rounds);
    assert!(!sink.refused, "a benchmark message was refused");
    input.elapsed.unwrap()
}

/// An input that notes the time from when its last round begins until it has ended: the node reads
/// only when all it has read is answered, and what it does to end is not counted.
struct WarmedUp<'a> {
    input: &'a [u8],
    left: &'a [u8],
    warm: bool,
    rounds: usize,
    since: Stopwatch,
    elapsed: Option<Elapsed>,
}

impl<'a> WarmedUp<'a> {
    fn new(input: &'a [u8], warm_up: bool) -> Self {
        let rounds = if warm_up { 2 } else { 1 };
        let since = Stopwatch::start();
        Self { input, left: input, warm: !warm_up, rounds, since, elapsed: None }
    }
}

impl Read for WarmedUp<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() && !self.warm {
            self.warm = true;
            self.left = self.input;
            self.since = Stopwatch::start();
        }
        if self.left.is_empty() {
            self.elapsed.get_or_insert_with(|| self.since.elapsed());
        }
        self.left.read(buffer)
    }
}
