//! Systems Manager parameters.

use super::unknown_operation;
use crate::call::{Answer, Call};

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    Err(unknown_operation(call))
}
