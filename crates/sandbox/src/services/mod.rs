//! The services, one file (or folder) each.

mod ec2;

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::call::{Answer, ApiError, Call};

/// Hands a call to its service, by the service's signing name.
pub fn dispatch(service: &str, call: &mut Call<'_>) -> Answer {
    match service {
        "ec2" => ec2::dispatch(call),
        other => Err(ApiError::new(
            "NotImplemented",
            format!("The sandbox has no service that signs as `{other}`; it was asked for {}.", call.action),
        )
        .status(501)),
    }
}

/// The operation that a REST request means: what the other protocols carry in a field, REST spells in method and path.
pub fn rest_action(
    service: &str,
    method: &str,
    path: &str,
    _query: &BTreeMap<String, String>,
    _headers: &HeaderMap,
) -> String {
    let _ = service;
    format!("{method} {path}")
}

/// An operation that the service does not have (yet).
pub fn unknown_operation(call: &Call<'_>) -> ApiError {
    ApiError::new("InvalidAction", format!("The sandbox does not know the operation {}.", call.action)).status(501)
}
