//! The JSON schema beside the file that editors read.

#[test]
fn the_schema_in_the_repository_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/globe.schema.json");
    let checked_in = std::fs::read_to_string(path).expect("config/globe.schema.json exists");
    assert!(checked_in == globe_config::schema(), "config/globe.schema.json is not what `schema()` says");
}

#[test]
fn every_reference_of_the_schema_leads_somewhere_and_no_table_takes_unknown_keys() {
    let schema: serde_json::Value = serde_json::from_str(&globe_config::schema()).expect("JSON");
    let definitions = schema["definitions"].as_object().expect("definitions");
    let text = schema.to_string();
    for (index, _) in text.match_indices("#/definitions/") {
        let name = text[index + "#/definitions/".len()..].split('"').next().unwrap_or_default();
        assert!(definitions.contains_key(name), "{name}");
    }
    for (name, definition) in definitions {
        if definition.get("properties").is_some() {
            assert_eq!(definition["additionalProperties"], false, "{name}");
            for (key, property) in definition["properties"].as_object().expect("properties") {
                let described = property.get("description").is_some() || property.get("$ref").is_some();
                assert!(described, "{name}.{key} has no description");
            }
        }
    }
}

#[test]
fn an_override_may_hold_a_part_of_a_block_and_a_part_of_its_tables() {
    let schema: serde_json::Value = serde_json::from_str(&globe_config::schema()).expect("JSON");
    let definitions = &schema["definitions"];
    assert_eq!(definitions["Instances"]["required"], serde_json::json!(["min", "desired", "max"]));
    assert!(definitions["ServiceOverride"].get("required").is_none());
    assert!(definitions["InstancesOverride"].get("required").is_none());
    let instances = definitions["ServiceOverride"]["properties"]["instances"].to_string();
    assert!(instances.contains("#/definitions/InstancesOverride"), "{instances}");
    assert!(definitions["BucketOverride"]["properties"].get("replicate").is_none());
}

#[test]
fn the_schema_has_no_null_since_toml_has_none() {
    assert!(!globe_config::schema().contains("\"null\""));
}
