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
    if required.iter().all(|permission| caller.holds(permission)) {
        return Ok(());
    }
    // A request may ask for very many, so they are not compared one by one.
    let mut seen = HashSet::new();
    let required = required.iter().map(AsRef::as_ref).filter(|permission| seen.insert(*permission));
    let required = required.map(str::to_owned).collect();
    let held = caller.permissions().map(str::to_owned).collect();
    Err(Denial::Forbidden { required, held })
}
