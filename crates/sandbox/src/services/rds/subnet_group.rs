//! DB subnet groups. Facts: two zones, one VPC; available at once; a modify resends all subnets and cannot take one that
//! holds an instance; deleting waits for the last instance.

use serde_json::json;

use super::super::placement;
use super::super::shelf::invalid;
use super::{INSTANCES, SUBNET_GROUPS, done};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateDBSubnetGroup" => Some(create(call)),
        "DescribeDBSubnetGroups" => Some(SUBNET_GROUPS.describe(call)),
        "ModifyDBSubnetGroup" => Some(modify(call)),
        "DeleteDBSubnetGroup" => Some(delete(call)),
        _ => None,
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._ -".contains(&byte);
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    match starts && name.len() <= 255 && name.bytes().all(plain) && name != "default" {
        true => Ok(()),
        false => Err(invalid("The parameter DBSubnetGroupName is not a valid identifier.")),
    }
}

/// Fills in VPC and subnets from the request.
fn place(call: &Call<'_>, group: &mut Object) -> Result<(), ApiError> {
    let (vpc, mut rows) = placement::subnets(call, &call.texts("SubnetIds"))?;
    for row in rows.iter_mut().filter_map(serde_json::Value::as_object_mut) {
        row.insert("SubnetStatus".into(), "Active".into());
    }
    group.set("VpcId", vpc);
    group.set("Subnets", rows);
    if placement::zones(group).len() < 2 {
        return Err(ApiError::new(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at \
             least 2 AZs.",
        ));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = SUBNET_GROUPS.free_name(call)?;
    check_name(&name)?;
    let description = call.need("DBSubnetGroupDescription")?;
    let body = json!({
        "DBSubnetGroupDescription": description, "SubnetGroupStatus": "Complete", "SupportedNetworkTypes": ["IPV4"],
    });
    let mut group = SUBNET_GROUPS.make(call, &name, body)?;
    place(call, &mut group)?;
    call.world.put(group.clone());
    SUBNET_GROUPS.answer(&group)
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut group = SUBNET_GROUPS.named(call)?;
    let kept = call.texts("SubnetIds");
    let users = call.world.users_of(group.text(SUBNET_GROUPS.arn_member)).filter(|one| one.kind == INSTANCES.kind);
    let held = users.flat_map(|one| placement::subnets_of(call, one.text(INSTANCES.arn_member)));
    if let Some(subnet) = held.into_iter().find(|subnet| !kept.contains(subnet)) {
        return Err(ApiError::new("SubnetAlreadyInUse", format!("The subnet {subnet} is in use.")));
    }
    place(call, &mut group)?;
    if let Some(description) = call.text("DBSubnetGroupDescription") {
        group.set("DBSubnetGroupDescription", description);
    }
    call.world.put(group.clone());
    SUBNET_GROUPS.answer(&group)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let group = SUBNET_GROUPS.named(call)?;
    if let Some(user) = call.world.users_of(group.text(SUBNET_GROUPS.arn_member)).next() {
        let message = format!(
            "Cannot delete the subnet group '{}' because at least one database instance: {} is still using it.",
            group.id, user.id
        );
        return Err(ApiError::new("InvalidDBSubnetGroupStateFault", message));
    }
    call.world.remove(&group.key());
    done()
}
