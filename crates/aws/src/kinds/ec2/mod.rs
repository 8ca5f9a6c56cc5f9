//! EC2: what its kinds share.

mod internet_gateway;
mod launch_template;
mod security_group;
mod subnet;
mod tagging;
mod vpc;

pub use internet_gateway::{InternetGateway, InternetGatewayOutputs};
pub use launch_template::{LaunchTemplate, LaunchTemplateOutputs};
pub use security_group::{SecurityGroup, SecurityGroupOutputs};
pub use subnet::{Subnet, SubnetDesired, SubnetLive, SubnetOutputs, SubnetPatch, SubnetSpec};
pub use vpc::{Vpc, VpcDesired, VpcLive, VpcOutputs, VpcPatch, VpcSpec};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Vpc>, entry::<Subnet>];
