//! Tags, which this service spells `TagKey` and `TagValue`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{check_live, named, paging, truncated};
use crate::call::{Answer, ApiError, Call, tag_list};
use crate::services::by_arn;
use crate::services::paging::listing;
use crate::wire::as_list;

const REFUSAL: &str = "TagException";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "TagResource" => Some(add(call)),
        "UntagResource" => Some(remove(call)),
        "ListResourceTags" => Some(list(call)),
        _ => None,
    }
}

/// The tags of a request.
///
/// # Errors
/// `TagException`.
pub fn given(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let list = call.list("Tags");
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tags: BTreeMap<_, _> = list.iter().map(|tag| (text(tag, "TagKey"), text(tag, "TagValue"))).collect();
    if tags.len() != list.len() {
        return Err(ApiError::new(REFUSAL, "Duplicate tag keys"));
    }
    by_arn::check(&tags, REFUSAL)?;
    Ok(tags)
}

/// Tags in this service's spelling.
pub fn show(tags: &Value) -> Vec<Value> {
    as_list(Some(tags)).iter().map(|tag| json!({"TagKey": tag.get("Key"), "TagValue": tag.get("Value")})).collect()
}

fn add(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check_live(&key)?;
    let tags = given(call)?;
    by_arn::add(call, &key.key(), tags, REFUSAL)?;
    Ok(Value::Null.into())
}

fn remove(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check_live(&key)?;
    let names = call.texts("TagKeys");
    by_arn::remove(call, &key.key(), &names);
    Ok(Value::Null.into())
}

fn list(call: &Call<'_>) -> Answer {
    let key = named(call)?;
    truncated(listing(call, "Tags", show(&tag_list(&key.tags)), paging(50, 50)))
}
