//! Reading a bucket: every setting is a call of its own, and "not configured" is an error on the wire.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectOwnership, PublicAccessBlockConfiguration};
use globe_model::{CallError, ErrorClass, OWNER_STACK, Tags};

use super::bucket::{BucketLive, Lifecycle};
use crate::driver::Scoped;
use crate::error::failed;

/// Codes of HTTP 404 answers that mean "the bucket is there and this is not configured". Source: fact sheet 4.1.
const NOT_CONFIGURED: &[&str] = &[
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "NoSuchLifecycleConfiguration",
    "ReplicationConfigurationNotFoundError",
    "NoSuchTagSet",
];

/// The setting, or `None` where S3 says that it is not configured.
pub fn configured<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Err(error) if error.code.as_deref().is_some_and(|code| NOT_CONFIGURED.contains(&code)) => Ok(None),
        other => other.map(Some),
    }
}

/// What was read, or `None` where the bucket is gone.
pub fn unless_no_bucket<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        other => other.map(Some),
    }
}

/// Everything that globe manages of one bucket; `None` if there is no such bucket.
///
/// # Errors
/// When a call fails for another reason.
pub async fn live(cx: &Scoped, name: &str) -> Result<Option<BucketLive>, CallError> {
    // All to their ends, also where one fails: a call given up halfway has been made for nothing.
    let (versioned, encryption, ownership, private, lifecycle, tags) = tokio::join!(
        versioned(cx, name),
        encryption(cx, name),
        ownership(cx, name),
        private(cx, name),
        lifecycle(cx, name),
        tags(cx, name),
    );
    let all = (|| Ok((versioned?, encryption?, ownership?, private?, lifecycle?, tags?)))();
    let live = |(versioned, encryption, ownership, private, (lifecycle, foreign_rules), tags)| BucketLive {
        name: name.to_owned(),
        versioned,
        encryption,
        ownership,
        private,
        lifecycle,
        foreign_rules,
        tags: Tags::from_live::<String, String>(tags),
    };
    Ok(unless_no_bucket(all)?.map(live))
}

/// All tags of a bucket, globe's and AWS's own among them.
pub async fn tags(cx: &Scoped, name: &str) -> Result<BTreeMap<String, String>, CallError> {
    let answer = cx.aws.s3.get_bucket_tagging().bucket(name).send().await.map_err(failed("s3:GetBucketTagging"));
    let tags = configured(answer)?.map(|answer| answer.tag_set).unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// The tags of a bucket if it is this stack's; `None` if it is not there, not in this region or not the stack's.
pub async fn owned_tags(cx: &Scoped, name: &str) -> Result<Option<BTreeMap<String, String>>, CallError> {
    // Facts: 403 is somebody else's bucket; a bucket of another region answers with one of these two codes. A 403 for
    // want of a permission of one's own says so (IAM User Guide, "Troubleshoot access denied error messages").
    let elsewhere = |error: &CallError| {
        let code = error.code.as_deref().unwrap_or_default();
        let foreign = error.class == ErrorClass::Denied && !error.message.contains("identity-based policy");
        foreign || ["PermanentRedirect", "AuthorizationHeaderMalformed"].contains(&code)
    };
    match unless_no_bucket(tags(cx, name).await) {
        Ok(tags) => Ok(tags.filter(|tags| tags.get(OWNER_STACK) == Some(&cx.owner.stack))),
        Err(error) if elsewhere(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn versioned(cx: &Scoped, name: &str) -> Result<bool, CallError> {
    let answer = cx.aws.s3.get_bucket_versioning().bucket(name).send().await;
    let answer = answer.map_err(failed("s3:GetBucketVersioning"))?;
    Ok(answer.status == Some(BucketVersioningStatus::Enabled))
}

/// The algorithm of the default encryption, with its key. Facts: without configuration it is SSE-S3.
async fn encryption(cx: &Scoped, name: &str) -> Result<String, CallError> {
    let answer = cx.aws.s3.get_bucket_encryption().bucket(name).send().await;
    let answer = configured(answer.map_err(failed("s3:GetEncryptionConfiguration")))?;
    let rules = answer.and_then(|answer| answer.server_side_encryption_configuration).map(|found| found.rules);
    let default = rules.unwrap_or_default().into_iter().find_map(|rule| rule.apply_server_side_encryption_by_default);
    Ok(match default {
        None => "AES256".to_owned(),
        Some(found) => match found.kms_master_key_id {
            None => found.sse_algorithm.as_str().to_owned(),
            Some(key) => format!("{} {key}", found.sse_algorithm.as_str()),
        },
    })
}

/// Facts: buckets older than ownership controls have none, which is as if objects belonged to their writers.
async fn ownership(cx: &Scoped, name: &str) -> Result<String, CallError> {
    let answer = cx.aws.s3.get_bucket_ownership_controls().bucket(name).send().await;
    let answer = configured(answer.map_err(failed("s3:GetBucketOwnershipControls")))?;
    let rules = answer.and_then(|answer| answer.ownership_controls).map(|found| found.rules).unwrap_or_default();
    let owner = rules.into_iter().next().map_or(ObjectOwnership::ObjectWriter, |rule| rule.object_ownership);
    Ok(owner.as_str().to_owned())
}

/// Whether all four blocks of public access are on.
async fn private(cx: &Scoped, name: &str) -> Result<bool, CallError> {
    let answer = cx.aws.s3.get_public_access_block().bucket(name).send().await;
    let answer = configured(answer.map_err(failed("s3:GetBucketPublicAccessBlock")))?;
    let all = |found: PublicAccessBlockConfiguration| {
        let PublicAccessBlockConfiguration {
            block_public_acls,
            ignore_public_acls,
            block_public_policy,
            restrict_public_buckets,
            ..
        } = found;
        [block_public_acls, ignore_public_acls, block_public_policy, restrict_public_buckets]
            .iter()
            .all(|on| *on == Some(true))
    };
    Ok(answer.and_then(|answer| answer.public_access_block_configuration).is_some_and(all))
}

/// What globe's own rule says, and the ids of rules that are not as globe writes them.
async fn lifecycle(cx: &Scoped, name: &str) -> Result<(Lifecycle, Vec<String>), CallError> {
    let answer = cx.aws.s3.get_bucket_lifecycle_configuration().bucket(name).send().await;
    let answer = configured(answer.map_err(failed("s3:GetLifecycleConfiguration")))?;
    let (mut lifecycle, mut foreign) = (Lifecycle::default(), Vec::new());
    for rule in answer.and_then(|answer| answer.rules).unwrap_or_default() {
        match super::writing::read_rule(&rule) {
            Some(read) => lifecycle = read,
            None => foreign.push(rule.id.unwrap_or_default()),
        }
    }
    foreign.sort_unstable();
    Ok((lifecycle, foreign))
}
