//! Groups. Facts: no token, an identical create is refused too; an update merges; new bounds drag the desired number
//! along; a delete without force needs an empty and quiet group, one with force takes minutes.

use serde_json::{Value, json};

use super::{
    ACTIVITIES, GROUPS, INSTANCES, POLICIES, activity, capacity, changeable, done, invalid, listing, named, number,
    of_group, tagging, target_group, template,
};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Key, Object, Seconds};

/// Seconds that an empty group takes to go.
const GONE: Seconds = 5.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateAutoScalingGroup" => Some(create(call)),
        "DescribeAutoScalingGroups" => Some(describe(call)),
        "UpdateAutoScalingGroup" => Some(update(call)),
        "DeleteAutoScalingGroup" => Some(delete(call)),
        _ => None,
    }
}

/// Ids of a group's subnets.
pub fn subnets(group: &Object) -> Vec<String> {
    split(group.text("VPCZoneIdentifier"))
}

fn split(text: &str) -> Vec<String> {
    text.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = new_name(call)?;
    let template = template::resolve(call, call.input.get("LaunchTemplate").unwrap_or(&Value::Null))?;
    let zones = zones(call, call.text("VPCZoneIdentifier").unwrap_or_default())?;
    let arns = call.texts("TargetGroupARNs");
    target_group::check(call, &arns)?;
    let (min, max) = (call.number("MinSize"), call.number("MaxSize"));
    let (min, max) = min.zip(max).ok_or_else(|| invalid("MinSize and MaxSize are required"))?;
    let desired = call.number("DesiredCapacity").unwrap_or(min);
    check_size(min, desired, max)?;
    let (tags, propagated) = tagging::at_creation(call)?;
    let uuid = call.uuid();
    let mut body = json!({
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": format!(
            "arn:aws:autoscaling:{}:{}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}", call.region, call.account),
        "LaunchTemplate": template.reference, "MinSize": min, "MaxSize": max, "DesiredCapacity": desired,
        "DefaultCooldown": 300, "AvailabilityZones": zones, "LoadBalancerNames": [], "TargetGroupARNs": arns,
        "HealthCheckType": "EC2", "HealthCheckGracePeriod": 0, "CreatedTime": call.timestamp(),
        "SuspendedProcesses": [], "VPCZoneIdentifier": call.text("VPCZoneIdentifier"), "EnabledMetrics": [],
        "TerminationPolicies": ["Default"], "NewInstancesProtectedFromScaleIn": false, "CapacityRebalance": false,
        "ServiceLinkedRoleARN": format!(
            "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", call.account),
    });
    if let Value::Object(members) = &mut body {
        members.extend(settings(call));
    }
    let mut group = call.object(GROUPS, &name, body);
    group.tags = tags;
    tagging::set_propagated(&mut group, propagated);
    call.world.put(group);
    capacity::reconcile(call, &name);
    done()
}

/// Facts: 1 to 255 printable ASCII characters without a colon.
fn new_name(call: &Call<'_>) -> Result<String, ApiError> {
    let name = call.need("AutoScalingGroupName")?;
    if name.is_empty() || name.len() > 255 || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(invalid(format!("1 validation error detected: Value '{name}' at 'autoScalingGroupName'")));
    }
    let Some(other) = call.get(GROUPS, &name) else { return Ok(name) };
    let state = if other.body.contains_key("Status") { " and is pending delete" } else { "" };
    let message = format!("AutoScalingGroup by this name already exists - A group with the name {name} exists{state}");
    Err(ApiError::new("AlreadyExists", message))
}

/// Zones of subnets, which must exist.
fn zones(call: &Call<'_>, identifier: &str) -> Result<Vec<String>, ApiError> {
    let ids = split(identifier);
    if ids.is_empty() {
        return Err(invalid("At least one Availability Zone or VPC Subnet is required."));
    }
    let zone = |id: &String| {
        let subnet = call.get("ec2/subnet", id);
        let subnet = subnet.ok_or_else(|| invalid(format!("The subnet ID '{id}' does not exist")))?;
        Ok(subnet.text("availabilityZone").to_owned())
    };
    let zones: std::collections::BTreeSet<String> = ids.iter().map(zone).collect::<Result<_, ApiError>>()?;
    Ok(zones.into_iter().collect())
}

