//! S3.

use super::MakeEntry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[];
