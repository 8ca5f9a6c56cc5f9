//! A bucket's settings: each is one document, read back as it was written, and an error of its own if there is none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{document, done, replication};
use crate::call::{Answer, ApiError, Call, Reply, tag_list, tags_from};
use crate::wire::as_list;
use crate::world::Object;

/// What S3 says of a setting that was never made.
enum Unset {
    /// HTTP 404 with this code.
    Missing(&'static str),
    /// An empty document.
    Empty,
}

/// One setting of a bucket.
pub struct Setting {
    /// Query parameter that names it.
    pub query: &'static str,
    /// `Get` and `Put` go before it.
    name: &'static str,
    /// Root element.
    root: &'static str,
    unset: Unset,
}

const fn setting(query: &'static str, name: &'static str, root: &'static str, unset: Unset) -> Setting {
    Setting { query, name, root, unset }
}

/// All of them; codes of "not configured" from the fact sheet.
pub static SETTINGS: &[Setting] = &[
    setting("versioning", "BucketVersioning", "VersioningConfiguration", Unset::Empty),
    setting(
        "encryption",
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        Unset::Missing("ServerSideEncryptionConfigurationNotFoundError"),
    ),
    setting(
        "ownershipControls",
        "BucketOwnershipControls",
        "OwnershipControls",
        Unset::Missing("OwnershipControlsNotFoundError"),
    ),
    setting(
        "publicAccessBlock",
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        Unset::Missing("NoSuchPublicAccessBlockConfiguration"),
    ),
    setting(
        "lifecycle",
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
        Unset::Missing("NoSuchLifecycleConfiguration"),
    ),
    setting("tagging", "BucketTagging", "Tagging", Unset::Missing("NoSuchTagSet")),
    setting(
        "replication",
        "BucketReplication",
        "ReplicationConfiguration",
        Unset::Missing("ReplicationConfigurationNotFoundError"),
    ),
    setting("policy", "BucketPolicy", "", Unset::Missing("NoSuchBucketPolicy")),
    setting("cors", "BucketCors", "CORSConfiguration", Unset::Missing("NoSuchCORSConfiguration")),
    setting("website", "BucketWebsite", "WebsiteConfiguration", Unset::Missing("NoSuchWebsiteConfiguration")),
    setting("logging", "BucketLogging", "BucketLoggingStatus", Unset::Empty),
    setting("notification", "BucketNotificationConfiguration", "NotificationConfiguration", Unset::Empty),
    setting("accelerate", "BucketAccelerateConfiguration", "AccelerateConfiguration", Unset::Empty),
    setting(
        "object-lock",
        "ObjectLockConfiguration",
        "ObjectLockConfiguration",
        Unset::Missing("ObjectLockConfigurationNotFoundError"),
    ),
];

/// What a lifecycle rule may do.
const ACTIONS: [&str; 6] = [
    "Expiration",
    "Transition",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
    "Transitions",
];

impl Setting {
    /// The operation of a method on this setting.
    pub fn action(&self, method: &str) -> Option<String> {
        match method {
            "GET" => Some(format!("Get{}", self.name)),
            "PUT" => Some(format!("Put{}", self.name)),
            "DELETE" if self.query == "lifecycle" => Some("DeleteBucketLifecycle".to_owned()),
            "DELETE" => Some(format!("Delete{}", self.name)),
            _ => None,
        }
    }
}

/// What a new bucket has: since 2023 it belongs to its owner alone, is closed to the public and encrypted.
pub fn at_creation(bucket: &mut Object, ownership: &str) {
    let ownership = if ownership.is_empty() { "BucketOwnerEnforced" } else { ownership };
    let all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let all: serde_json::Map<String, Value> = all.iter().map(|name| ((*name).to_owned(), "true".into())).collect();
    bucket.hidden.insert("ownershipControls".into(), json!({"Rule": {"ObjectOwnership": ownership}}));
    bucket.hidden.insert("publicAccessBlock".into(), Value::Object(all));
}

/// Whether new objects get versions of their own.
pub fn versioned(bucket: &Object) -> bool {
    versioning(bucket) == "Enabled"
}

/// `Enabled`, `Suspended` or empty.
pub fn versioning(bucket: &Object) -> &str {
    bucket.hidden.get("versioning").and_then(|tree| tree.get("Status")?.as_str()).unwrap_or_default()
}

/// Refuses tags that only AWS may set.
pub fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    match tags.keys().any(|key| key.starts_with("aws:")) {
        true => Err(ApiError::new("InvalidTag", "System tags cannot be added/updated by requester")),
        false => Ok(()),
    }
}

/// Operations of this family.
pub fn handle(call: &mut Call<'_>, bucket: &Object) -> Option<Answer> {
    let setting = SETTINGS.iter().find(|setting| setting.action(&call.method).as_deref() == Some(&call.action))?;
    Some(match call.method.as_str() {
        "GET" => get(setting, bucket),
        "PUT" => put(call, setting, bucket),
        _ => remove(call, setting, bucket),
    })
}

