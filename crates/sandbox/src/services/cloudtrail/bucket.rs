//! What a trail asks of its bucket's policy.

use serde_json::Value;

use crate::call::{ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Facts: `GetBucketAcl` on the bucket and `PutObject` below the prefix, for the service.
///
/// # Errors
/// `S3BucketDoesNotExistException`, `InsufficientS3BucketPolicyException`.
pub fn check(call: &Call<'_>, trail: &Object) -> Result<(), ApiError> {
    let name = trail.text("S3BucketName");
    let bucket = call
        .get_global("s3/bucket", name)
        .ok_or_else(|| ApiError::new("S3BucketDoesNotExistException", format!("S3 bucket {name} does not exist!")))?;
    let policy = bucket.hidden.get("policy").and_then(Value::as_str).unwrap_or_default();
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = as_list(policy.get("Statement"));
    let prefix = trail.text("S3KeyPrefix").trim_matches('/');
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let object = format!("arn:aws:s3:::{name}/{prefix}AWSLogs/{}/", call.account);
    let asks = [("s3:GetBucketAcl", format!("arn:aws:s3:::{name}")), ("s3:PutObject", format!("{object}CloudTrail/x"))];
    let may = |(action, resource): &(&str, String)| {
        statements.iter().any(|statement| allows(statement, action, resource, trail.text("TrailARN")))
    };
    match asks.iter().all(may) {
        true => Ok(()),
        false => Err(ApiError::new(
            "InsufficientS3BucketPolicyException",
            format!("Incorrect S3 bucket policy is detected for bucket: {name}"),
        )),
    }
}

fn allows(statement: &Value, action: &str, resource: &str, trail: &str) -> bool {
    let any = |list: Option<&Value>, text: &str| {
        as_list(list)
            .iter()
            .filter_map(Value::as_str)
            .any(|pattern| like(&pattern.to_lowercase(), &text.to_lowercase()))
    };
    let principal = statement.get("Principal");
    let named = principal.and_then(|named| named.get("Service")).or(principal);
    let source = statement.get("Condition").and_then(Value::as_object).and_then(|conditions| {
        let mut members = conditions.values().filter_map(Value::as_object).flatten();
        members.find(|(name, _)| name.eq_ignore_ascii_case("aws:SourceArn")).map(|(_, value)| value)
    });
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
        && any(named, "cloudtrail.amazonaws.com")
        && any(statement.get("Action"), action)
        && any(statement.get("Resource"), resource)
        && source.is_none_or(|source| any(Some(source), trail))
}

/// Whether a text fits a pattern with `*`.
fn like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    if rest.is_empty() {
        return true;
    }
    loop {
        if like(rest, left) {
            return true;
        }
        let mut characters = left.chars();
        if characters.next().is_none() {
            return false;
        }
        left = characters.as_str();
    }
}
