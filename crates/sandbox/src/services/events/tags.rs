//! Tags of buses and rules.

use serde_json::{Value, json};

use super::{BUS, DEFAULT_BUS, RULE, bus, not_found, required};
use crate::call::{Answer, Call, tag_list, tags_from};
use crate::services::by_arn;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListTagsForResource" | "TagResource" | "UntagResource" => Some(act(call)),
        _ => None,
    }
}

fn act(call: &mut Call<'_>) -> Answer {
    let arn = required(call, "ResourceARN")?;
    if call.get(BUS, DEFAULT_BUS).is_none() && arn.ends_with(":event-bus/default") {
        let bus = bus::bus(call, None)?;
        call.world.put(bus);
    }
    let found = by_arn::find(call, &[BUS, RULE], &arn).cloned();
    let found = found.ok_or_else(|| not_found(format!("{arn} does not exist.")))?;
    match call.action.as_str() {
        "ListTagsForResource" => return Ok(json!({"Tags": tag_list(&found.tags)}).into()),
        "TagResource" => {
            let tags = tags_from(&call.list("Tags"));
            by_arn::add(call, &found.key(), tags, "ValidationException")?;
        }
        _ => by_arn::remove(call, &found.key(), &call.texts("TagKeys")),
    }
    Ok(Value::Null.into())
}
