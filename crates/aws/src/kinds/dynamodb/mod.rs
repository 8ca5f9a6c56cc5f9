//! DynamoDB: what its kinds share.

mod members;
mod retired;
mod settings;
mod table;

pub use retired::member_of_replica;
pub use table::{KeyAttribute, Shared, Table, TableDesired, TableLive, TableOutputs, TablePatch, TableSpec, TtlChange};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Table>];
