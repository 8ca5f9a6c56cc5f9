//! What each kind is made of, checked and completed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::{WEB_ACL, capacity, invalid, rules, too_much};
use crate::call::{ApiError, Call};
use crate::wire::as_list;

/// Rule groups.
pub const RULE_GROUP: &str = "wafv2/rule-group";
/// IP sets.
pub const IP_SET: &str = "wafv2/ip-set";
/// Regex pattern sets.
pub const PATTERNS: &str = "wafv2/regex-pattern-set";
/// Capacity units of a web ACL or rule group.
const UNITS: i64 = 5000;
/// Addresses of an IP set.
const ADDRESSES: usize = 10_000;
/// Patterns of a set.
const PATTERNS_PER_SET: usize = 10;

/// The members of an object and the ARNs that it refers to.
pub struct Content {
    /// Members, completed.
    pub body: Map<String, Value>,
    /// ARNs.
    pub needs: BTreeSet<String>,
}

/// Checks and completes the members of a kind.
///
/// # Errors
/// What is missing, wrong, too much, or refers to nothing.
pub fn checked(call: &Call<'_>, kind: &str, scope: &str, mut body: Map<String, Value>) -> Result<Content, ApiError> {
    let needs = match kind {
        IP_SET => addresses(&body).map(|()| BTreeSet::new())?,
        PATTERNS => patterns(&body).map(|()| BTreeSet::new())?,
        _ => rule_list(call, kind, scope, &mut body)?,
    };
    Ok(Content { body, needs })
}

fn rule_list(
    call: &Call<'_>,
    kind: &str,
    scope: &str,
    body: &mut Map<String, Value>,
) -> Result<BTreeSet<String>, ApiError> {
    visibility(body.get("VisibilityConfig"))?;
    let sorted = rules::sorted(&as_list(body.get("Rules")))?;
    let needs = rules::references(call, scope, &sorted)?;
    let units = capacity::of_rules(call, &sorted)?;
    if units > UNITS {
        return Err(too_much("WCU"));
    }
    body.insert("Rules".into(), sorted.into());
    if kind == WEB_ACL {
        let action = body.get("DefaultAction").and_then(Value::as_object).filter(|action| action.len() == 1);
        if !action.is_some_and(|action| action.contains_key("Allow") || action.contains_key("Block")) {
            return Err(invalid("DEFAULT_ACTION", "", "The default action must be either Allow or Block"));
        }
        body.insert("Capacity".into(), units.into());
        return Ok(needs);
    }
    let reserved = body.get("Capacity").and_then(Value::as_i64).unwrap_or_default();
    if !(1..=UNITS).contains(&reserved) || units > reserved {
        let reason = format!("The rules need {units} capacity units");
        return Err(invalid("RULE_GROUP", &reserved.to_string(), &reason));
    }
    Ok(needs)
}

/// Metrics settings, which rules and their holders both need.
///
/// # Errors
/// When one is missing.
pub fn visibility(config: Option<&Value>) -> Result<(), ApiError> {
    let flags = ["SampledRequestsEnabled", "CloudWatchMetricsEnabled"];
    let whole = |config: &Value| {
        flags.iter().all(|flag| config.get(*flag).is_some_and(Value::is_boolean))
            && config.get("MetricName").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
    };
    match config.is_some_and(whole) {
        true => Ok(()),
        false => Err(invalid("METRIC_NAME", "", "The visibility configuration is not complete")),
    }
}

fn addresses(body: &Map<String, Value>) -> Result<(), ApiError> {
    let version = body.get("IPAddressVersion").and_then(Value::as_str).unwrap_or_default();
    if !matches!(version, "IPV4" | "IPV6") {
        return Err(invalid("IP_ADDRESS_VERSION", version, "The version must be IPV4 or IPV6"));
    }
    let list = body.get("Addresses").and_then(Value::as_array);
    let list = list.ok_or_else(|| invalid("IP_ADDRESS", "", "The parameter Addresses is required"))?;
    if list.len() > ADDRESSES {
        return Err(too_much("IP addresses"));
    }
    let fits = |text: &str| {
        text.parse::<IpNet>().is_ok_and(|net| match net.network() {
            IpAddr::V4(_) => version == "IPV4" && net.prefix_len() > 0,
            IpAddr::V6(_) => version == "IPV6" && net.prefix_len() > 0,
        })
    };
    match list.iter().map(|one| one.as_str().unwrap_or_default()).find(|one| !fits(one)) {
        Some(wrong) => Err(invalid("IP_ADDRESS", wrong, "The address is no CIDR block of the set's version")),
        None => Ok(()),
    }
}

fn patterns(body: &Map<String, Value>) -> Result<(), ApiError> {
    let list = body.get("RegularExpressionList").and_then(Value::as_array);
    let list =
        list.ok_or_else(|| invalid("REGEX_PATTERN_SET", "", "The parameter RegularExpressionList is required"))?;
    if list.len() > PATTERNS_PER_SET {
        return Err(too_much("regex patterns"));
    }
    let text = |one: &Value| one.get("RegexString").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    match list.iter().all(text) {
        true => Ok(()),
        false => Err(invalid("REGEX_PATTERN_SET", "", "A pattern must not be empty")),
    }
}
