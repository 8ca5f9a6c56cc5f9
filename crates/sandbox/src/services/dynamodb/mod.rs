//! DynamoDB: tables, their replicas in other regions, and enough of items to try them.
//!
//! Facts: everything wrong is HTTP 400; codes are overloaded and messages tell; one change of a table at a time; what
//! hangs on a table (tags, backups, expiry) is not there before the table is active.

mod backups;
mod condition;
mod group;
mod items;
mod key_condition;
mod resource_policy;
mod table;
mod tags;

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// The sandbox's name for tables.
const TABLE: &str = "dynamodb/table";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [table::handle, backups::handle, tags::handle, resource_policy::handle, items::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// The table that a request names, by name or ARN, if it can be seen in the caller's region.
fn named(call: &Call<'_>, member: &str) -> Result<Object, ApiError> {
    let text = call.text(member).ok_or_else(|| refused(format!("The parameter '{member}' is required")))?;
    let name = text.split_once(":table/").map_or(text, |(_, name)| name);
    let missing = || not_found(format!("Requested resource not found: Table: {name} not found"));
    call.get(TABLE, name).filter(|table| table.visible <= call.now).cloned().ok_or_else(missing)
}

fn status(table: &Object) -> &str {
    table.text("TableStatus")
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn busy(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceInUseException", message)
}

/// A moment among the hidden members; long ago if it is not there.
fn moment(table: &Object, member: &str) -> f64 {
    table.hidden.get(member).and_then(serde_json::Value::as_f64).unwrap_or(f64::MIN)
}
