//! EC2: what its kinds share.

mod subnet;
mod tagging;
mod vpc;

pub use subnet::{Subnet, SubnetDesired, SubnetLive, SubnetOutputs, SubnetPatch, SubnetSpec};
pub use vpc::{Vpc, VpcDesired, VpcLive, VpcOutputs, VpcPatch, VpcSpec};
