//! A private bucket: no ACLs, no public access, encrypted, versioned if wanted.
//!
//! | | |
//! |---|---|
//! | Create | `CreateBucket` with ownership and tags; no client token; found again by its name and owner tag |
//! | Read | six calls a bucket at once: versioning, encryption, ownership, public access block, lifecycle, tags |
//! | Update | one `Put...` per setting, one after the other, since two at once may give `OperationAborted`; each replaces its whole document |
//! | Delete | `DeleteBucket`; with `DataPolicy::Delete` after `ListObjectVersions` and `DeleteObjects`, 1000 at a time, and `AbortMultipartUpload` |
//! | Replace | name; the region is part of the address |
//! | Waits | none; 1-2 s |
//!
//! Quirks: the region is a constraint in the body everywhere but in us-east-1, where it must be left out; creating
//! one's own bucket again is an error everywhere but in us-east-1, where it succeeds and resets ACLs, so a `HeadBucket`
//! goes first there. Names are global to the partition: `BucketAlreadyExists` is a stranger's. A setting that was never
//! made is a 404 with a code of its own. `PutBucketTagging` replaces all tags, globe's among them, so they are read
//! first. Versioning can be suspended, not removed. Late replicas can fill an emptied bucket again before it goes.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_ADDRESS, OWNER_NONCE, Pending,
    Readiness, Recovery, Risk, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::reading::{self, owned_tags, unless_no_bucket};
use super::{emptying, writing};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// What AWS calls SSE-S3.
const SSE_S3: &str = "AES256";
const OWNER_ENFORCED: &str = "BucketOwnerEnforced";
/// The region whose `CreateBucket` differs from all others'.
const CLASSIC_REGION: &str = "us-east-1";

/// After how many days what goes; each `None` means never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Current objects.
    pub expire_days: Option<i32>,
    /// Versions that were overwritten or deleted.
    pub expire_old_days: Option<i32>,
    /// Uploads that were begun and never finished.
    pub abort_upload_days: Option<i32>,
}

