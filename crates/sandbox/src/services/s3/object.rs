//! Objects: put, get, head, copy, delete.

use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use super::version::{self, NULL};
use super::{asked, condition, document, header, replication, route, settings};
use crate::call::{Answer, ApiError, Call, Reply};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>, bucket: &Object) -> Option<Answer> {
    let (_, key) = route::split(&call.path);
    match call.action.as_str() {
        "PutObject" => Some(put(call, bucket, &key)),
        "CopyObject" => Some(copy(call, bucket, &key)),
        "GetObject" => Some(get(call, bucket, &key, true)),
        "HeadObject" => Some(get(call, bucket, &key, false)),
        "DeleteObject" => Some(delete(call, bucket, &key)),
        "DeleteObjects" => Some(delete_many(call, bucket)),
        _ => None,
    }
}

/// Stores a version and sends it on its way to other buckets.
pub fn store(call: &mut Call<'_>, bucket: &Object, mut object: Object) {
    replication::spread(call, bucket, &mut object);
    call.world.put(object);
}

fn put(call: &mut Call<'_>, bucket: &Object, key: &str) -> Answer {
    let present = version::latest(call, &bucket.id, key).filter(|object| !version::is_marker(object));
    condition::may_write(call, present)?;
    let content = content(call);
    let mut object = version::new(call, bucket, key, Some(&content));
    for (member, name) in [("ContentType", "content-type"), ("StorageClass", "x-amz-storage-class")] {
        let value = header(call, name).to_owned();
        if !value.is_empty() {
            object.set(member, value);
        }
    }
    let headers = vec![("etag", object.text("ETag").to_owned()), ("x-amz-server-side-encryption", "AES256".to_owned())];
    let headers = headers.into_iter().chain(version_header(bucket, &object)).collect();
    store(call, bucket, object);
    Ok(Reply { headers, ..Reply::default() })
}

fn version_header(bucket: &Object, object: &Object) -> Option<(&'static str, String)> {
    let version = ("x-amz-version-id", object.text("VersionId").to_owned());
    (!settings::versioning(bucket).is_empty()).then_some(version)
}

/// The body, out of its chunks if the client sent it in chunks with signatures or a trailing checksum.
pub fn content(call: &Call<'_>) -> Bytes {
    let chunked = header(call, "x-amz-content-sha256").starts_with("STREAMING-")
        || header(call, "content-encoding").contains("aws-chunked");
    if chunked { unchunk(&call.body) } else { call.body.clone() }
}

/// Reads `length;signature CRLF data CRLF ...` up to the chunk of length 0.
fn unchunk(body: &Bytes) -> Bytes {
    let (mut rest, mut content) = (&body[..], Vec::with_capacity(body.len()));
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let (head, tail) = rest.split_at(end);
        let head = String::from_utf8_lossy(head);
        let length = head.split(';').next().and_then(|text| usize::from_str_radix(text.trim(), 16).ok()).unwrap_or(0);
        let Some(data) = tail.get(2..2 + length).filter(|data| !data.is_empty()) else { break };
        content.extend_from_slice(data);
        rest = tail.get(length + 4..).unwrap_or_default();
    }
    content.into()
}

fn missing(marker: bool) -> Answer {
    if !marker {
        return Err(ApiError::new("NoSuchKey", "The specified key does not exist.").status(404));
    }
    let error = json!({"Code": "NoSuchKey", "Message": "The specified key does not exist."});
    let headers = vec![("x-amz-delete-marker", "true".to_owned())];
    Ok(Reply { status: 404, body: json!({"Error": error}), headers, ..Reply::default() })
}

/// Facts: S3 tells a version that it does not have from a text that is none.
fn no_version(id: &str) -> ApiError {
    let formed = id == NULL || id.len() == 32;
    match formed {
        true => ApiError::new("NoSuchVersion", "The specified version does not exist.").status(404),
        false => ApiError::new("InvalidArgument", "Invalid version id specified"),
    }
}

/// A marker has no content to show.
fn not_allowed() -> ApiError {
    ApiError::new("MethodNotAllowed", "The specified method is not allowed against this resource.").status(405)
}

fn chosen<'a>(call: &'a Call<'_>, bucket: &Object, key: &str) -> Option<&'a Object> {
    match asked(call, "versionId") {
        "" => version::latest(call, &bucket.id, key),
        id => version::get(call, &bucket.id, key, id),
    }
}

