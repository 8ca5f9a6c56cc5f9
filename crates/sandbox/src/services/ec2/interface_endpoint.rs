//! What an interface endpoint has beside a gateway endpoint: network interfaces in subnets, and security groups.

use serde_json::{Value, json};

use super::missing;
use super::security_group::{GROUPS, unknown_group};
use super::subnet::SUBNETS;
use crate::call::{ApiError, Call};
use crate::world::{Key, Object, Seconds};

/// The sandbox's name for network interfaces.
const INTERFACE: &str = "ec2/network-interface";
/// Seconds that a network interface outlives its endpoint.
const TAIL: f64 = 60.0;

/// Gives an endpoint that is being made its network interfaces, one per subnet.
pub fn equip(call: &mut Call<'_>, endpoint: &mut Object) -> Result<(), ApiError> {
    let (subnets, groups) = (call.texts("SubnetId"), call.texts("SecurityGroupId"));
    if let Some(unknown) = subnets.iter().find(|id| call.get(SUBNETS.kind, id).is_none()) {
        return Err(missing(&SUBNETS, unknown));
    }
    let named = |id: &String| {
        let group = call.get(GROUPS.kind, id).ok_or_else(|| unknown_group(id))?;
        Ok(json!({"groupId": id, "groupName": group.text("groupName")}))
    };
    let group_set: Vec<Value> = groups.iter().map(named).collect::<Result<_, ApiError>>()?;
    let mut interfaces = Vec::new();
    for subnet in &subnets {
        let id = call.ec2_id("eni");
        let body = json!({
            "networkInterfaceId": id, "subnetId": subnet, "vpcId": endpoint.text("vpcId"), "status": "in-use",
            "ownerId": call.account, "interfaceType": "vpc_endpoint", "requesterManaged": true, "groupSet": group_set,
            "description": format!("VPC Endpoint Interface {}", endpoint.id),
        });
        let mut interface = call.object(INTERFACE, &id, body);
        interface.needs.extend(groups.iter().chain([subnet]).cloned());
        call.world.put(interface);
        interfaces.push(id);
    }
    endpoint.set("subnetIdSet", subnets);
    endpoint.set("groupSet", group_set);
    endpoint.set("networkInterfaceIdSet", interfaces);
    Ok(())
}

/// Lets the interfaces of an endpoint go some time after it.
pub fn unequip(call: &mut Call<'_>, endpoint: &str, gone: Seconds) {
    let owned = call.get(super::vpc_endpoint::ENDPOINTS.kind, endpoint);
    let ids = crate::wire::as_list(owned.and_then(|endpoint| endpoint.body.get("networkInterfaceIdSet")));
    let keys: Vec<Key> = ids.iter().filter_map(Value::as_str).map(|id| call.key(INTERFACE, id)).collect();
    for key in keys {
        call.world.change(&key, |interface| interface.remove_later(gone + TAIL));
    }
}
