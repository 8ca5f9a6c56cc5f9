//! Tags: at creation through `TagSpecification`, and `CreateTags`, `DeleteTags`, `DescribeTags` on any object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::done;
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::wire::as_list;
use crate::world::Key;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateTags" => Some(create(call)),
        "DeleteTags" => Some(delete(call)),
        "DescribeTags" => Some(describe(call)),
        _ => None,
    }
}

/// The tags that a create asks for, for one resource type; a specification for another type is refused.
pub fn at_creation(call: &Call<'_>, resource_type: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for specification in call.list("TagSpecification") {
        let named = specification.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
        if named != resource_type {
            let message = format!("'{named}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::new("InvalidParameterValue", message));
        }
        tags.extend(tags_from(&as_list(specification.get("Tag"))));
    }
    match tags.keys().find(|key| key.starts_with("aws:")) {
        Some(_) => {
            Err(ApiError::new("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"))
        }
        None => Ok(tags),
    }
}

fn targets(call: &Call<'_>) -> Result<Vec<Key>, ApiError> {
    let find = |id: &String| {
        let mut objects =
            call.world.all().filter(|object| object.account == call.account && object.region == call.region);
        let object = objects.find(|object| object.id == *id && object.kind.starts_with("ec2/"));
        object
            .map(crate::world::Object::key)
            .ok_or_else(|| ApiError::new("InvalidID", format!("The ID '{id}' is not valid")))
    };
    call.texts("ResourceId").iter().map(find).collect()
}

fn create(call: &mut Call<'_>) -> Answer {
    let tags = tags_from(&call.list("Tag"));
    for key in targets(call)? {
        call.world.change(&key, |object| object.tags.extend(tags.clone()));
    }
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let wanted = call.list("Tag");
    for key in targets(call)? {
        call.world.change(&key, |object| {
            for tag in &wanted {
                let name = tag.get("Key").and_then(Value::as_str).unwrap_or_default();
                let value = tag.get("Value").and_then(Value::as_str);
                if value.is_none() || object.tags.get(name).map(String::as_str) == value {
                    object.tags.remove(name);
                }
            }
        });
    }
    done()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let mut rows = Vec::new();
    for object in call.world.all().filter(|object| object.account == call.account && object.region == call.region) {
        let Some(kind) = object.kind.strip_prefix("ec2/") else { continue };
        for (key, value) in &object.tags {
            rows.push(json!({"resourceId": object.id, "resourceType": kind, "key": key, "value": value}));
        }
    }
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"tagSet": page, "nextToken": next}).into())
}
