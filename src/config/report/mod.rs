//! Faults and warnings as people and machines read them.
//!
//! For people as rustc shows its own: what is wrong, the place, the line itself, and what to do. What
//! may be a secret is hidden in that line.

mod line;

use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin as ShownOrigin, Renderer};
use serde::Serialize;

use self::line::ShownLine;
use super::fault::{Fault, Problem};
use super::node::Place;
use super::source::{Origin, Source, may_quote};

/// Every fault of a configuration.
pub struct Diagnosis {
    faults: Vec<Fault>,
    sources: Vec<Arc<Source>>,
}

/// Whether to colour what a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// With the escapes of a terminal.
    Terminal,
    /// Plain text.
    None,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is started on it.
    Error,
    /// Legal, and unwise.
    Warning,
}

/// A fault or a warning, for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in a word that stays the same.
    pub code: &'static str,
    /// The full name of the value; empty where it has none.
    pub path: String,
    /// What it is, for people.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<FoundAt>,
    /// What it has to do with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<FoundAt>,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundAt {
    /// The file, variable or option.
    pub source: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
}

/// What there is to say, and where.
pub(super) struct Remark<'a> {
    pub(super) severity: Severity,
    pub(super) code: &'static str,
    pub(super) path: &'a str,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) place: Option<Place>,
    pub(super) other: Option<(Place, &'static str)>,
}

impl Diagnosis {
    pub(super) fn new(mut faults: Vec<Fault>, sources: Vec<Arc<Source>>) -> Self {
        faults.sort_by_key(|fault| fault.place);
        drop_consequences(&mut faults, &sources);
        drop_doubtful(&mut faults, &sources);
        Self { faults, sources }
    }

    /// Every fault, in the order of layers and places.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// As a person reads it.
    pub fn render(&self, colours: Colours) -> String {
        render(self.faults.iter().map(Fault::remark), &self.sources, colours)
    }

    /// As a machine reads it.
    pub fn findings(&self) -> Vec<Finding> {
        findings(self.faults.iter().map(Fault::remark), &self.sources)
    }
}

/// Where the notation is broken, what was made of the rest of the line is a guess; and what an init
/// may not say at all need not be well formed.
fn drop_consequences(faults: &mut Vec<Fault>, sources: &[Arc<Source>]) {
    let line = |fault: &Fault| {
        let place = fault.place?;
        Some((place.source, sources.get(place.source)?.line_column(place.start).0))
    };
    let is_syntax = |fault: &Fault| matches!(fault.problem, Problem::Syntax(_));
    let forbidden: HashSet<String> = faults
        .iter()
        .filter(|fault| matches!(fault.problem, Problem::NotByInit { .. }))
        .map(|fault| fault.path.clone())
        .collect();
    if !forbidden.is_empty() {
        let whole =
            |path: &str| path.split('.').next().is_some_and(|name| forbidden.contains(name));
        faults.retain(|fault| {
            matches!(fault.problem, Problem::NotByInit { .. })
                || !(forbidden.contains(&fault.path) || whole(&fault.path))
        });
    }
    let broken: HashSet<_> = faults.iter().filter(|f| is_syntax(f)).filter_map(line).collect();
    if !broken.is_empty() {
        faults.retain(|fault| {
            is_syntax(fault) || line(fault).is_none_or(|line| !broken.contains(&line))
        });
    }
}

/// In a text whose notation is broken, what was taken for a name or a value may be anything, a secret
/// too; so nothing is said that would quote it.
fn drop_doubtful(faults: &mut Vec<Fault>, sources: &[Arc<Source>]) {
    faults.retain(|fault| {
        let source = fault.place.and_then(|place| sources.get(place.source));
        let is_doubtful = |source: &Arc<Source>| {
            source.is_broken() && may_quote(&fault.path, &fault.problem.to_string())
        };
        matches!(fault.problem, Problem::Syntax(_)) || !source.is_some_and(is_doubtful)
    });
}

