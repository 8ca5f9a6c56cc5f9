//! What origins and origin groups must be, taken by themselves.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::tree::{items, text, texts};
use super::{invalid, missing};
use crate::call::ApiError;

/// Answers of the first origin for which the second can be asked.
const FAILOVER: [&str; 9] = ["400", "403", "404", "416", "429", "500", "502", "503", "504"];
/// Seconds that an origin may take, or keep a connection.
const TIMEOUT: RangeInclusive<u32> = 1..=120;

/// At least one origin, each with a name of its own and one kind of settings.
///
/// # Errors
/// For the first origin that is wrong.
pub fn check_origins(config: &Value) -> Result<(), ApiError> {
    let origins = items(config, "Origins");
    let names: BTreeSet<&str> = origins.iter().map(|origin| text(origin, "Id")).collect();
    if origins.is_empty() || names.len() < origins.len() || names.contains("") {
        return Err(invalid("A distribution needs at least one origin, and each origin an Id of its own."));
    }
    origins.iter().try_for_each(check_origin)
}

fn check_origin(origin: &Value) -> Result<(), ApiError> {
    let (id, domain) = (text(origin, "Id"), text(origin, "DomainName"));
    if domain.is_empty() || domain.contains(['/', ':', ' ']) {
        return Err(ApiError::new("InvalidOrigin", format!("The domain name of the origin {id} is not valid.")));
    }
    let kinds = ["S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"];
    if kinds.iter().filter(|kind| origin.get(**kind).is_some()).count() != 1 {
        return Err(invalid(format!("The origin {id} must have exactly one of {}.", kinds.join(", "))));
    }
    let bucket = domain.contains(".s3") && domain.to_lowercase().ends_with(".amazonaws.com");
    if origin.get("S3OriginConfig").is_some() && !bucket {
        return Err(invalid("The parameter Origin DomainName does not refer to a valid S3 bucket."));
    }
    check_number(origin, "ConnectionAttempts", &(1..=3), "InvalidArgument")?;
    check_number(origin, "ConnectionTimeout", &(1..=10), "InvalidArgument")?;
    for kind in kinds.iter().filter_map(|kind| origin.get(*kind)) {
        check_number(kind, "OriginReadTimeout", &TIMEOUT, "InvalidOriginReadTimeout")?;
        check_number(kind, "OriginKeepaliveTimeout", &TIMEOUT, "InvalidOriginKeepaliveTimeout")?;
    }
    Ok(())
}

fn check_number(tree: &Value, member: &str, range: &RangeInclusive<u32>, code: &str) -> Result<(), ApiError> {
    let given = tree.get(member).and_then(Value::as_str);
    match given.is_none_or(|given| given.parse().is_ok_and(|number| range.contains(&number))) {
        true => Ok(()),
        false => Err(ApiError::new(code, format!("{member} must be between {} and {}.", range.start(), range.end()))),
    }
}

/// Two different origins of the distribution each, and known codes.
///
/// # Errors
/// For the first group that is wrong.
pub fn check_groups(config: &Value) -> Result<(), ApiError> {
    let origins = items(config, "Origins");
    for group in items(config, "OriginGroups") {
        let members = items(&group, "Members");
        let members: BTreeSet<&str> = members.iter().map(|member| text(member, "OriginId")).collect();
        if members.len() != 2 || items(&group, "Members").len() != 2 {
            return Err(invalid("An origin group must have exactly two members."));
        }
        if !members.iter().all(|member| origins.iter().any(|origin| text(origin, "Id") == *member)) {
            return Err(missing("NoSuchOrigin", "No origin exists with the specified Origin Id."));
        }
        if origins.iter().any(|origin| text(origin, "Id") == text(&group, "Id")) {
            return Err(invalid("The Ids of origins and origin groups must differ."));
        }
        let codes = group.get("FailoverCriteria").map(|criteria| texts(criteria, "StatusCodes")).unwrap_or_default();
        if codes.is_empty() || !codes.iter().all(|code| FAILOVER.contains(&code.as_str())) {
            return Err(invalid("The failover criteria must name status codes that CloudFront can fail over for."));
        }
    }
    Ok(())
}
