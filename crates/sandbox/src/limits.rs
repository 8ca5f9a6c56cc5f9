//! Published request limits: one token bucket per account, region and action.

use std::collections::BTreeMap;

use crate::world::Seconds;

/// Capacity and refill per second of one action's bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Calls that may come at once.
    pub capacity: f64,
    /// Calls per second after that.
    pub refill: f64,
}

/// What AWS publishes for the actions that have buckets of their own. EC2: "Request throttling for the Amazon EC2
/// API", read 2026-11; ELB and Route 53: their API references, same date; the others' quota
/// pages, same date.
pub fn published(service: &str, action: &str) -> Budget {
    let (capacity, refill) = match (service, action) {
        ("ec2", "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints") => (4.0, 0.3),
        ("ec2", "CreateNatGateway" | "DeleteNatGateway") => (10.0, 1.0),
        ("ec2", "CreateTags" | "DeleteTags") => (100.0, 10.0),
        ("ec2", "CreateLaunchTemplateVersion" | "ModifyLaunchTemplate") => (100.0, 5.0),
        ("ec2", "RunInstances" | "StartInstances") => (5.0, 2.0),
        ("ec2", "TerminateInstances") => (100.0, 5.0),
        ("ec2", action) if is_read(action) => (100.0, 20.0),
        ("ec2", _) => (50.0, 5.0),
        ("elasticloadbalancing", "CreateLoadBalancer" | "SetSubnets") => (10.0, 0.2),
        ("elasticloadbalancing", action) if is_read(action) => (40.0, 10.0),
        ("elasticloadbalancing", _) => (20.0, 3.0),
        ("route53", "CreateHostedZone") => (40.0, 2.0),
        ("route53", "DeleteHostedZone") => (40.0, 5.0),
        ("route53", "CreateHealthCheck") => (50.0, 0.5),
        ("route53", "DeleteHealthCheck") => (15.0, 3.0),
        ("route53", "GetHealthCheckStatus") => (4.0, 1.0),
        ("route53", _) => (50.0, 10.0),
        // CloudFront publishes none; a maintainer quotes 0.5 a second for this one.
        ("cloudfront", "CreateInvalidation") => (1.0, 0.5),
        ("wafv2", "AssociateWebACL" | "DisassociateWebACL") => (1.0, 0.5),
        ("wafv2", "GetWebACLForResource" | "ListResourcesForWebACL") => (1.0, 1.0),
        ("wafv2", action) if is_read(action) => (5.0, 5.0),
        ("wafv2", _) => (1.0, 1.0),
        ("acm", "RequestCertificate") => (5.0, 5.0),
        ("acm", _) => (10.0, 10.0),
        ("kms", "CreateKey" | "CreateAlias" | "UpdateAlias" | "ReplicateKey") => (5.0, 5.0),
        ("kms", "UntagResource" | "EnableKey" | "DisableKey" | "CancelKeyDeletion") => (5.0, 5.0),
        ("kms", "TagResource") => (10.0, 10.0),
        ("kms", "DeleteAlias" | "EnableKeyRotation" | "PutKeyPolicy" | "ScheduleKeyDeletion") => (15.0, 15.0),
        ("kms", "DescribeKey") => (2000.0, 2000.0),
        ("kms", _) => (500.0, 500.0),
        ("secretsmanager", "DescribeSecret" | "GetSecretValue") => (10_000.0, 10_000.0),
        ("secretsmanager", "ListSecrets") => (100.0, 100.0),
        ("secretsmanager", _) => (50.0, 50.0),
        ("monitoring", "PutMetricAlarm" | "PutCompositeAlarm") => (3.0, 3.0),
        ("monitoring", "DescribeAlarms") => (9.0, 9.0),
        ("monitoring", "PutDashboard" | "GetDashboard" | "ListDashboards" | "DeleteDashboards") => (10.0, 10.0),
        ("monitoring", _) => (50.0, 50.0),
        ("logs", "DescribeLogGroups") => (5.0, 5.0),
        ("logs", "CreateLogGroup") => (10.0, 10.0),
        ("cloudtrail", action) if is_read(action) => (10.0, 10.0),
        ("cloudtrail", _) => (1.0, 1.0),
        ("events", _) => (50.0, 50.0),
        ("ssm", _) => (40.0, 40.0),
        _ => (100.0, 20.0),
    };
    Budget { capacity, refill }
}

fn is_read(action: &str) -> bool {
    ["Describe", "Get", "List"].iter().any(|prefix| action.starts_with(prefix))
}

/// The buckets of everybody who calls.
#[derive(Debug, Default)]
pub struct Buckets {
    levels: BTreeMap<(String, String, String, String), (f64, Seconds)>,
}

impl Buckets {
    /// Takes one call out of its bucket; false when it is empty.
    pub fn admit(&mut self, account: &str, region: &str, service: &str, action: &str, now: Seconds) -> bool {
        let budget = published(service, action);
        let key = (account.to_owned(), region.to_owned(), service.to_owned(), action.to_owned());
        let (level, since) = self.levels.entry(key).or_insert((budget.capacity, now));
        *level = (*level + (now - *since).max(0.0) * budget.refill).min(budget.capacity);
        *since = now;
        let admitted = *level >= 1.0;
        if admitted {
            *level -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = Buckets::default();
        let mut admit = |now| buckets.admit("1", "r", "ec2", "CreateNatGateway", now);
        assert_eq!((0..12).filter(|_| admit(0.0)).count(), 10);
        assert!(!admit(0.5));
        assert!(admit(2.0));
    }
}
