//! Emptying a bucket: every version, every delete marker, every unfinished upload.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use globe_model::{CallError, ErrorClass};

use crate::driver::Scoped;
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::refine::unbuilt;

/// S3's largest page of versions, and its largest batch of deletes.
const PAGE: i32 = 1000;
const DELETE: &str = "s3:DeleteObjectVersion";

/// Whether anything is in the bucket: old versions and delete markers count, they block its deletion.
///
/// # Errors
/// When the call fails; also when the bucket is gone.
pub async fn holds_objects(cx: &Scoped, bucket: &str) -> Result<bool, CallError> {
    Ok(!page(cx, bucket, 1).await?.is_empty())
}

/// Destroys everything in the bucket. Deleting with a version id is permanent and is not replicated.
///
/// # Errors
/// When a call fails, or S3 refuses to delete an object (retention, permissions).
pub async fn empty(cx: &Scoped, bucket: &str) -> Result<(), CallError> {
    // From the start each time: what a page named is gone when the next one is read.
    loop {
        let objects = page(cx, bucket, PAGE).await?;
        if objects.is_empty() {
            return abort_uploads(cx, bucket).await;
        }
        delete(cx, bucket, objects).await?;
    }
}

async fn page(cx: &Scoped, bucket: &str, size: i32) -> Result<Vec<ObjectIdentifier>, CallError> {
    const OPERATION: &str = "s3:ListBucketVersions";
    let answer = cx.aws.s3.list_object_versions().bucket(bucket).max_keys(size).send().await;
    let answer = answer.map_err(failed(OPERATION))?;
    let versions = answer.versions.unwrap_or_default().into_iter().map(|found| (found.key, found.version_id));
    let markers = answer.delete_markers.unwrap_or_default().into_iter().map(|found| (found.key, found.version_id));
    let identify = |(key, version)| ObjectIdentifier::builder().set_key(key).set_version_id(version).build();
    versions.chain(markers).map(identify).collect::<Result<_, _>>().map_err(unbuilt(OPERATION))
}

async fn delete(cx: &Scoped, bucket: &str, objects: Vec<ObjectIdentifier>) -> Result<(), CallError> {
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(unbuilt(DELETE))?;
    let answer = cx.aws.s3.delete_objects().bucket(bucket).delete(delete).send().await.map_err(failed(DELETE))?;
    // A successful answer lists what could not be deleted.
    match answer.errors.unwrap_or_default().into_iter().next() {
        None => Ok(()),
        Some(error) => Err(refused(error)),
    }
}

fn refused(error: aws_sdk_s3::types::Error) -> CallError {
    let class = match error.code.as_deref() {
        Some("InternalError") => ErrorClass::Ambiguous,
        Some("SlowDown") => ErrorClass::Throttled,
        Some("AccessDenied") => ErrorClass::Denied,
        _ => ErrorClass::Invalid,
    };
    let message = format!("{}: {}", error.key.unwrap_or_default(), error.message.unwrap_or_default());
    CallError { code: error.code, ..CallError::new(class, DELETE, message) }
}

/// Aborts unfinished multipart uploads: they hold storage that nobody could find afterwards.
async fn abort_uploads(cx: &Scoped, bucket: &str) -> Result<(), CallError> {
    let answer = cx.aws.s3.list_multipart_uploads().bucket(bucket).send().await;
    let uploads = answer.map_err(failed("s3:ListBucketMultipartUploads"))?.uploads.unwrap_or_default();
    let abort = |upload: aws_sdk_s3::types::MultipartUpload| async move {
        let request = cx.aws.s3.abort_multipart_upload().bucket(bucket);
        let request = request.set_key(upload.key).set_upload_id(upload.upload_id);
        request.send().await.map_err(failed("s3:AbortMultipartUpload")).unless_gone()
    };
    each(uploads.into_iter().map(abort)).await.map(drop)
}
