//! Tags of objects that are named by ARN, which is how most services' tag operations name them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::call::{ApiError, Call, GLOBAL};
use crate::world::{Key, Object};

/// Tags that an object may have.
const MOST: usize = 50;

/// Notes the ARN under which [`find`] knows an object.
pub fn name(object: &mut Object, arn: &str) {
    object.hidden.insert("arn".to_owned(), arn.into());
}

/// The object of one of `kinds` that has an ARN, in the caller's region or among the global ones.
pub fn find<'a>(call: &'a Call<'_>, kinds: &[&str], arn: &str) -> Option<&'a Object> {
    let shelves = kinds.iter().flat_map(|kind| [call.region, GLOBAL].map(|region| (*kind, region)));
    let mut objects = shelves.flat_map(|(kind, region)| call.world.list(call.account, region, kind));
    objects.find(|object| object.hidden.get("arn").and_then(Value::as_str) == Some(arn))
}

/// Adds tags to an object.
///
/// # Errors
/// `refusal`, when a key is AWS's own or the object would have too many tags.
pub fn add(call: &mut Call<'_>, key: &Key, tags: BTreeMap<String, String>, refusal: &str) -> Result<(), ApiError> {
    let mut all = call.world.get(&key.0, &key.1, &key.2, &key.3).map(|object| object.tags.clone()).unwrap_or_default();
    check(&tags, refusal)?;
    all.extend(tags);
    check(&all, refusal)?;
    call.world.change(key, |object| object.tags = all);
    Ok(())
}

/// Refuses what no object can be tagged with.
///
/// # Errors
/// `refusal`, when a key is AWS's own or there are too many tags.
pub fn check(tags: &BTreeMap<String, String>, refusal: &str) -> Result<(), ApiError> {
    if tags.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(ApiError::new(refusal, "Tag keys that start with aws: are reserved for AWS."));
    }
    if tags.len() > MOST {
        return Err(ApiError::new(refusal, format!("An object can have at most {MOST} tags.")));
    }
    Ok(())
}

/// Takes tags away from an object.
pub fn remove(call: &mut Call<'_>, key: &Key, names: &[String]) {
    call.world.change(key, |object| object.tags.retain(|name, _| !names.contains(name)));
}
