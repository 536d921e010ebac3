//! `portcullis what-if`: recorded decisions under another configuration, and what would change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::builder::styling::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use portcullis::config::{Colours, Configuration};
use portcullis::gateway::key::KeySet;
use portcullis::gateway::recorded::KnownKey;
use portcullis::record::what_if::{Category, Change, Proposal, Report, what_if};

use super::config::{Surroundings, layers};
use super::record_report::with_progress;
use super::{Failure, Verdict};

const EXAMPLES: &str = "\
Each recorded decision is made again under the other configuration, from what its credential proved
and what was known then. Limits are counted anew from an empty state; circuits stay as they were
recorded. Where the other configuration asks for what was not recorded, the decision is undecidable.
Variables of the environment and --set are laid over the file, as they are for the node.

Examples:
  portcullis what-if --config new.toml decisions.jsonl
  portcullis what-if --config portcullis.toml --set rate_limit.default=10/min decisions.jsonl
  portcullis what-if --config new.toml --fail-on allowed decisions.jsonl   # for CI
  portcullis what-if --config new.toml --format markdown decisions.jsonl   # for a review

Exit status: 0, unless --fail-on says otherwise; 1 where it does, and where the record cannot be
read; 2 on wrong usage or a broken configuration.";

/// Arguments of `portcullis what-if`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WhatIfArgs {
    /// The configuration to decide under: TOML, YAML or JSON, by the ending of its name
    #[arg(long, value_name = "NEW")]
    config: PathBuf,

    /// Lay a value over the file's, as in jwt.leeway=5s; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Decisions that the node has recorded with --record
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Exit with 1 where anything would be newly allowed (or newly denied, or changed in any way) or is
    /// undecidable
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,

    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Allowed,
    Denied,
    Any,
}

/// Changes shown of one category; the rest is counted.
const SHOWN: usize = 20;

/// Decides a record under another configuration and reports on it.
pub(super) fn run(args: &WhatIfArgs, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let proposal = proposal(args).map_err(Failure::Usage)?;
    let shown = args.file.display().to_string();
    let (bar, input) = with_progress(&args.file).with_context(|| shown.clone())?;
    let outcome = what_if(input, &proposal).with_context(|| shown.clone());
    bar.finish_and_clear();
    let report = outcome?;
    match args.format {
        Format::Text => text(&shown, &report, colours(), out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(anyhow::Error::from)?;
            writeln!(out).map_err(anyhow::Error::from)?;
        }
        Format::Markdown => markdown(&shown, &report, out)?,
    }
    let counts = &report.counts;
    let bad = match args.fail_on {
        None => 0,
        Some(FailOn::Allowed) => counts.newly_allowed + counts.undecidable,
        Some(FailOn::Denied) => counts.newly_denied + counts.undecidable,
        Some(FailOn::Any) => report.decisions - report.unchanged,
    };
    Ok(if bad == 0 { Verdict::Positive } else { Verdict::Negative })
}

fn proposal(args: &WhatIfArgs) -> Result<Proposal> {
    let read = layers(Some(&args.config), &args.set)?.read();
    let configuration = read.map_err(|faults| anyhow!("{}", faults.render(Colours::None)))?;
    Ok(Proposal {
        keys: keys(&configuration),
        tree: configuration.to_json(),
        policy: configuration.policy,
    })
}

/// The keys that stand in files and variables. Those behind a URL are not fetched, and where anything
/// cannot be read nothing is known of any.
fn keys(configuration: &Configuration) -> BTreeMap<Option<String>, Vec<KnownKey>> {
    let Ok(resolved) = configuration.resolve(&mut Surroundings) else { return BTreeMap::new() };
    let settings = &configuration.settings;
    let mut keys = BTreeMap::new();
    if settings.jwt.urls.is_empty() {
        keys.insert(None, known(&resolved.jwt));
    }
    for (name, set) in &resolved.issuers {
        if settings.issuers.get(name).is_some_and(|issuer| issuer.urls.is_empty()) {
            keys.insert(Some(name.clone()), known(set));
        }
    }
    keys
}

fn known(keys: &KeySet) -> Vec<KnownKey> {
    let known = keys.keys().iter().map(|key| KnownKey {
        name: key.name().map(str::to_owned),
        thumbprint: key.thumbprint(),
        algorithms: key.algorithms().to_vec(),
    });
    known.collect()
}

fn colours() -> Colours {
    match io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Colours::Terminal,
        false => Colours::None,
    }
}

/// The changes of each category that has any.
fn by_category(report: &Report) -> impl Iterator<Item = (Category, Vec<&Change>)> {
    Category::ALL.into_iter().filter_map(|category| {
        let changes: Vec<_> =
            report.changes.iter().filter(|change| change.category == category).collect();
        (!changes.is_empty()).then_some((category, changes))
    })
}

