//! The built program as a whole process: how fast it answers one message, and how much memory it
//! needs for a million.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use portcullis::gateway::key::Algorithm;

use crate::measure::percentile;
use crate::workload::{key_pair, message, token};

const ROUNDS: usize = 20;
const TRIPS: usize = 1_000;

/// One message sent, its answer awaited, against `cat`.
pub(crate) fn latency() {
    let folder = tempfile::tempdir().unwrap();
    let (key, public) = key_pair(Algorithm::HS256);
    let file = folder.path().join("key");
    fs::write(&file, public).unwrap();
    let line = message(1, &token(&key, Algorithm::HS256, 1)) + "\n";
    let mut node =
        Peer::start(Command::new(env!("CARGO_BIN_EXE_portcullis")).arg("--key").arg(file));
    let mut cat = Peer::start(&mut Command::new("cat"));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for (peer, times) in [(&mut node, &mut ours), (&mut cat, &mut theirs)] {
            let trips: Vec<f64> = (0..TRIPS).map(|_| peer.round_trip(&line)).collect();
            if round > 0 {
                times.extend(trips);
            }
        }
    }
    println!("one message sent, its answer awaited, us ({} round trips, in turn)", ROUNDS * TRIPS);
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (node, cat) = (percentile(&mut ours, share), percentile(&mut theirs, share));
        println!("{name}: node {node:.1}, cat {cat:.1}, difference {:.1} (10.0)", node - cat);
    }
    println!();
}

/// The most memory held while a million messages are answered.
pub(crate) fn memory() {
    println!("most memory held, MiB (64)");
    for (algorithm, different, messages, jobs) in [
        (Algorithm::HS256, 1, 1_000_000, "1"),
        (Algorithm::HS256, 1_000, 1_000_000, "1"),
        (Algorithm::HS256, 1_000_000, 1_000_000, "1"),
        // Each token twice, so that all of them are worth remembering.
        (Algorithm::HS256, 100_000, 1_000_000, "1"),
        (Algorithm::EdDSA, 200_000, 200_000, "1"),
        (Algorithm::EdDSA, 200_000, 200_000, "2"),
    ] {
        let peak = peak_memory(algorithm, different, messages, &["--jobs", jobs]);
        println!(
            "{:<6} {different:>9} tokens, {messages:>9} messages, --jobs {jobs}: {peak:.1}",
            format!("{algorithm:?}")
        );
    }
    let limits = ["--set", "rate_limit.default=1000/min"];
    let peak = peak_memory(Algorithm::HS256, 100_000, 1_000_000, &limits);
    println!("100,000 callers under limits, 10 messages each: {peak:.1}");
    println!();
}

fn peak_memory(algorithm: Algorithm, different: usize, messages: usize, options: &[&str]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let (key, public) = key_pair(algorithm);
    let file = folder.path().join("key");
    fs::write(&file, public).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("--key").arg(file).args(options);
    let mut peer = Peer::start(&mut command);
    let feeder = std::thread::spawn(move || {
        let tokens: Vec<String> =
            (0..different.min(100_000)).map(|n| token(&key, algorithm, n)).collect();
        let mut input = BufWriter::with_capacity(1 << 16, peer.input);
        for id in 0..messages {
            let line = match tokens.get(id % different) {
                Some(token) => message(id, token),
                None => message(id, &token(&key, algorithm, id % different)),
            };
            writeln!(input, "{line}").unwrap();
        }
        input.flush().unwrap();
        // Kept open, so that the process is still there to be asked.
        input
    });
    let mut line = String::new();
    for _ in 0..messages {
        line.clear();
        peer.output.read_line(&mut line).unwrap();
        assert!(line.contains("\"status\": 200"), "{line}");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", peer.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = peak.trim().trim_end_matches("kB").trim().parse().unwrap();
    drop(feeder.join().unwrap());
    assert!(peer.child.wait().unwrap().success());
    kib / 1024.0
}

/// A process that answers lines.
struct Peer {
    child: Child,
    input: std::process::ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Peer {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    /// In us.
    fn round_trip(&mut self, line: &str) -> f64 {
        let mut answer = String::new();
        let start = Instant::now();
        self.input.write_all(line.as_bytes()).unwrap();
        self.output.read_line(&mut answer).unwrap();
        let time = start.elapsed().as_nanos() as f64 / 1e3;
        assert!(answer.len() > 2);
        time
    }
}
