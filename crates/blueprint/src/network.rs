//! `network`: a VPC with three subnets per zone, ways out, and gateway endpoints.

use std::collections::BTreeMap;

use globe_aws::kinds::ec2::{
    ElasticIp, ElasticIpSpec, InternetGateway, InternetGatewaySpec, NatGateway, NatGatewaySpec, RouteTable,
    RouteTableSpec, RouteTarget, Subnet, SubnetSpec, Vpc, VpcEndpoint, VpcEndpointSpec, VpcSpec,
};
use globe_config::{Nat, Network, ZoneSubnets};
use globe_model::{Ref, Region};

use crate::BlueprintError;
use crate::cx::{Cx, Tier, letter, subnet_name};

/// Everywhere.
const ANYWHERE: &str = "0.0.0.0/0";

/// Adds all networks.
pub fn expand(cx: &mut Cx<'_>) -> Result<(), BlueprintError> {
    let stack = cx.stack;
    for (name, networks) in &stack.networks {
        cx.of_component("network", name);
        for (region, network) in networks.iter() {
            one(cx, name, region, network)?;
        }
    }
    Ok(())
}

fn one(cx: &mut Cx<'_>, name: &str, region: &Region, network: &Network) -> Result<(), BlueprintError> {
    let Some(config) = cx.stack.regions.get(region) else { return Ok(()) };
    let carve = |source| BlueprintError::Carve { network: name.to_owned(), region: region.clone(), source };
    let ranges = Network::subnets(config.cidr, network.zones).map_err(carve)?;
    let zones = cx.zones(name, region)?.to_vec();
    let spec = VpcSpec { cidr: config.cidr.to_string(), tags: cx.tags(name) };
    let vpc = cx.graph.add::<Vpc>(region.clone(), name, &spec);
    for (zone, ranges) in zones.iter().zip(&ranges) {
        subnets(cx, name, region, &vpc, zone, ranges);
    }
    let spec = InternetGatewaySpec { vpc: vpc.clone(), tags: cx.tags(name) };
    let gateway = cx.graph.add::<InternetGateway>(region.clone(), name, &spec);
    let nats = nat_gateways(cx, name, region, network.nat, &zones, &gateway);
    let tables = route_tables(cx, name, region, &vpc, &gateway, &zones, &nats);
    for endpoint in &network.endpoints {
        let service = endpoint.service();
        let full = format!("{name}-{service}");
        let spec = VpcEndpointSpec {
            vpc: vpc.clone(),
            region: region.to_string(),
            service: service.to_owned(),
            route_tables: tables.clone(),
            tags: cx.tags(&full),
        };
        cx.graph.add::<VpcEndpoint>(region.clone(), full, &spec);
    }
    Ok(())
}

fn subnets(cx: &mut Cx<'_>, name: &str, region: &Region, vpc: &Ref<Vpc>, zone: &str, ranges: &ZoneSubnets) {
    let tiers = [(Tier::Public, ranges.public), (Tier::Private, ranges.private), (Tier::Data, ranges.data)];
    for (tier, cidr) in tiers {
        let full = subnet_name(name, tier, zone);
        let spec = SubnetSpec {
            vpc: vpc.clone(),
            cidr: cidr.to_string(),
            zone: zone.to_owned(),
            public: tier == Tier::Public,
            tags: cx.tags(&full),
        };
        cx.graph.add::<Subnet>(region.clone(), full, &spec);
    }
}

/// The NAT gateway of each zone; with a single one, zones share the first's.
fn nat_gateways(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    nat: Nat,
    zones: &[String],
    gateway: &Ref<InternetGateway>,
) -> Vec<Ref<NatGateway>> {
    let own = match nat {
        Nat::None => 0,
        Nat::Single => 1,
        Nat::PerZone => zones.len(),
    };
    let made: Vec<Ref<NatGateway>> =
        zones.iter().take(own).map(|zone| nat_gateway(cx, name, region, zone, gateway)).collect();
    let shared = made.first().cloned();
    let of_zone = |index: usize| made.get(index).cloned().or_else(|| shared.clone());
    (0..zones.len()).filter_map(of_zone).collect()
}

fn nat_gateway(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    zone: &str,
    gateway: &Ref<InternetGateway>,
) -> Ref<NatGateway> {
    let full = format!("{name}-{}", letter(zone));
    let spec = ElasticIpSpec { tags: cx.tags(&full) };
    let elastic_ip = cx.graph.add::<ElasticIp>(region.clone(), full.as_str(), &spec);
    let spec = NatGatewaySpec {
        subnet: Ref::to(region.clone(), subnet_name(name, Tier::Public, zone)),
        elastic_ip,
        internet_gateway: gateway.clone(),
        tags: cx.tags(&full),
    };
    cx.graph.add::<NatGateway>(region.clone(), full, &spec)
}

/// One table for the public tier, one per zone for the private tier, one for the data tier, which has no way out.
fn route_tables(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    vpc: &Ref<Vpc>,
    gateway: &Ref<InternetGateway>,
    zones: &[String],
    nats: &[Ref<NatGateway>],
) -> Vec<Ref<RouteTable>> {
    let mut tables = Vec::new();
    let mut add = |cx: &mut Cx<'_>, full: String, route: Option<RouteTarget>, subnets: Vec<Ref<Subnet>>| {
        let routes: BTreeMap<String, RouteTarget> =
            route.map(|target| (ANYWHERE.to_owned(), target)).into_iter().collect();
        let spec = RouteTableSpec { vpc: vpc.clone(), routes, subnets, tags: cx.tags(&full) };
        tables.push(cx.graph.add::<RouteTable>(region.clone(), full, &spec));
    };
    let public = cx.subnets(name, region, Tier::Public);
    add(cx, format!("{name}-public"), Some(RouteTarget::InternetGateway(gateway.clone())), public);
    for (index, zone) in zones.iter().enumerate() {
        let route = nats.get(index).cloned().map(RouteTarget::NatGateway);
        let subnet = Ref::to(region.clone(), subnet_name(name, Tier::Private, zone));
        add(cx, format!("{name}-private-{}", letter(zone)), route, vec![subnet]);
    }
    let data = cx.subnets(name, region, Tier::Data);
    add(cx, format!("{name}-data"), None, data);
    tables
}
