//! Values that AWS will choose: "known after apply".
//!
//! While planning, the outputs of a resource that does not exist yet are stood in for by marked texts, so that `lower`
//! and `diff` run on everything and a changed reference shows up as the change it will be. The engine lowers again
//! with real outputs before any call, so a mark never reaches AWS.

use serde_json::Value;

use crate::Address;

/// U+27E8: no AWS identifier contains it.
const OPEN: char = '\u{27e8}';
const CLOSE: char = '\u{27e9}';

/// The stand-in for `output` of the resource at `address`.
pub fn unknown(address: &Address, output: &str) -> String {
    format!("{OPEN}{output} of {address}{CLOSE}")
}

/// Whether a text is, or contains, a stand-in.
pub fn is_unknown(text: &str) -> bool {
    text.contains(OPEN)
}

/// Whether a stand-in occurs anywhere inside a value.
pub fn mentions_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => is_unknown(text),
        Value::Array(items) => items.iter().any(mentions_unknown),
        Value::Object(map) => map.iter().any(|(key, value)| is_unknown(key) || mentions_unknown(value)),
        _ => false,
    }
}
