//! Instances of a group, and what brings their number to the desired one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::template::{Template, resolve};
use super::{GROUPS, INSTANCES, activity, changeable, done, group, invalid, listing, number, of_group};
use crate::call::{Answer, Call};
use crate::services::ec2;
use crate::world::{Object, Seconds};

/// Seconds from launch to in service (published experience: 30 to 90).
const LAUNCH: Seconds = 40.0;
/// Seconds from the order to terminate to gone; a target group's deregistration delay makes it longer.
const TERMINATE: Seconds = 60.0;
/// Seconds after a failed launch until Auto Scaling tries again.
const RETRY: Seconds = 30.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "SetDesiredCapacity" => Some(set_desired(call)),
        "SetInstanceProtection" => Some(protect(call)),
        "DescribeAutoScalingInstances" => Some(list(call)),
        "TerminateInstanceInAutoScalingGroup" => Some(terminate_one(call)),
        _ => None,
    }
}

/// A group's instances that are not on their way out.
fn staying<'a>(call: &'a Call<'_>, group: &'a str) -> impl Iterator<Item = &'a Object> {
    of_group(call, INSTANCES, group).filter(|instance| instance.text("LifecycleState") != "Terminating")
}

/// Launches what is missing and terminates what is too much, the oldest first.
pub fn reconcile(call: &mut Call<'_>, name: &str) {
    let Some(desired) = call.get(GROUPS, name).map(|group| number(group, "DesiredCapacity")) else { return };
    let desired = usize::try_from(desired).unwrap_or_default();
    let have = staying(call, name).count();
    for _ in have..desired {
        if !launch(call, name) {
            return;
        }
    }
    let free = |instance: &&Object| instance.body.get("ProtectedFromScaleIn") != Some(&true.into());
    let mut free: Vec<(Seconds, String)> =
        staying(call, name).filter(free).map(|instance| (instance.created, instance.id.clone())).collect();
    free.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
    for (_, id) in free.into_iter().take(have.saturating_sub(desired)) {
        terminate(call, name, &id);
    }
}

/// Tries failed launches again. The world has no one who acts without being asked, so a look at groups does it.
pub fn retry(call: &mut Call<'_>) {
    let due = |group: &&Object| activity::failed_at(call, &group.id).is_some_and(|at| call.now >= at + RETRY);
    let groups = call.world.list(call.account, call.region, GROUPS);
    let names: Vec<String> = groups.filter(due).map(|group| group.id.clone()).collect();
    names.iter().for_each(|name| reconcile(call, name));
}

/// The subnet of a group that has the fewest instances.
fn emptiest(call: &Call<'_>, group: &Object) -> Option<Object> {
    let mut load: BTreeMap<String, usize> = group::subnets(group).into_iter().map(|id| (id, 0)).collect();
    for instance in staying(call, &group.id) {
        let subnet = instance.hidden.get("subnet").and_then(Value::as_str).unwrap_or_default();
        load.entry(subnet.to_owned()).and_modify(|count| *count += 1);
    }
    let (id, _) = load.into_iter().min_by_key(|(_, count)| *count)?;
    call.get("ec2/subnet", &id).cloned()
}

/// Starts one instance; false if it cannot be started, which only an activity tells.
fn launch(call: &mut Call<'_>, name: &str) -> bool {
    let Some(group) = call.get(GROUPS, name).cloned() else { return false };
    let template = resolve(call, group.body.get("LaunchTemplate").unwrap_or(&Value::Null));
    let (template, subnet) = match (template, emptiest(call, &group)) {
        (Ok(template), Some(subnet)) => (template, subnet),
        (Err(error), _) => {
            let message = format!("{}. Launching EC2 instance failed.", error.message.trim_end_matches('.'));
            activity::fail(call, name, "Launching a new EC2 instance.", &message);
            return false;
        }
        (_, None) => {
            let message = "The subnet ID does not exist. Launching EC2 instance failed.";
            activity::fail(call, name, "Launching a new EC2 instance.", message);
            return false;
        }
    };
    let id = call.ec2_id("i");
    add_row(call, &group, &template, &subnet, &id);
    add_machine(call, &group, &template, &subnet, &id);
    let ready = call.now + LAUNCH;
    activity::succeed(call, name, format!("Launching a new EC2 instance: {id}"), ready);
    true
}

fn add_row(call: &mut Call<'_>, group: &Object, template: &Template, subnet: &Object, id: &str) {
    let protected = group.body.get("NewInstancesProtectedFromScaleIn").cloned().unwrap_or(Value::Bool(false));
    let body = json!({
        "InstanceId": id, "InstanceType": template.text("instanceType"),
        "AvailabilityZone": subnet.text("availabilityZone"), "LifecycleState": "Pending", "HealthStatus": "Healthy",
        "LaunchTemplate": template.reference, "ProtectedFromScaleIn": protected,
    });
    let mut row = call.object(INSTANCES, id, body);
    row.hidden.insert("group".into(), group.id.clone().into());
    row.hidden.insert("subnet".into(), subnet.id.clone().into());
    row.set_later(call.now + LAUNCH, "LifecycleState", "InService");
    call.world.put(row);
}

