//! `bucket`: one per region, and the rules by which objects reach the others.
//!
//! Replicas are not replicated again, so that a mesh needs a rule from every region to every other.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::iam::{Role, RoleSpec};
use globe_aws::kinds::s3::{Bucket, BucketSpec, Lifecycle, Replication, ReplicationDestination, ReplicationSpec};
use globe_config::{Replicate, names};
use globe_model::{Ref, Region, Scope};
use serde_json::{Value, json};

use crate::cx::Cx;

/// Days after which uploads that were never finished go: they cost and nobody sees them.
const ABORT_UPLOADS: i32 = 7;
/// An hour: IAM's default.
const SESSION: i32 = 3600;

/// Adds all buckets, roles and rules.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, buckets) in &stack.buckets {
        cx.of_component("bucket", name);
        let regions: Vec<&Region> = buckets.iter().map(|(region, _)| region).collect();
        for (region, bucket) in buckets.iter() {
            let days = |days: Option<u32>| days.and_then(|days| i32::try_from(days).ok());
            let spec = BucketSpec {
                name: names::bucket(&stack.name, name, &stack.account, region),
                versioned: bucket.versioned,
                lifecycle: Lifecycle {
                    expire_days: days(bucket.expire),
                    expire_old_days: days(bucket.expire_old_versions),
                    abort_upload_days: Some(ABORT_UPLOADS),
                },
                tags: cx.tags(name),
            };
            cx.graph.add::<Bucket>(region.clone(), name.as_str(), &spec);
            let sends = match bucket.replicate {
                Replicate::Mesh => true,
                Replicate::FromPrimary => *region == stack.primary,
                Replicate::None => false,
            };
            let receivers: Vec<&Region> = regions.iter().copied().filter(|other| *other != region).collect();
            if sends && !receivers.is_empty() {
                replication(cx, name, region, bucket, &receivers);
            }
        }
    }
}

fn replication(cx: &mut Cx<'_>, name: &str, region: &Region, bucket: &globe_config::Bucket, receivers: &[&Region]) {
    let role = role(cx, name, region, receivers);
    let destination = |receiver: &&Region| ReplicationDestination {
        bucket: Ref::to((*receiver).clone(), name),
        storage_class: bucket.replica_class.map(|class| class.as_str().to_owned()),
        time_control: bucket.time_control,
    };
    let spec = ReplicationSpec {
        source: Ref::to(region.clone(), name),
        role,
        destinations: receivers.iter().map(destination).collect(),
        replica_modifications: bucket.replicate == Replicate::Mesh,
    };
    cx.graph.add::<Replication>(region.clone(), name, &spec);
}

/// One role per sending bucket: a region that goes takes its own along.
fn role(cx: &mut Cx<'_>, name: &str, region: &Region, receivers: &[&Region]) -> Ref<Role> {
    let stack = cx.stack;
    let arn = |region: &Region| format!("arn:aws:s3:::{}", names::bucket(&stack.name, name, &stack.account, region));
    let short = format!("{name}-replication-{region}");
    let receivers: Vec<String> = receivers.iter().map(|receiver| format!("{}/*", arn(receiver))).collect();
    let spec = RoleSpec {
        name: names::role(&stack.name, name, names::RolePurpose::Replication, region),
        services: BTreeSet::from(["s3.amazonaws.com".to_owned()]),
        description: format!("replication of bucket {name} of stack {} out of {region}", stack.name),
        inline: BTreeMap::from([("replicate".to_owned(), policy(&arn(region), &receivers))]),
        managed: BTreeSet::new(),
        max_session_seconds: SESSION,
        tags: cx.tags(&short),
    };
    cx.graph.add::<Role>(Scope::Global, short, &spec)
}

/// What S3 needs to send: read the source's rules and versions, write replicas, deletes and tags.
fn policy(source: &str, receivers: &[String]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": source},
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"
                ],
                "Resource": format!("{source}/*"),
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                "Resource": receivers,
            },
        ],
    })
}
