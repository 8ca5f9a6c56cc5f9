//! Tags of IAM objects, and whose they say an object is.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use globe_model::{CallError, Candidate, ErrorClass, OWNER_ADDRESS, OWNER_NONCE, OWNER_STACK};

use crate::driver::Scoped;

/// Tags as the SDK wants them.
///
/// # Errors
/// Never in practice: the SDK refuses a tag without key or value, and these have both.
pub fn tag_list(operation: &str, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.map_err(|error| CallError::new(ErrorClass::Broken, operation, error.to_string()))
    };
    tags.iter().map(tag).collect()
}

/// All tags of an object as pairs.
pub fn pairs(tags: Option<Vec<Tag>>) -> BTreeMap<String, String> {
    tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// The candidate that an object's tags describe; `None` if it is not this stack's: a name alone proves nothing.
pub fn candidate(cx: &Scoped, id: String, mut tags: BTreeMap<String, String>) -> Option<Candidate> {
    tags.get(OWNER_STACK).filter(|stack| **stack == cx.owner.stack)?;
    let address = tags.get(OWNER_ADDRESS)?.parse().ok()?;
    Some(Candidate { address, id, nonce: tags.remove(OWNER_NONCE) })
}
