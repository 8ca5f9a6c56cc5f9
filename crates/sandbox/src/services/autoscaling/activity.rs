//! Scaling activities: what a group did, newest first, and why it failed.

use serde_json::{Value, json};

use super::{ACTIVITIES, listing, of_group};
use crate::call::{Answer, Call, timestamp};
use crate::world::{Object, Seconds};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "DescribeScalingActivities").then(|| list(call))
}

fn sequence(activity: &Object) -> u64 {
    activity.hidden.get("sequence").and_then(Value::as_u64).unwrap_or_default()
}

fn list(call: &mut Call<'_>) -> Answer {
    let group = call.text("AutoScalingGroupName").map(str::to_owned);
    let wanted = |activity: &&Object| group.as_deref().is_none_or(|name| activity.text("AutoScalingGroupName") == name);
    let activities = call.world.list(call.account, call.region, ACTIVITIES);
    let mut activities: Vec<&Object> = activities.filter(wanted).collect();
    activities.sort_by_key(|activity| std::cmp::Reverse(sequence(activity)));
    listing(call, "Activities", activities.iter().map(|activity| Value::Object(activity.body.clone())).collect())
}

/// Whether anything is still going on in a group.
pub fn busy(call: &Call<'_>, group: &str) -> bool {
    of_group(call, ACTIVITIES, group).any(|activity| activity.text("StatusCode") == "InProgress")
}

/// When the newest activity of a group was tried, if it failed.
pub fn failed_at(call: &Call<'_>, group: &str) -> Option<Seconds> {
    let newest = of_group(call, ACTIVITIES, group).max_by_key(|activity| sequence(activity))?;
    (newest.text("StatusCode") == "Failed").then_some(newest.created)
}

fn begun(call: &mut Call<'_>, group: &str, description: String) -> Object {
    let (id, sequence) = (call.uuid(), call.world.next_number());
    let body = json!({
        "ActivityId": id, "AutoScalingGroupName": group, "Description": description,
        "Cause": format!("At {} a difference between desired and actual capacity was noticed.", call.timestamp()),
        "StartTime": call.timestamp(), "StatusCode": "InProgress", "Progress": 50, "Details": "{}",
    });
    let mut activity = call.object(ACTIVITIES, &id, body);
    activity.hidden.insert("group".into(), group.into());
    activity.hidden.insert("sequence".into(), sequence.into());
    activity
}

/// Notes one that will succeed.
pub fn succeed(call: &mut Call<'_>, group: &str, description: String, at: Seconds) {
    let mut activity = begun(call, group, description);
    for (member, value) in
        [("StatusCode", json!("Successful")), ("Progress", json!(100)), ("EndTime", timestamp(at).into())]
    {
        activity.set_later(at, member, value);
    }
    call.world.put(activity);
}

/// Notes one that failed at once.
pub fn fail(call: &mut Call<'_>, group: &str, description: &str, message: &str) {
    let mut activity = begun(call, group, description.to_owned());
    activity.set("StatusCode", "Failed");
    activity.set("StatusMessage", message);
    activity.set("Progress", 100);
    activity.set("EndTime", call.timestamp());
    call.world.put(activity);
}
