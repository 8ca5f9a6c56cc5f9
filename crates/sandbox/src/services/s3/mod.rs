//! S3: buckets, their settings, objects with versions, and replication that really copies.
//!
//! Facts: names are global, so buckets live under `aws-global` and know their region; a bucket answers in its own
//! region only; each setting is a document that a put replaces as a whole; deleting without a version leaves a marker.

mod bucket;
mod condition;
mod delivery;
mod listing;
mod object;
mod replication;
mod route;
mod settings;
mod upload;
mod version;

pub use delivery::allow_log_delivery;
pub use route::{action, split};

use serde_json::{Map, Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::Object;

/// The sandbox's name for buckets.
pub const BUCKET: &str = "s3/bucket";
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    match call.action.as_str() {
        "ListBuckets" => return bucket::list(call),
        "CreateBucket" => return bucket::create(call),
        _ => {}
    }
    let (name, _) = route::split(&call.path);
    let bucket = find(call, &name)?;
    if bucket.text("Region") != call.region {
        return Ok(redirect(&bucket));
    }
    let families = [bucket::handle, settings::handle, object::handle, listing::handle, upload::handle];
    let answer = families.iter().find_map(|family| family(call, &bucket));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// The bucket of this name, if the caller may use it.
fn find(call: &Call<'_>, name: &str) -> Result<Object, ApiError> {
    if let Some(bucket) = call.get_global(BUCKET, name) {
        return Ok(bucket.clone());
    }
    match taken(call, name) {
        true => Err(ApiError::new("AccessDenied", "Access Denied").status(403)),
        false => Err(no_bucket()),
    }
}

/// Whether anybody has a bucket of this name.
fn taken(call: &Call<'_>, name: &str) -> bool {
    call.world.all().any(|object| object.kind == BUCKET && object.region == GLOBAL && object.id == name)
}

fn no_bucket() -> ApiError {
    ApiError::new("NoSuchBucket", "The specified bucket does not exist").status(404)
}

/// What a bucket says in a region that is not its own.
fn redirect(bucket: &Object) -> Reply {
    let region = bucket.text("Region").to_owned();
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint.";
    let endpoint = format!("{}.s3.{region}.amazonaws.com", bucket.id);
    let error = json!({"Code": "PermanentRedirect", "Message": message, "Bucket": bucket.id, "Endpoint": endpoint});
    Reply {
        status: 301,
        body: json!({"Error": error}),
        headers: vec![("x-amz-bucket-region", region)],
        ..Reply::default()
    }
}

/// A document: the root element with S3's namespace around `members`.
fn document(root: &str, members: Value) -> Answer {
    let mut all = Map::from_iter([("@xmlns".to_owned(), Value::from(NAMESPACE))]);
    if let Value::Object(members) = members {
        all.extend(members);
    }
    Ok(Value::Object(Map::from_iter([(root.to_owned(), Value::Object(all))])).into())
}

/// Success without a body.
fn done(status: u16) -> Answer {
    Ok(Reply { status, ..Reply::default() })
}

/// A member of the query as text; empty if absent.
fn asked<'a>(call: &'a Call<'_>, name: &str) -> &'a str {
    call.query.get(name).map(String::as_str).unwrap_or_default()
}

/// A header as text; empty if absent.
fn header<'a>(call: &'a Call<'_>, name: &str) -> &'a str {
    call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