/// The instance as EC2 has it, with the network interface that holds its subnet and security groups.
fn add_machine(call: &mut Call<'_>, group: &Object, template: &Template, subnet: &Object, id: &str) {
    let groups = template.security_groups();
    let group_set: Value = groups.iter().map(|id| json!({"groupId": id})).collect();
    let (interface_id, attachment_id) = (call.ec2_id("eni"), call.ec2_id("eni-attach"));
    let place = json!({"subnetId": subnet.id, "vpcId": subnet.text("vpcId"), "groupSet": group_set});
    let mut body = json!({
        "networkInterfaceId": interface_id, "availabilityZone": subnet.text("availabilityZone"), "description": "",
        "interfaceType": "interface", "ownerId": call.account, "requesterManaged": false, "status": "in-use",
        "attachment": {
            "attachmentId": attachment_id, "instanceId": id, "instanceOwnerId": call.account, "deviceIndex": 0,
            "status": "attached", "deleteOnTermination": true},
    });
    extend(&mut body, &place);
    let mut interface = call.object("ec2/network-interface", &interface_id, body);
    interface.needs = groups.iter().chain([&subnet.id]).cloned().collect();
    call.world.put(interface);

    let mut body = json!({
        "instanceId": id, "imageId": template.text("imageId"), "instanceType": template.text("instanceType"),
        "instanceState": {"code": 0, "name": "pending"}, "launchTime": call.timestamp(),
        "placement": {"availabilityZone": subnet.text("availabilityZone")},
    });
    extend(&mut body, &place);
    let mut machine = call.object("ec2/instance", id, body);
    machine.tags = super::tagging::for_instances(group);
    machine.set_later(call.now + LAUNCH / 2.0, "instanceState", json!({"code": 16, "name": "running"}));
    call.world.put(machine);
}

fn extend(body: &mut Value, more: &Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more.clone());
    }
}

/// Orders one instance to go; it is shown, and holds its subnet, until it has gone.
pub fn terminate(call: &mut Call<'_>, group: &str, id: &str) {
    let gone = call.now + TERMINATE;
    call.world.change(&call.key(INSTANCES, id), |row| {
        row.later.clear();
        row.set("LifecycleState", "Terminating");
        row.remove_later(gone);
    });
    ec2::retire_instance(call, id, gone);
    activity::succeed(call, group, format!("Terminating EC2 instance: {id}"), gone);
}

/// Tells the group of an instance that somebody terminates the instance: it goes, and another one comes. False if it
/// belongs to no group.
pub fn lose(call: &mut Call<'_>, id: &str) -> bool {
    let group = call.get(INSTANCES, id).and_then(|instance| instance.hidden.get("group")?.as_str());
    let Some(group) = group.map(str::to_owned) else { return false };
    terminate(call, &group, id);
    reconcile(call, &group);
    true
}

/// Terminates all instances of a group; answers when the last one is gone.
pub fn terminate_all(call: &mut Call<'_>, group: &str) -> Seconds {
    let ids: Vec<String> = staying(call, group).map(|instance| instance.id.clone()).collect();
    ids.iter().for_each(|id| terminate(call, group, id));
    let any = of_group(call, INSTANCES, group).next().is_some();
    if any { call.now + TERMINATE } else { call.now }
}

fn set_desired(call: &mut Call<'_>) -> Answer {
    let group = changeable(call)?;
    let (min, max, name) = (number(group, "MinSize"), number(group, "MaxSize"), group.id.clone());
    let desired = call.number("DesiredCapacity").ok_or_else(|| invalid("DesiredCapacity is required"))?;
    if desired < min || desired > max {
        let bound = if desired < min { format!("below min value {min}") } else { format!("above max value {max}") };
        return Err(invalid(format!("New SetDesiredCapacity value {desired} is {bound} for the AutoScalingGroup.")));
    }
    call.world.change(&call.key(GROUPS, &name), |group| group.set("DesiredCapacity", desired));
    reconcile(call, &name);
    done()
}

fn protect(call: &mut Call<'_>) -> Answer {
    let name = changeable(call)?.id.clone();
    let (ids, protected) = (call.texts("InstanceIds"), call.flag("ProtectedFromScaleIn") == Some(true));
    let there = |id: &&String| of_group(call, INSTANCES, &name).any(|instance| instance.id == **id);
    if let Some(unknown) = ids.iter().find(|id| !there(id)) {
        return Err(invalid(format!("The instance {unknown} is not part of Auto Scaling group {name}.")));
    }
    for id in ids {
        call.world.change(&call.key(INSTANCES, &id), |instance| instance.set("ProtectedFromScaleIn", protected));
    }
    reconcile(call, &name);
    done()
}

fn list(call: &mut Call<'_>) -> Answer {
    let ids = call.texts("InstanceIds");
    let instances = call.world.list(call.account, call.region, INSTANCES);
    let row = |instance: &Object| {
        let mut body = instance.body.clone();
        body.insert("AutoScalingGroupName".into(), instance.hidden.get("group").cloned().unwrap_or_default());
        Value::Object(body)
    };
    let chosen = instances.filter(|instance| ids.is_empty() || ids.contains(&instance.id));
    listing(call, "AutoScalingInstances", chosen.map(row).collect())
}

fn terminate_one(call: &mut Call<'_>) -> Answer {
    let id = call.need("InstanceId")?;
    let group = call.get(INSTANCES, &id).and_then(|instance| instance.hidden.get("group")?.as_str());
    let unknown = || invalid(format!("Instance Id not found - No managed instance found for instance ID {id}"));
    let name = group.ok_or_else(unknown)?.to_owned();
    if call.flag("ShouldDecrementDesiredCapacity") == Some(true) {
        call.world.change(&call.key(GROUPS, &name), |group| {
            group.set("DesiredCapacity", number(group, "DesiredCapacity") - 1);
        });
    }
    terminate(call, &name, &id);
    reconcile(call, &name);
    done()
}
