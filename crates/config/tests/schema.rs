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
