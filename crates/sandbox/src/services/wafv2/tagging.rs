//! Tags of all kinds, by ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::entity::FAMILIES;
use super::{PAGE, invalid, missing, need, seen};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::wire::as_list;
use crate::world::Object;

/// Most tags on one resource.
const MAX: usize = 50;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "TagResource" => Some(tag(call)),
        "UntagResource" => Some(untag(call)),
        "ListTagsForResource" => Some(list(call)),
        _ => None,
    }
}

/// A list of tags that a request may carry.
///
/// # Errors
/// `WAFInvalidParameterException` for reserved or repeated keys, or too many.
pub fn checked(list: &[Value]) -> Result<BTreeMap<String, String>, ApiError> {
    let tags = tags_from(list);
    match tags.len() < list.len()
        || tags.len() > MAX
        || tags.keys().any(|key| key.is_empty() || key.starts_with("aws:"))
    {
        true => Err(invalid("TAGS", "", "The tags are not valid")),
        false => Ok(tags),
    }
}

fn resource<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    let arn = need(call, "ResourceARN")?;
    let family = FAMILIES.iter().find(|family| arn.contains(&format!("/{}/", family.path)));
    let family = family.ok_or_else(|| invalid("RESOURCE_ARN", &arn, "The ARN isn't valid."))?;
    seen(call, family.kind, &arn).ok_or_else(missing)
}

fn tag(call: &mut Call<'_>) -> Answer {
    let (mut all, key) = resource(call).map(|object| (object.tags.clone(), object.key()))?;
    all.extend(checked(&call.list("Tags"))?);
    if all.len() > MAX {
        return Err(super::too_much("tags"));
    }
    call.world.change(&key, |object| object.tags = all);
    Ok(Value::Null.into())
}

fn untag(call: &mut Call<'_>) -> Answer {
    let (key, keys) = (resource(call)?.key(), call.texts("TagKeys"));
    call.world.change(&key, |object| object.tags.retain(|key, _| !keys.contains(key)));
    Ok(Value::Null.into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let object = resource(call)?;
    let tags = as_list(Some(&tag_list(&object.tags)));
    let (tags, next) = call.page(tags, Some(call.number("Limit").unwrap_or(PAGE)), call.text("NextMarker"));
    let mut answer = json!({"TagInfoForResource": {"ResourceARN": object.id, "TagList": tags}});
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(answer.into())
}
