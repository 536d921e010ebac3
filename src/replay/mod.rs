//! Recorded conversations, run again.
//!
//! A fixture is a conversation in three files: `NAME.in.jsonl` is what the node reads,
//! `NAME.out.jsonl` what it must answer to the byte, and `NAME.toml`, where there is one, the
//! arguments it runs with.

mod diff;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

pub use self::diff::{Difference, MemberDifference, differences};
use crate::config::Layers;
use crate::gateway::Timestamp;
use crate::gateway::key::KeyText;
use crate::node::{self, Allowed, Clock, DEFAULT_MAX_MESSAGE_BYTES, Options, Record};

const INPUT: &str = ".in.jsonl";
const EXPECTED: &str = ".out.jsonl";

/// A conversation to run again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixture {
    /// The path of its files, up to the name.
    stem: PathBuf,
}

/// What `NAME.toml` may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// What the fixture shows, for the reader.
    #[serde(rename = "about")]
    _about: Option<String>,
    now: Option<Instant>,
    explain: bool,
    max_message_bytes: Option<NonZeroUsize>,
    jobs: Option<NonZeroUsize>,
    /// Relative to the file that names it.
    key: Option<PathBuf>,
    /// Relative to the file that names it.
    config: Option<PathBuf>,
    /// Environment variables.
    env: BTreeMap<String, String>,
    /// Single names of the configuration, as `--set` has them.
    set: Vec<String>,
    forward: bool,
    compare: Compare,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Instant {
    Text(String),
    Seconds(f64),
    Date(toml::value::Datetime),
}

/// How answers are compared with those expected.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Compare {
    /// Neither more nor less.
    #[default]
    Exact,
    /// Those expected come first; more may follow.
    Prefix,
}

