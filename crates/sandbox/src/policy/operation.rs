//! The IAM action of an operation. They have one name everywhere but in S3 (Service Authorization Reference).

/// `ec2:CreateVpc` of (`ec2`, `CreateVpc`), `s3:ListBucketVersions` of (`s3`, `ListObjectVersions`).
pub fn action(service: &str, operation: &str) -> String {
    let name = if service == "s3" { of_s3(operation) } else { operation.to_owned() };
    format!("{service}:{name}")
}

fn of_s3(operation: &str) -> String {
    let name = match operation {
        "ListBuckets" => "ListAllMyBuckets",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "ListParts" => "ListMultipartUploadParts",
        "HeadObject" => "GetObject",
        "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" | "CopyObject" => "PutObject",
        "DeleteObjects" => "DeleteObject",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        "GetObjectLockConfiguration" => "GetBucketObjectLockConfiguration",
        "PutObjectLockConfiguration" => "PutBucketObjectLockConfiguration",
        other => return of_setting(other),
    };
    name.to_owned()
}

/// Get, put and delete of a bucket's settings; to delete one takes the permission to put it.
fn of_setting(operation: &str) -> String {
    let verb = ["Get", "Put", "Delete"].into_iter().find(|verb| operation.starts_with(verb));
    let Some((verb, setting)) = verb.and_then(|verb| Some((verb, operation.strip_prefix(verb)?))) else {
        return operation.to_owned();
    };
    let renamed = match setting {
        "BucketEncryption" => "EncryptionConfiguration",
        "BucketLifecycleConfiguration" | "BucketLifecycle" => "LifecycleConfiguration",
        "BucketReplication" => "ReplicationConfiguration",
        "PublicAccessBlock" => "BucketPublicAccessBlock",
        "BucketCors" => "BucketCORS",
        "BucketAccelerateConfiguration" => "AccelerateConfiguration",
        "BucketTagging" | "BucketOwnershipControls" => setting,
        _ => return operation.to_owned(),
    };
    let verb = if verb == "Delete" { "Put" } else { verb };
    format!("{verb}{renamed}")
}

#[cfg(test)]
mod tests {
    use super::action;

    #[test]
    fn s3_calls_its_actions_otherwise() {
        for (operation, expected) in [
            ("HeadBucket", "s3:ListBucket"),
            ("CreateBucket", "s3:CreateBucket"),
            ("GetBucketEncryption", "s3:GetEncryptionConfiguration"),
            ("DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
            ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
            ("DeleteBucketTagging", "s3:PutBucketTagging"),
            ("DeleteBucketReplication", "s3:PutReplicationConfiguration"),
            ("GetBucketVersioning", "s3:GetBucketVersioning"),
            ("DeleteBucket", "s3:DeleteBucket"),
            ("DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
            ("UploadPart", "s3:PutObject"),
        ] {
            assert_eq!(action("s3", operation), expected);
        }
        assert_eq!(action("ec2", "CreateVpc"), "ec2:CreateVpc");
    }
}
