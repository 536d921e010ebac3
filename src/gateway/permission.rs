//! Is everything held that is required?

use std::borrow::Cow;
use std::collections::HashSet;

use super::decision::Denial;
use super::identity::Identity;

/// Compares what is required with what is held, to the letter.
///
/// # Errors
/// [`Denial::Forbidden`] naming all that is required, met or not, and all that is held.
pub(super) fn check(required: &[Cow<'_, str>], caller: &Identity) -> Result<(), Denial> {
    if is_held(required, caller) {
        return Ok(());
    }
    let mut seen = HashSet::new();
    let required = required.iter().map(AsRef::as_ref).filter(|permission| seen.insert(*permission));
    let required = required.map(str::to_owned).collect();
    let held = caller.permissions().map(str::to_owned).collect();
    Err(Denial::Forbidden { required, held })
}

fn is_held(required: &[Cow<'_, str>], caller: &Identity) -> bool {
    const FEW: usize = 8;
    if required.len() <= FEW {
        return required.iter().all(|permission| caller.holds(permission));
    }
    // A request may ask for very many, and a token hold many; each with each would take forever.
    let held: HashSet<&str> = caller.permissions().collect();
    required.iter().all(|permission| held.contains(permission.as_ref()))
}