fn text(name: &str, report: &Report, colours: Colours, out: &mut dyn Write) -> Result<()> {
    for (category, changes) in by_category(report) {
        let style = match colours {
            Colours::Terminal => style(category),
            Colours::None => Style::new(),
        };
        let count = report.counts.of(category);
        writeln!(out, "{style}{}{style:#}: {}", category.name(), grouped(count))?;
        writeln!(out, "{}", table(&changes))?;
        if changes.len() > SHOWN {
            writeln!(out, "  and {} more kinds", grouped((changes.len() - SHOWN) as u64))?;
        }
        writeln!(out)?;
    }
    if report.changes.iter().any(|change| change.warm_up) {
        writeln!(out, "*: in the first window of a limit, of which the record shows no beginning")?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    for remark in remarks(report) {
        writeln!(out, "note: {remark}")?;
    }
    writeln!(out, "{name}: {}", summary(report))?;
    Ok(())
}

fn style(category: Category) -> Style {
    let colour = match category {
        Category::NewlyAllowed => AnsiColor::Red,
        Category::Undecidable => AnsiColor::Yellow,
        Category::NewlyDenied => AnsiColor::Magenta,
        Category::DeniedOtherwise | Category::AllowedOtherwise => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

fn table(changes: &[&Change]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["COUNT", "ROUTE", "ROLE", "WHY", "FOR EXAMPLE"]);
    for change in changes.iter().take(SHOWN) {
        let count = Cell::new(grouped(change.count)).set_alignment(CellAlignment::Right);
        let cells = cells(change).map(|cell| Cell::new(harmless(&cell)));
        table.add_row(std::iter::once(count).chain(cells));
    }
    let lines: Vec<_> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    lines.join("\n")
}

/// Route, role, reason and example.
fn cells(change: &Change) -> [String; 4] {
    let example = &change.example;
    let star = if change.warm_up { " *" } else { "" };
    let mut shown = String::new();
    if example.line > 0 {
        let _ = write!(shown, "line {}", example.line);
        if !example.method.is_empty() {
            let _ = write!(shown, ": {} {}", example.method, example.path);
        }
        if let Some(user) = &example.user {
            let _ = write!(shown, " by {user}");
        }
    }
    let role = change.role.clone().unwrap_or_else(|| "-".to_owned());
    [change.route.clone(), role, format!("{}{star}", change.reason), shown]
}

fn markdown(name: &str, report: &Report, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "**{}**: {}", cell(name), summary(report))?;
    for (category, changes) in by_category(report) {
        let count = grouped(report.counts.of(category));
        writeln!(out, "\n### {}: {count}\n", capitalised(category.name()))?;
        writeln!(out, "| count | route | role | why | for example |")?;
        writeln!(out, "|--:|---|---|---|---|")?;
        for change in changes.iter().take(SHOWN) {
            let cells = cells(change).map(|text| cell(&text)).join(" | ");
            writeln!(out, "| {} | {cells} |", grouped(change.count))?;
        }
        if changes.len() > SHOWN {
            writeln!(out, "\nAnd {} more kinds.", grouped((changes.len() - SHOWN) as u64))?;
        }
    }
    let mut notes: Vec<String> = report.notes.iter().map(|note| (*note).to_owned()).collect();
    notes.extend(remarks(report));
    if report.changes.iter().any(|change| change.warm_up) {
        notes.push(
            "\\*: in the first window of a limit, of which the record shows no beginning"
                .to_owned(),
        );
    }
    if !notes.is_empty() {
        writeln!(out)?;
    }
    for note in notes {
        writeln!(out, "- {note}")?;
    }
    Ok(())
}

/// What is to be known of the record itself.
fn remarks(report: &Report) -> Vec<String> {
    let mut remarks = Vec::new();
    if report.missing > 0 {
        let missing = grouped(report.missing);
        remarks.push(format!("{missing} decisions were not recorded, as numbers tell"));
    }
    if let Some(line) = report.truncated_line {
        remarks.push(format!("line {line} has no end and is left out"));
    }
    remarks
}

fn summary(report: &Report) -> String {
    let mut text = format!("{} decisions", grouped(report.decisions));
    for category in Category::ALL {
        let count = report.counts.of(category);
        if count > 0 {
            let _ = write!(text, ", {} {}", grouped(count), category.name());
        }
    }
    let _ = write!(text, ", {} unchanged", grouped(report.unchanged));
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A number with its thousands parted.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text of strangers, in which nothing can steer a terminal or turn the line round.
pub(super) fn harmless(text: &str) -> String {
    let is_odd = |letter: char| {
        let turns = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        letter.is_control() || turns
    };
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match is_odd(letter) {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}

/// Text of strangers in a cell of Markdown.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in harmless(text).chars() {
        if "\\`*_[]<>|#~".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
