//! Listings: objects and versions, by prefix and delimiter, a thousand at a time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{asked, document, version};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// S3's largest page.
const PAGE: usize = 1000;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>, bucket: &Object) -> Option<Answer> {
    match call.action.as_str() {
        "ListObjectsV2" => Some(objects(call, bucket, true)),
        "ListObjects" => Some(objects(call, bucket, false)),
        "ListObjectVersions" => Some(versions(call, bucket)),
        _ => None,
    }
}

fn page_size(call: &Call<'_>) -> usize {
    asked(call, "max-keys").parse().unwrap_or(PAGE).min(PAGE)
}

/// What stands for a key in a listing: itself, or the prefix it shares with others up to the delimiter.
fn shown(key: &str, prefix: &str, delimiter: &str) -> (String, bool) {
    let rest = key.strip_prefix(prefix).unwrap_or_default();
    match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
        Some(at) => (format!("{prefix}{}{delimiter}", rest.get(..at).unwrap_or_default()), true),
        None => (key.to_owned(), false),
    }
}

fn objects(call: &mut Call<'_>, bucket: &Object, second: bool) -> Answer {
    let (prefix, delimiter) = (asked(call, "prefix"), asked(call, "delimiter"));
    let token = if second { resumed(asked(call, "continuation-token"))? } else { asked(call, "marker").to_owned() };
    let after = if token.is_empty() { asked(call, "start-after") } else { &token };
    let mut seen = "";
    let (mut contents, mut prefixes, mut last) = (Vec::new(), Vec::<String>::new(), None);
    let (size, mut truncated) = (page_size(call), false);
    for object in version::sorted(call, &bucket.id) {
        let key = object.text("Key");
        // The newest version comes first and stands for the key.
        let newest = std::mem::replace(&mut seen, key) != key;
        let (name, common) = shown(key, prefix, delimiter);
        let wanted = newest && !version::is_marker(object) && key.starts_with(prefix) && name.as_str() > after;
        if !wanted || prefixes.last() == Some(&name) {
            continue;
        }
        if contents.len() + prefixes.len() == size {
            truncated = true;
            break;
        }
        last = Some(name.clone());
        match common {
            true => prefixes.push(name),
            false => contents.push(row(object)),
        }
    }
    let next = last.filter(|_| truncated);
    let (count, common) = (contents.len() + prefixes.len(), common(&prefixes));
    let mut body = json!({
        "Name": bucket.id, "Prefix": prefix, "MaxKeys": size, "IsTruncated": truncated, "Contents": contents,
        "CommonPrefixes": common,
    });
    let extra = match second {
        true => json!({"KeyCount": count, "NextContinuationToken": next.map(|key| STANDARD.encode(key))}),
        false => json!({"Marker": token, "NextMarker": next}),
    };
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    document("ListBucketResult", body)
}

/// The key behind a continuation token, which callers are to take for anything but a key.
fn resumed(token: &str) -> Result<String, ApiError> {
    let key = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| ApiError::new("InvalidArgument", "The continuation token provided is incorrect"))
}

fn common(prefixes: &[String]) -> Value {
    prefixes.iter().map(|prefix| json!({"Prefix": prefix})).collect()
}

fn row(object: &Object) -> Value {
    let [key, modified, etag, class] =
        ["Key", "LastModified", "ETag", "StorageClass"].map(|member| object.text(member));
    json!({"Key": key, "LastModified": modified, "ETag": etag, "Size": object.body.get("Size"), "StorageClass": class})
}

fn versions(call: &mut Call<'_>, bucket: &Object) -> Answer {
    let prefix = asked(call, "prefix");
    let marker = (asked(call, "key-marker"), asked(call, "version-id-marker"));
    let sorted = version::sorted(call, &bucket.id);
    let at = |object: &&Object| (object.text("Key"), object.text("VersionId")) == marker;
    let start = match (marker, sorted.iter().position(at)) {
        (_, Some(place)) => place + 1,
        (("", _), None) => 0,
        ((key, _), None) => sorted.partition_point(|object| object.text("Key") <= key),
    };
    let (size, mut seen) = (page_size(call), "");
    let (mut versions, mut markers, mut last, mut truncated) = (Vec::new(), Vec::new(), None, false);
    for (place, object) in sorted.iter().enumerate() {
        let key = object.text("Key");
        let newest = std::mem::replace(&mut seen, key) != key;
        if place < start || !key.starts_with(prefix) {
            continue;
        }
        if versions.len() + markers.len() == size {
            truncated = true;
            break;
        }
        last = Some((key, object.text("VersionId")));
        let mut shown = row(object);
        if let Value::Object(shown) = &mut shown {
            shown.extend([
                ("VersionId".to_owned(), object.text("VersionId").into()),
                ("IsLatest".into(), newest.into()),
            ]);
        }
        if version::is_marker(object) {
            let plain = json!({
                "Key": key, "VersionId": object.text("VersionId"), "IsLatest": newest,
                "LastModified": object.text("LastModified"),
            });
            markers.push(plain);
        } else {
            versions.push(shown);
        }
    }
    let next = last.filter(|_| truncated);
    document(
        "ListVersionsResult",
        json!({
            "Name": bucket.id, "Prefix": prefix, "MaxKeys": size, "IsTruncated": truncated, "Version": versions,
            "DeleteMarker": markers, "NextKeyMarker": next.map(|(key, _)| key),
            "NextVersionIdMarker": next.map(|(_, version)| version),
        }),
    )
}
