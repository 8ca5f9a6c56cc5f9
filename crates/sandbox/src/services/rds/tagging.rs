//! `AddTagsToResource`, `RemoveTagsFromResource`, `ListTagsForResource`.

use serde_json::json;

use super::super::shelf::{Shelf, check_tags, invalid};
use super::{INSTANCES, PARAMETER_GROUPS, SNAPSHOTS, SUBNET_GROUPS, done};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AddTagsToResource" => Some(add(call)),
        "RemoveTagsFromResource" => Some(remove(call)),
        "ListTagsForResource" => Some(list(call)),
        _ => None,
    }
}

/// The object whose ARN the request names.
fn target<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    let arn = call.need("ResourceName")?;
    let shelves = [INSTANCES, SUBNET_GROUPS, PARAMETER_GROUPS, SNAPSHOTS];
    let own = |shelf: &Shelf| arn.strip_prefix(&shelf.arn_of(call, "")).map(str::to_owned);
    let found = shelves.iter().find_map(|shelf| Some((shelf, own(shelf)?)));
    let (shelf, name) = found.ok_or_else(|| invalid(format!("Invalid resource name: {arn}")))?;
    shelf.find(call, &name)
}

fn add(call: &mut Call<'_>) -> Answer {
    let tags = call.list("Tags");
    check_tags(&tags)?;
    let key = target(call)?.key();
    call.world.change(&key, |object| object.tags.extend(tags_from(&tags)));
    done()
}

fn remove(call: &mut Call<'_>) -> Answer {
    let (key, names) = (target(call)?.key(), call.texts("TagKeys"));
    call.world.change(&key, |object| object.tags.retain(|name, _| !names.contains(name)));
    done()
}

fn list(call: &mut Call<'_>) -> Answer {
    let tags = tag_list(&target(call)?.tags);
    Ok(json!({"TagList": tags}).into())
}
