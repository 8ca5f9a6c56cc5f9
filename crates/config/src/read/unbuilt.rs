//! What globe's design has and this version does not build yet: refused by name, never ignored.

use super::sink::Problem;
use crate::error::{ErrorKind, Span};

/// Component kinds and top-level tables, with what they would make.
const COMPONENTS: &[(&str, &str)] = &[
    ("alarm", "CloudWatch alarms"),
    ("budget", "cost budgets"),
    ("cache", "ElastiCache clusters"),
    ("cdn", "CloudFront distributions"),
    ("dashboard", "CloudWatch dashboards"),
    ("database", "RDS databases"),
    ("edge_function", "Lambda@Edge functions"),
    ("event_bus", "EventBridge buses"),
    ("failover", "recovery objectives"),
    ("function", "Lambda functions"),
    ("key", "KMS keys"),
    ("residency", "residency rules"),
    ("rollout", "rollout waves"),
    ("topic", "SNS topics"),
    ("trail", "CloudTrail trails"),
    ("web_acl", "WAF web ACLs"),
];

/// Keys of components that are built: component, key, what it would do.
const KEYS: &[(&str, &str, &str)] = &[
    ("bucket", "key", "encryption with a KMS key"),
    ("bucket", "reachable_from", "access rules between components"),
    ("load_balancer", "web_acl", "WAF web ACLs"),
    ("network", "flow_logs", "VPC flow logs"),
    ("network", "peering", "VPC peering"),
    ("service", "reachable_from", "access rules between components"),
    ("table", "key", "encryption with a KMS key"),
    ("table", "reachable_from", "access rules between components"),
];

/// Tables that hold keys of their own rather than named components.
const UNNAMED: &[&str] = &["budget", "failover", "rollout"];

/// What a component kind would make, if it is one that is not built yet.
pub(crate) fn component(name: &str) -> Option<&'static str> {
    COMPONENTS.iter().find(|(component, _)| *component == name).map(|(_, what)| *what)
}

/// Whether the table of this name holds keys rather than named components.
pub(crate) fn is_unnamed(name: &str) -> bool {
    UNNAMED.contains(&name)
}

/// What a key would do, if it is one that is not built yet.
pub(crate) fn key(component: &str, key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(owner, name, _)| *owner == component && *name == key).map(|(_, _, what)| *what)
}

/// The refusal.
pub(crate) fn problem(span: Span, subject: &str, what: &str) -> Problem {
    Problem::new(ErrorKind::NotBuilt, span, format!("{subject} is not built yet: this globe has no {what}"))
        .label("not built yet")
        .help("remove it; globe never ignores what a file asks for")
}
