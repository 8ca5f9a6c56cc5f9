//! What every component's file works with.

use globe_aws::kinds::ec2::{RouteTable, Subnet};
use globe_config::Stack;
use globe_graph::GraphBuilder;
use globe_model::{Ref, Region, Tags};

use crate::{BlueprintError, Facts};

/// The three tiers of a network, as subnet names spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Load balancers and NAT gateways.
    Public,
    /// Instances.
    Private,
    /// Databases and caches.
    Data,
}

impl Tier {
    /// As in `main-private-a`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Data => "data",
        }
    }
}

/// A stack on its way to a graph.
pub struct Cx<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Facts of AWS.
    pub facts: &'a Facts,
    /// What was expanded so far.
    pub graph: GraphBuilder,
}

impl<'a> Cx<'a> {
    /// What is added from now on belongs to the component `key.name`.
    pub fn of_component(&mut self, key: &str, name: &str) {
        let component = format!("{key}.{name}");
        let protect = self.stack.protect.get(&component).copied();
        self.graph.of_component(&component, protect);
    }

    /// The user's tags and a name: `{stack}-{name}`.
    pub fn tags(&self, name: &str) -> Tags {
        self.stack.tags.with("Name", format!("{}-{name}", self.stack.name))
    }

    /// The zones that a network uses in a region: the first of them by name.
    ///
    /// # Errors
    /// When the region has too few.
    pub fn zones(&self, network: &str, region: &Region) -> Result<&'a [String], BlueprintError> {
        let wanted = self.stack.network(network, region).map_or(0, |network| usize::from(network.zones));
        let offered: &'a [String] = self.facts.zones.get(region).map(Vec::as_slice).unwrap_or_default();
        offered.get(..wanted).ok_or_else(|| BlueprintError::TooFewZones {
            network: network.to_owned(),
            region: region.clone(),
            wanted,
            offered: offered.len(),
        })
    }

    /// The subnets of one tier; none where the region has too few zones, which [`Cx::zones`] reports.
    pub fn subnets(&self, network: &str, region: &Region, tier: Tier) -> Vec<Ref<Subnet>> {
        let zones = self.zones(network, region).unwrap_or_default();
        zones.iter().map(|zone| Ref::to(region.clone(), subnet_name(network, tier, zone))).collect()
    }

    /// The tables by which the private tier reaches the world.
    pub fn routes_of(&self, network: &str, region: &Region) -> Vec<Ref<RouteTable>> {
        let zones = self.zones(network, region).unwrap_or_default();
        zones.iter().map(|zone| Ref::to(region.clone(), format!("{network}-private-{}", letter(zone)))).collect()
    }
}

/// `main-private-a`.
pub fn subnet_name(network: &str, tier: Tier, zone: &str) -> String {
    format!("{network}-{}-{}", tier.as_str(), letter(zone))
}

/// `a` of `eu-central-1a`.
pub fn letter(zone: &str) -> String {
    zone.chars().last().map(String::from).unwrap_or_default()
}
