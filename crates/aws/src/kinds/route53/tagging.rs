//! Tags of zones and health checks: never part of the create, always a call of their own.

use std::collections::BTreeMap;

use aws_sdk_route53::types::{ResourceTagSet, Tag, TagResourceType};
use globe_model::{CallError, ErrorClass, OWNER_STACK, TagPatch};

use crate::driver::Scoped;
use crate::error::failed;

/// Facts: ten resources a listing; ten keys added and ten removed a change.
pub const LIMIT: usize = 10;

/// All tags of some objects, by id. An object that vanished meanwhile is not in the answer.
///
/// # Errors
/// When a call fails.
pub async fn tags_of(
    cx: &Scoped,
    kind: TagResourceType,
    ids: &[String],
) -> Result<BTreeMap<String, BTreeMap<String, String>>, CallError> {
    let mut sets = Vec::new();
    for chunk in ids.chunks(LIMIT) {
        match list(cx, &kind, chunk).await {
            // One that vanished fails them all.
            Err(error) if error.class == ErrorClass::Gone => {
                for id in chunk {
                    match list(cx, &kind, std::slice::from_ref(id)).await {
                        Err(error) if error.class == ErrorClass::Gone => {}
                        answer => sets.extend(answer?),
                    }
                }
            }
            answer => sets.extend(answer?),
        }
    }
    Ok(sets.into_iter().filter_map(|set| Some((set.resource_id?, pairs(set.tags)))).collect())
}

async fn list(cx: &Scoped, kind: &TagResourceType, ids: &[String]) -> Result<Vec<ResourceTagSet>, CallError> {
    let request = cx.aws.route53.list_tags_for_resources().resource_type(kind.clone());
    let answer = request.set_resource_ids(Some(ids.to_vec())).send().await;
    Ok(answer.map_err(failed("route53:ListTagsForResources"))?.resource_tag_sets)
}

fn pairs(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

/// Whether the owner tag says that it is this stack's.
pub fn marked(cx: &Scoped, tags: &BTreeMap<String, String>) -> bool {
    tags.get(OWNER_STACK) == Some(&cx.owner.stack)
}

/// Sets and removes tags of one object, and the owner tag if `mark` says so.
///
/// # Errors
/// When a call fails.
pub async fn retag(
    cx: &Scoped,
    kind: TagResourceType,
    id: &str,
    mark: bool,
    patch: &TagPatch,
) -> Result<(), CallError> {
    let mut set = patch.set.clone();
    if mark {
        set.insert(OWNER_STACK.to_owned(), cx.owner.stack.clone());
    }
    let add: Vec<Tag> = set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let (mut add, mut remove) = (add.chunks(LIMIT), patch.remove.chunks(LIMIT));
    loop {
        let (add, remove) = (add.next(), remove.next());
        if add.is_none() && remove.is_none() {
            return Ok(());
        }
        let request = cx.aws.route53.change_tags_for_resource().resource_type(kind.clone()).resource_id(id);
        let request = request.set_add_tags(add.map(<[_]>::to_vec)).set_remove_tag_keys(remove.map(<[_]>::to_vec));
        request.send().await.map_err(failed("route53:ChangeTagsForResource"))?;
    }
}
