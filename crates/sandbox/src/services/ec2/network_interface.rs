//! Network interfaces that AWS makes for its own: they hold a subnet, an address and security groups until some time
//! after their owner is gone.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::json;

use super::{Shelf, describe};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// How network interfaces are described.
pub const INTERFACES: Shelf = Shelf {
    kind: "ec2/network-interface",
    set: "networkInterfaceSet",
    ids: "NetworkInterfaceId",
    unknown: "InvalidNetworkInterfaceID.NotFound",
    noun: "networkInterface ID",
    filters: &[
        ("group-id", "groupSet.groupId"),
        ("group-name", "groupSet.groupName"),
        ("association.allocation-id", "association.allocationId"),
        ("association.association-id", "association.associationId"),
        ("association.public-ip", "association.publicIp"),
        ("attachment.attachment-id", "attachment.attachmentId"),
        ("attachment.instance-owner-id", "attachment.instanceOwnerId"),
        ("attachment.status", "attachment.status"),
        ("addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress"),
    ],
};

/// Addresses at the start of a subnet that AWS keeps: network, router, DNS, future use; [`Ipv4Net::hosts`] leaves out
/// the first.
const RESERVED: usize = 3;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeNetworkInterfaces" => Some(list(call)),
        _ => None,
    }
}

fn list(call: &Call<'_>) -> Answer {
    if call.number("MaxResults").is_some() && !call.texts(INTERFACES.ids).is_empty() {
        let message = "The parameter networkInterfaceSet cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    describe(call, &INTERFACES)
}

/// The first address of a subnet that no interface has.
pub fn free_address(call: &Call<'_>, subnet: &Object) -> Option<Ipv4Addr> {
    let net: Ipv4Net = subnet.text("cidrBlock").parse().ok()?;
    let taken: Vec<&str> = call
        .world
        .list(call.account, call.region, INTERFACES.kind)
        .filter(|interface| interface.text("subnetId") == subnet.id)
        .map(|interface| interface.text("privateIpAddress"))
        .collect();
    net.hosts().skip(RESERVED).find(|address| !taken.contains(&address.to_string().as_str()))
}

/// An interface of an AWS service in a subnet; not in the world yet.
pub fn managed(call: &mut Call<'_>, subnet: &Object, address: Ipv4Addr, kind: &str, description: &str) -> Object {
    let (id, attachment) = (call.ec2_id("eni"), call.ec2_id("ela-attach"));
    let body = json!({
        "networkInterfaceId": id, "subnetId": subnet.id, "vpcId": subnet.text("vpcId"),
        "availabilityZone": subnet.text("availabilityZone"), "description": description, "interfaceType": kind,
        "ownerId": call.account, "requesterManaged": true, "status": "in-use", "sourceDestCheck": false,
        "groupSet": [], "privateIpAddress": address.to_string(),
        "privateIpAddressesSet": [{"privateIpAddress": address.to_string(), "primary": true}],
        "attachment": {
            "attachmentId": attachment, "instanceOwnerId": "amazon-aws", "deviceIndex": 1, "status": "attached",
            "deleteOnTermination": false},
    });
    let mut interface = call.object(INTERFACES.kind, &id, body);
    interface.needs.insert(subnet.id.clone());
    interface
}
