//! VPCs. Facts: the DNS attributes are not inputs of the create; one attribute per modify or describe; a VPC with
//! anything in it cannot be deleted; a default security group, network ACL and main route table come with it.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{
    Shelf, describe, done, flow_log, missing, refuse_if_used, security_group, show, tagging, vpc_cidr, vpc_parts,
};
use crate::call::{Answer, ApiError, Call};

/// How VPCs are described.
pub const VPCS: Shelf = Shelf {
    kind: "ec2/vpc",
    set: "vpcSet",
    ids: "VpcId",
    unknown: "InvalidVpcID.NotFound",
    noun: "vpc ID",
    filters: &[
        ("cidr", "cidrBlock"),
        ("isDefault", "isDefault"),
        ("cidr-block-association.association-id", "cidrBlockAssociationSet.associationId"),
        ("cidr-block-association.cidr-block", "cidrBlockAssociationSet.cidrBlock"),
        ("cidr-block-association.state", "cidrBlockAssociationSet.cidrBlockState.state"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "ipv6CidrBlockAssociationSet.ipv6CidrBlock"),
        ("ipv6-cidr-block-association.ipv6-pool", "ipv6CidrBlockAssociationSet.ipv6Pool"),
        ("ipv6-cidr-block-association.state", "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state"),
    ],
};

/// Seconds from create to available.
const CREATE: f64 = 2.0;
const ATTRIBUTES: [&str; 3] = ["enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateVpc" => Some(create(call)),
        "DescribeVpcs" => Some(describe(call, &VPCS)),
        "DescribeVpcAttribute" => Some(attribute(call)),
        "ModifyVpcAttribute" => Some(modify(call)),
        "DeleteVpc" => Some(delete(call)),
        _ => None,
    }
}

/// A CIDR between /16 and /28, canonical.
pub fn cidr(text: &str, code: &str) -> Result<Ipv4Net, ApiError> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        let message = format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.");
        ApiError::new("InvalidParameterValue", message)
    })?;
    match net.prefix_len() {
        16..=28 => Ok(net.trunc()),
        _ => Err(ApiError::new(code, format!("The CIDR '{text}' is invalid."))),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let net = cidr(&call.need("CidrBlock")?, "InvalidVpc.Range")?;
    let tags = tagging::at_creation(call, "vpc")?;
    let id = call.ec2_id("vpc");
    let first = vpc_cidr::first(call, net);
    let body = json!({
        "vpcId": id, "ownerId": call.account, "state": "pending", "cidrBlock": net.to_string(),
        "cidrBlockAssociationSet": [first],
        "dhcpOptionsId": "dopt-0sandbox", "isDefault": false,
        "instanceTenancy": call.text("InstanceTenancy").unwrap_or("default"),
    });
    let mut vpc = call.object(VPCS.kind, &id, body);
    vpc.tags = tags;
    vpc.hidden.extend([("enableDnsSupport".to_owned(), true.into()), ("enableDnsHostnames".to_owned(), false.into())]);
    vpc.hidden.insert("enableNetworkAddressUsageMetrics".to_owned(), false.into());
    vpc.set_later(call.now + CREATE, "state", "available");
    if call.flag("AmazonProvidedIpv6CidrBlock") == Some(true) {
        vpc_cidr::join_ipv6(call, &mut vpc);
    }
    let shown = show(&vpc);
    call.world.put(vpc);
    security_group::come_with_vpc(call, &id);
    vpc_parts::add(call, &id);
    Ok(json!({"vpc": shown}).into())
}

fn attribute(call: &mut Call<'_>) -> Answer {
    let id = call.need("VpcId")?;
    let name = call.need("Attribute")?;
    let vpc = call.get(VPCS.kind, &id).ok_or_else(|| missing(&VPCS, &id))?;
    let value = vpc.hidden.get(&name).and_then(Value::as_bool);
    let value = value.ok_or_else(|| {
        ApiError::new("InvalidParameterValue", format!("Value ({name}) for parameter attribute is invalid."))
    })?;
    Ok(json!({"vpcId": id, name: {"value": value}}).into())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let id = call.need("VpcId")?;
    let named = |attribute: &str| {
        let mut chars = attribute.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase()).into_iter();
        let member: String = first.chain(chars).collect();
        let value = call.input.get(&member)?.get("Value")?.as_str()?.parse::<bool>().ok()?;
        Some((attribute.to_owned(), value))
    };
    let given: Vec<(String, bool)> = ATTRIBUTES.iter().filter_map(|attribute| named(attribute)).collect();
    let [(name, value)] = given.as_slice() else {
        return Err(ApiError::new("InvalidParameterCombination", "Exactly one attribute may be modified per request."));
    };
    let key = call.key(VPCS.kind, &id);
    let change = |vpc: &mut crate::world::Object| vpc.hidden.insert(name.clone(), (*value).into());
    call.world.change(&key, change).ok_or_else(|| missing(&VPCS, &id))?;
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("VpcId")?;
    call.get(VPCS.kind, &id).ok_or_else(|| missing(&VPCS, &id))?;
    refuse_if_used(call, "vpc", &id)?;
    security_group::go_with_vpc(call, &id);
    call.world.remove(&call.key(VPCS.kind, &id));
    vpc_parts::remove(call, &id);
    flow_log::outlive(call, &id);
    done()
}
