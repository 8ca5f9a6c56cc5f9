//! Scaling policies: shown as put, with the alarms that AWS would make. Facts: putting is an upsert by group and name.

use serde_json::{Map, Value, json};

use super::{POLICIES, changeable, done, invalid, listing, named, of_group};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutScalingPolicy" => Some(put(call)),
        "DescribePolicies" => Some(describe(call)),
        "DeletePolicy" => Some(delete(call)),
        _ => None,
    }
}

/// The world's id: names are unique within a group, and group names hold no colon.
fn identity(group: &str, name: &str) -> String {
    format!("{group}:{name}")
}

/// Requests name a policy by its name or its ARN.
fn is_called(policy: &Object, name: &str) -> bool {
    [policy.text("PolicyName"), policy.text("PolicyARN")].contains(&name)
}

fn put(call: &mut Call<'_>) -> Answer {
    let group = changeable(call)?.id.clone();
    let name = call.need("PolicyName")?;
    let kind = call.text("PolicyType").unwrap_or("SimpleScaling").to_owned();
    let id = identity(&group, &name);
    let old = call.get(POLICIES, &id).cloned();
    if old.as_ref().is_some_and(|old| old.text("PolicyType") != kind) {
        return Err(invalid("Only the parameters of a policy can be changed, not its type."));
    }
    let mut body = match &old {
        Some(old) => Map::from_iter(["PolicyARN", "Alarms"].map(|kept| (kept.to_owned(), old.body[kept].clone()))),
        None => identifiers(call, &group, &name, &kind),
    };
    let known = [("AutoScalingGroupName", group.clone()), ("PolicyName", name), ("PolicyType", kind)];
    body.extend(known.map(|(member, text)| (member.to_owned(), text.into())));
    body.insert("Enabled".into(), (call.flag("Enabled") != Some(false)).into());
    body.extend(tracking(call)?.map(|tracking| ("TargetTrackingConfiguration".to_owned(), tracking)));
    let shown = json!({"PolicyARN": body["PolicyARN"], "Alarms": body["Alarms"]});
    let mut policy = call.object(POLICIES, &id, Value::Object(body));
    policy.hidden.insert("group".into(), group.into());
    policy.visible = old.map_or(policy.visible, |old| old.visible);
    call.world.put(policy);
    Ok(shown.into())
}

/// What stays when a policy is put again.
fn identifiers(call: &mut Call<'_>, group: &str, name: &str, kind: &str) -> Map<String, Value> {
    let (uuid, place) = (call.uuid(), format!("{}:{}", call.region, call.account));
    let mut alarms = Vec::new();
    for side in ["High", "Low"].iter().filter(|_| kind == "TargetTrackingScaling") {
        let alarm = format!("TargetTracking-{group}-Alarm{side}-{}", call.uuid());
        alarms.push(json!({"AlarmName": alarm, "AlarmARN": format!("arn:aws:cloudwatch:{place}:alarm:{alarm}")}));
    }
    let arn =
        format!("arn:aws:autoscaling:{place}:scalingPolicy:{uuid}:autoScalingGroupName/{group}:policyName/{name}");
    Map::from_iter([("PolicyARN".to_owned(), arn.into()), ("Alarms".to_owned(), alarms.into())])
}

/// The target tracking part of a request, with numbers and flags as such and defaults filled in.
fn tracking(call: &Call<'_>) -> Result<Option<Value>, ApiError> {
    let Some(Value::Object(given)) = call.input.get("TargetTrackingConfiguration") else { return Ok(None) };
    let mut tracking = given.clone();
    let target = given.get("TargetValue").and_then(|value| value.as_str()?.parse::<f64>().ok());
    let target = target.ok_or_else(|| invalid("TargetValue is required"))?;
    let metrics = ["PredefinedMetricSpecification", "CustomizedMetricSpecification"];
    if metrics.iter().filter(|metric| given.contains_key(**metric)).count() != 1 {
        return Err(invalid("Exactly one of the predefined and the customized metric specification is required."));
    }
    tracking.insert("TargetValue".into(), target.into());
    let no_scale_in = given.get("DisableScaleIn").and_then(Value::as_str) == Some("true");
    tracking.insert("DisableScaleIn".into(), no_scale_in.into());
    Ok(Some(Value::Object(tracking)))
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (group, names, kinds) =
        (call.text("AutoScalingGroupName"), call.texts("PolicyNames"), call.texts("PolicyTypes"));
    let wanted = |policy: &&Object| {
        group.is_none_or(|group| policy.text("AutoScalingGroupName") == group)
            && (names.is_empty() || names.iter().any(|name| is_called(policy, name)))
            && (kinds.is_empty() || kinds.iter().any(|kind| kind == policy.text("PolicyType")))
    };
    let policies = call.visible(POLICIES).into_iter().filter(wanted);
    listing(call, "ScalingPolicies", policies.map(|policy| Value::Object(policy.body.clone())).collect())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = call.need("PolicyName")?;
    let group = named(call)?.id.clone();
    let found = of_group(call, POLICIES, &group).find(|policy| is_called(policy, &name));
    let key = found.map(Object::key).ok_or_else(|| invalid(format!("Policy {name} not found for group {group}")))?;
    call.world.remove(&key);
    done()
}