fn check_size(min: i64, desired: i64, max: i64) -> Result<(), ApiError> {
    if min < 0 || min > max {
        return Err(invalid(format!("Min bound, {min}, must be less than or equal to max bound, {max}")));
    }
    if desired < min || desired > max {
        return Err(invalid(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        )));
    }
    Ok(())
}

/// Members that create and update take in the same way, as far as the request has them.
fn settings(call: &Call<'_>) -> Vec<(String, Value)> {
    let mut given = Vec::new();
    for member in ["HealthCheckType", "DesiredCapacityType", "PlacementGroup"] {
        given.extend(call.text(member).map(|text| (member.to_owned(), text.into())));
    }
    for member in ["HealthCheckGracePeriod", "DefaultCooldown", "MaxInstanceLifetime", "DefaultInstanceWarmup"] {
        given.extend(call.number(member).map(|number| (member.to_owned(), number.into())));
    }
    for member in ["NewInstancesProtectedFromScaleIn", "CapacityRebalance"] {
        given.extend(call.flag(member).map(|flag| (member.to_owned(), flag.into())));
    }
    given
}

fn show(call: &Call<'_>, group: &Object) -> Value {
    let mut body = group.body.clone();
    if call.flag("IncludeInstances") != Some(false) {
        let rows = of_group(call, INSTANCES, &group.id).map(|row| Value::Object(row.body.clone()));
        body.insert("Instances".into(), rows.collect());
    }
    body.insert("Tags".into(), tagging::show(group).into());
    Value::Object(body)
}

fn describe(call: &mut Call<'_>) -> Answer {
    capacity::retry(call);
    let names = call.texts("AutoScalingGroupNames");
    let filters = tagging::Filters::of(call);
    let groups = call.visible(GROUPS).into_iter();
    let chosen = groups.filter(|group| names.is_empty() || names.contains(&group.id));
    let chosen = chosen.filter(|group| filters.accept(group));
    listing(call, "AutoScalingGroups", chosen.map(|group| show(call, group)).collect())
}

fn update(call: &mut Call<'_>) -> Answer {
    let group = changeable(call)?.clone();
    let mut given = settings(call);
    if let Some(reference) = call.input.get("LaunchTemplate") {
        given.push(("LaunchTemplate".into(), template::resolve(call, reference)?.reference));
    }
    if let Some(identifier) = call.text("VPCZoneIdentifier") {
        given.push(("AvailabilityZones".into(), zones(call, identifier)?.into()));
        given.push(("VPCZoneIdentifier".into(), identifier.into()));
    }
    let min = call.number("MinSize").unwrap_or_else(|| number(&group, "MinSize"));
    let max = call.number("MaxSize").unwrap_or_else(|| number(&group, "MaxSize"));
    let dragged = number(&group, "DesiredCapacity").min(max).max(min);
    let desired = call.number("DesiredCapacity").unwrap_or(dragged);
    check_size(min, desired, max)?;
    given.extend(
        [("MinSize", min), ("MaxSize", max), ("DesiredCapacity", desired)]
            .map(|(name, size)| (name.to_owned(), size.into())),
    );
    call.world.change(&group.key(), |group| group.body.extend(given));
    capacity::reconcile(call, &group.id);
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = named(call)?.id.clone();
    let force = call.flag("ForceDelete") == Some(true);
    if !force && of_group(call, INSTANCES, &name).next().is_some() {
        let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
        return Err(ApiError::new("ResourceInUse", message));
    }
    if !force && activity::busy(call, &name) {
        let message =
            "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.";
        return Err(ApiError::new("ScalingActivityInProgress", message));
    }
    let end = capacity::terminate_all(call, &name) + GONE;
    let mut keys: Vec<Key> = vec![call.key(GROUPS, &name)];
    for kind in [POLICIES, ACTIVITIES] {
        keys.extend(of_group(call, kind, &name).map(Object::key));
    }
    for key in keys {
        call.world.change(&key, |object| {
            if object.kind == GROUPS {
                object.set("Status", "Delete in progress");
                ["MinSize", "MaxSize", "DesiredCapacity"].iter().for_each(|member| object.set(member, 0));
            }
            object.remove_later(end);
        });
    }
    done()
}
