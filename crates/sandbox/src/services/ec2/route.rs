//! Routes. Facts: one destination and one target each; a second route to a destination is refused; a target that is
//! gone or detached leaves a blackhole; a NAT gateway is no target before it is available.

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::internet_gateway::{GATEWAYS, attached};
use super::natgateway::NAT_GATEWAYS;
use super::peering::{self, PEERINGS};
use super::route_table::TABLES;
use super::{done, missing};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Destinations, in request spelling and as the answer shows them.
const DESTINATIONS: [(&str, &str); 3] = [
    ("DestinationCidrBlock", "destinationCidrBlock"),
    ("DestinationIpv6CidrBlock", "destinationIpv6CidrBlock"),
    ("DestinationPrefixListId", "destinationPrefixListId"),
];
/// Targets: in request spelling, as the answer shows them, the kind, the code for an unknown one.
const TARGETS: [(&str, &str, &str, &str); 4] = [
    ("GatewayId", "gatewayId", GATEWAYS.kind, "InvalidGatewayID.NotFound"),
    ("NatGatewayId", "natGatewayId", NAT_GATEWAYS.kind, "InvalidNatGatewayID.NotFound"),
    ("VpcPeeringConnectionId", "vpcPeeringConnectionId", PEERINGS.kind, PEERINGS.unknown),
    ("NetworkInterfaceId", "networkInterfaceId", "ec2/network-interface", "InvalidNetworkInterfaceID.NotFound"),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateRoute" => Some(create(call)),
        "ReplaceRoute" => Some(replace(call)),
        "DeleteRoute" => Some(delete(call)),
        _ => None,
    }
}

/// The route that every table of a VPC has for each of the VPC's blocks.
pub fn local(cidr: &str) -> Value {
    let member = if cidr.contains(':') { "destinationIpv6CidrBlock" } else { "destinationCidrBlock" };
    json!({member: cidr, "gatewayId": "local", "state": "active", "origin": "CreateRouteTable"})
}

/// Gives all tables of a VPC the route of a new block, or takes it away with the block.
pub fn local_everywhere(call: &mut Call<'_>, vpc_id: &str, cidr: &str, there: bool) {
    let tables = call.world.list(call.account, call.region, TABLES.kind);
    let keys: Vec<_> = tables.filter(|table| table.text("vpcId") == vpc_id).map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |table| {
            let mut routes = routes(table);
            routes.retain(|route| *route != local(cidr));
            routes.extend(there.then(|| local(cidr)));
            table.set("routeSet", routes);
        });
    }
}

/// Sets the state of routes to peering connections, which change at their own time and in two regions at once.
pub fn follow_peerings(call: &mut Call<'_>) {
    let tables = call.world.list(call.account, call.region, TABLES.kind);
    let routes = tables.flat_map(routes);
    let ids = routes.filter_map(|route| route.get("vpcPeeringConnectionId")?.as_str().map(str::to_owned));
    for id in ids.collect::<std::collections::BTreeSet<_>>() {
        let active = call.get(PEERINGS.kind, &id).is_some_and(|peering| peering::status(peering) == "active");
        mark(call, &id, if active { "active" } else { "blackhole" });
    }
}

/// Sets the state of all routes to a target.
pub fn mark(call: &mut Call<'_>, target: &str, state: &str) {
    let uses = |route: &Value| TARGETS.iter().any(|(_, shown, ..)| route.get(*shown).is_some_and(|id| id == target));
    let tables = call.world.list(call.account, call.region, TABLES.kind);
    let keys: Vec<_> = tables.filter(|table| routes(table).iter().any(uses)).map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |table| {
            let mut routes = routes(table);
            routes.iter_mut().filter(|route| uses(route)).for_each(|route| route["state"] = state.into());
            table.set("routeSet", routes);
        });
    }
}

fn routes(table: &Object) -> Vec<Value> {
    as_list(table.body.get("routeSet"))
}

