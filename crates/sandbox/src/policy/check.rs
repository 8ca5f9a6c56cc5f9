//! What AWS checks before it carries out a request: mostly one permission, sometimes several.

use std::collections::BTreeMap;

use serde_json::Value;

use super::operation::action;
use super::resource::resource;
use crate::wire::{Incoming, as_list};

/// One permission that a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// `ec2:CreateVpc`, as IAM spells it.
    pub action: String,
    /// ARN of what it is done to, where the request names it.
    pub resource: Option<String>,
    /// What conditions can ask about.
    pub context: BTreeMap<&'static str, String>,
}

impl Check {
    /// A permission about which nothing else is known.
    pub fn of(action: impl Into<String>) -> Self {
        Self { action: action.into(), resource: None, context: BTreeMap::new() }
    }

    /// Adds what a condition can ask about.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.context.insert(key, value.to_owned());
        self
    }

    /// Everything that a request needs, its own action first.
    pub fn all(incoming: &Incoming, account: &str) -> Vec<Self> {
        // Whoever can sign may ask who he is, even under an explicit deny.
        if incoming.service == "sts" && incoming.action == "GetCallerIdentity" {
            return Vec::new();
        }
        let own =
            Self { resource: resource(incoming, account), ..Self::of(action(&incoming.service, &incoming.action)) };
        let mut checks = vec![own];
        checks.extend(tagging(incoming).map(Self::of));
        checks.extend(beside(incoming, account));
        let region = if incoming.service == "iam" { "us-east-1" } else { incoming.region.as_str() };
        checks.into_iter().map(|check| check.with("aws:RequestedRegion", region)).collect()
    }
}

/// The permission to tag that a create with tags needs beside its own.
fn tagging(incoming: &Incoming) -> Option<&'static str> {
    let Incoming { service, action, input, .. } = incoming;
    let tagged = |member: &str| input.get(member).is_some_and(|tags| !as_list(Some(tags)).is_empty());
    let creates = action.starts_with("Create") || action.starts_with("Request");
    let makes = ["AllocateAddress", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"];
    match service.as_str() {
        "ec2" if tagged("TagSpecification") && (creates || makes.contains(&action.as_str())) => Some("ec2:CreateTags"),
        _ if !creates || !tagged("Tags") || action == "CreateTags" || action == "CreateOrUpdateTags" => None,
        "elasticloadbalancing" => Some("elasticloadbalancing:AddTags"),
        "autoscaling" => Some("autoscaling:CreateOrUpdateTags"),
        "dynamodb" => Some("dynamodb:TagResource"),
        "acm" => Some("acm:AddTagsToCertificate"),
        "s3" => Some("s3:TagResource"),
        "iam" if action == "CreateRole" => Some("iam:TagRole"),
        "iam" if action == "CreateInstanceProfile" => Some("iam:TagInstanceProfile"),
        _ => None,
    }
}

/// What a request does beside its own action with the caller's permissions (fact sheets: roles that are passed, rows
/// "IAM" of Auto Scaling, global tables and buckets).
fn beside(incoming: &Incoming, account: &str) -> Vec<Check> {
    let Incoming { service, action, input, .. } = incoming;
    let text = |member: &str| input.get(member).and_then(Value::as_str).unwrap_or_default();
    let pass = |resource: Option<String>, service: &str| {
        Check { resource, ..Check::of("iam:PassRole") }.with("iam:PassedToService", service)
    };
    match (service.as_str(), action.as_str()) {
        ("iam", "AddRoleToInstanceProfile") => {
            let role = format!("arn:aws:iam::{account}:role/{}", text("RoleName"));
            vec![pass(Some(role), "ec2.amazonaws.com")]
        }
        ("s3", "PutBucketReplication") => vec![pass(Some(text("Role").to_owned()), "s3.amazonaws.com")],
        ("s3", "CreateBucket") if incoming.headers.contains_key("x-amz-object-ownership") => {
            vec![Check { resource: resource(incoming, account), ..Check::of("s3:PutBucketOwnershipControls") }]
        }
        ("s3", "DeleteObjects") if as_list(input.get("Object")).iter().any(|one| one.get("VersionId").is_some()) => {
            vec![Check { resource: resource(incoming, account), ..Check::of("s3:DeleteObjectVersion") }]
        }
        ("autoscaling", "CreateAutoScalingGroup" | "UpdateAutoScalingGroup")
            if input.get("LaunchTemplate").is_some() =>
        {
            vec![Check::of("ec2:RunInstances"), pass(None, "ec2.amazonaws.com")]
        }
        ("dynamodb", "UpdateTable") => replicas(input),
        _ => Vec::new(),
    }
}

/// A replica is copied with the caller's permissions.
fn replicas(input: &Value) -> Vec<Check> {
    let updates = as_list(input.get("ReplicaUpdates"));
    let any = |what: &str| updates.iter().any(|update| update.get(what).is_some());
    let mut needed = Vec::new();
    if any("Create") {
        let copying = ["CreateTableReplica", "Query", "Scan", "GetItem", "PutItem", "UpdateItem", "DeleteItem"];
        needed.extend(["CreateTable"].into_iter().chain(copying));
    }
    if any("Delete") {
        needed.extend(["DeleteTable", "DeleteTableReplica"]);
    }
    needed.into_iter().map(|operation| Check::of(format!("dynamodb:{operation}"))).collect()
}
