//! Status checks of instances. Facts: without `IncludeAllInstances` only running ones are described; the checks need
//! minutes after a start.

use serde_json::{Value, json};

use super::filter::Filters;
use super::instance::{chosen, state_of};
use crate::call::{Answer, Call};
use crate::world::{Object, Seconds};

/// Seconds from a start until the checks pass; no figure is known.
const CHECKS: Seconds = 120.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeInstanceStatus" => Some(describe(call)),
        _ => None,
    }
}

fn describe(call: &Call<'_>) -> Answer {
    let all = call.flag("IncludeAllInstances") == Some(true);
    let filters = Filters::of(
        call,
        &[
            ("instance-state-name", "instanceState.name"),
            ("instance-state-code", "instanceState.code"),
            ("instance-status.status", "instanceStatus.status"),
            ("system-status.status", "systemStatus.status"),
        ],
    );
    let running = chosen(call)?.into_iter().filter(|instance| all || state_of(instance) == "running");
    let rows = running.map(|instance| call.object("", &instance.id, row(call, instance)));
    let rows: Vec<Value> = rows.filter(|row| filters.accept(row)).map(|row| Value::Object(row.body)).collect();
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"instanceStatusSet": page, "nextToken": next}).into())
}

fn row(call: &Call<'_>, instance: &Object) -> Value {
    let started = instance.hidden.get("started").and_then(Value::as_f64).unwrap_or(instance.created);
    let check = match state_of(instance) {
        "running" if call.now >= started + CHECKS => json!({
            "status": "ok", "details": [{"name": "reachability", "status": "passed"}]}),
        "running" => json!({
            "status": "initializing", "details": [{"name": "reachability", "status": "initializing"}]}),
        _ => json!({"status": "not-applicable"}),
    };
    json!({
        "instanceId": instance.id, "instanceState": instance.body.get("instanceState"),
        "availabilityZone": instance.body.get("placement").and_then(|place| place.get("availabilityZone")),
        "instanceStatus": check, "systemStatus": check,
    })
}
