//! Tags of zones and health checks: always a call of their own, ten keys or ten resources at most.

use serde_json::{Value, json};

use super::{HEALTH_CHECK, ZONE, invalid, no_health_check, reply, segment, visible, zone_of};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::wire::as_list;

/// The most keys added, keys removed, or resources in one call.
const MAX: usize = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ChangeTagsForResource" => Some(change(call)),
        "ListTagsForResource" => Some(list(call)),
        "ListTagsForResources" => Some(list_many(call)),
        _ => None,
    }
}

/// The sandbox's kind for the resource type in the path, once the resource is known to exist.
fn existing(call: &Call<'_>, id: &str) -> Result<&'static str, ApiError> {
    match segment(call, 1).as_str() {
        "hostedzone" => zone_of(call, id).map(|_| ZONE),
        "healthcheck" => visible(call, HEALTH_CHECK, id).map(|_| HEALTH_CHECK).ok_or_else(|| no_health_check(id)),
        other => Err(invalid(format!("`{other}` is not a resource type."))),
    }
}

fn change(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 2);
    let kind = existing(call, &id)?;
    let add = as_list(call.input.pointer("/AddTags/Tag"));
    let remove = as_list(call.input.pointer("/RemoveTagKeys/Key"));
    if add.is_empty() && remove.is_empty() {
        return Err(invalid("Tags to add or to remove must be given."));
    }
    if add.len() > MAX || remove.len() > MAX {
        return Err(invalid(format!("At most {MAX} tags can be added and {MAX} removed in one request.")));
    }
    let add = tags_from(&add);
    if add.keys().any(|key| key.starts_with("aws:")) {
        return Err(invalid("Tag keys that begin with `aws:` are reserved."));
    }
    let key = call.global_key(kind, &id);
    call.world.change(&key, |object| {
        for key in remove.iter().filter_map(Value::as_str) {
            object.tags.remove(key);
        }
        object.tags.extend(add);
    });
    Ok(reply("ChangeTagsForResourceResponse", json!({})))
}

fn tag_set(call: &Call<'_>, id: &str) -> Result<Value, ApiError> {
    let kind = existing(call, id)?;
    let tags = call.get_global(kind, id).map(|object| tag_list(&object.tags));
    Ok(json!({"ResourceType": segment(call, 1), "ResourceId": id, "Tags": {"Tag": tags}}))
}

fn list(call: &mut Call<'_>) -> Answer {
    let set = tag_set(call, &segment(call, 2))?;
    Ok(reply("ListTagsForResourceResponse", json!({"ResourceTagSet": set})))
}

fn list_many(call: &mut Call<'_>) -> Answer {
    let ids = as_list(call.input.pointer("/ResourceIds/ResourceId"));
    if ids.is_empty() || ids.len() > MAX {
        return Err(invalid(format!("Between 1 and {MAX} resource ids must be given.")));
    }
    let sets = ids.iter().filter_map(Value::as_str).map(|id| tag_set(call, id)).collect::<Result<Value, _>>()?;
    Ok(reply("ListTagsForResourcesResponse", json!({"ResourceTagSets": {"ResourceTagSet": sets}})))
}
