//! DynamoDB: what its kinds share.

mod replica;
mod settings;
mod table;

pub use replica::{Replica, ReplicaDesired, ReplicaLive, ReplicaOutputs, ReplicaPatch, ReplicaSpec};
pub use table::{KeyAttribute, Table, TableDesired, TableLive, TableOutputs, TablePatch, TableSpec, TtlChange};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Table>, entry::<Replica>];
