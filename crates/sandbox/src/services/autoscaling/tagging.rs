//! Tags of groups, with their flag whether instances get them. Facts: filters `tag:<key>`, `tag-key`, `tag-value`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{GROUPS, done, invalid, listing};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateOrUpdateTags" => Some(put(call)),
        "DeleteTags" => Some(remove(call)),
        "DescribeTags" => Some(describe(call)),
        _ => None,
    }
}

/// One tag of a request.
struct Given {
    group: String,
    key: String,
    value: Option<String>,
    propagate: bool,
}

fn given(call: &Call<'_>) -> Result<Vec<Given>, ApiError> {
    let read = |tag: Value| {
        let text = |member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
        Given {
            group: text("ResourceId").unwrap_or_default(),
            key: text("Key").unwrap_or_default(),
            value: text("Value"),
            propagate: text("PropagateAtLaunch").as_deref() != Some("false"),
        }
    };
    let tags: Vec<Given> = call.list("Tags").into_iter().map(read).collect();
    match tags.iter().find(|tag| tag.key.is_empty() || tag.key.starts_with("aws:")) {
        Some(tag) => Err(invalid(format!("The tag key `{}` is empty or reserved.", tag.key))),
        None => Ok(tags),
    }
}

/// The tags of a create, and the keys of those that go to instances.
///
/// # Errors
/// For reserved keys.
pub fn at_creation(call: &Call<'_>) -> Result<(BTreeMap<String, String>, BTreeSet<String>), ApiError> {
    let tags = given(call)?;
    let propagated = tags.iter().filter(|tag| tag.propagate).map(|tag| tag.key.clone()).collect();
    Ok((tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())).collect(), propagated))
}

fn propagated(group: &Object) -> BTreeSet<String> {
    let keys = as_list(group.hidden.get("propagated"));
    keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}

/// Remembers which tags go to instances.
pub fn set_propagated(group: &mut Object, keys: BTreeSet<String>) {
    group.hidden.insert("propagated".into(), keys.into_iter().collect());
}

/// The tags that a group's instances are born with.
pub fn for_instances(group: &Object) -> BTreeMap<String, String> {
    let keys = propagated(group);
    let mut tags: BTreeMap<String, String> =
        group.tags.clone().into_iter().filter(|(key, _)| keys.contains(key)).collect();
    tags.insert("aws:autoscaling:groupName".into(), group.id.clone());
    tags
}

/// A group's tags as they are shown.
pub fn show(group: &Object) -> Vec<Value> {
    let keys = propagated(group);
    let row = |(key, value): (&String, &String)| {
        json!({
            "ResourceId": group.id, "ResourceType": "auto-scaling-group", "Key": key, "Value": value,
            "PropagateAtLaunch": keys.contains(key),
        })
    };
    group.tags.iter().map(row).collect()
}

/// Every tag of the request with its group, which must exist.
fn apply(call: &mut Call<'_>, change: impl Fn(&mut Object, &mut BTreeSet<String>, &Given)) -> Answer {
    let tags = given(call)?;
    if let Some(tag) = tags.iter().find(|tag| call.get(GROUPS, &tag.group).is_none()) {
        return Err(invalid(format!("AutoScalingGroup name not found - AutoScalingGroup {} not found", tag.group)));
    }
    for tag in tags {
        call.world.change(&call.key(GROUPS, &tag.group), |group| {
            let mut keys = propagated(group);
            change(group, &mut keys, &tag);
            set_propagated(group, keys);
        });
    }
    done()
}

fn put(call: &mut Call<'_>) -> Answer {
    apply(call, |group, keys, tag| {
        group.tags.insert(tag.key.clone(), tag.value.clone().unwrap_or_default());
        if tag.propagate {
            keys.insert(tag.key.clone());
        } else {
            keys.remove(&tag.key);
        }
    })
}

fn remove(call: &mut Call<'_>) -> Answer {
    apply(call, |group, keys, tag| {
        group.tags.remove(&tag.key);
        keys.remove(&tag.key);
    })
}

fn describe(call: &mut Call<'_>) -> Answer {
    let filters = Filters::of(call);
    let groups = call.visible(GROUPS).into_iter().filter(|group| filters.accept(group));
    listing(call, "Tags", groups.flat_map(show).collect())
}

/// Filters of a describe: all must match, any value of one suffices.
pub struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Reads `Filters.member.N`.
    pub fn of(call: &Call<'_>) -> Self {
        let read = |filter: &Value| {
            let name = filter.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let values = as_list(filter.get("Values"));
            (name, values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
        };
        Self(call.list("Filters").iter().map(read).collect())
    }

    /// Whether a group passes.
    pub fn accept(&self, group: &Object) -> bool {
        self.0.iter().all(|(name, values)| match name.as_str() {
            "tag-key" | "key" => group.tags.keys().any(|key| values.contains(key)),
            "tag-value" | "value" => group.tags.values().any(|value| values.contains(value)),
            "auto-scaling-group" => values.contains(&group.id),
            "propagate-at-launch" => true,
            name => {
                let value = name.strip_prefix("tag:").and_then(|key| group.tags.get(key));
                value.is_some_and(|value| values.contains(value))
            }
        })
    }
}
