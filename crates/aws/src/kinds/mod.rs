//! All kinds that globe knows, one file each.

pub mod acm;
pub mod autoscaling;
pub mod dynamodb;
pub mod ec2;
pub mod elbv2;
pub mod iam;
mod retired;
pub mod route53;
pub mod s3;

use std::sync::LazyLock;

use globe_model::KindTable;

use crate::driver::AnyDriver;

/// Makes one registry entry.
pub type MakeEntry = fn() -> Box<dyn AnyDriver>;

/// The registry, service by service. Documentation, policy and the conformance test iterate it.
pub static KINDS: &[&[MakeEntry]] = &[
    ec2::ENTRIES,
    elbv2::ENTRIES,
    autoscaling::ENTRIES,
    iam::ENTRIES,
    acm::ENTRIES,
    s3::ENTRIES,
    dynamodb::ENTRIES,
    route53::ENTRIES,
];

static DRIVERS: LazyLock<Vec<Box<dyn AnyDriver>>> =
    LazyLock::new(|| KINDS.concat().iter().map(|make| make()).collect());

/// All drivers, in the order of the registry.
pub fn drivers() -> impl Iterator<Item = &'static dyn AnyDriver> {
    DRIVERS.iter().map(AsRef::as_ref)
}

/// The driver of a kind by its name.
pub fn driver(name: &str) -> Option<&'static dyn AnyDriver> {
    drivers().find(|driver| driver.name() == name)
}

/// The pure halves of all kinds, for planner and engine.
pub fn kind_table() -> KindTable {
    KindTable::new(DRIVERS.iter().map(|driver| driver.kind())).with_retired(retired::RETIRED)
}
