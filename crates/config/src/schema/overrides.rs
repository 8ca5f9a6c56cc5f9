//! `for.<selector>` in the schema: every regional component, with nothing required.

use serde_json::{Map, Value, json};

use crate::read::PROTECT;
use crate::{Bucket, LoadBalancer, Network, Service};

/// Inner tables of components; overrides merge them key by key, so inside an override they need not be whole either.
const INNER: [&str; 2] = ["Instances", "ScaleOn"];

/// Gives every regional component its `for`, and adds the definitions of what an override may hold.
pub(super) fn add(definitions: &mut Map<String, Value>) {
    for (name, fixed) in regional() {
        if let Some(over) = allow_overrides(definitions, name, fixed) {
            definitions.insert(format!("{name}Override"), over);
        }
    }
    for name in INNER {
        if let Some(mut partial) = definitions.get(name).cloned() {
            make_partial(&mut partial);
            definitions.insert(format!("{name}Override"), partial);
        }
    }
}

/// The definitions that take `for`, with the keys that must be the same in all regions.
fn regional() -> [(&'static str, &'static [&'static str]); 4] {
    [
        ("Network", Network::FIXED),
        ("LoadBalancer", LoadBalancer::FIXED),
        ("Service", Service::FIXED),
        ("Bucket", Bucket::FIXED),
    ]
}

/// Gives a definition its `for`, and returns the definition of what an override of it may hold.
fn allow_overrides(definitions: &mut Map<String, Value>, name: &str, fixed: &[&str]) -> Option<Value> {
    let base = definitions.get_mut(name)?;
    let mut over = base.clone();
    let description = "Overrides for \"primary\", \"secondary\", a jurisdiction or a region; the narrower wins.";
    base["properties"]["for"] = json!({
        "description": description,
        "type": "object",
        "additionalProperties": { "$ref": format!("#/definitions/{name}Override") },
    });
    // What is required may also be set for every region in an override.
    if let Some(required) = base.as_object_mut()?.remove("required") {
        base["anyOf"] = json!([{ "required": required }, { "required": ["for"] }]);
    }
    let properties = over["properties"].as_object_mut()?;
    properties.retain(|key, _| !fixed.contains(&key.as_str()) && key != PROTECT);
    for property in properties.values_mut() {
        refer_to_partial(property);
        if let Some(property) = property.as_object_mut() {
            // What an override does not say comes from the block, not from a default.
            property.remove("default");
        }
    }
    make_partial(&mut over);
    Some(over)
}

/// Turns references to inner tables into references to their partial forms, however deep they are wrapped.
fn refer_to_partial(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref")
                && INNER.iter().any(|name| reference.ends_with(&format!("/{name}")))
            {
                reference.push_str("Override");
            }
            map.values_mut().for_each(refer_to_partial);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_partial),
        _ => {}
    }
}

fn make_partial(definition: &mut Value) {
    if let Some(definition) = definition.as_object_mut() {
        definition.remove("required");
    }
}
