//! Tags of distributions, functions and VPC origins, by ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::distribution::asked;
use super::function::FUNCTION;
use super::vpc_origin::VPC_ORIGIN;
use super::{DISTRIBUTION, gone, invalid, missing, reply, visible};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::wire::as_list;
use crate::world::Key;

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

/// The tags that a create carries.
///
/// # Errors
/// `InvalidTagging`.
pub fn given(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    checked(&as_list(input.pointer("/Tags/Items/Tag")))
}

fn checked(list: &[Value]) -> Result<BTreeMap<String, String>, ApiError> {
    let tags = tags_from(list);
    let wrong = |(key, value): (&String, &String)| {
        key.is_empty() || key.len() > 128 || value.len() > 256 || key.starts_with("aws:")
    };
    match tags.len() < list.len() || tags.len() > MAX || tags.iter().any(wrong) {
        true => Err(ApiError::new("InvalidTagging", "The tagging specified is not valid.")),
        false => Ok(tags),
    }
}

fn resource(call: &Call<'_>) -> Result<Key, ApiError> {
    let arn = asked(call, "Resource")?;
    let own = format!("arn:aws:cloudfront::{}:", call.account);
    let part = arn.strip_prefix("arn:aws:cloudfront::").and_then(|rest| rest.split_once(':'));
    let (noun, id) = part
        .and_then(|(_, path)| path.split_once('/'))
        .ok_or_else(|| invalid(format!("The ARN {arn} is not valid.")))?;
    let kind = match noun {
        "distribution" => DISTRIBUTION,
        "function" => FUNCTION,
        "vpcorigin" => VPC_ORIGIN,
        _ => return Err(invalid(format!("The ARN {arn} is not that of a resource with tags."))),
    };
    let there = arn.starts_with(&own) && visible(call, kind, id).is_some();
    let absent = || missing("NoSuchResource", format!("The resource {arn} does not exist."));
    there.then(|| call.global_key(kind, id)).ok_or_else(absent)
}

fn tag(call: &mut Call<'_>) -> Answer {
    let key = resource(call)?;
    let tags = checked(&as_list(call.input.pointer("/Items/Tag")))?;
    let full = call.world.change(&key, |object| {
        let mut all = object.tags.clone();
        all.extend(tags);
        if all.len() <= MAX {
            object.tags = all;
            return false;
        }
        true
    });
    match full {
        Some(true) => Err(ApiError::new("InvalidTagging", format!("A resource can have at most {MAX} tags."))),
        _ => gone(),
    }
}

fn untag(call: &mut Call<'_>) -> Answer {
    let key = resource(call)?;
    let keys = as_list(call.input.pointer("/Items/Key"));
    call.world.change(&key, |object| {
        for key in keys.iter().filter_map(Value::as_str) {
            object.tags.remove(key);
        }
    });
    gone()
}

fn list(call: &mut Call<'_>) -> Answer {
    let key = resource(call)?;
    let tags = call.get_global(&key.2, &key.3).map(|object| tag_list(&object.tags)).unwrap_or_default();
    Ok(reply("Tags", json!({"Items": {"Tag": tags}})))
}
