//! Multipart uploads: begun, filled part by part, finished or aborted. Facts: unfinished ones do not keep a bucket.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{asked, document, done, object, route, version};
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::{Key, Object};

const UPLOAD: &str = "s3/upload";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>, bucket: &Object) -> Option<Answer> {
    let (_, key) = route::split(&call.path);
    match call.action.as_str() {
        "CreateMultipartUpload" => Some(create(call, bucket, &key)),
        "UploadPart" => Some(part(call)),
        "CompleteMultipartUpload" => Some(complete(call, bucket, &key)),
        "AbortMultipartUpload" => Some(abort(call)),
        "ListMultipartUploads" => Some(list(call, bucket)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>, bucket: &Object, key: &str) -> Answer {
    let id = call.hex(64);
    let body = json!({"Bucket": bucket.id, "Key": key, "Initiated": call.timestamp()});
    let upload = call.object_in(GLOBAL, UPLOAD, &id, body);
    call.world.put(upload);
    document("InitiateMultipartUploadResult", json!({"Bucket": bucket.id, "Key": key, "UploadId": id}))
}

fn find(call: &Call<'_>) -> Result<Object, ApiError> {
    let missing = || ApiError::new("NoSuchUpload", "The specified upload does not exist.").status(404);
    call.get_global(UPLOAD, asked(call, "uploadId")).cloned().ok_or_else(missing)
}

/// A part's name among the hidden members: parts are joined by number.
fn part_name(number: &str) -> String {
    format!("part-{number:0>5}")
}

fn part(call: &mut Call<'_>) -> Answer {
    let upload = find(call)?;
    let (name, content) = (part_name(asked(call, "partNumber")), object::content(call));
    let etag = format!("\"{}\"", call.hex(32));
    let data = STANDARD.encode(&content);
    call.world.change(&upload.key(), |upload| upload.hidden.insert(name, data.into()));
    Ok(Reply { headers: vec![("etag", etag)], ..Reply::default() })
}

fn complete(call: &mut Call<'_>, bucket: &Object, key: &str) -> Answer {
    let upload = find(call)?;
    let mut content = Vec::new();
    for part in call.list("Part") {
        let number = part.get("PartNumber").and_then(Value::as_str).unwrap_or_default();
        let data = upload.hidden.get(&part_name(number)).and_then(Value::as_str);
        let data = data.ok_or_else(|| ApiError::new("InvalidPart", "One or more of the parts could not be found."))?;
        content.extend(STANDARD.decode(data).unwrap_or_default());
    }
    let new = version::new(call, bucket, key, Some(&Bytes::from(content)));
    let result = json!({"Bucket": bucket.id, "Key": key, "ETag": new.text("ETag")});
    object::store(call, bucket, new);
    call.world.remove(&upload.key());
    document("CompleteMultipartUploadResult", result)
}

fn abort(call: &mut Call<'_>) -> Answer {
    let upload = find(call)?;
    call.world.remove(&upload.key());
    done(204)
}

fn of_bucket<'a>(call: &'a Call<'_>, bucket: &'a str) -> impl Iterator<Item = &'a Object> {
    call.world.list(call.account, GLOBAL, UPLOAD).filter(move |upload| upload.text("Bucket") == bucket)
}

fn list(call: &mut Call<'_>, bucket: &Object) -> Answer {
    let show = |upload: &Object| json!({"Key": upload.text("Key"), "UploadId": upload.id, "Initiated": upload.text("Initiated")});
    let uploads: Value = of_bucket(call, &bucket.id).map(show).collect();
    document("ListMultipartUploadsResult", json!({"Bucket": bucket.id, "IsTruncated": false, "Upload": uploads}))
}

/// Drops the uploads of a bucket that goes.
pub fn forget(call: &mut Call<'_>, bucket: &str) {
    let keys: Vec<Key> = of_bucket(call, bucket).map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}
