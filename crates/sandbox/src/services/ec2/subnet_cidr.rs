//! The IPv6 block of a subnet: a /64 out of a block of its VPC, at creation or later, one at a time.

use ipnet::{IpNet, Ipv6Net};
use serde_json::{Value, json};

use super::subnet::SUBNETS;
use super::vpc::VPCS;
use super::{missing, vpc_cidr};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Seconds from associating to associated, and from disassociating to gone; no figure is known.
const CHANGE: f64 = 3.0;
const SET: &str = "ipv6CidrBlockAssociationSet";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AssociateSubnetCidrBlock" => Some(associate(call)),
        "DisassociateSubnetCidrBlock" => Some(disassociate(call)),
        _ => None,
    }
}

/// The IPv6 blocks of a subnet.
pub fn blocks(subnet: &Object) -> Vec<String> {
    let all = as_list(subnet.body.get(SET));
    all.iter().filter_map(|association| association.get("ipv6CidrBlock")?.as_str().map(str::to_owned)).collect()
}

/// Gives a subnet a block; `state` is that of the association.
///
/// # Errors
/// When the block is no /64, lies outside the VPC's, or belongs to another subnet.
pub fn join(call: &mut Call<'_>, subnet: &mut Object, text: &str, state: &str) -> Result<Value, ApiError> {
    let wrong = || ApiError::new("InvalidSubnet.Range", format!("The IPv6 CIDR '{text}' is invalid."));
    let net: Ipv6Net = text.parse().map_err(|_| wrong())?;
    let vpc_id = subnet.text("vpcId").to_owned();
    let vpc = call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
    if net.prefix_len() != 64 || !vpc_cidr::holds(vpc, IpNet::V6(net)) {
        return Err(wrong());
    }
    let block = net.trunc().to_string();
    let taken = |other: &Object| other.text("vpcId") == vpc_id && blocks(other).contains(&block);
    if call.world.list(call.account, call.region, SUBNETS.kind).any(taken) {
        let message = format!("The IPv6 CIDR '{block}' conflicts with another subnet");
        return Err(ApiError::new("InvalidSubnet.Conflict", message));
    }
    let id = call.ec2_id("subnet-cidr-assoc");
    let association = json!({
        "associationId": id, "ipv6CidrBlock": block, "ipv6CidrBlockState": {"state": state},
        "ipv6AddressAttribute": "public", "ipSource": "amazon",
    });
    subnet.set(SET, json!([association]));
    Ok(association)
}

fn associate(call: &mut Call<'_>) -> Answer {
    let (id, block) = (call.need("SubnetId")?, call.need("Ipv6CidrBlock")?);
    let mut subnet = call.get(SUBNETS.kind, &id).ok_or_else(|| missing(&SUBNETS, &id))?.clone();
    if !blocks(&subnet).is_empty() {
        let message = format!("The subnet '{id}' already has an IPv6 CIDR block.");
        return Err(ApiError::new("SubnetLimitExceeded", message));
    }
    let association = join(call, &mut subnet, &block, "associating")?;
    let mut settled = association.clone();
    settled["ipv6CidrBlockState"] = json!({"state": "associated"});
    subnet.reset_later(call.now + CHANGE, SET, json!([settled]));
    call.world.put(subnet);
    Ok(json!({"subnetId": id, "ipv6CidrBlockAssociation": association}).into())
}

fn disassociate(call: &mut Call<'_>) -> Answer {
    let id = call.need("AssociationId")?;
    let (mut subnet, mut association) = owner(call, &id)?;
    association["ipv6CidrBlockState"] = json!({"state": "disassociating"});
    subnet.set(SET, json!([association]));
    subnet.reset_later(call.now + CHANGE, SET, json!([]));
    let subnet_id = subnet.id.clone();
    call.world.put(subnet);
    Ok(json!({"subnetId": subnet_id, "ipv6CidrBlockAssociation": association}).into())
}

/// The subnet with this association, and the association.
fn owner(call: &Call<'_>, id: &str) -> Result<(Object, Value), ApiError> {
    let named = |association: &Value| association.get("associationId").is_some_and(|have| have == id);
    let mut subnets = call.world.list(call.account, call.region, SUBNETS.kind);
    let found = subnets.find_map(|subnet| {
        let association = as_list(subnet.body.get(SET)).into_iter().find(named)?;
        Some((subnet.clone(), association))
    });
    found.ok_or_else(|| {
        let message = format!("The subnet CIDR block with association ID {id} does not exist");
        ApiError::new("InvalidSubnetCidrBlockAssociationID.NotFound", message)
    })
}
