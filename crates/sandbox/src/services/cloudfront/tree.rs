//! CloudFront's documents: every list is a count and its items, and every leaf is a text.

use serde_json::{Map, Value, json};

use crate::call::ApiError;
use crate::wire::as_list;

/// A text member; empty if absent.
pub fn text<'a>(tree: &'a Value, member: &str) -> &'a str {
    tree.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the list member called `list`.
pub fn items(tree: &Value, list: &str) -> Vec<Value> {
    tree.get(list).map(items_of).unwrap_or_default()
}

/// The texts of the list member called `list`.
pub fn texts(tree: &Value, list: &str) -> Vec<String> {
    items(tree, list).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// A list of `items`, each an element called `name`.
pub fn list(name: &str, items: Vec<Value>) -> Value {
    match items.is_empty() {
        true => json!({"Quantity": 0}),
        false => json!({"Quantity": items.len(), "Items": {name: items}}),
    }
}

fn items_of(list: &Value) -> Vec<Value> {
    match list.get("Items") {
        Some(Value::Object(members)) => members.values().flat_map(|value| as_list(Some(value))).collect(),
        _ => Vec::new(),
    }
}

/// Every list's count must be that of its items.
///
/// # Errors
/// `InconsistentQuantities`.
pub fn check_quantities(tree: &Value) -> Result<(), ApiError> {
    match tree {
        Value::Array(items) => items.iter().try_for_each(check_quantities),
        Value::Object(members) => {
            let claimed = members.get("Quantity").and_then(Value::as_str);
            if claimed.is_some_and(|claimed| claimed.parse() != Ok(items_of(tree).len())) {
                let message = "The value of Quantity and the size of Items don't match.";
                return Err(ApiError::new("InconsistentQuantities", message));
            }
            members.values().try_for_each(check_quantities)
        }
        _ => Ok(()),
    }
}

/// Fills in what the request leaves out.
pub fn fill(members: &mut Map<String, Value>, defaults: Value) {
    if let Value::Object(defaults) = defaults {
        for (name, value) in defaults {
            members.entry(name).or_insert(value);
        }
    }
}

/// Applies `change` to every item of the list member called `list`.
pub fn each(tree: &mut Value, list: &str, change: impl Fn(&mut Value)) {
    let Some(Value::Object(members)) = tree.get_mut(list).and_then(|list| list.get_mut("Items")) else { return };
    for value in members.values_mut() {
        match value {
            Value::Array(items) => items.iter_mut().for_each(&change),
            single => change(single),
        }
    }
}
