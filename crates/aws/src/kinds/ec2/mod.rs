//! EC2: what its kinds share.

mod launch_template;
mod route_table;
mod security_group;
mod security_rule;
mod subnet;
mod tagging;
mod template_data;
mod vpc;
mod vpc_endpoint;

pub use launch_template::{
    LaunchTemplate, LaunchTemplateDesired, LaunchTemplateLive, LaunchTemplateOutputs, LaunchTemplatePatch,
    LaunchTemplateSpec,
};
pub use route_table::{RouteTable, RouteTableOutputs};
pub use security_group::{
    SecurityGroup, SecurityGroupDesired, SecurityGroupLive, SecurityGroupOutputs, SecurityGroupPatch, SecurityGroupSpec,
};
pub use security_rule::{LiveRule, Peer, PeerSpec, Rule, RuleSpec, RulesPatch, Traffic};
pub use subnet::{Subnet, SubnetDesired, SubnetLive, SubnetOutputs, SubnetPatch, SubnetSpec};
pub use template_data::TemplateData;
pub use vpc::{Vpc, VpcDesired, VpcLive, VpcOutputs, VpcPatch, VpcSpec};
pub use vpc_endpoint::{
    VpcEndpoint, VpcEndpointDesired, VpcEndpointLive, VpcEndpointOutputs, VpcEndpointPatch, VpcEndpointSpec,
};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] =
    &[entry::<Vpc>, entry::<Subnet>, entry::<SecurityGroup>, entry::<VpcEndpoint>, entry::<LaunchTemplate>];
