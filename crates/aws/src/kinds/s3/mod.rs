//! S3: what its kinds share.

mod bucket;
mod emptying;
mod reading;
mod replication;
mod writing;

pub use bucket::{Bucket, BucketDesired, BucketLive, BucketOutputs, BucketPatch, BucketSpec, Lifecycle};
pub use replication::{
    Replication, ReplicationDesired, ReplicationDestination, ReplicationLive, ReplicationOutputs, ReplicationRule,
    ReplicationSpec,
};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Bucket>, entry::<Replication>];
