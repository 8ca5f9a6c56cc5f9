//! Tags of groups: by ARN without `:*`, and in the older way by name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{GROUP, named, not_found, required};
use crate::call::{Answer, ApiError, Call};
use crate::services::by_arn;
use crate::world::Object;

const REFUSAL: &str = "InvalidParameterException";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    Some(match call.action.as_str() {
        "ListTagsForResource" | "ListTagsLogGroup" => target(call).map(|group| json!({"tags": group.tags}).into()),
        "TagResource" | "TagLogGroup" => target(call).and_then(|group| add(call, &group)),
        "UntagResource" | "UntagLogGroup" => target(call).map(|group| {
            let keys = if call.action == "UntagResource" { "tagKeys" } else { "tags" };
            by_arn::remove(call, &group.key(), &call.texts(keys));
            Value::Null.into()
        }),
        _ => return None,
    })
}

/// The tags of a request.
///
/// # Errors
/// When AWS would not take them.
pub fn given(call: &Call<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let tags = call.input.get("tags").and_then(Value::as_object);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tags = tags.map(|tags| tags.iter().map(|(key, value)| (key.clone(), text(value))).collect());
    let tags = tags.unwrap_or_default();
    by_arn::check(&tags, REFUSAL)?;
    Ok(tags)
}

fn target(call: &Call<'_>) -> Result<Object, ApiError> {
    if call.action.ends_with("LogGroup") {
        return named(call);
    }
    let arn = required(call, "resourceArn")?;
    let found = by_arn::find(call, &[GROUP], &arn).cloned();
    found.ok_or_else(|| not_found("The specified resource does not exist."))
}

fn add(call: &mut Call<'_>, group: &Object) -> Answer {
    let tags = given(call)?;
    by_arn::add(call, &group.key(), tags, REFUSAL)?;
    Ok(Value::Null.into())
}
