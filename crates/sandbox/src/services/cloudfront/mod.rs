//! CloudFront: what all its operations share, and one file per family of objects.
//!
//! Facts: one endpoint for all regions; every change names the version it changes (`If-Match`); a distribution is
//! deployed minutes after each change and must be disabled and deployed before it can go; what a distribution names
//! (policies, access controls, functions, certificate, web ACL) cannot be deleted before it.

mod associate;
mod config;
mod defaults;
mod distribution;
mod function;
mod invalidation;
mod listing;
mod managed;
mod origin_rules;
mod policy;
mod references;
mod route;
mod tagging;
mod tree;
mod vpc_origin;

#[cfg(test)]
mod tests;

pub use route::action;

use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::Object;

/// Distributions.
pub const DISTRIBUTION: &str = "cloudfront/distribution";
const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
/// Hidden member: the version that `If-Match` must name.
const ETAG: &str = "ETag";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        distribution::handle,
        associate::handle,
        listing::handle,
        policy::handle,
        function::handle,
        invalidation::handle,
        vpc_origin::handle,
        tagging::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// One part of the call's path after the API version: 0 is the collection, 1 the id in it.
fn segment(call: &Call<'_>, index: usize) -> String {
    route::segments(&call.path).nth(index).unwrap_or_default().to_owned()
}

/// A REST answer with its root element.
fn reply(root: &str, mut body: Value) -> Reply {
    if let Value::Object(members) = &mut body {
        members.insert("@xmlns".into(), NAMESPACE.into());
    }
    json!({root: body}).into()
}

/// The same with the version of what it shows.
fn versioned(root: &str, body: Value, version: &str) -> Reply {
    Reply { headers: vec![("etag", version.to_owned())], ..reply(root, body) }
}

/// The answer to a create: status, version, and where the new thing is.
fn created(status: u16, mut answer: Reply, path: &str) -> Answer {
    answer.status = status;
    answer.headers.push(("location", format!("https://cloudfront.amazonaws.com/2020-05-31/{path}")));
    Ok(answer)
}

/// Success without a body.
fn gone() -> Answer {
    Ok(Reply { status: 204, ..Reply::default() })
}

/// A request that is wrong in itself.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidArgument", message)
}

/// A conflict with what is there.
fn conflict(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(code, message).status(409)
}

/// Something that is not there.
fn missing(code: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(code, message).status(404)
}

/// A fresh id or version: `E` and thirteen characters.
fn fresh(call: &mut Call<'_>) -> String {
    format!("E{}", call.hex(13).to_uppercase())
}

/// The version of an object.
fn version(object: &Object) -> String {
    object.hidden.get(ETAG).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Refuses a change of anything but the version that the request names.
fn check_version(call: &Call<'_>, current: &str) -> Result<(), ApiError> {
    let message = "The If-Match version is missing or not valid for the resource.";
    match call.headers.get("if-match").and_then(|value| value.to_str().ok()) {
        None | Some("") => Err(ApiError::new("InvalidIfMatchVersion", message)),
        Some(given) if given.trim_matches('"') == current => Ok(()),
        Some(_) => {
            let message =
                "The request failed because it didn't meet the preconditions in one or more request-header fields.";
            Err(ApiError::new("PreconditionFailed", message).status(412))
        }
    }
}

/// An object that reads see by now.
fn visible<'a>(call: &'a Call<'_>, kind: &str, id: &str) -> Option<&'a Object> {
    call.get_global(kind, id).filter(|object| object.visible <= call.now)
}

/// All objects of a kind that reads see by now, by id.
fn all_visible<'a>(call: &'a Call<'_>, kind: &str) -> Vec<&'a Object> {
    call.world.list(call.account, GLOBAL, kind).filter(|object| object.visible <= call.now).collect()
}

/// Whether a distribution names the thing with this id.
fn used(call: &Call<'_>, id: &str) -> bool {
    call.world.users_of(id).any(|user| user.kind == DISTRIBUTION && user.account == call.account)
}