/// What the blueprint says of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketSpec {
    /// Name, unique in the whole AWS partition; 3 to 63 characters.
    pub name: String,
    /// Whether old versions are kept; replication needs it.
    pub versioned: bool,
    /// What goes after how many days.
    pub lifecycle: Lifecycle,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketDesired {
    /// Name.
    pub name: String,
    /// Whether old versions are kept.
    pub versioned: bool,
    /// Algorithm of the default encryption.
    pub encryption: String,
    /// Who owns what others write.
    pub ownership: String,
    /// Whether public access is blocked in all four ways.
    pub private: bool,
    /// What goes after how many days.
    pub lifecycle: Lifecycle,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketLive {
    /// Name.
    pub name: String,
    /// Whether old versions are kept from now on; false for never and for suspended.
    pub versioned: bool,
    /// Algorithm of the default encryption, followed by its key if it names one.
    pub encryption: String,
    /// Who owns what others write.
    pub ownership: String,
    /// Whether public access is blocked in all four ways.
    pub private: bool,
    /// What globe's lifecycle rule says.
    pub lifecycle: Lifecycle,
    /// Ids of lifecycle rules that globe did not write, sorted.
    pub foreign_rules: Vec<String>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BucketPatch {
    /// Make the bucket's owner own all objects.
    pub ownership: bool,
    /// Block public access.
    pub private: bool,
    /// Encrypt with SSE-S3.
    pub encryption: bool,
    /// Enable or suspend.
    pub versioned: Option<bool>,
    /// Replace all rules by this.
    pub lifecycle: Option<Lifecycle>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketOutputs {
    /// Name.
    pub name: String,
    /// `arn:aws:s3:::name`
    pub arn: String,
}

/// The kind `s3/bucket`.
pub struct Bucket;

impl Kind for Bucket {
    const NAME: &'static str = "s3/bucket";
    const HOLDS_DATA: bool = true;
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(2, 1);

    type Spec = BucketSpec;
    type Desired = BucketDesired;
    type Live = BucketLive;
    type Patch = BucketPatch;
    type Outputs = BucketOutputs;

    fn refs(_: &BucketSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &BucketSpec, _: &Upstream<'_>) -> Result<BucketDesired, Pending> {
        let BucketSpec { name, versioned, lifecycle, tags } = spec.clone();
        let (encryption, ownership) = (SSE_S3.to_owned(), OWNER_ENFORCED.to_owned());
        Ok(BucketDesired { name, versioned, encryption, ownership, private: true, lifecycle, tags })
    }

    fn diff(desired: &BucketDesired, live: &BucketLive) -> Verdict<BucketPatch> {
        let fixed = changes().field("name", &live.name, &desired.name);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("ownership", &live.ownership, &desired.ownership)
            .field("private", &live.private, &desired.private)
            .field("encryption", &live.encryption, &desired.encryption)
            .field("versioned", &live.versioned, &desired.versioned)
            .field("lifecycle", &live.lifecycle, &desired.lifecycle)
            .field("foreign_rules", &live.foreign_rules, &Vec::new())
            .tags(&live.tags, &desired.tags);
        let lifecycle_differs = live.lifecycle != desired.lifecycle || !live.foreign_rules.is_empty();
        let patch = BucketPatch {
            ownership: live.ownership != desired.ownership,
            private: live.private != desired.private,
            encryption: live.encryption != desired.encryption,
            versioned: (live.versioned != desired.versioned).then_some(desired.versioned),
            lifecycle: lifecycle_differs.then(|| desired.lifecycle.clone()),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &BucketLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &BucketLive) -> Option<BucketOutputs> {
        Some(BucketOutputs { name: live.name.clone(), arn: format!("arn:aws:s3:::{}", live.name) })
    }

    fn unknown(address: &Address) -> BucketOutputs {
        BucketOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

impl Driver for Bucket {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &[
            "s3:ListBucket",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetLifecycleConfiguration",
            "s3:GetBucketTagging",
            "s3:ListBucketVersions",
        ],
        write: &[
            "s3:CreateBucket",
            "s3:TagResource",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutEncryptionConfiguration",
            "s3:PutBucketVersioning",
            "s3:PutLifecycleConfiguration",
            "s3:PutBucketTagging",
        ],
        delete: &[
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:ListBucketMultipartUploads",
            "s3:AbortMultipartUpload",
            "s3:DeleteBucket",
        ],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<BucketLive>, CallError> {
        let lives = each(ids.iter().map(|name| reading::live(cx, name))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.name.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, BucketDesired)]) -> Result<Vec<Candidate>, CallError> {
        let look = |(address, desired): &(Address, BucketDesired)| {
            let (address, id) = (address.clone(), desired.name.clone());
            async move {
                let tags = owned_tags(cx, &id).await?;
                Ok::<_, CallError>(tags.map(|mut tags| Candidate {
                    address: tags.get(OWNER_ADDRESS).and_then(|text| text.parse().ok()).unwrap_or(address),
                    nonce: tags.remove(OWNER_NONCE),
                    id,
                }))
            }
        };
        Ok(each(wanted.iter().map(look)).await?.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &BucketDesired) -> Result<String, CallError> {
        const OPERATION: &str = "s3:CreateBucket";
        if cx.region() == CLASSIC_REGION {
            refuse_existing(cx, &desired.name).await?;
        }
        let elsewhere = (cx.region() != CLASSIC_REGION).then(|| BucketLocationConstraint::from(cx.region()));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(elsewhere)
            .set_tags(Some(writing::tag_set(&birth.tags(&desired.tags), OPERATION)?))
            .build();
        let request = cx.aws.s3.create_bucket().bucket(&desired.name);
        let request = request.object_ownership(ObjectOwnership::from(desired.ownership.as_str()));
        request.create_bucket_configuration(configuration).send().await.map_err(failed(OPERATION))?;
        Ok(desired.name.clone())
    }

    async fn update(cx: &Scoped, id: &str, patch: &BucketPatch) -> Result<(), CallError> {
        // Fact sheet 4.1: writes to settings can say NoSuchBucket for two minutes after the create.
        writing::change(cx, id, patch).await.reclass(&["NoSuchBucket"], ErrorClass::NotYetConsistent)
    }

    async fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        if data == DataPolicy::Delete && unless_no_bucket(emptying::empty(cx, id).await)?.is_none() {
            return Ok(());
        }
        let deleted = cx.aws.s3.delete_bucket().bucket(id).send().await.map_err(failed("s3:DeleteBucket"));
        match data {
            DataPolicy::Keep => deleted.unless_gone(),
            // Filled again by a replica under way: the engine comes back and empties it again.
            DataPolicy::Delete => deleted.reclass(&["BucketNotEmpty"], ErrorClass::Conflict).unless_gone(),
        }
    }

    async fn data_at_risk(cx: &Scoped, id: &str) -> Result<Option<Risk>, CallError> {
        let holds = unless_no_bucket(emptying::holds_objects(cx, id).await)?.unwrap_or_default();
        Ok(holds.then(|| Risk::of("holds objects")))
    }
}

/// Facts: in us-east-1 creating one's own bucket again succeeds; this makes it the error that it is elsewhere.
async fn refuse_existing(cx: &Scoped, name: &str) -> Result<(), CallError> {
    const OPERATION: &str = "s3:ListBucket";
    match cx.aws.s3.head_bucket().bucket(name).send().await.map_err(failed(OPERATION)) {
        Ok(_) => Err(CallError::new(ErrorClass::AlreadyExists, OPERATION, format!("a bucket {name} exists already"))),
        // Not there, or a stranger's: the create will say it in AWS's words.
        Err(error) if matches!(error.class, ErrorClass::Gone | ErrorClass::Denied) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> BucketLive {
        BucketLive {
            name: "acme-assets".into(),
            versioned: true,
            encryption: SSE_S3.into(),
            ownership: OWNER_ENFORCED.into(),
            private: true,
            lifecycle: Lifecycle { expire_old_days: Some(30), ..Lifecycle::default() },
            foreign_rules: Vec::new(),
            tags: Tags::default(),
        }
    }

    fn desired() -> BucketDesired {
        let BucketLive { name, versioned, encryption, ownership, private, lifecycle, tags, .. } = live();
        BucketDesired { name, versioned, encryption, ownership, private, lifecycle, tags }
    }

    #[test]
    fn all_but_the_name_changes_in_place() {
        assert_eq!(Bucket::diff(&desired(), &live()), Verdict::Same);
        for drifted in [
            BucketLive { private: false, ..live() },
            BucketLive { versioned: false, ..live() },
            BucketLive { encryption: "aws:kms arn:aws:kms:eu-central-1:1:key/a".into(), ..live() },
            BucketLive { ownership: "ObjectWriter".into(), ..live() },
            BucketLive { foreign_rules: vec!["by-hand".into()], ..live() },
        ] {
            assert!(matches!(Bucket::diff(&desired(), &drifted), Verdict::Patch { .. }), "{drifted:?}");
        }
        let other = BucketDesired { name: "acme-other".into(), ..desired() };
        assert!(matches!(Bucket::diff(&other, &live()), Verdict::Replace { .. }));
    }
}
