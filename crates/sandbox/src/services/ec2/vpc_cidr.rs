//! Address blocks of a VPC beyond the first: further IPv4 blocks, and /56 blocks of IPv6 from Amazon's pool. Facts: a
//! block is associating before it is associated, and a subnet fits in it only then; the first IPv4 block stays as long
//! as the VPC; each block has a local route in every table of the VPC.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::{Value, json};

use super::subnet::SUBNETS;
use super::vpc::{VPCS, cidr};
use super::{missing, route};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Seconds from associating to associated, and from disassociating to gone; no figure is known.
const CHANGE: f64 = 5.0;

/// How one family of addresses is spelled.
struct Family {
    set: &'static str,
    block: &'static str,
    state: &'static str,
    answer: &'static str,
}

const IPV4: Family = Family {
    set: "cidrBlockAssociationSet",
    block: "cidrBlock",
    state: "cidrBlockState",
    answer: "cidrBlockAssociation",
};
const IPV6: Family = Family {
    set: "ipv6CidrBlockAssociationSet",
    block: "ipv6CidrBlock",
    state: "ipv6CidrBlockState",
    answer: "ipv6CidrBlockAssociation",
};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AssociateVpcCidrBlock" => Some(associate(call)),
        "DisassociateVpcCidrBlock" => Some(disassociate(call)),
        _ => None,
    }
}

/// The association of the block that a VPC is made with.
pub fn first(call: &mut Call<'_>, net: Ipv4Net) -> Value {
    let id = call.ec2_id("vpc-cidr-assoc");
    json!({"associationId": id, "cidrBlock": net.to_string(), "cidrBlockState": {"state": "associated"}})
}

/// All blocks of a VPC that are or will be its own, the first one first.
pub fn blocks(vpc: &Object) -> Vec<String> {
    [&IPV4, &IPV6].into_iter().flat_map(|family| in_state(vpc, family, |state| state != "disassociating")).collect()
}

/// Whether a subnet with this block fits into an associated block of the VPC.
pub fn holds(vpc: &Object, net: IpNet) -> bool {
    let family = if matches!(net, IpNet::V4(_)) { &IPV4 } else { &IPV6 };
    let blocks = in_state(vpc, family, |state| state == "associated");
    blocks.iter().any(|block| block.parse::<IpNet>().is_ok_and(|block| block.contains(&net)))
}

fn in_state(vpc: &Object, family: &Family, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let associations = as_list(vpc.body.get(family.set));
    let kept = associations.iter().filter(|association| wanted(state_of(association, family)));
    kept.filter_map(|association| association.get(family.block)?.as_str().map(str::to_owned)).collect()
}

fn state_of<'a>(association: &'a Value, family: &Family) -> &'a str {
    association.get(family.state).and_then(|state| state.get("state")?.as_str()).unwrap_or_default()
}

/// Starts the association of a fresh /56 of Amazon's.
pub fn join_ipv6(call: &mut Call<'_>, vpc: &mut Object) -> Value {
    let (id, digits) = (call.ec2_id("vpc-cidr-assoc"), call.hex(6));
    let (high, low) = digits.split_at_checked(4).unwrap_or(("0", "0"));
    let net = format!("2600:1f18:{high}:{low}00::/56").parse::<Ipv6Net>();
    let association = json!({
        "associationId": id, "ipv6CidrBlock": net.map(|net| net.trunc().to_string()).unwrap_or_default(),
        "ipv6CidrBlockState": {"state": "associating"}, "ipv6Pool": "Amazon", "networkBorderGroup": call.region,
        "ipSource": "amazon", "ipv6AddressAttribute": "public",
    });
    start(call.now, vpc, &IPV6, association.clone());
    association
}

/// Adds an association, and schedules when those of its family are all settled.
fn start(now: f64, vpc: &mut Object, family: &Family, association: Value) {
    let mut all = as_list(vpc.body.get(family.set));
    all.push(association);
    vpc.set(family.set, all);
    settle(now, vpc, family);
}

fn settle(now: f64, vpc: &mut Object, family: &Family) {
    let mut all = as_list(vpc.body.get(family.set));
    all.retain(|association| state_of(association, family) != "disassociating");
    for association in &mut all {
        association[family.state] = json!({"state": "associated"});
    }
    vpc.reset_later(now + CHANGE, family.set, all);
}

