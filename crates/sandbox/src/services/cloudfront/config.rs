//! A distribution's configuration: what it must hold, taken by itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::origin_rules::{check_groups, check_origins};
use super::tree::{check_quantities, items, text, texts};
use super::{defaults, invalid, missing};
use crate::call::ApiError;

/// Most alternate names, origins, origin groups and cache behaviours beside the default one.
const LIMITS: [(&str, usize, &str); 4] = [
    ("Aliases", 100, "TooManyDistributionCNAMEs"),
    ("Origins", 100, "TooManyOrigins"),
    ("OriginGroups", 10, "TooManyOriginGroupsPerDistribution"),
    ("CacheBehaviors", 75, "TooManyCacheBehaviors"),
];
/// Longest comment.
const COMMENT: usize = 128;

/// The configuration as CloudFront will show it.
///
/// # Errors
/// What is missing, contradictory or too much.
pub fn completed(given: &Value) -> Result<Value, ApiError> {
    if !given.is_object() {
        return Err(ApiError::new("MissingBody", "This operation requires a body."));
    }
    check_quantities(given)?;
    for member in ["CallerReference", "Enabled", "Comment", "Origins", "DefaultCacheBehavior"] {
        if given.get(member).is_none() || (member == "CallerReference" && text(given, member).is_empty()) {
            return Err(invalid(format!("The required parameter {member} is missing.")));
        }
    }
    if text(given, "Comment").chars().count() > COMMENT {
        return Err(invalid(format!("The parameter Comment is longer than {COMMENT} characters.")));
    }
    for (list, most, code) in LIMITS {
        if items(given, list).len() > most {
            return Err(ApiError::new(code, format!("A distribution can have at most {most} {list}.")));
        }
    }
    if text(given, "DefaultRootObject").starts_with('/') {
        let message = "The default root object file name must not begin with a slash.";
        return Err(ApiError::new("InvalidDefaultRootObject", message));
    }
    check_origins(given)?;
    check_groups(given)?;
    let mut config = given.clone();
    defaults::complete(&mut config);
    behaviors(&config).iter().try_for_each(|behavior| check_behavior(&config, behavior))?;
    Ok(config)
}

/// The default behaviour and the others.
pub fn behaviors(config: &Value) -> Vec<Value> {
    let default = config.get("DefaultCacheBehavior").cloned();
    default.into_iter().chain(items(config, "CacheBehaviors")).collect()
}

fn check_behavior(config: &Value, behavior: &Value) -> Result<(), ApiError> {
    let target = text(behavior, "TargetOriginId");
    let group = items(config, "OriginGroups").iter().any(|group| text(group, "Id") == target);
    if !group && !items(config, "Origins").iter().any(|origin| text(origin, "Id") == target) {
        return Err(missing("NoSuchOrigin", "One or more of your origins or origin groups do not exist."));
    }
    if !matches!(text(behavior, "ViewerProtocolPolicy"), "allow-all" | "https-only" | "redirect-to-https") {
        return Err(invalid("The parameter ViewerProtocolPolicy is required."));
    }
    check_methods(behavior, group)?;
    check_caching(behavior)
}

fn check_methods(behavior: &Value, group: bool) -> Result<(), ApiError> {
    let methods = |tree: &Value, list: &str| texts(tree, list).into_iter().collect::<BTreeSet<_>>();
    let allowed = methods(behavior, "AllowedMethods");
    let cached = behavior.get("AllowedMethods").map(|allowed| methods(allowed, "CachedMethods")).unwrap_or_default();
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (reads, options) = (set(&["GET", "HEAD"]), set(&["GET", "HEAD", "OPTIONS"]));
    let all = set(&["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]);
    if ![&reads, &options, &all].contains(&&allowed)
        || ![&reads, &options].contains(&&cached)
        || !cached.is_subset(&allowed)
    {
        return Err(invalid("The parameter AllowedMethods or CachedMethods contains an invalid set of methods."));
    }
    if group && allowed == all {
        return Err(invalid(
            "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group",
        ));
    }
    Ok(())
}

fn check_caching(behavior: &Value) -> Result<(), ApiError> {
    let policy = !text(behavior, "CachePolicyId").is_empty();
    match (policy, behavior.get("ForwardedValues").is_some()) {
        (false, false) => {
            Err(invalid("The parameter ForwardedValues or CachePolicyId is required in a cache behavior."))
        }
        (true, true) => Err(invalid("The parameter ForwardedValues cannot be used when a cache policy is associated.")),
        (true, false) if ["MinTTL", "DefaultTTL", "MaxTTL"].iter().any(|member| behavior.get(*member).is_some()) => {
            Err(invalid(
                "The parameters MinTTL, DefaultTTL and MaxTTL cannot be used when a cache policy is associated.",
            ))
        }
        (true, false) => Ok(()),
        (false, true) => check_ttls(behavior),
    }
}

fn check_ttls(behavior: &Value) -> Result<(), ApiError> {
    let seconds = |member: &str| {
        let value = behavior.get(member);
        value.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok())).unwrap_or_default()
    };
    match seconds("MinTTL") <= seconds("DefaultTTL") && seconds("DefaultTTL") <= seconds("MaxTTL") {
        true => Ok(()),
        false => Err(ApiError::new("InvalidTTLOrder", "The order of MinTTL, DefaultTTL and MaxTTL isn't valid.")),
    }
}
