//! JSON columns.

use serde::Serialize;

use crate::fault::Fault;

/// A value as a column holds it.
///
/// # Errors
/// For a noun whose type JSON cannot hold: a defect of its kind.
pub(crate) fn text<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Misfit(error.to_string()))
}
