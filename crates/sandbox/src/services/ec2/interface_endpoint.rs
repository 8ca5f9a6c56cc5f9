//! What an interface endpoint has beside a gateway endpoint: network interfaces in subnets, and security groups. Facts:
//! one subnet per zone; without groups it has the VPC's default one; private names need both DNS attributes of the VPC,
//! and belong to one endpoint of a service in a VPC; its interfaces outlive it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::missing;
use super::network_interface::{INTERFACES, free_address, managed};
use super::security_group::{GROUPS, unknown_group};
use super::subnet::SUBNETS;
use super::vpc::VPCS;
use super::vpc_endpoint::ENDPOINTS;
use crate::call::{ApiError, Call};
use crate::wire::as_list;
use crate::world::{Object, Seconds};

/// Seconds from create to available: 30 to 120.
pub const CREATE: Seconds = 60.0;
/// Seconds that a network interface outlives its endpoint.
const TAIL: Seconds = 60.0;

/// Gives an endpoint that is being made its network interfaces, one per subnet.
///
/// # Errors
/// When a subnet or group is not there, two subnets share a zone, or private names cannot be had.
pub fn equip(call: &mut Call<'_>, endpoint: &mut Object) -> Result<(), ApiError> {
    let mut groups = call.texts("SecurityGroupId");
    if groups.is_empty() {
        groups.extend(default_group(call, endpoint.text("vpcId")));
    }
    let group_set = group_set(call, &groups)?;
    if endpoint.body.get("privateDnsEnabled") == Some(&Value::Bool(true)) {
        check_names(call, endpoint)?;
    }
    endpoint.set("groupSet", group_set);
    let subnets = call.texts("SubnetId");
    enter(call, endpoint, &subnets)
}

fn default_group(call: &Call<'_>, vpc_id: &str) -> Option<String> {
    let mut groups = call.world.list(call.account, call.region, GROUPS.kind);
    let default = groups.find(|group| group.text("vpcId") == vpc_id && group.text("groupName") == "default");
    default.map(|group| group.id.clone())
}

fn group_set(call: &Call<'_>, groups: &[String]) -> Result<Vec<Value>, ApiError> {
    let named = |id: &String| {
        let group = call.get(GROUPS.kind, id).ok_or_else(|| unknown_group(id))?;
        Ok(json!({"groupId": id, "groupName": group.text("groupName")}))
    };
    groups.iter().map(named).collect()
}

fn check_names(call: &Call<'_>, endpoint: &Object) -> Result<(), ApiError> {
    let vpc = call.get(VPCS.kind, endpoint.text("vpcId"));
    let on = |name: &str| vpc.and_then(|vpc| vpc.hidden.get(name)?.as_bool()).unwrap_or_default();
    if !on("enableDnsSupport") || !on("enableDnsHostnames") {
        let message = format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            endpoint.text("vpcId")
        );
        return Err(ApiError::new("InvalidParameter", message));
    }
    let same = |other: &Object, member: &str| other.body.get(member) == endpoint.body.get(member);
    let members = ["vpcId", "serviceName", "privateDnsEnabled"];
    let rival = |other: &Object| other.id != endpoint.id && members.iter().all(|member| same(other, member));
    match call.world.list(call.account, call.region, ENDPOINTS.kind).any(rival) {
        true => {
            let message = format!(
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {} in the VPC {}",
                endpoint.text("serviceName"),
                endpoint.text("vpcId")
            );
            Err(ApiError::new("InvalidParameter", message))
        }
        false => Ok(()),
    }
}

fn texts(endpoint: &Object, member: &str) -> Vec<String> {
    as_list(endpoint.body.get(member)).iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// Puts an endpoint into further subnets.
fn enter(call: &mut Call<'_>, endpoint: &mut Object, subnets: &[String]) -> Result<(), ApiError> {
    let all: Vec<String> = texts(endpoint, "subnetIdSet").into_iter().chain(subnets.iter().cloned()).collect();
    let mut zones = BTreeSet::new();
    for id in &all {
        let subnet = call.get(SUBNETS.kind, id).ok_or_else(|| missing(&SUBNETS, id))?;
        if !zones.insert(subnet.text("availabilityZone")) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}");
            return Err(ApiError::new("DuplicateSubnetsInSameZone", message));
        }
    }
    let mut interfaces = texts(endpoint, "networkInterfaceIdSet");
    for id in subnets {
        interfaces.push(interface(call, endpoint, id)?);
    }
    endpoint.set("subnetIdSet", all);
    endpoint.set("networkInterfaceIdSet", interfaces);
    Ok(())
}

