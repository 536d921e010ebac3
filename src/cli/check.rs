//! `portcullis check`: is a configuration well formed, and is it wise.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use portcullis::config::{
    CallerKind, Colours, Configuration, Diagnosis, Finding, Matrix, May, Warnings,
};
use serde::Serialize;

use super::config::{Surroundings, layers};
use super::{Failure, Verdict};

const EXAMPLES: &str = "\
All faults are shown at once, each with its place and what to do about it. Warnings tell of what is
legal and unwise. Variables of the environment (PORTCULLIS__RATE_LIMIT__DEFAULT=100/min) and --set
are laid over the file, as they are for the node.

Examples:
  portcullis check portcullis.toml
  portcullis check --strict --format json portcullis.yaml      # for CI
  portcullis check --resolve portcullis.toml                   # opens keys and secrets too
  portcullis check --matrix portcullis.toml                    # who may do what
  portcullis check --set jwt.max_lifetime=1h portcullis.toml   # what if

Exit status: 0 where there is no fault, and with --strict no warning; 1 where there is one; 2 on
wrong usage or where the file cannot be read.";

/// Arguments of `portcullis check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// The configuration: TOML, YAML or JSON, by the ending of its name
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Lay a value over the file's, as in jwt.leeway=5s; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Let warnings fail
    #[arg(long)]
    strict: bool,

    /// Read the keys and secrets that the configuration names in files and variables
    #[arg(long)]
    resolve: bool,

    /// Show who may do what: routes by roles
    #[arg(long)]
    matrix: bool,

    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What a machine reads.
#[derive(Serialize)]
struct Report {
    file: String,
    faults: Vec<Finding>,
    warnings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<Matrix>,
}

/// What was found.
struct Checked {
    configuration: Option<Configuration>,
    faults: Option<Diagnosis>,
    warnings: Option<Warnings>,
}

/// Checks a configuration and reports on it.
pub(super) fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let layers = layers(Some(&args.file), &args.set).map_err(Failure::Usage)?;
    let checked = Checked::of(layers.read(), args.resolve);
    let warnings = checked.warnings.as_ref().map_or(0, |warnings| warnings.all().len());
    match args.format {
        Format::Text => text(args, &checked, out)?,
        Format::Json => json(args, &checked, out)?,
    }
    let fails = checked.faults.is_some() || (args.strict && warnings > 0);
    Ok(if fails { Verdict::Negative } else { Verdict::Positive })
}

impl Checked {
    fn of(read: Result<Configuration, Diagnosis>, resolve: bool) -> Self {
        let configuration = match read {
            Ok(configuration) => configuration,
            Err(faults) => {
                return Self { configuration: None, faults: Some(faults), warnings: None };
            }
        };
        let resolved = resolve.then(|| configuration.resolve(&mut Surroundings)).transpose();
        let (resolved, faults) = match resolved {
            Ok(resolved) => (resolved, None),
            Err(faults) => (None, Some(faults)),
        };
        let warnings = Some(configuration.warnings(resolved.as_ref()));
        Self { configuration: Some(configuration), faults, warnings }
    }
}

fn text(args: &CheckArgs, checked: &Checked, out: &mut dyn Write) -> Result<()> {
    let colours = match io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none() {
        true => Colours::Terminal,
        false => Colours::None,
    };
    let faults = checked.faults.as_ref();
    let warnings = checked.warnings.as_ref();
    write!(out, "{}", faults.map(|faults| faults.render(colours)).unwrap_or_default())?;
    write!(out, "{}", warnings.map(|warnings| warnings.render(colours)).unwrap_or_default())?;
    if let Some(configuration) = checked.configuration.as_ref().filter(|_| args.matrix) {
        writeln!(out, "{}\n", table(&Matrix::of(&configuration.policy)))?;
    }
    let faults = faults.map_or(0, |faults| faults.faults().len());
    let faults = counted(faults, "fault");
    let warnings = warnings.map(|warnings| counted(warnings.all().len(), "warning"));
    match warnings {
        Some(warnings) => writeln!(out, "{}: {faults}, {warnings}", args.file.display())?,
        None => writeln!(out, "{}: {faults}", args.file.display())?,
    }
    Ok(())
}

fn counted(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

fn json(args: &CheckArgs, checked: &Checked, out: &mut dyn Write) -> Result<()> {
    let configuration = checked.configuration.as_ref().filter(|_| args.matrix);
    let report = Report {
        file: args.file.display().to_string(),
        faults: checked.faults.as_ref().map(Diagnosis::findings).unwrap_or_default(),
        warnings: checked.warnings.as_ref().map(Warnings::findings).unwrap_or_default(),
        matrix: configuration.map(|configuration| Matrix::of(&configuration.policy)),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)?;
    Ok(())
}

fn table(matrix: &Matrix) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let callers = matrix.callers.iter().map(caller);
    let header = ["METHODS", "PATH", "SERVICE"].map(str::to_owned).into_iter().chain(callers);
    table.set_header(header);
    for row in &matrix.rows {
        let methods = row.methods.as_ref().map_or("any".to_owned(), |methods| methods.join(" "));
        let path = row.path.as_deref().unwrap_or("any, by convention");
        let service = row.service.as_deref().unwrap_or("by its name");
        let may = row.may.iter().map(|may| {
            let text = match may {
                May::Yes => "yes",
                May::No => "-",
                May::IfClaims => "claims",
            };
            Cell::new(text).set_alignment(CellAlignment::Left)
        });
        let cells = [methods.as_str(), path, service].map(Cell::new);
        table.add_row(cells.into_iter().chain(may));
    }
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!(
        "{}\n\nyes: the role is enough; claims: it is, where the token's claims are right; -: it is not.\n\
         What a token holds besides what its role grants is not counted.",
        lines.join("\n")
    )
}

fn caller(caller: &CallerKind) -> String {
    match caller {
        CallerKind::Anyone => "(nobody)".to_owned(),
        CallerKind::NoRole => "(no role)".to_owned(),
        CallerKind::Role { role } => role.clone(),
        CallerKind::Issuer { issuer, role } => format!("{role} @ {issuer}"),
    }
}
