//! The network interfaces of load balancers: one per subnet, requester-managed, with a public address if the load
//! balancer faces the internet. They outlive it, and hold subnets and security groups until they vanish.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::load_balancer::{description, groups_of, subnets_of};
use crate::call::Call;
use crate::world::{Key, Object};

const KIND: &str = "ec2/network-interface";
/// Seconds that an interface outlives its load balancer: the facts say usually 10 to 60.
const LINGER: f64 = 30.0;

/// Makes interfaces where the load balancer now stands and withdraws the others.
pub fn spread(call: &mut Call<'_>, balancer: &Object) {
    let wanted = subnets_of(balancer);
    withdraw(call, &balancer.id, &wanted);
    let stood: BTreeSet<String> = of(call, &balancer.id).into_iter().map(|(_, subnet)| subnet).collect();
    for subnet in wanted.difference(&stood) {
        make(call, balancer, subnet);
    }
    regroup(call, balancer);
}

/// Lets all interfaces of a load balancer vanish but those in `kept` subnets.
pub fn withdraw(call: &mut Call<'_>, arn: &str, kept: &BTreeSet<String>) {
    let at = call.now + LINGER;
    for (key, _) in of(call, arn).into_iter().filter(|(_, subnet)| !kept.contains(subnet)) {
        call.world.change(&key, |interface| interface.remove_later(at));
    }
}

/// Interfaces of a load balancer that are there to stay, with their subnets.
fn of(call: &Call<'_>, arn: &str) -> Vec<(Key, String)> {
    let described = description(arn);
    let interfaces = call.world.list(call.account, call.region, KIND);
    let own = interfaces.filter(|one| one.text("description") == described && one.later.is_empty());
    own.map(|one| (one.key(), one.text("subnetId").to_owned())).collect()
}

fn make(call: &mut Call<'_>, balancer: &Object, subnet: &str) {
    let (id, attachment, address) = (call.ec2_id("eni"), call.ec2_id("eni-attach"), call.hex(4));
    let octet = |part: &str| u8::from_str_radix(part, 16).unwrap_or_default();
    let host = address.split_at_checked(2).map_or((0, 0), |(high, low)| (octet(high), octet(low)));
    let zone = call.get("ec2/subnet", subnet).map(|subnet| subnet.text("availabilityZone").to_owned());
    let body = json!({
        "networkInterfaceId": id, "subnetId": subnet, "vpcId": balancer.text("VpcId"), "availabilityZone": zone,
        "description": description(&balancer.id), "ownerId": call.account, "requesterId": "amazon-elb",
        "requesterManaged": true, "status": "in-use", "interfaceType": "interface", "sourceDestCheck": true,
        "privateIpAddress": format!("10.255.{}.{}", host.0, host.1),
        "attachment": {
            "attachmentId": attachment, "instanceOwnerId": "amazon-elb", "deviceIndex": 1, "status": "attached",
            "deleteOnTermination": false},
    });
    let mut interface = call.object(KIND, &id, body);
    if balancer.text("Scheme") == "internet-facing" {
        // An address for documentation, RFC 5737. While it is mapped, the VPC's internet gateway cannot be detached.
        interface.set("association", json!({"publicIp": format!("203.0.113.{}", host.1), "ipOwnerId": "amazon-elb"}));
    }
    interface.needs.insert(subnet.to_owned());
    call.world.put(interface);
}

fn regroup(call: &mut Call<'_>, balancer: &Object) {
    let groups = groups_of(balancer);
    let shown: Vec<Value> = groups.iter().map(|id| json!({"groupId": id})).collect();
    for (key, subnet) in of(call, &balancer.id) {
        call.world.change(&key, |interface| {
            interface.needs = groups.iter().cloned().chain([subnet.clone()]).collect();
            interface.set("groupSet", shown.clone());
        });
    }
}
