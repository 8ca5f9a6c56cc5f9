//! Instances: describe, stop, start, terminate; see [`super::instance_launch`] for their start. Facts: a describe by
//! ids fails whole if one is unknown, and takes no page size; a page or a filter goes with everything else; terminating
//! what is terminated succeeds; a terminated instance is described for about an hour, without its place in a VPC.

use serde_json::{Map, Value, json};

use super::filter::Filters;
use super::network_interface::INTERFACES;
use super::{Shelf, done, missing, show};
use crate::call::{Answer, ApiError, Call};
use crate::services::autoscaling;
use crate::world::{Later, Object, Seconds};

/// How instances are described.
pub const INSTANCES: Shelf = Shelf {
    kind: "ec2/instance",
    set: "instancesSet",
    ids: "InstanceId",
    unknown: "InvalidInstanceID.NotFound",
    noun: "instance ID",
    filters: &[
        ("availability-zone", "placement.availabilityZone"),
        ("group-id", "groupSet.groupId"),
        ("iam-instance-profile.arn", "iamInstanceProfile.arn"),
        ("instance.group-id", "groupSet.groupId"),
        ("instance.group-name", "groupSet.groupName"),
        ("instance-state-code", "instanceState.code"),
        ("instance-state-name", "instanceState.name"),
        ("network-interface.network-interface-id", "networkInterfaceSet.networkInterfaceId"),
        ("network-interface.subnet-id", "networkInterfaceSet.subnetId"),
        ("network-interface.vpc-id", "networkInterfaceSet.vpcId"),
        ("reservation-id", RESERVATION),
        ("tenancy", "placement.tenancy"),
    ],
};

/// Member that leads the way back to the reservation; not shown with the instance.
pub const RESERVATION: &str = "reservationId";
/// Seconds from the order to stop or terminate until it is done; no figure is known.
const STOP: Seconds = 30.0;
/// Seconds from start to running; no figure is known.
pub const START: Seconds = 20.0;
/// Seconds for which a terminated instance is described.
const LISTED: Seconds = 3600.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeInstances" => Some(describe(call)),
        "TerminateInstances" => Some(order(call, terminate)),
        "StopInstances" => Some(order(call, stop)),
        "StartInstances" => Some(order(call, start)),
        "RebootInstances" => Some(chosen(call).map(|_| ()).and_then(|()| done())),
        _ => None,
    }
}

/// A state as instances show it.
pub fn state(name: &str) -> Value {
    let code = match name {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        _ => 80,
    };
    json!({"code": code, "name": name})
}

/// The name of an instance's state.
pub fn state_of(instance: &Object) -> &str {
    instance.body.get("instanceState").and_then(|state| state.get("name")?.as_str()).unwrap_or_default()
}

/// The instances that a request names, or all.
///
/// # Errors
/// When one of the ids is unknown, or ids come with a page size.
pub fn chosen<'a>(call: &'a Call<'_>) -> Result<Vec<&'a Object>, ApiError> {
    let instances = call.visible(INSTANCES.kind);
    let ids = call.texts(INSTANCES.ids);
    if !ids.is_empty() && call.number("MaxResults").is_some() {
        let message = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    match ids.iter().find(|id| !instances.iter().any(|instance| instance.id == **id)) {
        Some(unknown) => Err(missing(&INSTANCES, unknown)),
        None => Ok(instances.into_iter().filter(|instance| ids.is_empty() || ids.contains(&instance.id)).collect()),
    }
}

fn describe(call: &Call<'_>) -> Answer {
    let filters = Filters::of(call, INSTANCES.filters);
    let accepted = chosen(call)?.into_iter().filter(|instance| filters.accept(instance)).collect();
    let (page, next) = call.page(accepted, call.number("MaxResults"), call.text("NextToken"));
    let mut reservations: Vec<(String, Vec<Value>)> = Vec::new();
    for instance in page {
        let id = reservation_of(instance);
        let shown = shown(instance);
        match reservations.iter_mut().find(|(known, _)| *known == id) {
            Some((_, instances)) => instances.push(shown),
            None => reservations.push((id, vec![shown])),
        }
    }
    let rows: Vec<Value> = reservations.into_iter().map(|(id, instances)| reservation(call, &id, instances)).collect();
    Ok(json!({"reservationSet": rows, "nextToken": next}).into())
}

/// Instances that were started together.
pub fn reservation(call: &Call<'_>, id: &str, instances: Vec<Value>) -> Value {
    json!({RESERVATION: id, "ownerId": call.account, "groupSet": [], INSTANCES.set: instances})
}

/// An instance that Auto Scaling started is alone in its reservation.
fn reservation_of(instance: &Object) -> String {
    match instance.text(RESERVATION) {
        "" => instance.id.replacen("i-", "r-", 1),
        id => id.to_owned(),
    }
}

/// An instance as answers show it.
pub fn shown(instance: &Object) -> Value {
    let mut shown = show(instance);
    if let Value::Object(members) = &mut shown {
        members.remove(RESERVATION);
    }
    shown
}

/// Orders all instances that a request names into another state.
fn order(call: &mut Call<'_>, act: impl Fn(&mut Call<'_>, &Object) -> Result<(), ApiError>) -> Answer {
    if call.texts(INSTANCES.ids).is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter InstanceId"));
    }
    let instances: Vec<Object> = chosen(call)?.into_iter().cloned().collect();
    let mut rows = Vec::new();
    for instance in &instances {
        act(call, instance)?;
        let now = call.get(INSTANCES.kind, &instance.id).map_or("terminated", state_of).to_owned();
        rows.push(json!({
            "instanceId": instance.id, "currentState": state(&now), "previousState": state(state_of(instance))}));
    }
    Ok(json!({INSTANCES.set: rows}).into())
}

