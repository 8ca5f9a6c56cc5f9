//! Identity and Access Management.

mod instance_profile;
mod role;

pub use instance_profile::{InstanceProfile, InstanceProfileOutputs};
pub use role::{Role, RoleOutputs};

use super::MakeEntry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[];
