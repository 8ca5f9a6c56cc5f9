//! All kinds that globe knows, one file each.

pub mod ec2;

use std::sync::LazyLock;

use globe_model::KindTable;

use crate::driver::{AnyDriver, entry};

/// Makes one registry entry.
pub type MakeEntry = fn() -> Box<dyn AnyDriver>;

/// The registry. Documentation, policy and the conformance test iterate it.
pub static KINDS: &[MakeEntry] = &[entry::<ec2::Vpc>, entry::<ec2::Subnet>];

static DRIVERS: LazyLock<Vec<Box<dyn AnyDriver>>> = LazyLock::new(|| KINDS.iter().map(|make| make()).collect());

/// The driver of a kind by its name.
pub fn driver(name: &str) -> Option<&'static dyn AnyDriver> {
    DRIVERS.iter().find(|driver| driver.name() == name).map(AsRef::as_ref)
}

/// The pure halves of all kinds, for planner and engine.
pub fn kind_table() -> KindTable {
    KindTable::new(DRIVERS.iter().map(|driver| driver.kind()))
}
