//! Tags: at creation through `TagSpecification`, and `CreateTags`, `DeleteTags`, `DescribeTags` on any object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::address::ADDRESSES;
use super::filter::Filters;
use super::flow_log::FLOW_LOGS;
use super::instance::INSTANCES;
use super::internet_gateway::GATEWAYS;
use super::launch_template::TEMPLATES;
use super::natgateway::NAT_GATEWAYS;
use super::network_interface::INTERFACES;
use super::peering::PEERINGS;
use super::route_table::TABLES;
use super::security_group::GROUPS;
use super::security_group_rule::RULES;
use super::subnet::SUBNETS;
use super::vpc::VPCS;
use super::vpc_endpoint::ENDPOINTS;
use super::{Shelf, done, missing};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::wire::as_list;
use crate::world::Key;

/// Tags of one object.
const MOST: usize = 50;
/// Characters of a key.
const LONGEST_KEY: usize = 127;
/// Characters of a value.
const LONGEST_VALUE: usize = 256;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateTags" => Some(create(call)),
        "DeleteTags" => Some(delete(call)),
        "DescribeTags" => Some(describe(call)),
        _ => None,
    }
}

/// The tags that a create asks for, for one resource type; a specification for another type is refused.
pub fn at_creation(call: &Call<'_>, resource_type: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for specification in call.list("TagSpecification") {
        let named = specification.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
        if named != resource_type {
            let message = format!("'{named}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::new("InvalidParameterValue", message));
        }
        tags.extend(tags_from(&as_list(specification.get("Tag"))));
    }
    check(&tags)?;
    Ok(tags)
}

/// Facts: 50 tags, keys of 127 characters and values of 256, and no key of AWS's own.
fn check(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let wrong = |message: String| Err(ApiError::new("InvalidParameterValue", message));
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return wrong("Tag keys starting with 'aws:' are reserved for internal use".to_owned());
    }
    if let Some(key) = tags.keys().find(|key| key.is_empty() || key.chars().count() > LONGEST_KEY) {
        return wrong(format!("Tag key '{key}' must be between 1 and {LONGEST_KEY} characters long"));
    }
    if tags.values().any(|value| value.chars().count() > LONGEST_VALUE) {
        return wrong(format!("Tag values must be at most {LONGEST_VALUE} characters long"));
    }
    check_count(tags)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    match tags.keys().filter(|key| !key.starts_with("aws:")).count() > MOST {
        true => Err(ApiError::new("TagLimitExceeded", format!("The maximum number of tags is {MOST}."))),
        false => Ok(()),
    }
}

fn targets(call: &Call<'_>) -> Result<Vec<Key>, ApiError> {
    let find = |id: &String| {
        let mut objects =
            call.world.all().filter(|object| object.account == call.account && object.region == call.region);
        let object = objects.find(|object| object.id == *id && object.kind.starts_with("ec2/"));
        object.map(crate::world::Object::key).ok_or_else(|| unknown(id))
    };
    call.texts("ResourceId").iter().map(find).collect()
}

/// Each kind of object has an error of its own for an id that is not there.
fn unknown(id: &str) -> ApiError {
    let shelves: [(&str, &Shelf); 14] = [
        ("eipalloc", &ADDRESSES),
        ("eni", &INTERFACES),
        ("fl", &FLOW_LOGS),
        ("i", &INSTANCES),
        ("igw", &GATEWAYS),
        ("lt", &TEMPLATES),
        ("nat", &NAT_GATEWAYS),
        ("pcx", &PEERINGS),
        ("rtb", &TABLES),
        ("sg", &GROUPS),
        ("sgr", &RULES),
        ("subnet", &SUBNETS),
        ("vpc", &VPCS),
        ("vpce", &ENDPOINTS),
    ];
    let prefix = id.split('-').next().unwrap_or_default();
    let shelf = shelves.iter().find(|(known, _)| *known == prefix);
    shelf.map_or_else(
        || ApiError::new("InvalidID", format!("The ID '{id}' is not valid")),
        |(_, shelf)| missing(shelf, id),
    )
}

fn create(call: &mut Call<'_>) -> Answer {
    let tags = tags_from(&call.list("Tag"));
    check(&tags)?;
    let targets = targets(call)?;
    for (account, region, kind, id) in &targets {
        let live = call.world.get(account, region, kind, id).map(|object| object.tags.clone());
        check_count(&live.into_iter().flatten().chain(tags.clone()).collect())?;
    }
    for key in targets {
        call.world.change(&key, |object| object.tags.extend(tags.clone()));
    }
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let wanted = call.list("Tag");
    for key in targets(call)? {
        call.world.change(&key, |object| {
            if wanted.is_empty() {
                // Without keys all go but AWS's own.
                object.tags.retain(|name, _| name.starts_with("aws:"));
            }
            for tag in &wanted {
                let name = tag.get("Key").and_then(Value::as_str).unwrap_or_default();
                let value = tag.get("Value").and_then(Value::as_str);
                if value.is_none() || object.tags.get(name).map(String::as_str) == value {
                    object.tags.remove(name);
                }
            }
        });
    }
    done()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let filters = Filters::of(call, &[]);
    let mut rows = Vec::new();
    for object in call.world.all().filter(|object| object.account == call.account && object.region == call.region) {
        let Some(kind) = object.kind.strip_prefix("ec2/").filter(|_| object.visible <= call.now) else { continue };
        for (key, value) in &object.tags {
            let body = json!({"resourceId": object.id, "resourceType": kind, "key": key, "value": value});
            let mut row = call.object("", &object.id, body);
            row.tags.insert(key.clone(), value.clone());
            if filters.accept(&row) {
                rows.push(Value::Object(row.body));
            }
        }
    }
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"tagSet": page, "nextToken": next}).into())
}
