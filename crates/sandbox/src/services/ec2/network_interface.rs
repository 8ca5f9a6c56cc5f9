//! Network interfaces. AWS makes most for its own: they hold a subnet, an address and security groups until some time
//! after their owner is gone. Those that somebody makes come with a client token and hold the same.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::security_group::GROUPS;
use super::subnet::SUBNETS;
use super::{Shelf, describe, done, missing, show, tagging};
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
        "CreateNetworkInterface" => Some(create(call)),
        "DescribeNetworkInterfaces" => Some(list(call)),
        "DeleteNetworkInterface" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let id = call.once(token.clone(), "IdempotentParameterMismatch", make)?;
    let interface = call.get(INTERFACES.kind, &id).ok_or_else(|| missing(&INTERFACES, &id))?;
    Ok(json!({"networkInterface": show(interface), "clientToken": token}).into())
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let subnet_id = call.need("SubnetId")?;
    let subnet = call.get(SUBNETS.kind, &subnet_id).ok_or_else(|| missing(&SUBNETS, &subnet_id))?.clone();
    let tags = tagging::at_creation(call, "network-interface")?;
    let groups = call.texts("SecurityGroupId").into_iter().map(|id| {
        let group = call.get(GROUPS.kind, &id).ok_or_else(|| missing(&GROUPS, &id))?;
        Ok((id, group.text("groupName").to_owned()))
    });
    let groups: Vec<(String, String)> = groups.collect::<Result<_, ApiError>>()?;
    let address = address(call, &subnet)?;
    let description = call.text("Description").unwrap_or_default().to_owned();
    let mut interface = managed(call, &subnet, address, "interface", &description);
    interface.body.remove("attachment");
    interface.body.extend([
        ("status".to_owned(), "available".into()),
        ("requesterManaged".to_owned(), false.into()),
        ("sourceDestCheck".to_owned(), true.into()),
    ]);
    let set = groups.iter().map(|(id, name)| json!({"groupId": id, "groupName": name})).collect::<Value>();
    interface.set("groupSet", set);
    interface.needs.extend(groups.into_iter().map(|(id, _)| id));
    interface.tags = tags;
    let id = interface.id.clone();
    call.world.put(interface);
    Ok(id)
}

/// The address that a create asks for, or the first that is free.
fn address(call: &Call<'_>, subnet: &Object) -> Result<Ipv4Addr, ApiError> {
    let Some(wanted) = call.text("PrivateIpAddress") else {
        let message = "The specified subnet does not have enough free addresses to satisfy the request.";
        return free_address(call, subnet).ok_or_else(|| ApiError::new("InsufficientFreeAddressesInSubnet", message));
    };
    let net = subnet.text("cidrBlock").parse::<Ipv4Net>().ok();
    let inside = wanted.parse().ok().filter(|address| net.is_some_and(|net| net.contains(address)));
    let address: Ipv4Addr = inside.ok_or_else(|| {
        ApiError::new("InvalidParameterValue", "Address does not fall within the subnet's address range")
    })?;
    let mut all = call.world.list(call.account, call.region, INTERFACES.kind);
    match all.any(|other| other.text("subnetId") == subnet.id && other.text("privateIpAddress") == wanted) {
        true => Err(ApiError::new("InvalidIPAddress.InUse", format!("Address {wanted} is in use."))),
        false => Ok(address),
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("NetworkInterfaceId")?;
    let interface = call.get(INTERFACES.kind, &id).ok_or_else(|| missing(&INTERFACES, &id))?;
    if interface.text("status") == "in-use" {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(ApiError::new("InvalidNetworkInterface.InUse", message));
    }
    call.world.remove(&call.key(INTERFACES.kind, &id));
    done()
}

/// How many addresses of a subnet are taken.
pub fn taken(call: &Call<'_>, subnet_id: &str) -> usize {
    let all = call.world.list(call.account, call.region, INTERFACES.kind);
    all.filter(|interface| interface.text("subnetId") == subnet_id).count()
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
