//! Target groups that a group registers its instances with.

use serde_json::{Value, json};

use super::{GROUPS, TARGET_GROUPS, changeable, done, invalid, listing, named};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Facts: this many per call.
const PER_CALL: usize = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AttachLoadBalancerTargetGroups" => Some(attach(call)),
        "DetachLoadBalancerTargetGroups" => Some(detach(call)),
        "DescribeLoadBalancerTargetGroups" => Some(describe(call)),
        _ => None,
    }
}

/// Refuses target groups that are not there.
pub fn check(call: &Call<'_>, arns: &[String]) -> Result<(), ApiError> {
    match arns.iter().find(|arn| call.get(TARGET_GROUPS, arn).is_none()) {
        None => Ok(()),
        Some(arn) => Err(invalid(format!(
            "Provided Target Groups may not be valid. Unable to find {arn}. Please ensure they exist and try again."
        ))),
    }
}

fn attached(group: &Object) -> Vec<String> {
    let arns = as_list(group.body.get("TargetGroupARNs"));
    arns.iter().filter_map(|arn| arn.as_str().map(str::to_owned)).collect()
}

fn given(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    let arns = call.texts("TargetGroupARNs");
    if arns.is_empty() || arns.len() > PER_CALL {
        return Err(invalid(format!("TargetGroupARNs must hold 1 to {PER_CALL} ARNs.")));
    }
    Ok(arns)
}

fn attach(call: &mut Call<'_>) -> Answer {
    let arns = given(call)?;
    check(call, &arns)?;
    let group = changeable(call)?;
    let (name, mut all) = (group.id.clone(), attached(group));
    all.extend(arns.into_iter().filter(|arn| !attached(group).contains(arn)));
    call.world.change(&call.key(GROUPS, &name), |group| group.set("TargetGroupARNs", all));
    done()
}

fn detach(call: &mut Call<'_>) -> Answer {
    let arns = given(call)?;
    let group = changeable(call)?;
    let (name, all) = (group.id.clone(), attached(group));
    if arns.iter().any(|arn| !all.contains(arn)) {
        return Err(invalid("Trying to remove Target Groups that are not part of the group"));
    }
    let rest: Vec<String> = all.into_iter().filter(|arn| !arns.contains(arn)).collect();
    call.world.change(&call.key(GROUPS, &name), |group| group.set("TargetGroupARNs", rest));
    done()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let rows = attached(named(call)?).into_iter();
    let row = |arn: String| json!({"LoadBalancerTargetGroupARN": arn, "State": "InService"});
    listing(call, "LoadBalancerTargetGroups", rows.map(row).collect::<Vec<Value>>())
}
