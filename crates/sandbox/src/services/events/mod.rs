//! EventBridge: buses, rules with targets, archives.
//!
//! Facts: every region has the bus `default`; rules are upserts that forget what is left out; a bus outlives its rules.

mod archive;
mod bus;
mod rule;
mod tags;
mod target;

use super::paging::Paging;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};

const BUS: &str = "events/bus";
const RULE: &str = "events/rule";
/// The bus that is always there.
const DEFAULT_BUS: &str = "default";
/// Facts: all lists have pages of at most 100.
const PAGING: Paging = Paging {
    limit: "Limit",
    default: 100,
    most: 100,
    token: "NextToken",
    next: "NextToken",
    refusal: "ValidationException",
};

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [bus::handle, rule::handle, target::handle, archive::handle, tags::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn exists(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceAlreadyExistsException", message)
}

/// A member that must be there.
fn required(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    call.text(member).map(str::to_owned).ok_or_else(|| {
        invalid(format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

fn arn(call: &Call<'_>, rest: &str) -> String {
    format!("arn:aws:events:{}:{}:{rest}", call.region, call.account)
}

/// Names of this service: letters, digits, dots, underscores and hyphens.
fn check_name(member: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    match (1..=longest).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(invalid(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must have \
             length less than or equal to {longest} and satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
        ))),
    }
}

/// Whether a text is a pattern of events.
fn check_pattern(pattern: &str) -> Result<(), ApiError> {
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(pattern) {
        Ok(members) if !members.is_empty() => Ok(()),
        _ => Err(ApiError::new(
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: it is no JSON object",
        )),
    }
}
