//! What an action can be bounded to, and the ARNs of that in a stack.
//!
//! Source: Service Authorization Reference, columns "Resource types" of the services below. Where an action takes no
//! resource, or one whose id AWS gives, the bound is a region.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Bounds, Subject};

/// What an action is bounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Nothing: global services.
    Everything,
    /// The stack's regions.
    Regions,
    /// S3 buckets.
    Buckets,
    /// What is in them.
    Objects,
    /// DynamoDB tables.
    Tables,
    /// IAM roles.
    Roles,
    /// Instance profiles.
    Profiles,
    /// Handing roles to services.
    PassedRoles,
    /// The roles that services make for themselves, once per account.
    ServiceRoles,
    /// Auto Scaling groups.
    Groups,
    /// Load balancers, their listeners and rules, and target groups.
    Balancers,
    /// Certificates.
    Certificates,
    /// Hosted zones.
    Zones,
    /// Health checks.
    Checks,
    /// Both: they share their tagging.
    ZonesAndChecks,
    /// Parameters of Systems Manager.
    Parameters,
}

impl Target {
    /// What `action` can be bounded to.
    pub fn of(action: &str) -> Self {
        let (service, name) = action.split_once(':').unwrap_or((action, ""));
        match service {
            "s3" => of_s3(name),
            "iam" => of_iam(name),
            "route53" => of_route53(name),
            "dynamodb" => Self::Tables,
            "ssm" => Self::Parameters,
            "autoscaling" if !name.starts_with("Describe") => Self::Groups,
            "elasticloadbalancing" if !name.starts_with("Describe") => Self::Balancers,
            "acm" if name != "ListCertificates" && name != "RequestCertificate" => Self::Certificates,
            "sts" => Self::Everything,
            _ => Self::Regions,
        }
    }

    /// One entry for each statement it takes; none when the stack has nothing of the sort.
    pub fn bounds(self, subject: &Subject<'_>) -> Vec<Bounds> {
        match self {
            Self::PassedRoles => return passed_roles(subject),
            Self::ServiceRoles => return service_roles(subject),
            _ => {}
        }
        let (name, resources) = match self {
            Self::Everything | Self::Regions => (String::new(), vec!["*".to_owned()]),
            other => (format!("{other:?}"), other.resources(subject)),
        };
        let regions = || subject.regions.iter().map(ToString::to_string).collect();
        let equals = (self == Self::Regions).then(|| ("aws:RequestedRegion", regions()));
        if resources.is_empty() { Vec::new() } else { vec![Bounds { name, resources, equals }] }
    }

    /// ARNs. Those of regional services leave the region open: the names bound them, and policies are short.
    fn resources(self, subject: &Subject<'_>) -> Vec<String> {
        let account = subject.account;
        let of = |kind: &str, arn: &dyn Fn(&str) -> String| names(subject, kind).iter().map(|name| arn(name)).collect();
        let zones = || "arn:aws:route53:::hostedzone/*".to_owned();
        let checks = || "arn:aws:route53:::healthcheck/*".to_owned();
        match self {
            Self::Everything | Self::Regions | Self::PassedRoles | Self::ServiceRoles => vec!["*".to_owned()],
            Self::Buckets => of("s3/bucket", &|name| format!("arn:aws:s3:::{name}")),
            Self::Objects => of("s3/bucket", &|name| format!("arn:aws:s3:::{name}/*")),
            Self::Tables => of("dynamodb/table", &|name| format!("arn:aws:dynamodb:*:{account}:table/{name}")),
            Self::Roles => of("iam/role", &|name| format!("arn:aws:iam::{account}:role/{name}")),
            Self::Profiles => {
                of("iam/instance_profile", &|name| format!("arn:aws:iam::{account}:instance-profile/{name}"))
            }
            Self::Groups => of("autoscaling/group", &|name| {
                format!("arn:aws:autoscaling:*:{account}:autoScalingGroup:*:autoScalingGroupName/{name}")
            }),
            Self::Balancers => balancers(subject),
            Self::Certificates => vec![format!("arn:aws:acm:*:{account}:certificate/*")],
            Self::Zones => vec![zones()],
            Self::Checks => vec![checks()],
            Self::ZonesAndChecks => vec![zones(), checks()],
            Self::Parameters => subject.parameters.iter().map(|name| parameter(account, name)).collect(),
        }
    }
}

fn of_s3(name: &str) -> Target {
    match name {
        "DeleteObject" | "DeleteObjectVersion" | "AbortMultipartUpload" => Target::Objects,
        "ListAllMyBuckets" => Target::Everything,
        _ => Target::Buckets,
    }
}

