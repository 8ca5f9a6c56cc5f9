//! DB parameter groups. Facts: name, family and description are for good; a group that an instance has, even one that is
//! being deleted, stays; the default groups can be neither changed nor deleted.

use serde_json::{Value, json};

use super::super::shelf::check_name;
use super::{INSTANCES, PARAMETER_GROUPS, done, engine};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateDBParameterGroup" => Some(create(call)),
        "DescribeDBParameterGroups" => Some(PARAMETER_GROUPS.describe(call)),
        "DeleteDBParameterGroup" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = PARAMETER_GROUPS.free_name(call)?;
    check_name(PARAMETER_GROUPS.name, &name, 255)?;
    let (family, description) = (call.need("DBParameterGroupFamily")?, call.need("Description")?);
    let body = json!({"DBParameterGroupFamily": family, "Description": description});
    let group = PARAMETER_GROUPS.make(call, &name, body)?;
    call.world.put(group.clone());
    PARAMETER_GROUPS.answer(&group)
}

fn state(message: String) -> ApiError {
    ApiError::new("InvalidDBParameterGroupState", message)
}

/// The group that a request names, if it is not a default one.
///
/// # Errors
/// When it is not there or RDS's own.
pub fn own(call: &Call<'_>) -> Result<Object, ApiError> {
    let group = PARAMETER_GROUPS.named(call)?;
    match group.id.starts_with("default.") {
        true => Err(state(format!("The parameter group {} is a default group and cannot be changed.", group.id))),
        false => Ok(group),
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let group = own(call)?;
    if call.world.users_of(group.text(PARAMETER_GROUPS.arn_member)).next().is_some() {
        return Err(state("One or more database instances are still members of this parameter group".into()));
    }
    call.world.remove(&group.key());
    done()
}

/// The group for an instance: the named one, of the right family, or the family's default, which appears with its first
/// user.
///
/// # Errors
/// When it is not there or for another engine.
pub fn for_instance(call: &mut Call<'_>, name: Option<&str>, kind: &str, version: &str) -> Result<Object, ApiError> {
    let family = engine::family(kind, version);
    if let Some(name) = name.filter(|name| !name.starts_with("default.")) {
        let group = PARAMETER_GROUPS.find(call, name)?;
        return match group.text("DBParameterGroupFamily") == family {
            true => Ok(group.clone()),
            false => Err(super::super::shelf::clash(format!(
                "The Parameter Group {name} with DBParameterGroupFamily {} cannot be used for this instance. Please \
                 use a Parameter Group with DBParameterGroupFamily {family}",
                group.text("DBParameterGroupFamily")
            ))),
        };
    }
    let name = format!("default.{family}");
    if let Some(group) = call.get(PARAMETER_GROUPS.kind, &name) {
        return Ok(group.clone());
    }
    let mut group = call.object(PARAMETER_GROUPS.kind, &name, json!({"DBParameterGroupFamily": family}));
    group.set(PARAMETER_GROUPS.name, name.as_str());
    group.set(PARAMETER_GROUPS.arn_member, PARAMETER_GROUPS.arn_of(call, &name));
    group.set("Description", format!("Default parameter group for {family}"));
    call.world.put(group.clone());
    Ok(group)
}

/// Tells the instances of a group that its values changed.
pub fn announce(call: &mut Call<'_>, group: &Object, needs_reboot: bool) {
    let users = call.world.users_of(group.text(PARAMETER_GROUPS.arn_member)).filter(|one| one.kind == INSTANCES.kind);
    let keys: Vec<_> = users.map(Object::key).collect();
    let (now, settled) = (call.now, if needs_reboot { "pending-reboot" } else { "in-sync" });
    for key in keys {
        call.world.change(&key, |instance| {
            let waits = instance.body.get("DBParameterGroups").is_some_and(|row| row.to_string().contains("pending"));
            let settled = if waits { "pending-reboot" } else { settled };
            instance.set("DBParameterGroups", membership(group, "applying"));
            instance.set_later(now + APPLY, "DBParameterGroups", membership(group, settled));
        });
    }
}

/// Seconds for which new values are being applied.
pub const APPLY: f64 = 30.0;

/// An instance's row about its group.
pub fn membership(group: &Object, status: &str) -> Value {
    json!([{"DBParameterGroupName": group.id, "ParameterApplyStatus": status}])
}
