//! Kinds that only old states have. Each is turned into its successor when a state is brought forward.

use globe_model::{Merged, Retired};

use super::dynamodb;

/// One row a kind.
pub(super) static RETIRED: &[Retired] =
    &[Retired { kind: "dynamodb/replica", succeed: |records| Merged::each(records, dynamodb::member_of_replica) }];
