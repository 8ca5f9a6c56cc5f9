//! EC2: what its kinds share.

mod elastic_ip;
mod internet_gateway;
mod launch_template;
mod nat_gateway;
mod route_table;
mod routing;
mod security_group;
mod security_rule;
mod subnet;
mod tagging;
mod template_data;
mod vpc;
mod vpc_endpoint;

pub use elastic_ip::{ElasticIp, ElasticIpDesired, ElasticIpLive, ElasticIpOutputs, ElasticIpPatch, ElasticIpSpec};
pub use internet_gateway::{
    InternetGateway, InternetGatewayDesired, InternetGatewayLive, InternetGatewayOutputs, InternetGatewayPatch,
    InternetGatewaySpec,
};
pub use launch_template::{
    LaunchTemplate, LaunchTemplateDesired, LaunchTemplateLive, LaunchTemplateOutputs, LaunchTemplatePatch,
    LaunchTemplateSpec,
};
pub use nat_gateway::{
    NatGateway, NatGatewayDesired, NatGatewayLive, NatGatewayOutputs, NatGatewayPatch, NatGatewaySpec,
};
pub use route_table::{
    NextHop, RouteTable, RouteTableDesired, RouteTableLive, RouteTableOutputs, RouteTablePatch, RouteTableSpec,
    RouteTarget,
};
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
pub(super) static ENTRIES: &[MakeEntry] = &[
    entry::<Vpc>,
    entry::<Subnet>,
    entry::<InternetGateway>,
    entry::<ElasticIp>,
    entry::<NatGateway>,
    entry::<RouteTable>,
    entry::<SecurityGroup>,
    entry::<VpcEndpoint>,
    entry::<LaunchTemplate>,
];
