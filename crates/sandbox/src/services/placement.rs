//! Where managed databases and caches stand: subnets of one VPC, its default security group, and the network interfaces
//! that hold subnets and groups while something stands in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::shelf::invalid;
use crate::call::{ApiError, Call};
use crate::world::{Key, Object, Seconds};

const INTERFACES: &str = "ec2/network-interface";
/// Hidden member of an interface: the ARN of what it belongs to.
const OWNER: &str = "standsFor";

/// The VPC of subnets, and their rows in a subnet group.
///
/// # Errors
/// `InvalidSubnet` for one that is not there, or in another VPC than the others.
pub fn subnets(call: &Call<'_>, ids: &[String]) -> Result<(String, Vec<Value>), ApiError> {
    let (mut vpcs, mut rows) = (BTreeSet::new(), Vec::new());
    for id in ids {
        let unknown = || ApiError::new("InvalidSubnet", format!("Subnet {id} does not exist."));
        let subnet = call.get("ec2/subnet", id).ok_or_else(unknown)?;
        vpcs.insert(subnet.text("vpcId").to_owned());
        rows.push(json!({
            "SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": subnet.text("availabilityZone")},
            "SubnetOutpost": {},
        }));
    }
    match (vpcs.pop_first(), vpcs.is_empty()) {
        (Some(vpc), true) => Ok((vpc, rows)),
        _ => Err(ApiError::new("InvalidSubnet", "The subnets must be one or more, all in one VPC.")),
    }
}

/// (zone, subnet id) of a subnet group's rows, one subnet per zone.
pub fn zones(group: &Object) -> Vec<(String, String)> {
    let row = |row: &Value| {
        let zone = row.get("SubnetAvailabilityZone")?.get("Name")?.as_str()?;
        Some((zone.to_owned(), row.get("SubnetIdentifier")?.as_str()?.to_owned()))
    };
    let mut zones: Vec<(String, String)> =
        crate::wire::as_list(group.body.get("Subnets")).iter().filter_map(row).collect();
    zones.sort();
    zones.dedup_by(|one, other| one.0 == other.0);
    zones
}

/// The security groups that a request names, or the default one of the VPC.
///
/// # Errors
/// When one is not there.
pub fn groups(call: &Call<'_>, given: Vec<String>, vpc: &str) -> Result<Vec<String>, ApiError> {
    if let Some(id) = given.iter().find(|id| call.get("ec2/security-group", id).is_none()) {
        return Err(invalid(format!("Invalid security group , groupId= {id}, groupName=.")));
    }
    if !given.is_empty() {
        return Ok(given);
    }
    let mut all = call.world.list(call.account, call.region, "ec2/security-group");
    let default = all.find(|group| group.text("vpcId") == vpc && group.text("groupName") == "default");
    Ok(default.map(|group| group.id.clone()).into_iter().collect())
}

/// Puts one interface into each subnet for what has the ARN `owner`; those that it had go.
pub fn stand(call: &mut Call<'_>, owner: &str, description: &str, subnets: &[String], groups: &[String]) {
    leave(call, owner, call.now);
    for subnet in subnets {
        let Some(subnet) = call.get("ec2/subnet", subnet).cloned() else { continue };
        let (id, attachment) = (call.ec2_id("eni"), call.ec2_id("eni-attach"));
        let shown: Vec<Value> = groups.iter().map(|id| json!({"groupId": id})).collect();
        let body = json!({
            "networkInterfaceId": id, "subnetId": subnet.id, "vpcId": subnet.text("vpcId"), "groupSet": shown,
            "availabilityZone": subnet.text("availabilityZone"), "description": description, "ownerId": call.account,
            "requesterManaged": true, "status": "in-use", "interfaceType": "interface", "sourceDestCheck": true,
            "attachment": {"attachmentId": attachment, "instanceOwnerId": "amazon-aws", "status": "attached"},
        });
        let mut interface = call.object(INTERFACES, &id, body);
        interface.hidden.insert(OWNER.into(), owner.into());
        interface.needs = groups.iter().cloned().chain([subnet.id]).collect();
        call.world.put(interface);
    }
}

/// Lets the interfaces of `owner` vanish at a time.
pub fn leave(call: &mut Call<'_>, owner: &str, at: Seconds) {
    let own = |one: &&Object| one.hidden.get(OWNER).and_then(Value::as_str) == Some(owner);
    let keys: Vec<Key> = call.world.list(call.account, call.region, INTERFACES).filter(own).map(Object::key).collect();
    for key in keys {
        if at > call.now {
            call.world.change(&key, |interface| interface.remove_later(at));
        } else {
            call.world.remove(&key);
        }
    }
}

/// The subnets and security groups that the interfaces of `owner` are in.
pub fn subnets_of(call: &Call<'_>, owner: &str) -> Vec<String> {
    let own = |one: &&Object| one.hidden.get(OWNER).and_then(Value::as_str) == Some(owner);
    let interfaces = call.world.list(call.account, call.region, INTERFACES).filter(own);
    interfaces.map(|one| one.text("subnetId").to_owned()).collect()
}

/// The ARN of the KMS key that a request names by alias, id or ARN.
pub fn key_arn(call: &Call<'_>, key: &str) -> String {
    if key.starts_with("arn:") && key.contains(":key/") {
        return key.to_owned();
    }
    let alias = key.rsplit_once(":alias/").map_or(key.strip_prefix("alias/"), |(_, alias)| Some(alias));
    let target = alias.and_then(|alias| {
        let alias = call.get("kms/alias", &format!("alias/{alias}"))?;
        alias.body.get("TargetKeyId")?.as_str().map(str::to_owned)
    });
    let id = target.unwrap_or_else(|| alias.map_or(key.to_owned(), |alias| stand_in(call, alias)));
    format!("arn:aws:kms:{}:{}:key/{id}", call.region, call.account)
}

/// The key behind an alias that AWS manages (`aws/rds`): the same for an account and region every time.
fn stand_in(call: &Call<'_>, alias: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("{}/{}/{alias}", call.account, call.region).as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