fn interface(call: &mut Call<'_>, endpoint: &Object, subnet: &str) -> Result<String, ApiError> {
    let subnet = call.get(SUBNETS.kind, subnet).cloned().ok_or_else(|| missing(&SUBNETS, subnet))?;
    let address = free_address(call, &subnet).ok_or_else(|| {
        let message = format!("There are not enough free addresses in subnet '{}'.", subnet.id);
        ApiError::new("InsufficientFreeAddressesInSubnet", message)
    })?;
    let description = format!("VPC Endpoint Interface {}", endpoint.id);
    let mut interface = managed(call, &subnet, address, "vpc_endpoint", &description);
    regroup(&mut interface, &as_list(endpoint.body.get("groupSet")));
    let id = interface.id.clone();
    call.world.put(interface);
    Ok(id)
}

/// Gives an interface its groups, which it then holds.
fn regroup(interface: &mut Object, groups: &[Value]) {
    interface.set("groupSet", groups);
    let subnet = interface.text("subnetId").to_owned();
    let ids = groups.iter().filter_map(|group| group.get("groupId")?.as_str().map(str::to_owned));
    interface.needs = ids.chain([subnet]).collect();
}

/// Changes subnets, groups and private names as a modification asks.
///
/// # Errors
/// As for the create.
pub fn modify(call: &mut Call<'_>, id: &str) -> Result<(), ApiError> {
    let Some(mut endpoint) = call.get(ENDPOINTS.kind, id).cloned() else { return Ok(()) };
    if let Some(on) = call.flag("PrivateDnsEnabled") {
        endpoint.set("privateDnsEnabled", on);
        if on {
            check_names(call, &endpoint)?;
        }
    }
    let removed = call.texts("RemoveSecurityGroupId");
    let mut groups = group_set(call, &call.texts("AddSecurityGroupId"))?;
    groups.extend(as_list(endpoint.body.get("groupSet")));
    groups.retain(|group| !removed.iter().any(|id| group.get("groupId").is_some_and(|have| have == id)));
    endpoint.set("groupSet", groups.clone());
    leave(call, &mut endpoint, &call.texts("RemoveSubnetId"));
    enter(call, &mut endpoint, &call.texts("AddSubnetId"))?;
    for interface in texts(&endpoint, "networkInterfaceIdSet") {
        call.world.change(&call.key(INTERFACES.kind, &interface), |interface| regroup(interface, &groups));
    }
    call.world.put(endpoint);
    Ok(())
}

/// Takes an endpoint out of subnets.
fn leave(call: &mut Call<'_>, endpoint: &mut Object, subnets: &[String]) {
    let (mut kept, gone) = (Vec::new(), call.now + TAIL);
    for id in texts(endpoint, "networkInterfaceIdSet") {
        let key = call.key(INTERFACES.kind, &id);
        let leaves =
            call.get(INTERFACES.kind, &id).is_some_and(|one| subnets.iter().any(|id| one.text("subnetId") == id));
        if leaves {
            call.world.change(&key, |interface| interface.remove_later(gone));
        } else {
            kept.push(id);
        }
    }
    let stays: Vec<String> = texts(endpoint, "subnetIdSet").into_iter().filter(|id| !subnets.contains(id)).collect();
    endpoint.set("networkInterfaceIdSet", kept);
    endpoint.set("subnetIdSet", stays);
}

/// Lets the interfaces of an endpoint go some time after it.
pub fn unequip(call: &mut Call<'_>, endpoint: &str, gone: Seconds) {
    let ids = call.get(ENDPOINTS.kind, endpoint).map(|endpoint| texts(endpoint, "networkInterfaceIdSet"));
    for id in ids.unwrap_or_default() {
        call.world.change(&call.key(INTERFACES.kind, &id), |interface| interface.remove_later(gone + TAIL));
    }
}