/// Why a fixture cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read or written.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// Nothing at a path is a fixture.
    #[error("{}: no fixture here; one is NAME{INPUT} beside NAME{EXPECTED}", .0.display())]
    NoFixture(PathBuf),
    /// The arguments are wrong.
    #[error("{}: {why}", path.display())]
    Settings {
        /// The file with the arguments.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The node stopped early.
    #[error("{}", .0.display())]
    Node(PathBuf, #[source] node::NodeError),
}

/// What came out of a fixture.
#[derive(Debug)]
pub struct Outcome {
    /// What the node answered.
    pub answers: Vec<u8>,
    /// How that differs from what was expected; empty where it passed.
    pub differences: Vec<Difference>,
}

impl Fixture {
    /// The fixtures at a path: a folder with all below it, or one fixture's `NAME.in.jsonl`.
    ///
    /// # Errors
    /// Where the path cannot be read or leads to no fixture.
    pub fn find(path: &Path) -> Result<Vec<Self>, ReplayError> {
        let mut found = Vec::new();
        let is_folder = |path: &Path| {
            fs::metadata(path)
                .map(|metadata| metadata.is_dir())
                .map_err(|error| ReplayError::File(path.to_owned(), error))
        };
        if is_folder(path)? {
            let mut folders = vec![path.to_owned()];
            while let Some(folder) = folders.pop() {
                let failed = |error| ReplayError::File(folder.clone(), error);
                for entry in fs::read_dir(&folder).map_err(failed)? {
                    let path = entry.map_err(failed)?.path();
                    if is_folder(&path)? {
                        folders.push(path);
                    } else {
                        found.extend(Self::of_input(&path));
                    }
                }
            }
        } else {
            found.extend(Self::of_input(path));
        }
        if found.is_empty() {
            return Err(ReplayError::NoFixture(path.to_owned()));
        }
        found.sort();
        Ok(found)
    }

    fn of_input(path: &Path) -> Option<Self> {
        let stem = path.to_str()?.strip_suffix(INPUT)?;
        Some(Self { stem: PathBuf::from(stem) })
    }

    /// The path of its files, up to the name.
    pub fn name(&self) -> String {
        self.stem.display().to_string()
    }

    /// What the node reads.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn input(&self) -> Result<Vec<u8>, ReplayError> {
        read(&self.file(INPUT))
    }

    /// The options the node runs with.
    ///
    /// # Errors
    /// Where `NAME.toml` or the key it names is wrong.
    pub fn options(&self) -> Result<Options, ReplayError> {
        let path = self.file(".toml");
        let settings = self.settings()?;
        let wrong = |why: String| ReplayError::Settings { path: path.clone(), why };
        let now = settings.now.map(|instant| {
            match instant {
                Instant::Seconds(seconds) => Timestamp::parse(&seconds.to_string()),
                Instant::Text(text) => Timestamp::parse(&text),
                Instant::Date(date) => Timestamp::parse(&date.to_string()),
            }
            .map_err(|fault| wrong(format!("now: {fault}")))
        });
        let keys = settings.key.map(|key| {
            let folder = path.parent().unwrap_or(Path::new(""));
            let text = read(&folder.join(&key))?;
            let text = String::from_utf8(text).map_err(|_| wrong("key: not text".to_owned()))?;
            let (keys, _) =
                KeyText::of_file(&text).read().map_err(|fault| wrong(format!("key: {fault}")))?;
            Ok(Arc::new(keys))
        });
        let mut layers = Layers::new();
        if let Some(file) = &settings.config {
            let file = path.parent().unwrap_or(Path::new("")).join(file);
            layers = layers.file(&file, &read(&file)?);
        }
        let environment: BTreeMap<OsString, OsString> =
            settings.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        layers = layers.environment(environment.clone());
        for assignment in &settings.set {
            layers = layers.set("set", assignment);
        }
        Ok(Options {
            clock: now.transpose()?.map_or(Clock::System, Clock::Frozen),
            explain: settings.explain,
            max_message_bytes: settings
                .max_message_bytes
                .map_or(DEFAULT_MAX_MESSAGE_BYTES, NonZeroUsize::get),
            jobs: settings.jobs.unwrap_or(NonZeroUsize::MIN),
            keys: keys.transpose()?,
            layers: Arc::new(layers),
            environment: Arc::new(environment),
            allowed: match settings.forward {
                true => Allowed::Forwarded,
                false => Allowed::Answered,
            },
            // What is run again was recorded the first time.
            record: Record::Nothing,
        })
    }

    /// Runs the conversation and compares the answers.
    ///
    /// # Errors
    /// Where one of the files is missing or wrong.
    pub fn run(&self) -> Result<Outcome, ReplayError> {
        let expected = read(&self.file(EXPECTED))?;
        let answers = self.answers()?;
        let differences = differences(&expected, &answers, self.settings()?.compare);
        Ok(Outcome { answers, differences })
    }

    /// Writes what is answered now as what is expected; true where that changed the file.
    ///
    /// # Errors
    /// Where a file cannot be read or written.
    pub fn bless(&self) -> Result<bool, ReplayError> {
        let answers = self.answers()?;
        let path = self.file(EXPECTED);
        let before = fs::read(&path).unwrap_or_default();
        let compare = self.settings()?.compare;
        if path.exists() && differences(&before, &answers, compare).is_empty() {
            return Ok(false);
        }
        fs::write(&path, answers).map_err(|error| ReplayError::File(path, error))?;
        Ok(true)
    }

    fn answers(&self) -> Result<Vec<u8>, ReplayError> {
        let mut answers = Vec::new();
        node::run(self.input()?.as_slice(), &mut answers, self.options()?)
            .map_err(|error| ReplayError::Node(self.stem.clone(), error))?;
        Ok(answers)
    }

    fn settings(&self) -> Result<Settings, ReplayError> {
        let path = self.file(".toml");
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| ReplayError::Settings { path, why: error.to_string() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(ReplayError::File(path, error)),
        }
    }

    fn file(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.stem.display()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ReplayError> {
    fs::read(path).map_err(|error| ReplayError::File(path.to_owned(), error))
}
