//! Replication: what a configuration must be, and the copies it makes.
//!
//! Facts: both ends must keep versions; copies of copies are not made; markers go along only if the rule says so; of
//! two rules to one bucket the higher priority wins; only what is written afterwards is copied.

use serde_json::Value;

use super::{BUCKET, settings, version};
use crate::call::{ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Seconds until a copy arrives: most take a few.
const DELAY: f64 = 2.0;
const ARN: &str = "arn:aws:s3:::";

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidRequest", message)
}

fn text<'a>(tree: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(tree, |tree, member| tree.get(member))?.as_str()
}

/// The bucket that a rule sends to.
fn destination<'a>(call: &'a Call<'_>, rule: &Value) -> Option<&'a Object> {
    call.get_global(BUCKET, text(rule, &["Destination", "Bucket"])?.strip_prefix(ARN)?)
}

/// Refuses a configuration as S3 does.
///
/// # Errors
/// `InvalidRequest`, `InvalidArgument` or `MalformedXML`.
pub fn check(call: &Call<'_>, bucket: &Object, tree: &Value) -> Result<(), ApiError> {
    let rules = as_list(tree.get("Rule"));
    let role = text(tree, &["Role"]).unwrap_or_default();
    if rules.is_empty() || !role.starts_with("arn:aws:iam::") {
        return Err(ApiError::new("MalformedXML", "The XML you provided did not validate against our schema"));
    }
    if !settings::versioned(bucket) {
        return Err(invalid("Versioning must be 'Enabled' on the bucket to apply a replication configuration"));
    }
    let mut priorities: Vec<&str> = rules.iter().filter_map(|rule| text(rule, &["Priority"])).collect();
    priorities.sort_unstable();
    if priorities.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(invalid("Found duplicate priority. Priority must be unique."));
    }
    let mut ids: Vec<&str> = rules.iter().filter_map(|rule| text(rule, &["ID"])).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(ApiError::new("InvalidArgument", "Rule Id must be unique. Found same Id for more than one rule"));
    }
    rules.iter().try_for_each(|rule| check_rule(call, bucket, rule))
}

fn check_rule(call: &Call<'_>, bucket: &Object, rule: &Value) -> Result<(), ApiError> {
    let v2 = rule.get("Filter").is_some();
    if v2 && (text(rule, &["Priority"]).is_none() || rule.get("DeleteMarkerReplication").is_none()) {
        return Err(invalid("Priority and DeleteMarkerReplication must be specified for this version of the schema."));
    }
    let to = destination(call, rule).ok_or_else(|| invalid("Destination bucket must exist."))?;
    if to.id == bucket.id {
        return Err(invalid("Destination bucket cannot be the same as the source bucket."));
    }
    if !settings::versioned(to) {
        return Err(invalid("Destination bucket must have versioning enabled."));
    }
    let timed = text(rule, &["Destination", "ReplicationTime", "Status"]) == Some("Enabled");
    let metered = text(rule, &["Destination", "Metrics", "Status"]) == Some("Enabled");
    let threshold = rule.get("Destination").and_then(|to| to.get("Metrics")?.get("EventThreshold")).is_some();
    if timed && !metered {
        return Err(invalid("Metrics must be specified when ReplicationTime is Enabled."));
    }
    if threshold && !timed {
        let message = "Metrics cannot contain an event threshold when ReplicationTime is not specified or Disabled";
        return Err(ApiError::new("InvalidArgument", message));
    }
    Ok(())
}

/// The buckets that a new version of `key` goes to, each with the storage class of the copy.
fn destinations(call: &Call<'_>, bucket: &Object, source: &Object) -> Vec<(String, Option<String>)> {
    let mut rules = bucket.hidden.get("replication").map(|tree| as_list(tree.get("Rule"))).unwrap_or_default();
    rules.sort_by_key(|rule| std::cmp::Reverse(text(rule, &["Priority"]).and_then(|text| text.parse::<i64>().ok())));
    let marker = version::is_marker(source);
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for rule in &rules {
        let prefix = text(rule, &["Filter", "Prefix"]).or_else(|| text(rule, &["Prefix"])).unwrap_or_default();
        let markers = text(rule, &["DeleteMarkerReplication", "Status"]) == Some("Enabled");
        let on = text(rule, &["Status"]) == Some("Enabled") && source.text("Key").starts_with(prefix);
        let Some(to) = destination(call, rule).filter(|to| on && (markers || !marker) && settings::versioned(to))
        else {
            continue;
        };
        if !found.iter().any(|(name, _)| *name == to.id) {
            found.push((to.id.clone(), text(rule, &["Destination", "StorageClass"]).map(str::to_owned)));
        }
    }
    found
}

/// Sends a new version on its way and notes it on the source.
pub fn spread(call: &mut Call<'_>, bucket: &Object, source: &mut Object) {
    let destinations = destinations(call, bucket, source);
    if destinations.is_empty() {
        return;
    }
    for (name, class) in destinations {
        let mut copy = version::copy_to(source, &name);
        copy.visible = call.now + DELAY;
        copy.set("Replication", "REPLICA");
        if let Some(class) = class {
            copy.set("StorageClass", class);
        }
        call.world.put(copy);
    }
    source.set("Replication", "PENDING");
    source.set_later(call.now + DELAY, "Replication", "COMPLETED");
}
