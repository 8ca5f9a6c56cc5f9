//! EC2: what its kinds share.

mod elastic_ip;
mod internet_gateway;
mod launch_template;
mod nat_gateway;
mod route_table;
mod routing;
mod security_group;
mod subnet;
mod tagging;
mod vpc;

pub use elastic_ip::{ElasticIp, ElasticIpDesired, ElasticIpLive, ElasticIpOutputs, ElasticIpPatch, ElasticIpSpec};
pub use internet_gateway::{
    InternetGateway, InternetGatewayDesired, InternetGatewayLive, InternetGatewayOutputs, InternetGatewayPatch,
    InternetGatewaySpec,
};
pub use launch_template::{LaunchTemplate, LaunchTemplateOutputs};
pub use nat_gateway::{
    NatGateway, NatGatewayDesired, NatGatewayLive, NatGatewayOutputs, NatGatewayPatch, NatGatewaySpec,
};
pub use route_table::{
    NextHop, RouteTable, RouteTableDesired, RouteTableLive, RouteTableOutputs, RouteTablePatch, RouteTableSpec,
    RouteTarget,
};
pub use security_group::{SecurityGroup, SecurityGroupOutputs};
pub use subnet::{Subnet, SubnetDesired, SubnetLive, SubnetOutputs, SubnetPatch, SubnetSpec};
pub use vpc::{Vpc, VpcDesired, VpcLive, VpcOutputs, VpcPatch, VpcSpec};

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
];
