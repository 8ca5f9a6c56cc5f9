//! Events. Facts: kept for 14 days; the last hour unless asked otherwise.

use serde_json::{Value, json};

use super::super::shelf::{invalid, page};
use crate::call::{Answer, Call, timestamp};
use crate::world::{Object, Seconds};

const EVENTS: &str = "rds/event";
const MINUTE: f64 = 60.0;
/// Seconds for which events are kept.
const KEPT: f64 = 14.0 * 24.0 * 60.0 * MINUTE;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "DescribeEvents").then(|| list(call))
}

/// Notes something that happens to `object` at a time: now, or later.
pub fn note(call: &mut Call<'_>, object: (&str, &str, &str), at: Seconds, category: &str, message: &str) {
    let (kind, id, arn) = object;
    let number = call.world.next_number();
    let body = json!({
        "SourceIdentifier": id, "SourceType": kind, "Message": message, "EventCategories": [category],
        "Date": timestamp(at), "SourceArn": arn,
    });
    let mut event = call.object(EVENTS, &format!("{at:020.3}/{number}"), body);
    event.visible = at;
    event.remove_later(at + KEPT);
    call.world.put(event);
}

/// Notes something about an instance.
pub fn of_instance(call: &mut Call<'_>, instance: &Object, at: Seconds, category: &str, message: &str) {
    let arn = instance.text(super::INSTANCES.arn_member).to_owned();
    note(call, ("db-instance", &instance.id, &arn), at, category, message);
}

fn list(call: &mut Call<'_>) -> Answer {
    let (id, kind) = (call.text("SourceIdentifier"), call.text("SourceType"));
    if id.is_some() && kind.is_none() {
        return Err(super::super::shelf::clash("If SourceIdentifier is supplied, SourceType must also be provided."));
    }
    let moment = |member: &str| match call.text(member) {
        None => Ok(None),
        Some(text) => match text.parse::<jiff::Timestamp>() {
            Ok(at) => Ok(Some(at.as_duration().as_secs_f64())),
            Err(_) => Err(invalid(format!("Invalid {member}: {text}"))),
        },
    };
    let (start, end) = (moment("StartTime")?, moment("EndTime")?.unwrap_or(call.now));
    let minutes = u32::try_from(call.number("Duration").unwrap_or(60)).map_or(60.0, f64::from);
    let from = start.unwrap_or(end - minutes * MINUTE);
    let categories = call.texts("EventCategories");
    let wanted = |event: &&Object| {
        let has = |category: &String| event.body.get("EventCategories").is_some_and(|all| all[0] == **category);
        id.is_none_or(|id| event.text("SourceIdentifier") == id)
            && kind.is_none_or(|kind| event.text("SourceType") == kind)
            && (categories.is_empty() || categories.iter().any(has))
            && (from..=end).contains(&event.visible)
    };
    let events = call.visible(EVENTS).into_iter().filter(wanted);
    page(call, "Events", events.map(|event| Value::Object(event.body.clone())).collect())
}
