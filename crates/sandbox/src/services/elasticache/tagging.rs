//! `AddTagsToResource`, `RemoveTagsFromResource`, `ListTagsForResource`. Facts: refused while the object is not available.

use serde_json::json;

use super::super::shelf::{Shelf, check_tags};
use super::{GROUPS, PARAMETER_GROUPS, STATUS, SUBNET_GROUPS, state};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::{Key, Object};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AddTagsToResource" => Some(add(call)),
        "RemoveTagsFromResource" => Some(remove(call)),
        "ListTagsForResource" => Some(target(call).map(|object| tags(&object).into())),
        _ => None,
    }
}

fn tags(object: &Object) -> serde_json::Value {
    json!({"TagList": tag_list(&object.tags)})
}

/// The object whose ARN the request names.
fn target(call: &Call<'_>) -> Result<Object, ApiError> {
    let arn = call.need("ResourceName")?;
    let shelves = [GROUPS, SUBNET_GROUPS, PARAMETER_GROUPS];
    let own = |shelf: &Shelf| arn.strip_prefix(&shelf.arn_of(call, "")).map(str::to_owned);
    let found = shelves.iter().find_map(|shelf| Some((shelf, own(shelf)?)));
    let unknown = || ApiError::new("InvalidARN", format!("ARN {arn} is invalid"));
    let (shelf, name) = found.ok_or_else(unknown)?;
    let object = shelf.find(call, &name)?;
    match object.kind == GROUPS.kind && object.text(STATUS) != "available" {
        true => Err(state(object)),
        false => Ok(object.clone()),
    }
}

fn change(call: &mut Call<'_>, key: &Key, change: impl FnOnce(&mut Object)) -> Answer {
    let changed = call.world.change(key, |object| {
        change(object);
        tags(object)
    });
    Ok(changed.unwrap_or_default().into())
}

fn add(call: &mut Call<'_>) -> Answer {
    let given = call.list("Tags");
    check_tags(&given)?;
    let key = target(call)?.key();
    change(call, &key, |object| object.tags.extend(tags_from(&given)))
}

fn remove(call: &mut Call<'_>) -> Answer {
    let (key, names) = (target(call)?.key(), call.texts("TagKeys"));
    change(call, &key, |object| object.tags.retain(|name, _| !names.contains(name)))
}
