//! WAFv2: web ACLs and what they are made of.
//!
//! Facts: names are unique per kind, scope and region; the scope CLOUDFRONT is answered in us-east-1 alone; every change
//! names the lock token it read and gets the next; nothing goes while something refers to it; what is too fresh to be
//! seen everywhere is unavailable to those that refer to it.

mod association;
mod capacity;
mod content;
mod entity;
mod logging;
mod managed;
mod rules;
mod tagging;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Web ACLs; the id is the ARN, as with all objects of this service.
pub const WEB_ACL: &str = "wafv2/web-acl";
/// The one region of the scope CLOUDFRONT.
const HOME: &str = "us-east-1";
/// Hidden members.
const SCOPE: &str = "Scope";
const LOCK: &str = "LockToken";
/// Largest page.
const PAGE: i64 = 100;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families =
        [entity::handle, association::handle, logging::handle, managed::handle, tagging::handle, capacity::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// A parameter that is wrong, and which.
fn invalid(field: &str, parameter: &str, reason: &str) -> ApiError {
    let message = format!("Error reason: {reason}, field: {field}, parameter: {parameter}");
    ApiError::new("WAFInvalidParameterException", message)
}

/// Something that is not there.
fn missing() -> ApiError {
    ApiError::new(
        "WAFNonexistentItemException",
        "AWS WAF couldn’t perform the operation because your resource doesn’t exist.",
    )
}

/// A quota that is used up, or a limit that is passed.
fn too_much(what: &str) -> ApiError {
    ApiError::new(
        "WAFLimitsExceededException",
        format!("AWS WAF couldn’t perform the operation because you exceeded your resource limit: {what}"),
    )
}

/// A member that must be there.
fn need(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    let given = call.text(member).filter(|text| !text.is_empty());
    given.map(str::to_owned).ok_or_else(|| invalid(member, "", &format!("The parameter {member} is required")))
}

/// The scope of a request, if this region answers it.
fn scope(call: &Call<'_>) -> Result<String, ApiError> {
    let scope = need(call, SCOPE)?;
    match scope.as_str() {
        "REGIONAL" => Ok(scope),
        "CLOUDFRONT" if call.region == HOME => Ok(scope),
        _ => Err(invalid("SCOPE_VALUE", &scope, "The scope is not valid.")),
    }
}

/// A hidden text of an object.
fn hidden<'a>(object: &'a Object, member: &str) -> &'a str {
    object.hidden.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// An object of the caller's region that reads see by now.
fn seen<'a>(call: &'a Call<'_>, kind: &str, arn: &str) -> Option<&'a Object> {
    call.get(kind, arn).filter(|object| object.visible <= call.now)
}

/// An object that another one refers to.
fn referred<'a>(call: &'a Call<'_>, kind: &str, arn: &str) -> Result<&'a Object, ApiError> {
    let object = call.get(kind, arn).ok_or_else(missing)?;
    match object.visible <= call.now {
        true => Ok(object),
        false => Err(ApiError::new(
            "WAFUnavailableEntityException",
            "AWS WAF couldn’t retrieve a resource that you specified for this operation. Retry your request.",
        )),
    }
}

/// A page of rows under the name `list`.
fn paged(call: &Call<'_>, list: &str, rows: Vec<Value>) -> Answer {
    let limit = call.number("Limit").unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(invalid("ENTITY_LIMIT", &limit.to_string(), "The limit must be between 1 and 100"));
    }
    let (rows, next) = call.page(rows, Some(limit), call.text("NextMarker"));
    let mut answer = json!({list: rows});
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(answer.into())
}
