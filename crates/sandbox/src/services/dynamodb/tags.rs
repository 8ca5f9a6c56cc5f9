//! Tags, by ARN. Facts: not there before the table is active; a write that changes something locks them for 1.6 s.

use serde_json::json;

use super::{moment, named, not_found, status};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::Object;

/// Seconds for which a write locks the tags.
const LOCK: f64 = 1.6;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListTagsOfResource" => Some(table(call).map(|table| json!({"Tags": tag_list(&table.tags)}).into())),
        "TagResource" => Some(write(call, |call, table| table.tags.extend(tags_from(&call.list("Tags"))))),
        "UntagResource" => Some(write(call, |call, table| {
            let keys = call.texts("TagKeys");
            table.tags.retain(|key, _| !keys.contains(key));
        })),
        _ => None,
    }
}

fn table(call: &Call<'_>) -> Result<Object, ApiError> {
    let table = named(call, "ResourceArn")?;
    let arn = call.text("ResourceArn").unwrap_or_default();
    let missing = || not_found(format!("Requested resource not found: ResourcArn: {arn} not found"));
    if table.text("TableArn") == arn && status(&table) != "CREATING" && status(&table) != "DELETING" {
        return Ok(table);
    }
    Err(missing())
}

fn write(call: &mut Call<'_>, change: impl FnOnce(&Call<'_>, &mut Object)) -> Answer {
    let mut table = table(call)?;
    let before = table.tags.clone();
    change(call, &mut table);
    if table.tags == before {
        return Ok(serde_json::Value::Null.into());
    }
    if call.now - moment(&table, "tagged") < LOCK {
        return Err(ApiError::new("LimitExceededException", "Table tags are being updated"));
    }
    table.hidden.insert("tagged".into(), call.now.into());
    call.world.put(table);
    Ok(serde_json::Value::Null.into())
}
