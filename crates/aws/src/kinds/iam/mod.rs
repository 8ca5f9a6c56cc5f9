//! Identity and Access Management: what its kinds share.

mod document;
mod instance_profile;
mod role;
mod tagging;

pub use instance_profile::{
    InstanceProfile, InstanceProfileDesired, InstanceProfileLive, InstanceProfileOutputs, InstanceProfilePatch,
    InstanceProfileSpec,
};
pub use role::{Role, RoleDesired, RoleLive, RoleOutputs, RolePatch, RoleSettings, RoleSpec};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Role>, entry::<InstanceProfile>];