fn get(setting: &Setting, bucket: &Object) -> Answer {
    let missing = |code: &str| Err(ApiError::new(code, "The specified configuration does not exist").status(404));
    if setting.query == "tagging" && !bucket.tags.is_empty() {
        return document(setting.root, json!({"TagSet": {"Tag": tag_list(&bucket.tags)}}));
    }
    match (bucket.hidden.get(setting.query), &setting.unset) {
        (Some(Value::String(text)), _) if setting.query == "policy" => {
            let headers = vec![("content-type", "application/json".to_owned())];
            Ok(Reply { raw: text.clone().into(), headers, ..Reply::default() })
        }
        (Some(tree), _) => document(setting.root, tree.clone()),
        (None, _) if setting.query == "encryption" => document(setting.root, default_encryption()),
        (None, Unset::Empty) => document(setting.root, Value::Null),
        (None, Unset::Missing(code)) => missing(code),
    }
}

fn default_encryption() -> Value {
    let default = json!({"SSEAlgorithm": "AES256"});
    json!({"Rule": {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": "false"}})
}

fn put(call: &mut Call<'_>, setting: &Setting, bucket: &Object) -> Answer {
    let mut tree = call.input.clone();
    match setting.query {
        "tagging" => {
            let tags = tags_from(&as_list(tree.get("TagSet").and_then(|set| set.get("Tag"))));
            check_tags(&tags)?;
            call.world.change(&bucket.key(), |bucket| bucket.tags = tags);
            return done(204);
        }
        "policy" => tree = policy(call, bucket)?,
        "replication" => replication::check(call, bucket, &tree)?,
        "versioning" => check_versioning(bucket, &tree)?,
        "lifecycle" => check_lifecycle(&tree)?,
        _ => {}
    }
    call.world.change(&bucket.key(), |bucket| bucket.hidden.insert(setting.query.to_owned(), tree));
    done(if setting.query == "policy" { 204 } else { 200 })
}

fn malformed() -> ApiError {
    ApiError::new("MalformedXML", "The XML you provided was not well-formed or did not validate against our schema")
}

/// Facts: a bucket that replicates must keep versions.
fn check_versioning(bucket: &Object, tree: &Value) -> Result<(), ApiError> {
    let status = tree.get("Status").and_then(Value::as_str).unwrap_or_default();
    if !["Enabled", "Suspended"].contains(&status) {
        return Err(malformed());
    }
    if status == "Suspended" && bucket.hidden.contains_key("replication") {
        let message = "A replication configuration is present on this bucket, so you cannot change the versioning \
                       state. To change the versioning state, first delete the replication configuration.";
        return Err(ApiError::new("InvalidBucketState", message).status(409));
    }
    Ok(())
}

/// Facts: a rule does at least one thing, and no two rules have the same name.
fn check_lifecycle(tree: &Value) -> Result<(), ApiError> {
    let rules = as_list(tree.get("Rule"));
    if rules.is_empty() {
        return Err(malformed());
    }
    let acts = |rule: &Value| ACTIONS.iter().any(|action| rule.get(*action).is_some());
    if !rules.iter().all(acts) {
        return Err(ApiError::new("InvalidRequest", "At least one action needs to be specified in a rule."));
    }
    let mut names: Vec<&str> = rules.iter().filter_map(|rule| rule.get("ID")?.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).any(|pair| pair.first() == pair.last()) {
        true => Err(ApiError::new("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")),
        false => Ok(()),
    }
}

/// Whether a bucket keeps the public out of its policy.
fn keeps_out(bucket: &Object) -> bool {
    let block = bucket.hidden.get("publicAccessBlock").and_then(|block| block.get("BlockPublicPolicy"));
    block.and_then(Value::as_str) == Some("true")
}

/// Whether a statement lets everybody in: an `Allow` for any principal, without a condition.
fn is_public(statement: &Value) -> bool {
    let all = |who: &Value| as_list(Some(who)).iter().any(|who| who.as_str() == Some("*"));
    let principal = statement.get("Principal");
    let anybody = principal.is_some_and(|who| all(who) || who.get("AWS").is_some_and(all));
    anybody && statement.get("Effect").and_then(Value::as_str) == Some("Allow") && statement.get("Condition").is_none()
}

fn policy(call: &Call<'_>, bucket: &Object) -> Result<Value, ApiError> {
    let text = String::from_utf8_lossy(&call.body).into_owned();
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(policy)) if keeps_out(bucket) && as_list(policy.get("Statement")).iter().any(is_public) => {
            let message = "User is not authorized to perform: s3:PutBucketPolicy because public policies are blocked \
                           by the BlockPublicPolicy block public access setting.";
            Err(ApiError::new("AccessDenied", message).status(403))
        }
        Ok(Value::Object(_)) => Ok(Value::String(text)),
        _ => Err(ApiError::new("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")),
    }
}

fn remove(call: &mut Call<'_>, setting: &Setting, bucket: &Object) -> Answer {
    call.world.change(&bucket.key(), |bucket| {
        if setting.query == "tagging" {
            bucket.tags.clear();
        }
        bucket.hidden.remove(setting.query);
    });
    done(204)
}
