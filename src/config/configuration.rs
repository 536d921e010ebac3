//! A configuration without a fault, ready to be put in force.

use std::fmt;
use std::sync::Arc;

use super::canonical;
use super::fault::{Fault, Problem};
use super::meaning;
use super::node::Node;
use super::report::Diagnosis;
use super::secrets::{self, Resolved, Resolver};
use super::settings::Settings;
use super::shape::Checker;
use super::source::Source;
use super::tree::Tree;
use super::warning::{self, Warnings};
use crate::gateway::policy::Policy;

/// A configuration without a fault.
pub struct Configuration {
    /// What the gateway decides by.
    pub policy: Policy,
    /// What its faces work with.
    pub settings: Settings,
    pub(super) tree: Tree,
    pub(super) node: Node,
    pub(super) sources: Vec<Arc<Source>>,
}

/// Whose tree it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As somebody wrote it.
    Written,
    /// As it was recorded: API keys have no digests.
    Recorded,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the sources: there may be anything in their comments.
        let mut shown = f.debug_struct("Configuration");
        shown.field("policy", &self.policy).field("settings", &self.settings);
        shown.finish_non_exhaustive()
    }
}

impl Configuration {
    /// Judges a merged tree. All faults come out at once; those of meaning are looked for in what is
    /// left when all that is misshapen is taken away.
    pub(super) fn build(
        merged: Node,
        sources: Vec<Arc<Source>>,
        mut faults: Vec<Fault>,
        mode: Mode,
    ) -> Result<Self, Diagnosis> {
        let mut checker = Checker::default();
        if mode == Mode::Recorded {
            checker.excused = Some("sha256");
        }
        let node = checker.check(merged);
        // Where the notation is broken, names are lost, and what refers to them is no fault.
        if !faults.is_empty() {
            checker.broken.extend(["services", "issuers"].map(str::to_owned));
        }
        faults.append(&mut checker.faults);
        let tree = match serde_json::from_value::<Tree>(node.clone().into_json()) {
            Ok(tree) => tree,
            Err(error) => {
                faults.push(Fault::at(Problem::Unread(error.to_string()), "", node.place));
                return Err(Diagnosis::new(faults, sources));
            }
        };
        let meaning = meaning::Interpreter::new(&tree, &node, &sources, &checker.broken, mode);
        let (policy, settings, mut wrong) = meaning.interpret();
        faults.append(&mut wrong);
        match faults.is_empty() {
            true => Ok(Self { policy, settings, tree, node, sources }),
            false => Err(Diagnosis::new(faults, sources)),
        }
    }

    /// Asks for every key and secret that the tree names, and reads them.
    ///
    /// # Errors
    /// Every one that is not there or cannot be used.
    pub fn resolve(&self, resolver: &mut dyn Resolver) -> Result<Resolved, Diagnosis> {
        let resolving = secrets::Resolving::new(&self.settings, resolver);
        resolving.finish().map_err(|faults| Diagnosis::new(faults, self.sources.clone()))
    }

    /// What is legal and unwise, in the order of places. What was resolved, where it was, is judged
    /// too.
    pub fn warnings(&self, resolved: Option<&Resolved>) -> Warnings {
        let mut warnings = warning::find(self);
        if let Some(resolved) = resolved {
            warnings.extend(resolved.warnings.iter().cloned());
        }
        Warnings::new(warnings, self.sources.clone())
    }

    /// The tree with every default filled in.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The whole tree as JSON, references as they were written, without digests of API keys. It can
    /// be read again with [`super::Layers::recorded`].
    pub fn to_json(&self) -> serde_json::Value {
        canonical::tree(&self.tree)
    }
}
