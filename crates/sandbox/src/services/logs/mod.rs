//! CloudWatch Logs: groups, streams, events, and the filters on groups.

mod events;
mod filters;
mod group;
mod stream;
mod tags;

use super::paging::Paging;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::{Object, Seconds};

const GROUP: &str = "logs/group";
const STREAM: &str = "logs/stream";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [group::handle, stream::handle, events::handle, filters::handle, tags::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// Facts: groups come in pages of at most 50; so do the other lists.
fn paging(limit: &'static str, most: i64) -> Paging {
    let refusal = "InvalidParameterException";
    Paging { limit, default: 50, most, token: "nextToken", next: "nextToken", refusal }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

/// The group that the request names, by name or by ARN with or without `:*`.
fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let text = call.text("logGroupName").or(call.text("logGroupIdentifier")).or(call.text("resourceIdentifier"));
    let text = text.ok_or_else(|| invalid("A log group must be named"))?;
    let name = text.split_once(":log-group:").map_or(text, |(_, name)| name.trim_end_matches(":*"));
    let found = call.get(GROUP, name).filter(|group| group.visible <= call.now);
    found.cloned().ok_or_else(|| not_found("The specified log group does not exist."))
}

/// A member that must be there.
fn required(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    call.text(member).map(str::to_owned).ok_or_else(|| {
        invalid(format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

/// Milliseconds since 1970, as this service counts.
#[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit an i64 for 292 million years")]
fn millis(at: Seconds) -> i64 {
    (at * 1000.0) as i64
}
