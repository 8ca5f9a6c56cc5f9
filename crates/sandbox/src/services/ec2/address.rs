//! Elastic IP addresses. Facts: each allocation is another address; described in one answer without paging; one that
//! is in use cannot be released.

use serde_json::{Value, json};

use super::{Shelf, describe, done, missing, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Object, Seconds};

/// How addresses are described.
pub const ADDRESSES: Shelf = Shelf {
    kind: "ec2/elastic-ip",
    set: "addressesSet",
    ids: "AllocationId",
    unknown: "InvalidAllocationID.NotFound",
    noun: "allocation ID",
    filters: &[],
};

/// What shows that an address is in use.
const ASSOCIATION: [&str; 4] = ["associationId", "networkInterfaceId", "networkInterfaceOwnerId", "privateIpAddress"];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AllocateAddress" => Some(allocate(call)),
        "DescribeAddresses" => Some(describe(call, &ADDRESSES)),
        "ReleaseAddress" => Some(release(call)),
        _ => None,
    }
}

fn allocate(call: &mut Call<'_>) -> Answer {
    let tags = tagging::at_creation(call, "elastic-ip")?;
    let id = call.ec2_id("eipalloc");
    let public_ip = public_ip(call);
    let body = json!({
        "allocationId": id, "publicIp": public_ip, "domain": "vpc", "publicIpv4Pool": "amazon",
        "networkBorderGroup": call.text("NetworkBorderGroup").unwrap_or(call.region),
    });
    let mut address = call.object(ADDRESSES.kind, &id, body.clone());
    address.tags = tags;
    call.world.put(address);
    Ok(body.into())
}

/// A fresh address. 198.18.0.0/15 is reserved for tests of networks: nobody's real address.
pub fn public_ip(call: &mut Call<'_>) -> String {
    let number = call.world.next_number();
    format!("198.{}.{}.{}", 18 + (number >> 16) % 2, (number >> 8) % 256, number % 256)
}

/// Associates an address with a network interface.
pub fn associate(address: &mut Object, interface: &Object, association_id: &str) {
    let values = [association_id, &interface.id, interface.text("ownerId"), interface.text("privateIpAddress")];
    ASSOCIATION.iter().zip(values).for_each(|(member, value)| address.set(member, value));
}

/// Ends the association at its time.
pub fn disassociate_later(address: &mut Object, at: Seconds) {
    ASSOCIATION.iter().for_each(|member| address.set_later(at, member, Value::Null));
}

fn release(call: &mut Call<'_>) -> Answer {
    let id = call.need("AllocationId")?;
    let address = call.get(ADDRESSES.kind, &id).ok_or_else(|| missing(&ADDRESSES, &id))?;
    if call.world.users_of(&id).next().is_some() {
        let message = format!("Address {} is in use.", address.text("publicIp"));
        return Err(ApiError::new("InvalidIPAddress.InUse", message));
    }
    call.world.remove(&call.key(ADDRESSES.kind, &id));
    done()
}
