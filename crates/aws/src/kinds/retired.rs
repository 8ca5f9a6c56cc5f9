//! Kinds that only old states have. Each is turned into its successor when a state is brought forward.

use globe_model::Retired;

/// One row a kind.
pub(super) static RETIRED: &[Retired] = &[];
