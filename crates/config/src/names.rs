//! The names that AWS objects get, and how long AWS lets them be.
//!
//! Everything here is deterministic: the same file gives the same names, so an object whose creation was not answered
//! can be found again. Lengths are in characters; every name is ASCII.

use globe_model::Region;
use sha2::{Digest, Sha256};

/// Longest name of a load balancer or target group (Elastic Load Balancing API reference).
pub const LOAD_BALANCER_MAX: usize = 32;
/// Longest name of an IAM role (IAM quotas).
pub const ROLE_MAX: usize = 64;
/// Longest name of an S3 bucket (S3 bucket naming rules).
pub const BUCKET_MAX: usize = 63;
/// Longest name of a launch template (EC2 API reference).
pub const LAUNCH_TEMPLATE_MAX: usize = 128;
/// Longest name of an Auto Scaling group, security group or DynamoDB table (their API references).
pub const LONG_MAX: usize = 255;

/// What an IAM role of a component is for. IAM is global, so the purpose keeps the roles of `service.web` and
/// `bucket.web` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RolePurpose {
    /// The instances of a service.
    Instance,
    /// S3 replication out of a bucket.
    Replication,
}

impl RolePurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Replication => "replication",
        }
    }
}

/// How new objects are named. A name is made once, with the object, and is recorded from then on: another rule names
/// nothing anew that stands.
pub trait Naming: Sync {
    /// See [`load_balancer`].
    fn load_balancer(&self, stack: &str, component: &str) -> String;
    /// See [`target_group`].
    fn target_group(&self, stack: &str, component: &str, immutable: &[&str]) -> String;
    /// See [`bucket`].
    fn bucket(&self, stack: &str, component: &str, account: &str, region: &Region) -> String;
    /// See [`role`].
    fn role(&self, stack: &str, component: &str, purpose: RolePurpose, region: &Region) -> String;
    /// See [`table`].
    fn table(&self, stack: &str, component: &str) -> String;
    /// See [`launch_template`].
    fn launch_template(&self, stack: &str, component: &str) -> String;
    /// See [`auto_scaling_group`].
    fn auto_scaling_group(&self, stack: &str, component: &str) -> String;
    /// See [`scaling_policy`].
    fn scaling_policy(&self, group: &str, measure: &str) -> String;
    /// See [`security_group`].
    fn security_group(&self, stack: &str, component: &str, role: &str) -> String;
    /// See [`replication_rule`].
    fn replication_rule(&self, component: &str, receiver: &Region) -> String;
}

/// The rules of this file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standard;

impl Naming for Standard {
    fn load_balancer(&self, stack: &str, component: &str) -> String {
        load_balancer(stack, component)
    }
    fn target_group(&self, stack: &str, component: &str, immutable: &[&str]) -> String {
        target_group(stack, component, immutable)
    }
    fn bucket(&self, stack: &str, component: &str, account: &str, region: &Region) -> String {
        bucket(stack, component, account, region)
    }
    fn role(&self, stack: &str, component: &str, purpose: RolePurpose, region: &Region) -> String {
        role(stack, component, purpose, region)
    }
    fn table(&self, stack: &str, component: &str) -> String {
        table(stack, component)
    }
    fn launch_template(&self, stack: &str, component: &str) -> String {
        launch_template(stack, component)
    }
    fn auto_scaling_group(&self, stack: &str, component: &str) -> String {
        auto_scaling_group(stack, component)
    }
    fn scaling_policy(&self, group: &str, measure: &str) -> String {
        scaling_policy(group, measure)
    }
    fn security_group(&self, stack: &str, component: &str, role: &str) -> String {
        security_group(stack, component, role)
    }
    fn replication_rule(&self, component: &str, receiver: &Region) -> String {
        replication_rule(component, receiver)
    }
}

/// `{stack}-{component}`: a load balancer, at most [`LOAD_BALANCER_MAX`].
pub fn load_balancer(stack: &str, component: &str) -> String {
    format!("{stack}-{component}")
}

