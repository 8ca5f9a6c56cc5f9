//! S3.

use std::collections::BTreeMap;

use http::HeaderMap;

use super::unknown_operation;
use crate::call::{Answer, Call};

/// The operation that method, path and query mean.
pub fn action(method: &str, path: &str, _: &BTreeMap<String, String>, _: &HeaderMap) -> String {
    format!("{method} {path}")
}

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    Err(unknown_operation(call))
}
