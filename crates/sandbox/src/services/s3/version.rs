//! Versions of objects: how they are kept and found.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::settings;
use crate::call::{Call, GLOBAL};
use crate::world::{Key, Object};

/// The sandbox's name for versions and delete markers.
pub const OBJECT: &str = "s3/object";
/// The version of what was written while versioning was not on.
pub const NULL: &str = "null";

/// A new version of `key`, or a delete marker if there is no content; not in the world yet.
pub fn new(call: &mut Call<'_>, bucket: &Object, key: &str, content: Option<&Bytes>) -> Object {
    let id = if settings::versioned(bucket) { call.hex(32) } else { NULL.to_owned() };
    let order = call.world.next_number();
    let body = json!({
        "Bucket": bucket.id, "Key": key, "VersionId": id, "LastModified": call.timestamp(),
        "ETag": content.map(etag), "Size": content.map(Bytes::len), "StorageClass": "STANDARD",
        "Marker": content.is_none(), "Replication": "",
    });
    let mut object = call.object_in(GLOBAL, OBJECT, &place(&bucket.id, key, &id), body);
    object.visible = call.now;
    object.hidden.insert("order".into(), order.into());
    if let Some(content) = content {
        object.hidden.insert("data".into(), STANDARD.encode(content).into());
    }
    object
}

/// A hash in the shape of S3's: nobody may rely on what it is of.
fn etag(content: &Bytes) -> String {
    let hash: String = Sha256::digest(content).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hash}\"")
}

fn place(bucket: &str, key: &str, version: &str) -> String {
    format!("{bucket}/{version}/{key}")
}

/// The same version in another bucket.
pub fn copy_to(source: &Object, bucket: &str) -> Object {
    let mut copy = source.clone();
    copy.id = place(bucket, source.text("Key"), source.text("VersionId"));
    copy.later.clear();
    copy.set("Bucket", bucket);
    copy
}

/// Whether it is a delete marker.
pub fn is_marker(object: &Object) -> bool {
    object.body.get("Marker").and_then(Value::as_bool).unwrap_or_default()
}

/// Its content.
pub fn content(object: &Object) -> Bytes {
    let text = object.hidden.get("data").and_then(Value::as_str).unwrap_or_default();
    STANDARD.decode(text).map(Bytes::from).unwrap_or_default()
}

fn order(object: &Object) -> u64 {
    object.hidden.get("order").and_then(Value::as_u64).unwrap_or_default()
}

/// All versions and markers that have arrived in a bucket, in no order.
pub fn all<'a>(call: &'a Call<'_>, bucket: &str) -> impl Iterator<Item = &'a Object> {
    let (prefix, now) = (format!("{bucket}/"), call.now);
    let objects = call.world.list(call.account, GLOBAL, OBJECT);
    objects.filter(move |object| object.id.starts_with(&prefix) && object.visible <= now)
}

/// All versions and markers by key, the newest of each key first.
pub fn sorted<'a>(call: &'a Call<'_>, bucket: &str) -> Vec<&'a Object> {
    let mut found: Vec<&Object> = all(call, bucket).collect();
    found.sort_by(|one, other| one.text("Key").cmp(other.text("Key")).then(order(other).cmp(&order(one))));
    found
}

/// The newest version of a key, perhaps a marker.
pub fn latest<'a>(call: &'a Call<'_>, bucket: &str, key: &str) -> Option<&'a Object> {
    all(call, bucket).filter(|object| object.text("Key") == key).max_by_key(|object| order(object))
}

/// One version of a key.
pub fn get<'a>(call: &'a Call<'_>, bucket: &str, key: &str, version: &str) -> Option<&'a Object> {
    let object = call.get_global(OBJECT, &place(bucket, key, version))?;
    (object.visible <= call.now).then_some(object)
}

/// Removes what is still on its way into a bucket that is about to go.
pub fn forget(call: &mut Call<'_>, bucket: &str) {
    let prefix = format!("{bucket}/");
    let objects = call.world.list(call.account, GLOBAL, OBJECT).filter(|object| object.id.starts_with(&prefix));
    let keys: Vec<Key> = objects.map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}
