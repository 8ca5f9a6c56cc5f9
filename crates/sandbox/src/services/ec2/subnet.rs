//! Subnets. Facts: no token, but an overlapping CIDR is refused; public-address mapping is not an input of the create
//! and one attribute is modified per request.

use ipnet::{IpNet, Ipv4Net};
use serde_json::{Value, json};

use super::vpc::{VPCS, cidr};
use super::{
    Shelf, describe, done, flow_log, missing, network_interface, refuse_if_used, route_table, show, subnet_cidr,
    tagging, vpc_cidr, zones,
};
use crate::call::{Answer, ApiError, Call};

/// How subnets are described.
pub const SUBNETS: Shelf = Shelf {
    kind: "ec2/subnet",
    set: "subnetSet",
    ids: "SubnetId",
    unknown: "InvalidSubnetID.NotFound",
    noun: "subnet ID",
    filters: &[
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("availabilityZone", "availabilityZone"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet.ipv6CidrBlock"),
        ("ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state"),
    ],
};

/// Seconds from create to available.
const CREATE: f64 = 1.0;
/// The attributes that can be modified, in request spelling, and as the answer shows them.
const ATTRIBUTES: [(&str, &str); 3] = [
    ("MapPublicIpOnLaunch", "mapPublicIpOnLaunch"),
    ("AssignIpv6AddressOnCreation", "assignIpv6AddressOnCreation"),
    ("EnableDns64", "enableDns64"),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateSubnet" => Some(create(call)),
        "DescribeSubnets" => Some(list(call)),
        "ModifySubnetAttribute" => Some(modify(call)),
        "DeleteSubnet" => Some(delete(call)),
        _ => None,
    }
}

/// A describe, in which every interface has taken an address.
fn list(call: &Call<'_>) -> Answer {
    let mut reply = describe(call, &SUBNETS)?;
    for row in reply.body[SUBNETS.set].as_array_mut().into_iter().flatten() {
        let taken = network_interface::taken(call, row["subnetId"].as_str().unwrap_or_default());
        let all = row["availableIpAddressCount"].as_u64().unwrap_or_default();
        row["availableIpAddressCount"] = all.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX)).into();
    }
    Ok(reply)
}

fn create(call: &mut Call<'_>) -> Answer {
    let vpc_id = call.need("VpcId")?;
    let vpc = call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
    let net = cidr(&call.need("CidrBlock")?, "InvalidSubnet.Range")?;
    if !vpc_cidr::holds(vpc, IpNet::V4(net)) {
        return Err(ApiError::new("InvalidSubnet.Range", format!("The CIDR '{net}' is invalid.")));
    }
    refuse_overlap(call, &vpc_id, net)?;
    let zone = zones::resolve(call)?;
    let tags = tagging::at_creation(call, "subnet")?;
    let id = call.ec2_id("subnet");
    let body = json!({
        "subnetId": id, "state": "pending", "vpcId": vpc_id, "cidrBlock": net.to_string(), "ownerId": call.account,
        "subnetArn": format!("arn:aws:ec2:{}:{}:subnet/{id}", call.region, call.account),
        "availabilityZone": zone.name, "availabilityZoneId": zone.id, "defaultForAz": false,
        "availableIpAddressCount": net.hosts().count().saturating_sub(3),
        "ipv6CidrBlockAssociationSet": [], "mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false, "enableDns64": false,
    });
    let mut subnet = call.object(SUBNETS.kind, &id, body);
    subnet.tags = tags;
    subnet.needs.insert(vpc_id);
    if let Some(block) = call.text("Ipv6CidrBlock").map(str::to_owned) {
        subnet_cidr::join(call, &mut subnet, &block, "associated")?;
    }
    subnet.set_later(call.now + CREATE, "state", "available");
    let shown = show(&subnet);
    call.world.put(subnet);
    Ok(json!({"subnet": shown}).into())
}

fn refuse_overlap(call: &Call<'_>, vpc_id: &str, net: Ipv4Net) -> Result<(), ApiError> {
    let overlaps =
        |other: &str| other.parse::<Ipv4Net>().is_ok_and(|other| other.contains(&net) || net.contains(&other));
    let mut subnets = call.world.list(call.account, call.region, SUBNETS.kind);
    if subnets.any(|subnet| subnet.text("vpcId") == vpc_id && overlaps(subnet.text("cidrBlock"))) {
        return Err(ApiError::new("InvalidSubnet.Conflict", format!("The CIDR '{net}' conflicts with another subnet")));
    }
    Ok(())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let id = call.need("SubnetId")?;
    let read = |(member, shown): &(&str, &'static str)| {
        let value = call.input.get(*member)?.get("Value")?.as_str()?.parse::<bool>().ok()?;
        Some((*shown, Value::from(value)))
    };
    let given: Vec<(&str, Value)> = ATTRIBUTES.iter().filter_map(read).collect();
    let [(shown, value)] = given.as_slice() else {
        return Err(ApiError::new("InvalidParameterCombination", "Exactly one attribute may be modified per request."));
    };
    let key = call.key(SUBNETS.kind, &id);
    call.world.change(&key, |subnet| subnet.set(shown, value.clone())).ok_or_else(|| missing(&SUBNETS, &id))?;
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("SubnetId")?;
    call.get(SUBNETS.kind, &id).ok_or_else(|| missing(&SUBNETS, &id))?;
    refuse_if_used(call, "subnet", &id)?;
    call.world.remove(&call.key(SUBNETS.kind, &id));
    route_table::forget_subnet(call, &id);
    flow_log::outlive(call, &id);
    done()
}
