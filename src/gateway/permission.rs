//! Is everything held that is required?

use std::borrow::Cow;

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
    let mut distinct: Vec<String> = Vec::new();
    for permission in required {
        if !distinct.iter().any(|known| known == permission) {
            distinct.push(permission.clone().into_owned());
        }
    }
    let held = caller.permissions().map(str::to_owned).collect();
    Err(Denial::Forbidden { required: distinct, held })
}
