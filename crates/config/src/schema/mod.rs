//! The JSON schema of a configuration file, for editors.

mod overrides;
mod region_name;
mod tidy;

pub(crate) use region_name::RegionName;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::read::{Component, PROTECT};
use crate::{Bucket, Certificate, LoadBalancer, Network, Record, RegionConfig, Service, Table, Zone};

/// The JSON schema of `globe.toml`, pretty-printed, with a newline at the end; the same text on every call.
pub fn schema() -> String {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut properties = settings(&mut generator);
    for component in Component::ALL {
        let reference = definition(component, &mut generator);
        properties.insert(component.key().to_owned(), named(component, &reference));
    }
    let mut definitions = generator.take_definitions(true);
    add_protect(&mut definitions, &properties);
    overrides::add(&mut definitions);
    definitions.sort_keys();
    let mut root = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "globe.toml",
        "description": "One application in many AWS regions.",
        "type": "object",
        "required": ["stack", "account", "primary", "regions"],
        "additionalProperties": false,
        "properties": properties,
        "definitions": definitions,
    });
    tidy::value(&mut root);
    // `{:#}` of a JSON value is the pretty form and cannot fail.
    format!("{root:#}\n")
}

/// Gives every component the key that all of them take.
fn add_protect(definitions: &mut Map<String, Value>, properties: &Map<String, Value>) {
    let description = "Nothing of it is ever deleted, whatever the flags say, not even when the block is removed: only \
                       `protect = false` here lifts it. Without the key it stays as it was last said.";
    for component in Component::ALL {
        let reference = properties[component.key()]["additionalProperties"]["$ref"].as_str().unwrap_or_default();
        let name = reference.rsplit('/').next().unwrap_or_default();
        if let Some(definition) = definitions.get_mut(name) {
            definition["properties"][PROTECT] = json!({ "description": description, "type": "boolean" });
        }
    }
}

/// The keys of the top level that are not components.
fn settings(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let settings = json!({
        "stack": {
            "description": "Prefixes every name and tags every resource.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9-]{0,23}$",
        },
        "account": {
            "description": "The AWS account; globe refuses to act in any other.",
            "type": "string",
            "pattern": "^[0-9]{12}$",
        },
        "primary": {
            "description": "The region that holds the writers; every other region is secondary.",
            "allOf": [generator.subschema_for::<RegionName>()],
        },
        "tags": {
            "description": "Tags on every taggable resource.",
            "type": "object",
            "propertyNames": { "maxLength": 128, "not": { "pattern": "^(?:[aA][wW][sS]|[gG][lL][oO][bB][eE]):" } },
            "additionalProperties": { "type": "string", "maxLength": 256 },
        },
        "regions": {
            "description": "The regions of the stack and their address ranges.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": generator.subschema_for::<RegionName>(),
            "additionalProperties": generator.subschema_for::<RegionConfig>(),
        },
        "moved": {
            "description": "What stands under another name now: the old component and the new one, or two addresses.",
            "type": "object",
            "propertyNames": { "pattern": "^([a-z_]+\\.[a-z0-9-]+|[^/]+/[^/]+/[^/]+/.+)$" },
            "additionalProperties": { "type": "string", "pattern": "^([a-z_]+\\.[a-z0-9-]+|[^/]+/[^/]+/[^/]+/.+)$" },
        },
    });
    match settings {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The reference to a component's definition.
fn definition(component: Component, generator: &mut SchemaGenerator) -> Value {
    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
        generator.subschema_for::<T>().into()
    }
    match component {
        Component::Network => of::<Network>(generator),
        Component::LoadBalancer => of::<LoadBalancer>(generator),
        Component::Service => of::<Service>(generator),
        Component::Certificate => of::<Certificate>(generator),
        Component::Zone => of::<Zone>(generator),
        Component::Record => of::<Record>(generator),
        Component::Table => of::<Table>(generator),
        Component::Bucket => of::<Bucket>(generator),
    }
}

/// A table of named components.
fn named(component: Component, reference: &Value) -> Value {
    json!({
        "description": format!("`[{}.<name>]`", component.key()),
        "type": "object",
        "propertyNames": { "pattern": "^[a-z]([a-z0-9-]*[a-z0-9])?$" },
        "additionalProperties": reference,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use indexmap::IndexMap;

    use super::*;
    use crate::error::Span;
    use crate::read::{Context, Reader, Sink, TomlTable};

    /// The keys that the reader of a component asks for.
    fn asked(component: Component) -> BTreeSet<String> {
        let empty = TomlTable::new();
        let (stack, account, primary, regions, misspelt_regions) = (None, None, None, IndexMap::new(), Vec::new());
        let cx = Context { sink: Sink::new("", ""), root: &empty, stack, account, primary, regions, misspelt_regions };
        let reader = Reader::component(&cx, &empty, Span::default(), component.key(), "x");
        let _ = match component {
            Component::Network => Network::read(&reader).map(drop),
            Component::LoadBalancer => LoadBalancer::read(&reader).map(drop),
            Component::Service => Service::read(&reader).map(drop),
            Component::Certificate => Certificate::read(&reader).map(drop),
            Component::Zone => Zone::read(&reader).map(drop),
            Component::Record => Record::read(&reader).map(drop),
            Component::Table => Table::read(&reader).map(drop),
            Component::Bucket => Bucket::read(&reader).map(drop),
        };
        reader.asked().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_schema_has_the_keys_that_the_reader_asks_for() {
        let schema: Value = serde_json::from_str(&schema()).expect("JSON");
        for component in Component::ALL {
            let reference = &schema["properties"][component.key()]["additionalProperties"]["$ref"];
            let name = reference.as_str().and_then(|path| path.rsplit('/').next()).expect("a definition");
            let properties = schema["definitions"][name]["properties"].as_object().expect("properties");
            let keys: BTreeSet<String> = properties.keys().filter(|key| *key != "for").cloned().collect();
            assert_eq!(keys, asked(component), "{name}");
        }
    }
}
