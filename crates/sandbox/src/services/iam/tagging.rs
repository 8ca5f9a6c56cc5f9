//! Tags: one trio of operations per kind of object.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{POLICIES, PROFILES, ROLES, change, done, find, listing};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};

/// Tags that an object may have.
const MOST: usize = 50;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    let (kind, member) = match call.action.as_str() {
        "TagRole" | "UntagRole" | "ListRoleTags" => (ROLES, "RoleName"),
        "TagPolicy" | "UntagPolicy" | "ListPolicyTags" => (POLICIES, "PolicyArn"),
        "TagInstanceProfile" | "UntagInstanceProfile" | "ListInstanceProfileTags" => (PROFILES, "InstanceProfileName"),
        _ => return None,
    };
    Some(act(call, kind, member))
}

fn act(call: &mut Call<'_>, kind: &str, member: &str) -> Answer {
    let id = call.need(member)?;
    if call.action.starts_with("List") {
        let Value::Array(tags) = tag_list(&find(call, kind, &id)?.tags) else { return done() };
        return listing(call, "Tags", tags);
    }
    if call.action.starts_with("Untag") {
        let keys = call.texts("TagKeys");
        change(call, kind, &id, |object| object.tags.retain(|key, _| !keys.contains(key)))?;
        return done();
    }
    let tags = given(call)?;
    let live = find(call, kind, &id)?.tags.clone();
    check_count(&live.into_iter().chain(tags.clone()).collect())?;
    change(call, kind, &id, |object| object.tags.extend(tags))?;
    done()
}

/// The tags of a request.
///
/// # Errors
/// For keys that AWS keeps to itself, and for more tags than an object may have.
pub fn given(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let tags = tags_from(&call.list("Tags"));
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(ApiError::new("InvalidInput", "Tag keys starting with 'aws:' are reserved."));
    }
    check_count(&tags)?;
    Ok(tags)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    match tags.len() > MOST {
        true => Err(super::limit(format!("Cannot exceed quota for TagsPerResource: {MOST}"))),
        false => Ok(()),
    }
}
