//! `bucket`: one per region, and the rules by which objects reach the others.
//!
//! Replicas are not replicated again, so that a mesh needs a rule from every region to every other.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::iam::{Role, RoleSpec};
use globe_aws::kinds::s3::{Bucket, BucketSpec, Lifecycle, Replication, ReplicationDestination, ReplicationSpec};
use globe_config::Replicate;
use globe_config::names::RolePurpose;
use globe_model::{Address, Kind, Ref, Region, Scope};
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
        let writer = writer(cx, name);
        for (region, bucket) in buckets.iter() {
            let days = |days: Option<u32>| days.and_then(|days| i32::try_from(days).ok());
            let spec = BucketSpec {
                name: bucket_name(cx, name, region),
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
                Replicate::FromPrimary => *region == writer,
                Replicate::None => false,
            };
            let receivers: Vec<&Region> = regions.iter().copied().filter(|other| *other != region).collect();
            if sends && !receivers.is_empty() {
                replication(cx, name, region, bucket, &receivers);
            }
        }
    }
}

/// Of the bucket in a region: as it stands, or as it is to be made.
fn bucket_name(cx: &Cx<'_>, name: &str, region: &Region) -> String {
    let rule = || cx.naming.bucket(&cx.stack.name, name, &cx.stack.account, region);
    cx.named::<Bucket>((&region.clone().into(), name), |bucket| bucket.name, rule)
}

/// The bucket from which the others receive, where one writes for all: the one that does so already, else the primary's.
/// Which one does is a fact that no edit of `primary` changes.
fn writer(cx: &Cx<'_>, name: &str) -> Region {
    match cx.facts.regions_of::<Replication>(name).as_slice() {
        [only] => only.clone(),
        _ => cx.stack.primary.clone(),
    }
}

fn replication(cx: &mut Cx<'_>, name: &str, region: &Region, bucket: &globe_config::Bucket, receivers: &[&Region]) {
    let role = role(cx, name, region, receivers);
    let destination = |receiver: &&Region| ReplicationDestination {
        bucket: Ref::to((*receiver).clone(), name),
        rule: Some(rule(cx, name, region, receiver)),
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

/// Of the rule that sends to a receiver: as it stands, or as it is to be made.
fn rule(cx: &Cx<'_>, name: &str, region: &Region, receiver: &Region) -> String {
    let address = |kind: &str, region: &Region| Address::new(region.clone(), kind, name);
    let standing = || {
        let arn = cx.facts.outputs::<Bucket>(&address(Bucket::NAME, receiver))?.arn;
        let applied = cx.facts.applied::<Replication>(&address(Replication::NAME, region))?;
        applied.rules.into_iter().find(|rule| rule.destination == arn).map(|rule| rule.id)
    };
    standing().unwrap_or_else(|| cx.naming.replication_rule(name, receiver))
}

/// One role per sending bucket: a region that goes takes its own along.
fn role(cx: &mut Cx<'_>, name: &str, region: &Region, receivers: &[&Region]) -> Ref<Role> {
    let stack = cx.stack;
    let arn = |region: &Region| format!("arn:aws:s3:::{}", bucket_name(cx, name, region));
    let short = format!("{name}-replication-{region}");
    let receivers: Vec<String> = receivers.iter().map(|receiver| format!("{}/*", arn(receiver))).collect();
    let named = || cx.naming.role(&stack.name, name, RolePurpose::Replication, region);
    let full = cx.named::<Role>((&Scope::Global, &short), |role| role.name, named);
    let recorded = cx.recorded::<Role>(Scope::Global, &short).map(|role| role.description);
    let description =
        recorded.unwrap_or_else(|| format!("replication of bucket {name} of stack {} out of {region}", stack.name));
    let spec = RoleSpec {
        name: full,
        services: BTreeSet::from(["s3.amazonaws.com".to_owned()]),
        description,
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
