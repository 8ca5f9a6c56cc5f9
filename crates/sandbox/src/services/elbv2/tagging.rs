//! `AddTags`, `RemoveTags`, `DescribeTags`. Facts: at most 20 ARNs a describe; one that is gone fails all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{BALANCERS, GROUPS, LISTENERS, PER_CALL, RULES, done, invalid, missing};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::Key;

/// Tags that an object may have.
const MOST: usize = 50;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AddTags" => Some(add(call)),
        "RemoveTags" => Some(remove(call)),
        "DescribeTags" => Some(describe(call)),
        _ => None,
    }
}

/// The objects that the request names: any of the four kinds, told apart by their ARNs.
fn targets(call: &Call<'_>) -> Result<Vec<Key>, ApiError> {
    let find = |arn: &String| {
        let is = |noun: &str| arn.contains(&format!(":{noun}/"));
        let shelves = [BALANCERS, GROUPS, LISTENERS, RULES];
        let shelf = shelves.into_iter().find(|shelf| is(shelf.noun));
        let shelf = shelf.ok_or_else(|| invalid(format!("'{arn}' is not a valid ARN")))?;
        let object = call.get(shelf.kind, arn).filter(|object| object.visible <= call.now);
        object.map(crate::world::Object::key).ok_or_else(|| missing(&shelf, arn))
    };
    let arns = call.texts("ResourceArns");
    if arns.is_empty() || arns.len() > PER_CALL {
        return Err(invalid(format!("Between 1 and {PER_CALL} resource ARNs must be specified")));
    }
    arns.iter().map(find).collect()
}

fn add(call: &mut Call<'_>) -> Answer {
    let tags = given(call)?;
    let targets = targets(call)?;
    for (account, region, kind, id) in &targets {
        let live = call.world.get(account, region, kind, id).map(|object| object.tags.clone()).unwrap_or_default();
        check_count(&live.into_iter().chain(tags.clone()).collect())?;
    }
    for key in targets {
        call.world.change(&key, |object| object.tags.extend(tags.clone()));
    }
    done()
}

/// The tags of a request.
///
/// # Errors
/// For keys that come twice or are AWS's own, and for more tags than an object may have.
pub fn given(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let list = call.list("Tags");
    let tags = tags_from(&list);
    if tags.len() < list.len() {
        return Err(ApiError::new("DuplicateTagKeys", "A tag key was specified more than once"));
    }
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    match tags.len() > MOST {
        true => Err(ApiError::new("TooManyTags", format!("An object can have at most {MOST} tags"))),
        false => Ok(()),
    }
}

fn remove(call: &mut Call<'_>) -> Answer {
    let names = call.texts("TagKeys");
    for key in targets(call)? {
        call.world.change(&key, |object| object.tags.retain(|name, _| !names.contains(name)));
    }
    done()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let row = |key: &Key| {
        let object = call.world.get(&key.0, &key.1, &key.2, &key.3)?;
        Some(json!({"ResourceArn": object.id, "Tags": tag_list(&object.tags)}))
    };
    let rows: Vec<Value> = targets(call)?.iter().filter_map(row).collect();
    Ok(json!({"TagDescriptions": rows}).into())
}
