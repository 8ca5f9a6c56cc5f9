//! SNS: topics, subscriptions, tags.
//!
//! Facts: creates are repeatable while nothing in them differs; who must confirm stays pending, and vanishes by itself.

mod subscription;
mod topic;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::by_arn;
use super::paging::{Paging, listing};
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, Reply, tag_list, tags_from};
use crate::world::Object;

const TOPIC: &str = "sns/topic";
const SUBSCRIPTION: &str = "sns/subscription";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [topic::handle, subscription::handle, tagging];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn tagging(call: &mut Call<'_>) -> Option<Answer> {
    if !["ListTagsForResource", "TagResource", "UntagResource"].contains(&call.action.as_str()) {
        return None;
    }
    let arn = call.text("ResourceArn").unwrap_or_default();
    let Some(topic) = by_arn::find(call, &[TOPIC], arn).cloned() else {
        return Some(Err(ApiError::new("ResourceNotFound", "Resource does not exist").status(404)));
    };
    Some(match call.action.as_str() {
        "TagResource" => {
            let tags = tags_from(&call.list("Tags"));
            by_arn::add(call, &topic.key(), tags, "InvalidParameter").map(|()| json!({}).into())
        }
        "UntagResource" => {
            let names = call.texts("TagKeys");
            by_arn::remove(call, &topic.key(), &names);
            done()
        }
        _ => Ok(json!({"Tags": tag_list(&topic.tags)}).into()),
    })
}

fn done() -> Answer {
    Ok(Reply::from(json!({})))
}

fn invalid(message: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {message}"))
}

fn not_found(noun: &str) -> ApiError {
    ApiError::new("NotFound", format!("{noun} does not exist")).status(404)
}

/// The map of attributes in a request.
fn attributes(call: &Call<'_>) -> Map<String, Value> {
    let text = |entry: &Value, member: &str| entry.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    call.list("Attributes").iter().map(|entry| (text(entry, "key"), text(entry, "value").into())).collect()
}

/// A map as this protocol writes it.
fn entries(map: &BTreeMap<String, String>) -> Value {
    json!({"entry": map.iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Vec<_>>()})
}

/// Facts: lists of this service come in pages of 100, whose size nobody chooses.
fn pages(call: &Call<'_>, member: &str, items: Vec<Value>) -> Answer {
    let refusal = "InvalidParameter";
    let paging = Paging { limit: "", default: 100, most: 100, token: "NextToken", next: "NextToken", refusal };
    listing(call, member, items, paging)
}

/// What was set of an object's attributes.
fn set_attributes(object: &Object) -> Map<String, Value> {
    object.hidden.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default()
}
