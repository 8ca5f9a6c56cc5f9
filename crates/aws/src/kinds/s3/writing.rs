//! Writing a bucket's settings: each is a document that replaces the one before.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use globe_model::{CallError, TagPatch};

use super::bucket::{BucketPatch, Lifecycle};
use super::reading;
use crate::driver::Scoped;
use crate::error::failed;
use crate::refine::unbuilt;

/// The id of the one lifecycle rule that globe writes.
const RULE: &str = "globe";

/// Writes what the patch says, one setting after the other: ownership before blocks, versioning before rules.
///
/// # Errors
/// When a call fails; what went before it stays written.
pub async fn change(cx: &Scoped, id: &str, patch: &BucketPatch) -> Result<(), CallError> {
    if patch.ownership {
        put_ownership(cx, id).await?;
    }
    if patch.private {
        let all = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true);
        let all = all.block_public_policy(true).restrict_public_buckets(true).build();
        let request = cx.aws.s3.put_public_access_block().bucket(id).public_access_block_configuration(all);
        request.send().await.map_err(failed("s3:PutBucketPublicAccessBlock"))?;
    }
    if patch.encryption {
        put_encryption(cx, id).await?;
    }
    if let Some(on) = patch.versioned {
        let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let configuration = VersioningConfiguration::builder().status(status).build();
        let request = cx.aws.s3.put_bucket_versioning().bucket(id).versioning_configuration(configuration);
        request.send().await.map_err(failed("s3:PutBucketVersioning"))?;
    }
    if let Some(lifecycle) = &patch.lifecycle {
        put_lifecycle(cx, id, lifecycle).await?;
    }
    if !patch.tags.is_empty() {
        put_tags(cx, id, &patch.tags).await?;
    }
    Ok(())
}

async fn put_ownership(cx: &Scoped, id: &str) -> Result<(), CallError> {
    const OPERATION: &str = "s3:PutBucketOwnershipControls";
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced).build();
    let controls = OwnershipControls::builder().rules(rule.map_err(unbuilt(OPERATION))?).build();
    let request = cx.aws.s3.put_bucket_ownership_controls().bucket(id);
    let request = request.ownership_controls(controls.map_err(unbuilt(OPERATION))?);
    request.send().await.map_err(failed(OPERATION)).map(drop)
}

async fn put_encryption(cx: &Scoped, id: &str) -> Result<(), CallError> {
    const OPERATION: &str = "s3:PutEncryptionConfiguration";
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build();
    let rule = ServerSideEncryptionRule::builder();
    let rule = rule.apply_server_side_encryption_by_default(default.map_err(unbuilt(OPERATION))?).build();
    let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unbuilt(OPERATION))?;
    let request = cx.aws.s3.put_bucket_encryption().bucket(id).server_side_encryption_configuration(configuration);
    request.send().await.map_err(failed(OPERATION)).map(drop)
}

async fn put_lifecycle(cx: &Scoped, id: &str, lifecycle: &Lifecycle) -> Result<(), CallError> {
    const OPERATION: &str = "s3:PutLifecycleConfiguration";
    if *lifecycle == Lifecycle::default() {
        // An empty list of rules is refused.
        return cx.aws.s3.delete_bucket_lifecycle().bucket(id).send().await.map_err(failed(OPERATION)).map(drop);
    }
    let configuration = BucketLifecycleConfiguration::builder().rules(write_rule(lifecycle)?).build();
    let configuration = configuration.map_err(unbuilt(OPERATION))?;
    let request = cx.aws.s3.put_bucket_lifecycle_configuration().bucket(id).lifecycle_configuration(configuration);
    request.send().await.map_err(failed(OPERATION)).map(drop)
}

fn write_rule(lifecycle: &Lifecycle) -> Result<LifecycleRule, CallError> {
    let Lifecycle { expire_days, expire_old_days, abort_upload_days } = *lifecycle;
    let expiration = expire_days.map(|days| LifecycleExpiration::builder().days(days).build());
    let old = expire_old_days.map(|days| NoncurrentVersionExpiration::builder().noncurrent_days(days).build());
    let abort =
        abort_upload_days.map(|days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build());
    let rule = LifecycleRule::builder().id(RULE).status(ExpirationStatus::Enabled);
    let rule = rule.filter(LifecycleRuleFilter::builder().prefix("").build());
    let rule = rule.set_expiration(expiration).set_noncurrent_version_expiration(old);
    let rule = rule.set_abort_incomplete_multipart_upload(abort).build();
    rule.map_err(unbuilt("s3:PutLifecycleConfiguration"))
}

/// What a rule says, if it is one that globe wrote and nobody changed beyond its days.
pub fn read_rule(rule: &LifecycleRule) -> Option<Lifecycle> {
    let lifecycle = Lifecycle {
        expire_days: rule.expiration.as_ref().and_then(|found| found.days),
        expire_old_days: rule.noncurrent_version_expiration.as_ref().and_then(|found| found.noncurrent_days),
        abort_upload_days: rule
            .abort_incomplete_multipart_upload
            .as_ref()
            .and_then(|found| found.days_after_initiation),
    };
    let written = write_rule(&lifecycle).ok()?;
    // Facts: a filter reads back as sent, but an empty prefix may come back as an empty filter.
    let filter = rule.filter.as_ref()?;
    let all = filter.prefix.as_deref().unwrap_or_default().is_empty();
    let mut plain = rule.clone();
    let mut filter = filter.clone();
    filter.prefix = Some(String::new());
    plain.filter = Some(filter);
    (all && plain == written).then_some(lifecycle)
}

/// Tags as S3 takes them.
///
/// # Errors
/// Never for tags with a key.
pub fn tag_set(tags: &BTreeMap<String, String>, operation: &'static str) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(unbuilt(operation))
}

/// Replaces the whole tag set by what it was and the patch; AWS keeps its own tags itself.
async fn put_tags(cx: &Scoped, id: &str, patch: &TagPatch) -> Result<(), CallError> {
    const OPERATION: &str = "s3:PutBucketTagging";
    let mut tags = reading::tags(cx, id).await?;
    tags.retain(|key, _| !key.starts_with("aws:") && !patch.remove.contains(key));
    tags.extend(patch.set.clone());
    let tagging =
        Tagging::builder().set_tag_set(Some(tag_set(&tags, OPERATION)?)).build().map_err(unbuilt(OPERATION))?;
    let request = cx.aws.s3.put_bucket_tagging().bucket(id).tagging(tagging);
    request.send().await.map_err(failed(OPERATION)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_back_as_written_and_another_one_is_foreign() {
        let lifecycle = Lifecycle { expire_days: Some(400), expire_old_days: None, abort_upload_days: Some(7) };
        let rule = write_rule(&lifecycle).expect("a rule");
        assert_eq!(read_rule(&rule), Some(lifecycle.clone()));
        let changed = |change: fn(&mut LifecycleRule)| {
            let mut rule = rule.clone();
            change(&mut rule);
            read_rule(&rule)
        };
        assert_eq!(changed(|rule| rule.filter = Some(LifecycleRuleFilter::builder().build())), Some(lifecycle));
        assert_eq!(changed(|rule| rule.id = Some("by-hand".into())), None);
        assert_eq!(changed(|rule| rule.status = ExpirationStatus::Disabled), None);
        assert_eq!(changed(|rule| rule.filter = Some(LifecycleRuleFilter::builder().prefix("logs/").build())), None);
    }
}
