//! Targets of a target group: registered, deregistered, and healthy after a while. `unused` until a listener forwards to
//! the group.

use serde_json::{Value, json};

use super::target_group::balancers_of;
use super::{GROUPS, done, missing, named};
use crate::call::{Answer, Call};

/// Hidden member of a target group: id and port of each target, and since when.
const MEMBER: &str = "targets";
/// Seconds until a target passes its first health checks.
const HEALTHY: f64 = 30.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "RegisterTargets" => Some(change(call, true)),
        "DeregisterTargets" => Some(change(call, false)),
        "DescribeTargetHealth" => Some(health(call)),
        _ => None,
    }
}

/// Id and port; without a port a target has its group's.
fn identity(target: &Value, port: Option<i64>) -> (String, Option<i64>) {
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let id = target.get("Id").and_then(Value::as_str).unwrap_or_default();
    (id.to_owned(), target.get("Port").and_then(number).or(port))
}

fn change(call: &mut Call<'_>, register: bool) -> Answer {
    let group = named(call, &GROUPS)?;
    let (key, port) = (group.key(), group.body.get("Port").and_then(Value::as_i64));
    let mut targets = crate::wire::as_list(group.hidden.get(MEMBER));
    let given: Vec<_> = call.list("Targets").iter().map(|target| identity(target, port)).collect();
    let known: Vec<_> = targets.iter().map(|target| identity(target, port)).collect();
    if register {
        let fresh = given.into_iter().filter(|target| !known.contains(target));
        targets.extend(fresh.map(|(id, port)| json!({"Id": id, "Port": port, "Since": call.now})));
    } else {
        targets.retain(|target| !given.contains(&identity(target, port)));
    }
    let changed = call.world.change(&key, |group| group.hidden.insert(MEMBER.into(), targets.into()));
    changed.ok_or_else(|| missing(&GROUPS, &key.3))?;
    done()
}

fn health(call: &mut Call<'_>) -> Answer {
    let group = named(call, &GROUPS)?;
    let port = group.body.get("Port").and_then(Value::as_i64);
    let asked: Vec<_> = call.list("Targets").iter().map(|target| identity(target, port)).collect();
    let used = !balancers_of(call, &group.id).is_empty();
    let row = |target: &Value| {
        let (id, port) = identity(target, port);
        let old = target.get("Since").and_then(Value::as_f64).is_some_and(|since| since + HEALTHY <= call.now);
        let state = match (used, old) {
            (false, _) => "unused",
            (true, false) => "initial",
            (true, true) => "healthy",
        };
        let asked_for = asked.is_empty() || asked.contains(&(id.clone(), port));
        asked_for.then(|| json!({"Target": {"Id": id, "Port": port}, "TargetHealth": {"State": state}}))
    };
    let rows: Vec<Value> = crate::wire::as_list(group.hidden.get(MEMBER)).iter().filter_map(row).collect();
    Ok(json!({"TargetHealthDescriptions": rows}).into())
}
