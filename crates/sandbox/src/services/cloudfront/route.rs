//! Which operation a method and a path mean.

use std::collections::BTreeMap;

/// The parts of a path after the API version.
pub fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches("/2020-05-31").split('/').filter(|part| !part.is_empty())
}

/// The operation that method, path and query mean.
pub fn action(method: &str, path: &str, query: &BTreeMap<String, String>) -> String {
    let parts: Vec<&str> = segments(path).collect();
    let found = match parts.split_first() {
        Some((&"distribution", rest)) => distribution(method, rest, query.contains_key("WithTags")),
        Some((&"function", rest)) => function(method, rest),
        Some((&"tagging", [])) => tagging(method, query.get("Operation").map(String::as_str)),
        Some((&"conflicting-alias", [])) if method == "GET" => Some("ListConflictingAliases"),
        Some((collection, rest)) => return other(method, collection, rest).unwrap_or(format!("{method} {path}")),
        None => None,
    };
    found.map_or_else(|| format!("{method} {path}"), str::to_owned)
}

fn distribution(method: &str, rest: &[&str], with_tags: bool) -> Option<&'static str> {
    Some(match (method, rest) {
        ("POST", []) if with_tags => "CreateDistributionWithTags",
        ("POST", []) => "CreateDistribution",
        ("GET", []) => "ListDistributions",
        ("GET", [_]) => "GetDistribution",
        ("GET", [_, "config"]) => "GetDistributionConfig",
        ("PUT", [_, "config"]) => "UpdateDistribution",
        ("DELETE", [_]) => "DeleteDistribution",
        ("PUT", [_, "associate-alias"]) => "AssociateAlias",
        ("PUT", [_, "associate-web-acl"]) => "AssociateDistributionWebACL",
        ("PUT", [_, "disassociate-web-acl"]) => "DisassociateDistributionWebACL",
        ("POST", [_, "invalidation"]) => "CreateInvalidation",
        ("GET", [_, "invalidation"]) => "ListInvalidations",
        ("GET", [_, "invalidation", _]) => "GetInvalidation",
        _ => return None,
    })
}

fn function(method: &str, rest: &[&str]) -> Option<&'static str> {
    Some(match (method, rest) {
        ("POST", []) => "CreateFunction",
        ("GET", []) => "ListFunctions",
        ("GET", [_]) => "GetFunction",
        ("GET", [_, "describe"]) => "DescribeFunction",
        ("PUT", [_]) => "UpdateFunction",
        ("POST", [_, "publish"]) => "PublishFunction",
        ("DELETE", [_]) => "DeleteFunction",
        _ => return None,
    })
}

fn tagging(method: &str, operation: Option<&str>) -> Option<&'static str> {
    Some(match (method, operation) {
        ("GET", None) => "ListTagsForResource",
        ("POST", Some("Tag")) => "TagResource",
        ("POST", Some("Untag")) => "UntagResource",
        _ => return None,
    })
}

/// Collections that differ in nothing but their noun.
fn other(method: &str, collection: &str, rest: &[&str]) -> Option<String> {
    if let Some(by) = collection.strip_prefix("distributionsBy") {
        return (method == "GET" && !rest.is_empty()).then(|| format!("ListDistributionsBy{by}"));
    }
    let (one, many) = match collection {
        "origin-access-control" => ("OriginAccessControl", "OriginAccessControls"),
        "cache-policy" => ("CachePolicy", "CachePolicies"),
        "origin-request-policy" => ("OriginRequestPolicy", "OriginRequestPolicies"),
        "response-headers-policy" => ("ResponseHeadersPolicy", "ResponseHeadersPolicies"),
        "vpc-origin" => ("VpcOrigin", "VpcOrigins"),
        _ => return None,
    };
    Some(match (method, rest) {
        ("POST", []) => format!("Create{one}"),
        ("GET", []) => format!("List{many}"),
        ("GET", [_]) => format!("Get{one}"),
        ("GET", [_, "config"]) => format!("Get{one}Config"),
        ("PUT", [_] | [_, "config"]) => format!("Update{one}"),
        ("DELETE", [_]) => format!("Delete{one}"),
        _ => return None,
    })
}
