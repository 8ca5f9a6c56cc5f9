//! Which operation a request means.

use std::collections::BTreeMap;

use http::HeaderMap;

use super::settings::SETTINGS;

/// Bucket and key of a path; the key may hold slashes.
pub fn split(path: &str) -> (String, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (bucket.to_owned(), key.to_owned())
}

/// The operation that method, path and query mean, as the SDK names it.
pub fn action(method: &str, path: &str, query: &BTreeMap<String, String>, headers: &HeaderMap) -> String {
    let (bucket, key) = split(path);
    let known = if bucket.is_empty() {
        (method == "GET").then(|| "ListBuckets".to_owned())
    } else if key.is_empty() {
        of_bucket(method, query)
    } else {
        of_object(method, query, headers).map(str::to_owned)
    };
    known.unwrap_or_else(|| format!("{method} {path}"))
}

fn of_bucket(method: &str, query: &BTreeMap<String, String>) -> Option<String> {
    if let Some(setting) = SETTINGS.iter().find(|setting| query.contains_key(setting.query)) {
        return setting.action(method);
    }
    let has = |name: &str| query.contains_key(name);
    let action = match method {
        "GET" if has("location") => "GetBucketLocation",
        "GET" if has("versions") => "ListObjectVersions",
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" if has("list-type") => "ListObjectsV2",
        "GET" => "ListObjects",
        "HEAD" => "HeadBucket",
        "POST" if has("delete") => "DeleteObjects",
        "PUT" => "CreateBucket",
        "DELETE" => "DeleteBucket",
        _ => return None,
    };
    Some(action.to_owned())
}

fn of_object(method: &str, query: &BTreeMap<String, String>, headers: &HeaderMap) -> Option<&'static str> {
    let has = |name: &str| query.contains_key(name);
    // Sub-resources that the sandbox does not have must not pass for the object itself.
    if ["tagging", "acl", "retention", "legal-hold", "attributes", "restore", "torrent"].into_iter().any(has) {
        return None;
    }
    match method {
        "POST" if has("uploads") => Some("CreateMultipartUpload"),
        "POST" if has("uploadId") => Some("CompleteMultipartUpload"),
        "PUT" if has("uploadId") => Some("UploadPart"),
        "DELETE" if has("uploadId") => Some("AbortMultipartUpload"),
        "GET" if has("uploadId") => Some("ListParts"),
        "PUT" if headers.contains_key("x-amz-copy-source") => Some("CopyObject"),
        "PUT" => Some("PutObject"),
        "GET" => Some("GetObject"),
        "HEAD" => Some("HeadObject"),
        "DELETE" => Some("DeleteObject"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_path_and_query_name_the_operation() {
        for (method, path, query, expected) in [
            ("GET", "/", "", "ListBuckets"),
            ("PUT", "/b", "", "CreateBucket"),
            ("PUT", "/b/", "versioning", "PutBucketVersioning"),
            ("GET", "/b", "lifecycle", "GetBucketLifecycleConfiguration"),
            ("DELETE", "/b", "lifecycle", "DeleteBucketLifecycle"),
            ("GET", "/b", "publicAccessBlock", "GetPublicAccessBlock"),
            ("GET", "/b", "list-type", "ListObjectsV2"),
            ("PUT", "/b/a/c", "", "PutObject"),
            ("HEAD", "/b/a", "versionId", "HeadObject"),
            ("PUT", "/b/a", "tagging", "PUT /b/a"),
        ] {
            let query = BTreeMap::from_iter((!query.is_empty()).then(|| (query.to_owned(), String::new())));
            assert_eq!(action(method, path, &query, &HeaderMap::new()), expected);
        }
        assert_eq!(split("/b/a/c"), ("b".to_owned(), "a/c".to_owned()));
    }
}
