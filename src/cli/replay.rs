//! `portcullis replay`: recorded conversations, run again and compared; recorded decisions, decided
//! again and compared.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use portcullis::replay::{Difference, Fixture, ReplayError};
use serde::Serialize;

use super::record_report::{RecordReport, is_record};
use super::{Failure, Verdict};

const EXAMPLES: &str = "\
A fixture is NAME.in.jsonl (what the node reads) beside NAME.out.jsonl (what it must answer). A
NAME.toml beside them may set: about, now, explain, max_message_bytes, jobs, key (a file, relative
to the NAME.toml), and compare = \"exact\" or \"prefix\" (more answers may follow). A file that the
node has recorded decisions in (--record) is known by its first line; each decision counts.

Examples:
  portcullis replay fixtures
  portcullis replay fixtures/path-query.in.jsonl
  portcullis replay decisions.jsonl         # each decision again, from what was recorded
  portcullis replay --bless fixtures        # what is answered now is right: expect it
  portcullis replay --format json fixtures  # for machines

Exit status: 0 where all passed, 1 where any failed.";

/// Arguments of `portcullis replay`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReplayArgs {
    /// Folders of fixtures, single NAME.in.jsonl files, or files of recorded decisions
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Write what is answered now into the files of expected answers of fixtures
    #[arg(long)]
    bless: bool,

    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Differences shown of one fixture; the rest is counted.
const SHOWN: usize = 10;

#[derive(Serialize)]
struct Report {
    passed: u64,
    failed: u64,
    fixtures: Vec<FixtureReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    records: Vec<RecordReport>,
}

#[derive(Serialize)]
struct FixtureReport {
    name: String,
    passed: bool,
    blessed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    differences: Vec<DifferenceReport>,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct DifferenceReport {
    line: usize,
    expected: Option<String>,
    got: Option<String>,
    members: Vec<MemberReport>,
}

#[derive(Serialize)]
pub(super) struct MemberReport {
    pub(super) member: String,
    pub(super) expected: Option<String>,
    pub(super) got: Option<String>,
}

/// Runs every fixture, decides every record again, and reports on all of them.
pub(super) fn run(args: &ReplayArgs, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let (records, paths): (Vec<_>, Vec<_>) = args.paths.iter().partition(|path| is_record(path));
    if let (true, Some(record)) = (args.bless, records.first()) {
        let record = record.display();
        let fault = anyhow!("{record}: recorded decisions cannot be blessed; they are what was");
        return Err(Failure::Usage(fault));
    }
    let records = records.into_iter().map(|path| RecordReport::of(path)).collect();
    let mut fixtures = Vec::new();
    for path in paths {
        fixtures.extend(Fixture::find(path).map_err(anyhow::Error::from)?);
    }
    let bar = progress_bar(fixtures.len());
    let reports = fixtures
        .iter()
        .map(|fixture| {
            let report = FixtureReport::of(fixture, args.bless);
            bar.inc(1);
            report
        })
        .collect();
    bar.finish_and_clear();
    Ok(report(reports, records, args.format, out)?)
}

/// A bar on a terminal, once it takes longer than a moment; nothing elsewhere.
fn progress_bar(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    bar.enable_steady_tick(Duration::from_millis(500));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

impl FixtureReport {
    fn of(fixture: &Fixture, bless: bool) -> Self {
        let mut report = Self {
            name: fixture.name(),
            passed: false,
            blessed: false,
            error: None,
            differences: Vec::new(),
            text: String::new(),
        };
        let outcome = match bless {
            true => fixture.bless().map(|blessed| {
                report.blessed = blessed;
                Vec::new()
            }),
            false => fixture.run().map(|outcome| outcome.differences),
        };
        match outcome {
            Ok(differences) => report.compared(differences),
            Err(error) => report.failed(error),
        }
        report
    }

    fn compared(&mut self, differences: Vec<Difference>) {
        self.passed = differences.is_empty();
        self.text = differences.iter().take(SHOWN).map(ToString::to_string).collect();
        if differences.len() > SHOWN {
            self.text += &format!("and {} more lines\n", differences.len() - SHOWN);
        }
        self.differences = differences.into_iter().map(DifferenceReport::from).collect();
    }

    fn failed(&mut self, error: ReplayError) {
        let message = format!("{:#}", anyhow::Error::from(error));
        self.text = format!("{message}\n");
        self.error = Some(message);
    }
}

impl From<Difference> for DifferenceReport {
    fn from(difference: Difference) -> Self {
        let members = difference.members.into_iter().map(|member| MemberReport {
            member: member.path,
            expected: member.expected,
            got: member.got,
        });
        Self {
            line: difference.line,
            expected: difference.expected,
            got: difference.got,
            members: members.collect(),
        }
    }
}

fn report(
    fixtures: Vec<FixtureReport>,
    records: Vec<RecordReport>,
    format: Format,
    out: &mut dyn Write,
) -> Result<Verdict> {
    let passing = fixtures.iter().filter(|fixture| fixture.passed).count();
    let failing = (fixtures.len() - passing) as u64;
    let passed = passing as u64 + records.iter().map(|record| record.passed).sum::<u64>();
    let failed = failing + records.iter().map(RecordReport::failures).sum::<u64>();
    if format == Format::Json {
        serde_json::to_writer_pretty(&mut *out, &Report { passed, failed, fixtures, records })?;
        writeln!(out)?;
    } else {
        for fixture in &fixtures {
            if fixture.blessed {
                writeln!(out, "blessed {}", fixture.name)?;
            }
            if !fixture.passed {
                writeln!(out, "FAILED {}", fixture.name)?;
                for line in fixture.text.lines() {
                    writeln!(out, "  {line}")?;
                }
            }
        }
        for record in &records {
            record.write(out)?;
        }
        writeln!(out, "{passed} passed, {failed} failed")?;
    }
    Ok(if failed == 0 { Verdict::Positive } else { Verdict::Negative })
}