fn get(call: &mut Call<'_>, bucket: &Object, key: &str, with_content: bool) -> Answer {
    let wanted = asked(call, "versionId");
    let Some(object) = chosen(call, bucket, key) else {
        return if wanted.is_empty() { missing(false) } else { Err(no_version(wanted)) };
    };
    if version::is_marker(object) {
        return if wanted.is_empty() { missing(true) } else { Err(not_allowed()) };
    }
    condition::may_read(call, object)?;
    let kind = Some(object.text("ContentType")).filter(|kind| !kind.is_empty()).unwrap_or("binary/octet-stream");
    let mut headers = vec![
        ("content-type", kind.to_owned()),
        ("etag", object.text("ETag").to_owned()),
        ("last-modified", http_date(object.text("LastModified"))),
        ("accept-ranges", "bytes".to_owned()),
        ("x-amz-server-side-encryption", "AES256".to_owned()),
    ];
    headers.extend(version_header(bucket, object));
    let class = ("x-amz-storage-class", object.text("StorageClass"));
    let replication = ("x-amz-replication-status", object.text("Replication"));
    let said = [class, replication].into_iter().filter(|(_, value)| !["", "STANDARD"].contains(value));
    headers.extend(said.map(|(name, value)| (name, value.to_owned())));
    let mut raw = version::content(object);
    let part = condition::part(call, &raw)?;
    let status = if part.is_some() { 206 } else { 200 };
    if let Some((bytes, range)) = part {
        headers.push(("content-range", range));
        raw = bytes;
    }
    if !with_content {
        headers.push(("content-length", raw.len().to_string()));
        return Ok(Reply { status, headers, ..Reply::default() });
    }
    Ok(Reply { status, headers, raw, ..Reply::default() })
}

/// `2026-11-23T07:24:00.000Z` as HTTP headers want it.
fn http_date(text: &str) -> String {
    let moment = text.parse::<jiff::Timestamp>().ok();
    let printed = moment.and_then(|moment| DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok());
    printed.unwrap_or_default()
}

fn copy(call: &mut Call<'_>, bucket: &Object, key: &str) -> Answer {
    let source = percent_encoding::percent_decode_str(header(call, "x-amz-copy-source")).decode_utf8_lossy();
    let (path, wanted) = source.split_once("?versionId=").unwrap_or((&source, ""));
    let (from, from_key) = route::split(path);
    let found = match wanted {
        "" => version::latest(call, &from, &from_key),
        id => version::get(call, &from, &from_key, id),
    };
    let Some(content) = found.filter(|object| !version::is_marker(object)).map(version::content) else {
        return missing(false);
    };
    let object = version::new(call, bucket, key, Some(&content));
    let result = json!({"ETag": object.text("ETag"), "LastModified": object.text("LastModified")});
    store(call, bucket, object);
    document("CopyObjectResult", result)
}

/// What deleting one key did.
struct Deleted {
    /// The version that is gone, or the marker that came.
    version: String,
    /// Whether it is, or was, a marker.
    marker: bool,
}

/// Deletes a version for good, or hides the key behind a marker.
fn delete_one(call: &mut Call<'_>, bucket: &Object, key: &str, id: &str) -> Deleted {
    if !id.is_empty() {
        let found = version::get(call, &bucket.id, key, id).map(|object| (object.key(), version::is_marker(object)));
        if let Some((place, _)) = &found {
            call.world.remove(place);
        }
        return Deleted { version: id.to_owned(), marker: found.is_some_and(|(_, marker)| marker) };
    }
    if settings::versioning(bucket).is_empty() {
        let place = version::get(call, &bucket.id, key, NULL).map(Object::key);
        if let Some(place) = place {
            call.world.remove(&place);
        }
        return Deleted { version: String::new(), marker: false };
    }
    let marker = version::new(call, bucket, key, None);
    let version = marker.text("VersionId").to_owned();
    store(call, bucket, marker);
    Deleted { version, marker: true }
}

fn delete(call: &mut Call<'_>, bucket: &Object, key: &str) -> Answer {
    let id = asked(call, "versionId").to_owned();
    let deleted = delete_one(call, bucket, key, &id);
    let version = (!deleted.version.is_empty()).then_some(("x-amz-version-id", deleted.version));
    let marker = deleted.marker.then(|| ("x-amz-delete-marker", "true".to_owned()));
    let headers = version.into_iter().chain(marker).collect();
    Ok(Reply { status: 204, headers, ..Reply::default() })
}

fn delete_many(call: &mut Call<'_>, bucket: &Object) -> Answer {
    let (objects, quiet) = (call.list("Object"), call.flag("Quiet") == Some(true));
    if objects.is_empty() || objects.len() > 1000 {
        return Err(ApiError::new("MalformedXML", "The XML you provided did not validate against our schema"));
    }
    let mut rows: Vec<Value> = Vec::new();
    for object in &objects {
        let text = |member: &str| object.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (key, id) = (text("Key"), text("VersionId"));
        let deleted = delete_one(call, bucket, &key, &id);
        let named = (!id.is_empty()).then_some(id);
        let marker = deleted.marker.then_some(deleted.version);
        let flag = marker.as_ref().map(|_| "true");
        rows.push(json!({"Key": key, "VersionId": named, "DeleteMarker": flag, "DeleteMarkerVersionId": marker}));
    }
    document("DeleteResult", json!({"Deleted": if quiet { Vec::new() } else { rows }}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_become_the_content_they_carry() {
        let body =
            Bytes::from("4;chunk-signature=a\r\nda\r\n\r\n2\r\nta\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
        assert_eq!(unchunk(&body), Bytes::from("da\r\nta"));
        assert_eq!(unchunk(&Bytes::from("0\r\n\r\n")), Bytes::new());
    }
}
