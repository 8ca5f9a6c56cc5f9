//! What schemars says for JSON and TOML does not have.

use serde_json::Value;

/// Removes nulls, which TOML does not have, and joins the lines of descriptions.
pub(super) fn value(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(value);
            if let Some(kind) = map.get_mut("type") {
                only_type(kind);
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
            }
            if let Some(Value::String(description)) = map.get_mut("description") {
                *description = description.replace('\n', " ");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(value),
        _ => {}
    }
}

/// `["string", "null"]` is `"string"`.
fn only_type(kind: &mut Value) {
    if let Value::Array(kinds) = kind {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            *kind = only.clone();
        }
    }
}
