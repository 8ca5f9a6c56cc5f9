//! EC2 Auto Scaling: what its operations share, and one file per family.
//!
//! Facts: names that are not there give an empty list; `ValidationError` says most of what can be wrong; a group that
//! is being deleted is shown, cannot be changed, and blocks its name.

mod activity;
mod capacity;
mod group;
mod policy;
mod tagging;
mod target_group;
mod template;

pub use capacity::lose;

use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, Reply};
use crate::world::Object;

const GROUPS: &str = "autoscaling/group";
const POLICIES: &str = "autoscaling/policy";
const ACTIVITIES: &str = "autoscaling/activity";
/// Rows of a group's `Instances`; one object each, since each changes at its own time.
const INSTANCES: &str = "autoscaling/instance";
const TARGET_GROUPS: &str = "elbv2/target-group";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families =
        [group::handle, capacity::handle, activity::handle, target_group::handle, policy::handle, tagging::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// The group that a request names.
///
/// # Errors
/// When it is not there.
fn named<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    let name = call.need("AutoScalingGroupName")?;
    let absent = || invalid(format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found"));
    call.get(GROUPS, &name).ok_or_else(absent)
}

/// The same, if it may be changed.
///
/// # Errors
/// When it is not there or on its way out.
fn changeable<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    let group = named(call)?;
    if group.body.contains_key("Status") {
        return Err(invalid(format!("AutoScalingGroup {} may not be modified while it is pending delete", group.id)));
    }
    Ok(group)
}

/// Objects of a kind that belong to a group.
fn of_group<'a>(call: &'a Call<'_>, kind: &str, group: &'a str) -> impl Iterator<Item = &'a Object> {
    let objects = call.world.list(call.account, call.region, kind);
    objects.filter(move |object| object.hidden.get("group").and_then(Value::as_str) == Some(group))
}

fn number(object: &Object, member: &str) -> i64 {
    object.body.get(member).and_then(Value::as_i64).unwrap_or_default()
}

/// One page of a list; facts: 50 rows unless asked for up to 100.
fn listing(call: &Call<'_>, member: &str, items: Vec<Value>) -> Answer {
    let limit = call.number("MaxRecords").unwrap_or(50).clamp(1, 100);
    let (page, next) = call.page(items, Some(limit), call.text("NextToken"));
    Ok(json!({member: page, "NextToken": next}).into())
}

/// An answer without content.
fn done() -> Answer {
    Ok(Reply::from(json!({})))
}