fn associate(call: &mut Call<'_>) -> Answer {
    let id = call.need("VpcId")?;
    let mut vpc = call.get(VPCS.kind, &id).ok_or_else(|| missing(&VPCS, &id))?.clone();
    let amazons = call.flag("AmazonProvidedIpv6CidrBlock") == Some(true);
    let (family, association) = match (amazons, call.text("CidrBlock").map(str::to_owned)) {
        (true, None) => (&IPV6, join_ipv6(call, &mut vpc)),
        (false, Some(block)) => (&IPV4, join_ipv4(call, &mut vpc, &block)?),
        (false, None) => {
            return Err(ApiError::new("MissingParameter", "The request must contain the parameter cidrBlock"));
        }
        (true, Some(_)) => {
            let message = "Only one of cidrBlock and amazonProvidedIpv6CidrBlock may be specified.";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
    };
    call.world.put(vpc);
    let block = association.get(family.block).and_then(Value::as_str).unwrap_or_default().to_owned();
    route::local_everywhere(call, &id, &block, true);
    Ok(json!({"vpcId": id, family.answer: association}).into())
}

fn join_ipv4(call: &mut Call<'_>, vpc: &mut Object, block: &str) -> Result<Value, ApiError> {
    let net = cidr(block, "InvalidVpc.Range")?;
    let overlaps =
        |other: &String| other.parse::<Ipv4Net>().is_ok_and(|other| other.contains(&net) || net.contains(&other));
    if blocks(vpc).iter().any(overlaps) {
        return Err(ApiError::new("CidrConflict", format!("The CIDR '{net}' conflicts with another CIDR of the VPC.")));
    }
    let id = call.ec2_id("vpc-cidr-assoc");
    let association =
        json!({"associationId": id, "cidrBlock": net.to_string(), "cidrBlockState": {"state": "associating"}});
    start(call.now, vpc, &IPV4, association.clone());
    Ok(association)
}

fn disassociate(call: &mut Call<'_>) -> Answer {
    let id = call.need("AssociationId")?;
    let (mut vpc, (family, index)) = owner(call, &id)?;
    let mut all = as_list(vpc.body.get(family.set));
    let block = in_state(&vpc, family, |_| true).into_iter().nth(index).unwrap_or_default();
    if block == vpc.text("cidrBlock") {
        let message = format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
        );
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    refuse_used(call, &vpc.id, &block)?;
    let Some(association) = all.get_mut(index) else { return Err(missing(&VPCS, &vpc.id)) };
    association[family.state] = json!({"state": "disassociating"});
    let (association, vpc_id) = (association.clone(), vpc.id.clone());
    vpc.set(family.set, all);
    settle(call.now, &mut vpc, family);
    call.world.put(vpc);
    route::local_everywhere(call, &vpc_id, &block, false);
    Ok(json!({"vpcId": vpc_id, family.answer: association}).into())
}

/// The VPC with this association, and where in it the association is.
fn owner(call: &Call<'_>, id: &str) -> Result<(Object, (&'static Family, usize)), ApiError> {
    let mut vpcs = call.world.list(call.account, call.region, VPCS.kind);
    vpcs.find_map(|vpc| Some((vpc.clone(), position(vpc, id)?))).ok_or_else(|| {
        let message = format!("The vpc CIDR block with association ID {id} does not exist");
        ApiError::new("InvalidVpcCidrBlockAssociationID.NotFound", message)
    })
}

fn position(vpc: &Object, id: &str) -> Option<(&'static Family, usize)> {
    [&IPV4, &IPV6].into_iter().find_map(|family| {
        let associations = as_list(vpc.body.get(family.set));
        let at =
            associations.iter().position(|association| association.get("associationId").is_some_and(|have| have == id));
        Some((family, at?))
    })
}

/// A block with subnets in it stays.
fn refuse_used(call: &Call<'_>, vpc_id: &str, block: &str) -> Result<(), ApiError> {
    let Ok(block) = block.parse::<IpNet>() else { return Ok(()) };
    let inside = |text: &str| text.parse::<IpNet>().is_ok_and(|net| block.contains(&net));
    let uses = |subnet: &Object| {
        let ipv6 = super::subnet_cidr::blocks(subnet);
        subnet.text("vpcId") == vpc_id && (inside(subnet.text("cidrBlock")) || ipv6.iter().any(|net| inside(net)))
    };
    match call.world.list(call.account, call.region, SUBNETS.kind).any(uses) {
        true => Err(ApiError::new("InvalidCidrBlock.InUse", format!("The vpc CIDR block {block} is currently in use"))),
        false => Ok(()),
    }
}
