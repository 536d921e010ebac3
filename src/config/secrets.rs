//! Keys and secrets that the tree names, asked for and read.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::fault::{Fault, Problem};
use super::settings::{IssuerKeys, SecretName, Settings, Stands, StoreSettings};
use super::url;
use super::warning::{Concern, Warning};
use crate::gateway::key::{KeySet, KeyText, KeyWarning};

/// Who opens files and looks into the environment. The reason of a refusal is shown to people, so
/// that it holds nothing of what was found.
pub trait Resolver {
    /// The value of an environment variable.
    ///
    /// # Errors
    /// Why there is none, to follow its name: `is not set`.
    fn variable(&mut self, name: &str) -> Result<String, String>;

    /// The text of a file, to the byte.
    ///
    /// # Errors
    /// Why it cannot be had: `No such file or directory`.
    fn file(&mut self, path: &Path) -> Result<String, String>;
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for whoever it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the names in a configuration stand for.
#[derive(Debug, Default)]
pub struct Resolved {
    /// The keys of `[jwt]` that are not behind a URL; empty where there are none.
    pub jwt: KeySet,
    /// The same of each further issuer.
    pub issuers: BTreeMap<String, KeySet>,
    /// Our secret at the introspection endpoint.
    pub client_secret: Option<Secret>,
    /// The URL of the store, where it is not this process; it may hold a password.
    pub store_url: Option<Secret>,
    pub(super) warnings: Vec<Warning>,
}

impl Resolved {
    /// What the owner of the keys should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// On the way from names to what they stand for.
pub(super) struct Resolving<'a> {
    settings: &'a Settings,
    resolver: &'a mut dyn Resolver,
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
}

impl<'a> Resolving<'a> {
    pub(super) fn new(settings: &'a Settings, resolver: &'a mut dyn Resolver) -> Self {
        Self { settings, resolver, faults: Vec::new(), warnings: Vec::new() }
    }

    pub(super) fn finish(mut self) -> Result<Resolved, Vec<Fault>> {
        let settings = self.settings;
        let jwt = self.keys(&settings.jwt);
        let issuers = settings.issuers.iter().map(|(name, keys)| (name.clone(), self.keys(keys)));
        let issuers = issuers.collect();
        let client_secret = settings.introspection.as_ref().and_then(|introspection| {
            self.text(&introspection.client_secret).map(|text| Secret(cut(text)))
        });
        let store_url = match &settings.store {
            StoreSettings::Memory => None,
            StoreSettings::Redis(url) => Some(Secret(url.clone())),
            StoreSettings::Named(name) => self.store_url(name),
        };
        match self.faults.is_empty() {
            true => {
                Ok(Resolved { jwt, issuers, client_secret, store_url, warnings: self.warnings })
            }
            false => Err(self.faults),
        }
    }

    fn keys(&mut self, keys: &IssuerKeys) -> KeySet {
        let mut sets = Vec::new();
        for name in &keys.named {
            let Some(text) = self.text(name) else { continue };
            match KeyText::of_file(&text).read() {
                Ok((set, warnings)) => {
                    self.warn(name, warnings, keys.allow_weak_secrets);
                    sets.push(set);
                }
                Err(fault) => self.fault(Problem::Key { why: fault.to_string() }, name),
            }
        }
        KeySet::union(&sets).unwrap_or_else(|fault| {
            if let Some(last) = keys.named.last() {
                self.fault(Problem::Key { why: fault.to_string() }, last);
            }
            KeySet::default()
        })
    }

    fn warn(&mut self, name: &SecretName, warnings: Vec<KeyWarning>, allow_weak: bool) {
        for warning in warnings {
            match warning {
                KeyWarning::WeakSecret { bits } if !allow_weak => {
                    self.fault(Problem::WeakSecret { bits }, name);
                }
                warning => self.warnings.push(Warning {
                    concern: Concern::Key(warning),
                    path: name.path.clone(),
                    place: name.place,
                }),
            }
        }
    }

    fn store_url(&mut self, name: &SecretName) -> Option<Secret> {
        let text = cut(self.text(name)?);
        match url::check_redis(&text, true) {
            Ok(()) => Some(Secret(text)),
            Err(why) => {
                self.fault(Problem::StoreUrl { why }, name);
                None
            }
        }
    }

    fn text(&mut self, name: &SecretName) -> Option<String> {
        let found = match &name.stands {
            Stands::Variable(variable) => self
                .resolver
                .variable(variable)
                .map_err(|why| Problem::Variable { name: variable.clone(), why }),
            Stands::File(path) => self
                .resolver
                .file(path)
                .map_err(|why| Problem::File { file: path.display().to_string(), why }),
        };
        match found {
            Ok(text) => Some(text),
            Err(problem) => {
                self.fault(problem, name);
                None
            }
        }
    }

    fn fault(&mut self, problem: Problem, name: &SecretName) {
        let (path, place) = (name.path.clone(), name.place);
        self.faults.push(Fault { problem, path, place, other: None });
    }
}

/// Without the end of the line that an editor puts at the end of a file.
fn cut(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}