fn create(call: &mut Call<'_>) -> Answer {
    let (id, (member, destination)) = (call.need("RouteTableId")?, destination(call)?);
    let table = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    if routes(table).iter().any(|route| goes_to(route, member, &destination)) {
        let message = format!("The route identified by {destination} already exists.");
        return Err(ApiError::new("RouteAlreadyExists", message));
    }
    let route = route(call, table, member, &destination)?;
    call.world.change(&call.key(TABLES.kind, &id), |table| {
        let mut routes = routes(table);
        routes.push(route);
        table.set("routeSet", routes);
    });
    done()
}

fn replace(call: &mut Call<'_>) -> Answer {
    let (id, (member, destination)) = (call.need("RouteTableId")?, destination(call)?);
    let table = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    let mut routes = routes(table);
    let Some(old) = routes.iter_mut().find(|route| goes_to(route, member, &destination)) else {
        let message =
            format!("There is no route defined for '{destination}' in the route table. Use CreateRoute instead.");
        return Err(ApiError::new("InvalidParameterValue", message));
    };
    *old = route(call, table, member, &destination)?;
    call.world.change(&call.key(TABLES.kind, &id), |table| table.set("routeSet", routes));
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let (id, (member, destination)) = (call.need("RouteTableId")?, destination(call)?);
    let unknown = || {
        let message = format!("no route with destination-cidr-block {destination} in route table {id}");
        ApiError::new("InvalidRoute.NotFound", message)
    };
    let mut routes = routes(call.get(TABLES.kind, &id).ok_or_else(unknown)?);
    let at = routes.iter().position(|route| goes_to(route, member, &destination)).ok_or_else(unknown)?;
    let old = routes.remove(at);
    if old.get("origin") != Some(&Value::from("CreateRoute")) {
        let message = format!("cannot remove local route {destination} in route table {id}");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    call.world.change(&call.key(TABLES.kind, &id), |table| table.set("routeSet", routes));
    done()
}

fn goes_to(route: &Value, member: &str, destination: &str) -> bool {
    route.get(member).is_some_and(|shown| shown == destination)
}

/// The one destination of a request, with CIDRs in canonical form.
fn destination(call: &Call<'_>) -> Result<(&'static str, String), ApiError> {
    let given = DESTINATIONS.iter().filter_map(|(name, shown)| Some((*name, *shown, call.text(name)?)));
    match given.collect::<Vec<_>>().as_slice() {
        [(name, shown, text)] if name.ends_with("CidrBlock") => match text.parse::<IpNet>() {
            Ok(net) => Ok((*shown, net.trunc().to_string())),
            Err(_) => {
                let message =
                    format!("Value ({text}) for parameter {shown} is invalid. This is not a valid CIDR block.");
                Err(ApiError::new("InvalidParameterValue", message))
            }
        },
        [(_, shown, text)] => Ok((*shown, (*text).to_owned())),
        [] => Err(ApiError::new("MissingParameter", "The request must contain the parameter destinationCidrBlock")),
        _ => Err(ApiError::new("InvalidParameterCombination", "A route has exactly one destination.")),
    }
}

/// The route that a request describes, once its target is checked.
fn route(call: &Call<'_>, table: &Object, member: &str, destination: &str) -> Result<Value, ApiError> {
    let given = TARGETS.iter().filter_map(|target| Some((target, call.text(target.0)?)));
    let given: Vec<_> = given.collect();
    let [((_, shown, kind, unknown), target)] = given.as_slice() else {
        return Err(ApiError::new("InvalidParameterCombination", "A route has exactly one target."));
    };
    let vpc_id = table.text("vpcId");
    let found = call.get(kind, target).filter(|found| *kind != NAT_GATEWAYS.kind || found.text("state") == "available");
    let found = found.ok_or_else(|| ApiError::new(unknown, format!("The {shown} '{target}' does not exist")))?;
    if *kind == GATEWAYS.kind && attached(found).as_deref() != Some(vpc_id) {
        let message = format!("route table {} and network gateway {target} belong to different networks", table.id);
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let mut state = "active";
    if *kind == PEERINGS.kind {
        state = peering::route_state(found, vpc_id)?;
    }
    let mut route = Map::new();
    route.insert(member.to_owned(), destination.into());
    route.insert((*shown).to_owned(), (*target).into());
    route.extend([("state".to_owned(), state.into()), ("origin".to_owned(), "CreateRoute".into())]);
    Ok(Value::Object(route))
}