impl fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl fmt::Display for Diagnosis {
    /// In one line, as an answer or a log has it: `jwt.leway: unknown name, did you mean leeway?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Whoever has more learns of them when these are mended.
        const SHOWN: usize = 10;
        for (index, fault) in self.faults.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
            // Where there is no name, the place says where to look.
            let source = fault.place.and_then(|place| self.sources.get(place.source));
            if let (true, Some(source), Some(place)) = (fault.path.is_empty(), source, fault.place)
            {
                let (line, column) = position(source, place.start);
                write!(f, " (line {line}, column {column})")?;
            }
        }
        match self.faults.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Diagnosis {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", printable(&self.path))?;
        }
        write!(f, "{}", printable(&self.problem.to_string()))?;
        match self.problem.meant() {
            Some(meant) => write!(f, ", did you mean {}?", printable(meant)),
            None => Ok(()),
        }
    }
}

impl Fault {
    fn remark(&self) -> Remark<'_> {
        Remark {
            severity: Severity::Error,
            code: self.problem.code(),
            path: &self.path,
            message: self.problem.to_string(),
            help: self.problem.help(),
            place: self.place,
            other: self.other,
        }
    }
}

/// All remarks as a machine reads them.
pub(super) fn findings<'a>(
    remarks: impl Iterator<Item = Remark<'a>>,
    sources: &[Arc<Source>],
) -> Vec<Finding> {
    let found_at = |place: Place| {
        let source = sources.get(place.source)?;
        let (line, column) = position(source, place.start);
        Some(FoundAt { source: source.origin.to_string(), line, column })
    };
    let findings = remarks.map(|remark| Finding {
        severity: remark.severity,
        code: remark.code,
        path: remark.path.to_owned(),
        message: remark.message,
        help: remark.help,
        place: remark.place.and_then(found_at),
        other: remark.other.and_then(|(place, _)| found_at(place)),
    });
    findings.collect()
}

/// Line and column, both counted from 1, the column in characters.
fn position(source: &Source, offset: usize) -> (usize, usize) {
    let (line, bytes) = source.line_column(offset);
    let start = source.line(line).start;
    let before = source.text.get(start..start + bytes).unwrap_or_default();
    (line + 1, before.chars().count() + 1)
}

/// All remarks as a person reads them.
pub(super) fn render<'a>(
    remarks: impl Iterator<Item = Remark<'a>>,
    sources: &[Arc<Source>],
    colours: Colours,
) -> String {
    let renderer = match colours {
        Colours::Terminal => Renderer::styled(),
        Colours::None => Renderer::plain(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for remark in remarks {
        let rendered = renderer.render(&[group(&remark, sources)]);
        // A place and a line that come apart are parted by a line that says nothing.
        for line in rendered.lines().filter(|line| without_escapes(line).trim() != ":::") {
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text.push('\n');
    }
    text
}

/// Without the escapes that colour a line.
fn without_escapes(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    let rest = parts.filter_map(|part| part.split_once('m')).map(|(_, text)| text);
    std::iter::once(first).chain(rest).collect()
}

fn group<'a>(remark: &Remark<'_>, sources: &'a [Arc<Source>]) -> Group<'a> {
    let level = match remark.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = match remark.path {
        "" => printable(&remark.message),
        path => format!("{}: {}", printable(path), printable(&remark.message)),
    };
    let mut group = Group::with_title(level.primary_title(title));
    if let Some((place, source)) =
        remark.place.and_then(|place| Some((place, sources.get(place.source)?)))
    {
        group = group.element(origin(source, place));
        if let Some(line) = ShownLine::of(source, place) {
            let mark = AnnotationKind::Primary.span(line.marked.clone());
            group = group.element(line.snippet().annotation(mark));
        }
    }
    let other =
        remark.other.and_then(|(place, label)| Some((place, label, sources.get(place.source)?)));
    if let Some((place, label, source)) = other {
        group = group.element(origin(source, place));
        if let Some(line) = ShownLine::of(source, place) {
            let mark = AnnotationKind::Context.span(line.marked.clone()).label(label);
            group = group.element(line.snippet().annotation(mark));
        }
    }
    match &remark.help {
        Some(help) => group.element(Level::HELP.message(printable(help))),
        None => group,
    }
}

fn origin(source: &Source, place: Place) -> ShownOrigin<'static> {
    let shown = ShownOrigin::path(printable(&source.origin.to_string()));
    match source.origin {
        Origin::File(_) | Origin::Init | Origin::Record => {
            let (line, column) = position(source, place.start);
            shown.line(line).char_column(column)
        }
        // A name says where it is.
        Origin::Variable(_) | Origin::Option(_) => shown,
    }
}

/// Without characters that would move a cursor, turn text round or break a line.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
