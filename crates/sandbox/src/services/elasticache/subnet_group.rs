//! Cache subnet groups. Facts: one subnet is enough; there at once; in use until the last cluster in it is gone.

use serde_json::json;

use super::super::placement;
use super::super::shelf::{check_name, invalid};
use super::{SUBNET_GROUPS, done};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateCacheSubnetGroup" => Some(create(call)),
        "DescribeCacheSubnetGroups" => Some(SUBNET_GROUPS.describe(call)),
        "ModifyCacheSubnetGroup" => Some(modify(call)),
        "DeleteCacheSubnetGroup" => Some(delete(call)),
        _ => None,
    }
}

/// Fills in VPC, subnets and description from the request.
fn fill(call: &Call<'_>, group: &mut Object) -> Result<(), ApiError> {
    if !call.texts("SubnetIds").is_empty() || call.action.starts_with("Create") {
        let (vpc, rows) = placement::subnets(call, &call.texts("SubnetIds"))?;
        group.set("VpcId", vpc);
        group.set("Subnets", rows);
    }
    match call.text("CacheSubnetGroupDescription") {
        Some("") => Err(invalid("The parameter CacheSubnetGroupDescription must be provided and must not be blank.")),
        Some(description) => {
            group.set("CacheSubnetGroupDescription", description);
            Ok(())
        }
        None => Ok(()),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = SUBNET_GROUPS.free_name(call)?;
    check_name(SUBNET_GROUPS.name, &name, 255)?;
    call.need("CacheSubnetGroupDescription")?;
    let mut group = SUBNET_GROUPS.make(call, &name, json!({"SupportedNetworkTypes": ["ipv4"]}))?;
    fill(call, &mut group)?;
    call.world.put(group.clone());
    SUBNET_GROUPS.answer(&group)
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut group = SUBNET_GROUPS.named(call)?;
    let kept = call.texts("SubnetIds");
    let held = call.world.users_of(group.text("ARN")).flat_map(|user| placement::subnets_of(call, user.text("ARN")));
    if let Some(subnet) = held.into_iter().find(|subnet| !kept.is_empty() && !kept.contains(subnet)) {
        return Err(ApiError::new("SubnetInUse", format!("The subnet {subnet} is in use.")));
    }
    fill(call, &mut group)?;
    call.world.put(group.clone());
    SUBNET_GROUPS.answer(&group)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let group = SUBNET_GROUPS.named(call)?;
    if let Some(user) = call.world.users_of(group.text("ARN")).next() {
        let message = format!("Cache subnet group {} is currently in use by a cache cluster: {}.", group.id, user.id);
        return Err(ApiError::new("CacheSubnetGroupInUse", message));
    }
    call.world.remove(&group.key());
    done()
}
