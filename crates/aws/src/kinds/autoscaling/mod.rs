//! EC2 Auto Scaling: what its kinds share.

mod group;
mod group_calls;
mod policy;
mod verdicts;

pub use group::{
    DesiredIs, Group, GroupDesired, GroupLive, GroupOutputs, GroupPatch, GroupSettings, GroupSize, GroupSpec,
};
pub use policy::{Policy, PolicyDesired, PolicyLive, PolicyOutputs, PolicyPatch, PolicySpec};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Group>, entry::<Policy>];