/// `{stack}-{component}-{6 hex}`: a target group, at most [`LOAD_BALANCER_MAX`]. `immutable` are the settings that
/// AWS cannot change (protocol, port, VPC, ...), so that a replacement can exist beside what it replaces.
pub fn target_group(stack: &str, component: &str, immutable: &[&str]) -> String {
    let mut hash = Sha256::new();
    for field in immutable {
        hash.update(field.len().to_be_bytes());
        hash.update(field.as_bytes());
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    format!("{stack}-{component}-{hex}")
}

/// `{stack}-{component}-{account}-{region}`: a bucket, at most [`BUCKET_MAX`]; bucket names are global in AWS.
pub fn bucket(stack: &str, component: &str, account: &str, region: &Region) -> String {
    format!("{stack}-{component}-{account}-{region}")
}

/// `{stack}-{component}-{purpose}-{region}`: an IAM role, at most [`ROLE_MAX`]; also its instance profile.
pub fn role(stack: &str, component: &str, purpose: RolePurpose, region: &Region) -> String {
    format!("{stack}-{component}-{}-{region}", purpose.as_str())
}

/// `{stack}-{component}`: a DynamoDB table, the same in every region as global tables demand, at most [`LONG_MAX`].
pub fn table(stack: &str, component: &str) -> String {
    format!("{stack}-{component}")
}

/// `{stack}-{component}`: a launch template, at most [`LAUNCH_TEMPLATE_MAX`].
pub fn launch_template(stack: &str, component: &str) -> String {
    format!("{stack}-{component}")
}

/// `{stack}-{component}`: an Auto Scaling group, at most [`LONG_MAX`].
pub fn auto_scaling_group(stack: &str, component: &str) -> String {
    format!("{stack}-{component}")
}

/// `{group}-{measure}`: a scaling policy of an Auto Scaling group, at most [`LONG_MAX`].
pub fn scaling_policy(group: &str, measure: &str) -> String {
    format!("{group}-{measure}")
}

/// `{stack}-{component}-{role}`: a security group, where `role` says whose it is (`service`, `load-balancer`); at
/// most [`LONG_MAX`].
pub fn security_group(stack: &str, component: &str, role: &str) -> String {
    format!("{stack}-{component}-{role}")
}

/// `{receiver}-{component}`: the rule by which a bucket sends to the one in another region, at most [`LONG_MAX`].
pub fn replication_rule(component: &str, receiver: &Region) -> String {
    format!("{receiver}-{component}")
}

/// Beginnings that AWS reserves, with what they are reserved in: load balancers, security groups, buckets.
pub(crate) const RESERVED_PREFIXES: &[(&str, &str)] = &[
    ("internal-", "load balancers"),
    ("sg-", "security groups"),
    ("xn--", "buckets"),
    ("sthree-", "buckets"),
    ("amzn-s3-demo-", "buckets"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_group_names_follow_their_immutable_fields() {
        let name = target_group("acme", "web", &["HTTP", "8080"]);
        assert_eq!(name, target_group("acme", "web", &["HTTP", "8080"]));
        assert_ne!(name, target_group("acme", "web", &["HTTP", "8081"]));
        assert_ne!(target_group("acme", "web", &["ab", "c"]), target_group("acme", "web", &["a", "bc"]));
        assert_eq!(name.len(), "acme-web-".len() + 6);
    }

    #[test]
    fn roles_of_equal_components_of_different_kinds_differ() {
        let region = Region::new("us-east-1");
        assert_eq!(role("acme", "web", RolePurpose::Instance, &region), "acme-web-instance-us-east-1");
        assert_eq!(role("acme", "web", RolePurpose::Replication, &region), "acme-web-replication-us-east-1");
        assert_eq!(bucket("acme", "web", "123456789012", &region), "acme-web-123456789012-us-east-1");
    }
}