fn terminate(call: &mut Call<'_>, instance: &Object) -> Result<(), ApiError> {
    if instance.hidden.get("protected") == Some(&Value::Bool(true)) {
        let message = format!(
            "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
            instance.id
        );
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    if !["shutting-down", "terminated"].contains(&state_of(instance)) && !autoscaling::lose(call, &instance.id) {
        retire(call, &instance.id, call.now + STOP);
    }
    Ok(())
}

/// Lets an instance go: its network interfaces at `gone`, itself an hour later.
pub fn retire(call: &mut Call<'_>, id: &str, gone: Seconds) {
    let of_it = |interface: &&Object| {
        let attachment = interface.body.get("attachment");
        attachment.and_then(|attachment| attachment.get("instanceId")).is_some_and(|owner| owner == id)
    };
    let interfaces = call.world.list(call.account, call.region, INTERFACES.kind);
    let keys: Vec<_> = interfaces.filter(of_it).map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |interface| interface.remove_later(gone));
    }
    let reason = format!("User initiated ({})", call.timestamp());
    call.world.change(&call.key(INSTANCES.kind, id), |instance| {
        instance.later.clear();
        instance.set("instanceState", state("shutting-down"));
        instance.set("reason", reason);
        let mut last = Map::from_iter([("instanceState".to_owned(), state("terminated"))]);
        // What held a place in a VPC shows none any more.
        let place =
            ["vpcId", "subnetId", "privateIpAddress", "privateDnsName", "ipAddress", "groupSet", "networkInterfaceSet"];
        last.extend(place.iter().map(|member| ((*member).to_owned(), Value::Null)));
        instance.later.push(Later::Set { at: gone, members: last });
        instance.remove_later(gone + LISTED);
    });
}

fn wrong_state(instance: &Object, wish: &str) -> ApiError {
    let message = format!(
        "The instance '{}' is not in a state from which it can be {wish}: {}.",
        instance.id,
        state_of(instance)
    );
    ApiError::new("IncorrectInstanceState", message)
}

fn stop(call: &mut Call<'_>, instance: &Object) -> Result<(), ApiError> {
    match state_of(instance) {
        "pending" | "running" => change(call, instance, "stopping", "stopped", STOP),
        "stopping" | "stopped" => {}
        _ => return Err(wrong_state(instance, "stopped")),
    }
    Ok(())
}

fn start(call: &mut Call<'_>, instance: &Object) -> Result<(), ApiError> {
    match state_of(instance) {
        "stopped" => change(call, instance, "pending", "running", START),
        "pending" | "running" => {}
        _ => return Err(wrong_state(instance, "started")),
    }
    Ok(())
}

fn change(call: &mut Call<'_>, instance: &Object, first: &str, last: &str, seconds: Seconds) {
    let (now, at) = (call.now, call.now + seconds);
    call.world.change(&instance.key(), |instance| {
        instance.set("instanceState", state(first));
        instance.reset_later(at, "instanceState", state(last));
        if last == "running" {
            instance.hidden.insert("started".into(), now.into());
        }
    });
}
