//! Where the tree comes from, laid one over another.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::assign;
use super::configuration::{Configuration, Mode};
use super::fault::{Fault, Problem};
use super::format::{Format, Parsed};
use super::merge;
use super::node::{Node, Place};
use super::report::Diagnosis;
use super::shape::Shape;
use super::source::{Origin, Source};

/// Layers of configuration, each laid over those before it: a file, the environment, options. They
/// are read once; an init's tree is laid over them each time anew.
pub struct Layers {
    sources: Vec<Arc<Source>>,
    merged: Node,
    faults: Vec<Fault>,
}

impl Default for Layers {
    fn default() -> Self {
        Self::new()
    }
}

impl Layers {
    /// No layer: the defaults alone.
    pub fn new() -> Self {
        Self { sources: Vec::new(), merged: merge::nothing(), faults: Vec::new() }
    }

    /// A file, read in the notation that its ending names. Its path is shown as it is given, and
    /// relative paths in it begin in its folder.
    #[must_use]
    pub fn file(mut self, path: &Path, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let number = self.add(Origin::File(path.to_owned()), &text);
        let at = |offset| Place::at(number, offset..offset);
        if let Err(fault) = std::str::from_utf8(bytes) {
            self.faults.push(Fault::at(Problem::NotText, "", at(fault.valid_up_to())));
            if let Some(source) = self.sources.last_mut().and_then(Arc::get_mut) {
                source.hide([Place::at(number, 0..source.text.len())]);
            }
            return self;
        }
        match Format::of_path(path) {
            Some(format) => self.parse(format, number),
            None => {
                let fault =
                    Fault { place: Some(at(0)), ..Fault::at(Problem::UnknownEnding, "", at(0)) };
                self.faults.push(fault);
                if let Some(source) = self.sources.last_mut().and_then(Arc::get_mut) {
                    source.hide([Place::at(number, 0..source.text.len())]);
                }
            }
        }
        self
    }

    /// The environment, of which only what begins with `PORTCULLIS__` is looked at.
    #[must_use]
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let ours = variables.into_iter().filter_map(|(name, value)| {
            let name = name.to_str()?;
            name.starts_with(assign::PREFIX).then(|| (name.to_owned(), value))
        });
        let mut ours: Vec<_> = ours.collect();
        // `…__JWT` before `…__JWT__LEEWAY`, so that the order of the environment says nothing.
        ours.sort();
        let mut names: std::collections::HashMap<String, Place> = std::collections::HashMap::new();
        for (name, value) in ours {
            let shown = format!("{name}={}", value.to_string_lossy());
            let number = self.add(Origin::Variable(name.clone()), &shown);
            let place = Place::at(number, 0..name.len());
            if let Some(first) = names.insert(name.to_ascii_lowercase(), place) {
                let fault = Fault::at(Problem::DuplicateKey, "", place);
                self.faults.push(fault.beside(first, "it stands here first"));
            }
            let parsed = match value.to_str() {
                Some(_) => assign::variable(&shown, name.len(), number),
                None => Parsed {
                    node: merge::nothing(),
                    faults: vec![Fault::at(Problem::NotText, "", place)],
                    dropped: vec![Place::at(number, name.len() + 1..shown.len())],
                },
            };
            self.lay(parsed, number);
        }
        self
    }

    /// An option that sets any name: `jwt.leeway=5s`. The name's parts are parted by dots, in quotes
    /// where they hold more than letters, digits, `-` and `_`; the value is text where the name
    /// takes text, and a TOML value elsewhere.
    #[must_use]
    pub fn set(mut self, option: &str, assignment: &str) -> Self {
        let number = self.add(Origin::Option(option.to_owned()), assignment);
        let parsed = assign::assignment(assignment, number);
        self.lay(parsed, number);
        self
    }

    /// An option that stands for one name, such as `--record` for `record.file`.
    #[must_use]
    pub fn option(mut self, option: &str, name: &[&str], value: &str) -> Self {
        let number = self.add(Origin::Option(option.to_owned()), value);
        let names = name.iter().map(|name| ((*name).to_owned(), Place::at(number, 0..0))).collect();
        let parsed = assign::value(names, value, 0, number);
        self.lay(parsed, number);
        self
    }

    /// What all layers come to.
    ///
    /// # Errors
    /// Every fault, where there is any.
    pub fn read(&self) -> Result<Configuration, Diagnosis> {
        let (merged, faults) = (self.merged.clone(), self.faults.clone());
        Configuration::build(merged, self.sources.clone(), faults, Mode::Written)
    }

    /// The same with an init's `config`, as JSON, laid over all layers.
    ///
    /// # Errors
    /// Every fault, where there is any; an init may not name what reaches beyond the tree.
    pub fn with_init(&self, json: &str) -> Result<Configuration, Diagnosis> {
        let mut layers = Self {
            sources: self.sources.clone(),
            merged: self.merged.clone(),
            faults: self.faults.clone(),
        };
        let number = layers.add(Origin::Init, json);
        let parsed = layers.parsed(Format::Json, number);
        layers.faults.extend(super::init::faults(&parsed.node));
        layers.lay(parsed, number);
        Configuration::build(layers.merged, layers.sources, layers.faults, Mode::Written)
    }

    /// A tree as it was recorded: the whole of it, without the digests of API keys.
    ///
    /// # Errors
    /// Every fault, where there is any.
    pub fn recorded(json: &str) -> Result<Configuration, Diagnosis> {
        let mut layers = Self::new();
        let number = layers.add(Origin::Record, json);
        layers.parse(Format::Json, number);
        Configuration::build(layers.merged, layers.sources, layers.faults, Mode::Recorded)
    }

    fn add(&mut self, origin: Origin, text: &str) -> usize {
        self.sources.push(Arc::new(Source::new(origin, text)));
        self.sources.len() - 1
    }

    fn parsed(&self, format: Format, number: usize) -> Parsed {
        let text = self.sources.get(number).map_or("", |source| &source.text);
        format.parse(text, number)
    }

    fn parse(&mut self, format: Format, number: usize) {
        let parsed = self.parsed(format, number);
        self.lay(parsed, number);
    }

    /// Lays a tree over what is there, and sees to it that nothing secret in it is shown.
    fn lay(&mut self, parsed: Parsed, number: usize) {
        let mut hidden = parsed.dropped;
        Shape::root().secrets(&parsed.node, &mut hidden);
        if let Some(source) = self.sources.get_mut(number).and_then(Arc::get_mut) {
            source.hide(hidden);
            if !parsed.faults.is_empty() {
                source.hide_values(number);
            }
            // A name that stands twice leaves no doubt about the rest.
            if parsed.faults.iter().any(|fault| fault.problem != Problem::DuplicateKey) {
                source.set_broken();
            }
        }
        self.faults.extend(parsed.faults);
        merge::lay_over(&mut self.merged, parsed.node);
    }
}
