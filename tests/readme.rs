//! The README is true, and so is CONFIGURATION.md: every command in them is run, and prints what
//! stands below it, to the byte.
//!
//! A block of `sh` is run; the block of `text` that follows it, with nothing but blank lines
//! between, is its output. All blocks are run in order by one shell, as a reader pastes them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

const README: &str = include_str!("../README.md");
const CONFIGURATION: &str = include_str!("../CONFIGURATION.md");
const FRONT_PAGE: &str = include_str!("../src/lib.rs");

/// Stands on a line of its own behind the output of each block.
const END: &str = "-- end of block --";

/// What `cargo` is in the test: it runs the program that is built already, and builds nothing.
const CARGO: &str = r#"#!/bin/sh
case "$*" in
    "run --release --quiet -- "*) shift 4 && exec portcullis "$@" ;;
    "build --release" | "test") ;;
    *) echo "tests/readme.rs knows no cargo $*" && exit 1 ;;
esac
"#;

/// A fenced block.
#[derive(Debug)]
struct Fence {
    language: String,
    text: String,
    /// Nothing but blank lines stands between it and the one before.
    follows: bool,
}

fn fences(page: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    let (mut inside, mut follows) = (false, false);
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(language) if !inside => {
                let language = language.to_owned();
                fences.push(Fence { language, text: String::new(), follows });
                inside = true;
            }
            Some(_) => (inside, follows) = (false, true),
            None if inside => writeln!(fences.last_mut().unwrap().text, "{line}").unwrap(),
            None => follows &= line.trim().is_empty(),
        }
    }
    assert!(!inside, "a block is not closed");
    fences
}

/// Commands, and the output that is shown for them.
struct Step {
    commands: String,
    shown: Option<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut after_commands = false;
    for fence in fences(page) {
        match (fence.language.as_str(), steps.last_mut()) {
            ("sh", _) => steps.push(Step { commands: fence.text, shown: None }),
            ("text", Some(step)) if after_commands && fence.follows => {
                step.shown = Some(fence.text);
            }
            _ => {}
        }
        after_commands = fence.language == "sh";
    }
    steps
}

/// A folder like the project's, with the programs that the README uses.
fn project() -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let programs = project.path().join("programs");
    fs::create_dir(&programs).unwrap();
    symlink(env!("CARGO_BIN_EXE_portcullis"), programs.join("portcullis")).unwrap();
    fs::write(programs.join("cargo"), CARGO).unwrap();
    fs::set_permissions(programs.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    symlink(fixtures, project.path().join("fixtures")).unwrap();
    project
}

/// What each block printed, standard error included; one less than there are blocks and a rest
/// where a command failed.
fn run(steps: &[Step]) -> (Vec<String>, String) {
    let project = project();
    let mut script = "set -e\nexec 2>&1\n".to_owned();
    for step in steps {
        writeln!(script, "{}echo '{END}'", step.commands).unwrap();
    }
    fs::write(project.path().join("readme.sh"), script).unwrap();
    let mut path = project.path().join("programs").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let output = Command::new("sh")
        .arg("readme.sh")
        .current_dir(project.path())
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut printed: Vec<String> = text.split(&format!("{END}\n")).map(str::to_owned).collect();
    let rest = printed.pop().unwrap();
    (printed, rest)
}

/// Lines that are only shown begin with `-`, those only printed with `+`.
fn diff(shown: &str, printed: &str) -> String {
    let shown: Vec<&str> = shown.split_inclusive('\n').collect();
    let printed: Vec<&str> = printed.split_inclusive('\n').collect();
    let mut diff = String::new();
    for number in 0..shown.len().max(printed.len()) {
        let (left, right) = (shown.get(number), printed.get(number));
        if left == right {
            writeln!(diff, "  {}", left.unwrap().trim_end()).unwrap();
            continue;
        }
        for (sign, line) in [('-', left), ('+', right)] {
            if let Some(line) = line {
                let end = if line.ends_with('\n') { "\n" } else { "  (no newline)\n" };
                write!(diff, "{sign} {}{end}", line.trim_end_matches('\n')).unwrap();
            }
        }
    }
    diff
}

#[test]
fn every_command_prints_what_is_shown() {
    holds(README);
}

#[test]
fn every_command_of_the_page_on_configuration_succeeds() {
    holds(CONFIGURATION);
}

fn holds(page: &str) {
    let steps = steps(page);
    let (printed, rest) = run(&steps);
    let mut failures = String::new();
    for (step, printed) in steps.iter().zip(&printed) {
        if let Some(shown) = step.shown.as_ref().filter(|shown| *shown != printed) {
            let diff = diff(shown, printed);
            write!(failures, "\n{}\nprints (+) what is not shown (-):\n{diff}", step.commands)
                .unwrap();
        }
    }
    if let Some(step) = steps.get(printed.len()) {
        write!(failures, "\n{}\nfails, and prints:\n{rest}", step.commands).unwrap();
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(rest.is_empty(), "{rest}");
}

#[test]
fn the_first_command_answers_a_fixture_and_the_second_runs_the_tests() {
    let steps = steps(README);
    let [first, second, ..] = steps.as_slice() else { panic!("two commands come first") };
    let fixture = first.commands.trim_end().split_once("< ").unwrap().1;
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
    let expected = fixture.to_str().unwrap().replace(".in.jsonl", ".out.jsonl");
    assert_ne!(fs::read_to_string(fixture).unwrap(), "");
    assert_eq!(first.shown, Some(fs::read_to_string(expected).unwrap()));
    assert_eq!(second.commands, "cargo test\n");
}

/// The row of a table each, under "Options of the node".
#[test]
fn every_option_of_the_node_has_its_row() {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, options) = help.split_once("Options of the node:\n").unwrap();
    let (options, _) = options.split_once("Examples:\n").unwrap();
    let names = options.lines().filter_map(|line| line.trim().strip_prefix("--"));
    let mut names: Vec<_> = names.map(|line| line.split(' ').next().unwrap()).collect();
    let (_, section) = README.split_once("\n## Options of the node\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `--"));
    let cells = rows.map(|row| row.split(" | ").next().unwrap());
    let mut shown: Vec<_> = cells
        .flat_map(|cell| cell.split('`').filter_map(|code| code.strip_prefix("--")))
        .map(|option| option.split(' ').next().unwrap())
        .collect();
    names.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, names);
}

#[test]
fn links_to_files_lead_somewhere() {
    let pages = [README, CONFIGURATION].into_iter();
    let targets = pages.flat_map(|page| page.split("](").skip(1));
    let targets = targets.map(|rest| rest.split_once(')').unwrap().0);
    for target in targets.filter(|target| !target.contains("://")) {
        let target = target.split('#').next().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{target}");
    }
}

/// The README's example is the front page's, where it is compiled and run.
#[test]
fn the_example_is_that_of_the_front_page() {
    let page: String = FRONT_PAGE
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    let examples = |page: &str| -> Vec<String> {
        let rust = fences(page).into_iter().filter(|fence| fence.language == "rust");
        rust.map(|fence| fence.text).collect()
    };
    assert_eq!(examples(README), examples(&page));
    assert_eq!(examples(README).len(), 1);
}
