//! Faults as people and machines read them.

use std::fmt;
use std::sync::Arc;

use super::fault::Fault;
use super::source::Source;

/// Every fault of a configuration.
pub struct Diagnosis {
    faults: Vec<Fault>,
    sources: Vec<Arc<Source>>,
}

impl Diagnosis {
    pub(super) fn new(mut faults: Vec<Fault>, sources: Vec<Arc<Source>>) -> Self {
        faults.sort_by_key(|fault| fault.place);
        Self { faults, sources }
    }

    /// Every fault, in the order of layers and places.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnosis").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = &self.sources;
        for fault in &self.faults {
            write!(f, "{}: {}; ", fault.path, fault.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnosis {}
