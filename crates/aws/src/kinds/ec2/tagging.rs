//! Tags and filters: the same on every EC2 object.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use globe_model::{CallError, Candidate, OWNER_ADDRESS, OWNER_NONCE, OWNER_STACK, TagPatch, Tags};

use crate::driver::{Birth, Scoped};
use crate::error::failed;

/// The tags of a create. Facts: they are atomic with the create; one resource type per specification.
pub fn born(kind: ResourceType, birth: &Birth<'_>, user: &Tags) -> TagSpecification {
    let tags = birth.tags(user).into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags.collect())).build()
}

/// A filter on one name. Facts: `*` and `?` are wildcards, `\` escapes them.
pub fn filter(name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Filter {
    let escape = |value: &str| value.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?");
    let values = values.into_iter().map(|value| escape(value.as_ref())).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// The filter that finds a stack's objects.
pub fn owned(cx: &Scoped) -> Filter {
    filter(&format!("tag:{OWNER_STACK}"), [&cx.owner.stack])
}

/// All tags of an object as pairs.
pub fn pairs(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect()
}

/// The candidate that an object's owner tags describe.
pub fn candidate(id: Option<String>, tags: Option<Vec<Tag>>) -> Option<Candidate> {
    let mut tags = pairs(tags);
    let address = tags.get(OWNER_ADDRESS)?.parse().ok()?;
    Some(Candidate { address, id: id?, nonce: tags.remove(OWNER_NONCE) })
}

/// Sets and removes tags of one object.
///
/// # Errors
/// When a call fails.
pub async fn retag(cx: &Scoped, id: &str, patch: &TagPatch) -> Result<(), CallError> {
    if !patch.set.is_empty() {
        let tags = patch.set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let request = cx.aws.ec2.create_tags().resources(id).set_tags(Some(tags));
        request.send().await.map_err(failed("ec2:CreateTags"))?;
    }
    if !patch.remove.is_empty() {
        let tags = patch.remove.iter().map(|key| Tag::builder().key(key).build()).collect();
        let request = cx.aws.ec2.delete_tags().resources(id).set_tags(Some(tags));
        request.send().await.map_err(failed("ec2:DeleteTags"))?;
    }
    Ok(())
}
