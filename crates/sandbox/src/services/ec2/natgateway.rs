//! NAT gateways. Facts: the create takes a client token and succeeds even where the gateway cannot work, which shows as
//! state `failed`; its network interface and address are held until it is deleted; it is listed for an hour after.

use serde_json::{Value, json};

use super::address::{ADDRESSES, associate, disassociate_later};
use super::network_interface::{INTERFACES, free_address, managed};
use super::subnet::SUBNETS;
use super::{Shelf, describe, internet_gateway, missing, route, show, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// How NAT gateways are described.
pub const NAT_GATEWAYS: Shelf = Shelf {
    kind: "ec2/natgateway",
    set: "natGatewaySet",
    ids: "NatGatewayId",
    unknown: "NatGatewayNotFound",
    noun: "NatGateway ID",
    filters: &[],
};

/// Seconds from create to available: 87-121 were seen.
const CREATE: f64 = 110.0;
/// Seconds from create to failed; no figure is known.
const FAIL: f64 = 10.0;
/// Seconds from delete to deleted: 42-61 were seen.
const DELETE: f64 = 50.0;
/// Seconds for which a deleted or failed gateway stays listed: about an hour.
const LISTED: f64 = 3600.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateNatGateway" => Some(create(call)),
        "DescribeNatGateways" => Some(describe(call, &NAT_GATEWAYS)),
        "DeleteNatGateway" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let id = call.once(token.clone(), "IdempotentParameterMismatch", make)?;
    let gateway = call.get(NAT_GATEWAYS.kind, &id).ok_or_else(|| missing(&NAT_GATEWAYS, &id))?;
    Ok(json!({"natGateway": show(gateway), "clientToken": token}).into())
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let subnet_id = call.need("SubnetId")?;
    let private = call.text("ConnectivityType") == Some("private");
    let allocation_id = if private { None } else { Some(call.need("AllocationId")?) };
    let tags = tagging::at_creation(call, "natgateway")?;
    let id = call.ec2_id("nat");
    let body = json!({
        "natGatewayId": id, "state": "pending", "subnetId": subnet_id, "createTime": call.timestamp(),
        "connectivityType": if private { "private" } else { "public" }, "availabilityMode": "zonal",
        "natGatewayAddressSet": [{"allocationId": allocation_id, "isPrimary": true, "status": "associating"}],
    });
    let mut gateway = call.object(NAT_GATEWAYS.kind, &id, body);
    gateway.tags = tags;
    if let Some(subnet) = call.get(SUBNETS.kind, &subnet_id) {
        gateway.set("vpcId", subnet.text("vpcId"));
    }
    if let Err(reason) = start(call, &mut gateway, &subnet_id, allocation_id.as_deref()) {
        let address = json!({"allocationId": allocation_id, "isPrimary": true, "status": "failed"});
        gateway.set_later(call.now + FAIL, "natGatewayAddressSet", json!([address]));
        gateway.set_later(call.now + FAIL, "state", "failed");
        gateway.set_later(call.now + FAIL, "failureCode", reason.code);
        gateway.set_later(call.now + FAIL, "failureMessage", reason.message);
        gateway.remove_later(call.now + FAIL + LISTED);
    }
    call.world.put(gateway);
    Ok(id)
}

/// Gives the gateway its interface and address, or the reason why it will fail.
fn start(
    call: &mut Call<'_>,
    gateway: &mut Object,
    subnet_id: &str,
    allocation_id: Option<&str>,
) -> Result<(), ApiError> {
    let subnet = call.get(SUBNETS.kind, subnet_id).ok_or_else(|| missing(&SUBNETS, subnet_id))?.clone();
    let address = allocation_id.map(|id| usable_address(call, &subnet, id)).transpose()?;
    let private_ip = free_address(call, &subnet).ok_or_else(|| {
        let message = format!("Subnet {subnet_id} has insufficient free addresses to create this NAT gateway");
        ApiError::new("InsufficientFreeAddressesInSubnet", message)
    })?;
    let description = format!("Interface for NAT Gateway {}", gateway.id);
    let mut interface = managed(call, &subnet, private_ip, "nat_gateway", &description);
    let mut shown = json!({
        "networkInterfaceId": interface.id, "privateIp": private_ip.to_string(), "isPrimary": true,
        "status": "associating",
    });
    if let Some(mut address) = address {
        let association_id = call.ec2_id("eipassoc");
        let public_ip = address.text("publicIp").to_owned();
        interface.set(
            "association",
            json!({"allocationId": address.id, "associationId": association_id, "publicIp": public_ip}),
        );
        interface.needs.insert(address.id.clone());
        shown["allocationId"] = address.id.as_str().into();
        shown["associationId"] = association_id.as_str().into();
        shown["publicIp"] = public_ip.into();
        associate(&mut address, &interface, &association_id);
        call.world.put(address);
    }
    call.world.put(interface);
    gateway.set("natGatewayAddressSet", json!([shown.clone()]));
    shown["status"] = "succeeded".into();
    gateway.set_later(call.now + CREATE, "natGatewayAddressSet", json!([shown]));
    gateway.set_later(call.now + CREATE, "state", "available");
    Ok(())
}

/// The address, if it is there and free and the subnet's VPC has a way out.
fn usable_address(call: &Call<'_>, subnet: &Object, allocation_id: &str) -> Result<Object, ApiError> {
    let address = call.get(ADDRESSES.kind, allocation_id).ok_or_else(|| missing(&ADDRESSES, allocation_id))?;
    if call.world.users_of(allocation_id).next().is_some() {
        let message = format!("Elastic IP address [{allocation_id}] is already associated");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    let vpc_id = subnet.text("vpcId");
    match internet_gateway::of_vpc(call, vpc_id) {
        Some(_) => Ok(address.clone()),
        None => Err(ApiError::new("Gateway.NotAttached", format!("Network {vpc_id} has no Internet gateway attached"))),
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("NatGatewayId")?;
    let gateway = call.get(NAT_GATEWAYS.kind, &id).filter(|gateway| gateway.text("state") != "deleted");
    let gateway =
        gateway.ok_or_else(|| ApiError::new(NAT_GATEWAYS.unknown, format!("The Nat Gateway {id} was not found")))?;
    if gateway.text("state") != "deleting" {
        let addresses = as_list(gateway.body.get("natGatewayAddressSet"));
        let (gone, since) = (call.now + DELETE, call.timestamp());
        call.world.change(&call.key(NAT_GATEWAYS.kind, &id), |gateway| {
            gateway.later.clear();
            gateway.set("state", "deleting");
            gateway.set("deleteTime", since);
            gateway.set_later(gone, "state", "deleted");
            gateway.remove_later(gone + LISTED);
        });
        for address in addresses {
            // A failed gateway holds nothing: the address that it names may be another's.
            let named = |member: &str| address.get(member).and_then(Value::as_str).map(str::to_owned);
            let Some(interface) = named("networkInterfaceId") else { continue };
            call.world.change(&call.key(INTERFACES.kind, &interface), |interface| interface.remove_later(gone));
            let allocation = call.key(ADDRESSES.kind, &named("allocationId").unwrap_or_default());
            call.world.change(&allocation, |address| disassociate_later(address, gone));
        }
        route::mark(call, &id, "blackhole");
    }
    Ok(json!({"natGatewayId": id}).into())
}