fn of_iam(name: &str) -> Target {
    match name {
        "PassRole" => Target::PassedRoles,
        "CreateServiceLinkedRole" => Target::ServiceRoles,
        "GetAccountAuthorizationDetails" | "ListRoles" => Target::Everything,
        "ListInstanceProfilesForRole" => Target::Roles,
        name if name.contains("InstanceProfile") => Target::Profiles,
        _ => Target::Roles,
    }
}

fn of_route53(name: &str) -> Target {
    match name {
        "ListTagsForResources" | "ChangeTagsForResource" => Target::ZonesAndChecks,
        "UpdateHealthCheck" | "DeleteHealthCheck" => Target::Checks,
        "GetHostedZone" | "UpdateHostedZoneComment" | "DeleteHostedZone" => Target::Zones,
        "ListResourceRecordSets" | "ChangeResourceRecordSets" => Target::Zones,
        _ => Target::Everything,
    }
}

/// Public parameters belong to no account.
fn parameter(account: &str, name: &str) -> String {
    let owner = if name.starts_with("/aws/") { "" } else { account };
    format!("arn:aws:ssm:*:{owner}:parameter/{}", name.trim_start_matches('/'))
}

/// Names of all resources of a kind. Names that differ in their region only become one pattern: policies are short.
fn names(subject: &Subject<'_>, kind: &str) -> BTreeSet<String> {
    let specs = subject.resources.iter().filter(|(of, _)| *of == kind);
    specs.filter_map(|(_, spec)| Some(pattern(subject, spec.get("name")?.as_str()?))).collect()
}

fn pattern(subject: &Subject<'_>, name: &str) -> String {
    let base = subject.regions.iter().find_map(|region| name.strip_suffix(region)?.strip_suffix('-'));
    base.map_or_else(|| name.to_owned(), |base| format!("{base}-*"))
}

fn balancers(subject: &Subject<'_>) -> Vec<String> {
    let arn = |rest: String| format!("arn:aws:elasticloadbalancing:*:{}:{rest}", subject.account);
    let mut arns = Vec::new();
    for name in names(subject, "elbv2/load_balancer") {
        let parts = ["loadbalancer", "listener", "listener-rule"];
        arns.extend(parts.map(|part| arn(format!("{part}/app/{name}/*"))));
    }
    arns.extend(names(subject, "elbv2/target_group").iter().map(|name| arn(format!("targetgroup/{name}/*"))));
    arns
}

/// Roles by the service that they are handed to.
fn passed_roles(subject: &Subject<'_>) -> Vec<Bounds> {
    let mut by_service: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (_, spec) in subject.resources.iter().filter(|(kind, _)| *kind == "iam/role") {
        let Some(name) = spec.get("name").and_then(Value::as_str) else { continue };
        let services = spec.get("services").and_then(Value::as_array).into_iter().flatten();
        for service in services.filter_map(Value::as_str) {
            let arn = format!("arn:aws:iam::{}:role/{}", subject.account, pattern(subject, name));
            by_service.entry(service).or_default().insert(arn);
        }
    }
    let bounds = |(service, arns): (&str, BTreeSet<String>)| Bounds {
        name: format!("PassTo{}", sid_part(service)),
        resources: arns.into_iter().collect(),
        equals: Some(("iam:PassedToService", vec![service.to_owned()])),
    };
    by_service.into_iter().map(bounds).collect()
}

/// Kinds whose first object in an account makes AWS make a role, and for which service (fact sheets 3.2 of data; rows
/// "IAM" of load balancers and Auto Scaling).
const SERVICE_ROLES: &[(&str, &str)] = &[
    ("autoscaling/group", "autoscaling.amazonaws.com"),
    ("dynamodb/table", "replication.dynamodb.amazonaws.com"),
    ("elbv2/load_balancer", "elasticloadbalancing.amazonaws.com"),
];

fn service_roles(subject: &Subject<'_>) -> Vec<Bounds> {
    let has = |kind: &str| subject.resources.iter().any(|(of, _)| *of == kind);
    let services: Vec<String> =
        SERVICE_ROLES.iter().filter(|(kind, _)| has(kind)).map(|(_, service)| (*service).to_owned()).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let arn = |service: &String| format!("arn:aws:iam::{}:role/aws-service-role/{service}/*", subject.account);
    vec![Bounds {
        name: "ServiceRoles".to_owned(),
        resources: services.iter().map(arn).collect(),
        equals: Some(("iam:AWSServiceName", services)),
    }]
}

/// Statement ids are letters and digits.
fn sid_part(service: &str) -> String {
    super::capitalised(service.split('.').next().unwrap_or(service))
}
