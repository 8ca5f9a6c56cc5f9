//! Conditions of a write: that attributes are there, are not, or have a value. Others the sandbox refuses to judge.

use serde_json::Value;

use super::refused;
use crate::call::{ApiError, Call};

/// Refuses a write whose `ConditionExpression` does not hold for the item that is there.
///
/// # Errors
/// `ConditionalCheckFailedException`, or `ValidationException` for a condition that the sandbox does not know.
pub fn hold(call: &Call<'_>, present: Option<&Value>) -> Result<(), ApiError> {
    let Some(expression) = call.text("ConditionExpression") else { return Ok(()) };
    for term in expression.split(" AND ").flat_map(|terms| terms.split(" and ")) {
        if !holds(call, term.trim(), present)? {
            let message = "The conditional request failed";
            return Err(ApiError::new("ConditionalCheckFailedException", message));
        }
    }
    Ok(())
}

fn holds(call: &Call<'_>, term: &str, present: Option<&Value>) -> Result<bool, ApiError> {
    let argument =
        |function: &str| Some(term.strip_prefix(function)?.trim().strip_prefix('(')?.strip_suffix(')')?.trim());
    let there = |name: &str| present.and_then(|item| item.get(real(call, name))).is_some();
    match (argument("attribute_not_exists"), argument("attribute_exists")) {
        (Some(name), _) => Ok(!there(name)),
        (_, Some(name)) => Ok(there(name)),
        _ => compared(call, term, present)
            .ok_or_else(|| refused(format!("The sandbox does not know the condition {term}"))),
    }
}

/// `name = :value` or `name <> :value`.
fn compared(call: &Call<'_>, term: &str, present: Option<&Value>) -> Option<bool> {
    let (name, value, equal) = match term.split_once("<>") {
        Some((name, value)) => (name, value, false),
        None => term.split_once('=').map(|(name, value)| (name, value, true))?,
    };
    let wanted = call.input.get("ExpressionAttributeValues")?.get(value.trim())?;
    let found = present.and_then(|item| item.get(real(call, name.trim())));
    Some((found == Some(wanted)) == equal)
}

/// The attribute behind `#name`.
fn real<'a>(call: &'a Call<'_>, name: &'a str) -> &'a str {
    let names = call.input.get("ExpressionAttributeNames");
    names.and_then(|names| names.get(name)?.as_str()).unwrap_or(name)
}
