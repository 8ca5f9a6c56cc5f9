//! Route 53.

use super::MakeEntry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[];
