//! Elastic Load Balancing v2: what all its operations share, and one file per family of objects.
//!
//! Facts: no create has a token: the same name and settings give the existing object, others a duplicate error; one
//! unknown ARN or name fails a describe as a whole, tags too; attributes are no inputs of the creates; a load balancer
//! takes its listeners along, a listener its rules; a target group waits for both.

mod action;
mod attributes;
mod interfaces;
mod listener;
mod load_balancer;
mod rule;
mod tagging;
mod target_group;
mod targets;

use serde_json::{Map, Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        load_balancer::handle,
        attributes::handle,
        target_group::handle,
        targets::handle,
        listener::handle,
        rule::handle,
        tagging::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// One kind of object: how it is found and what is said when it is not.
pub struct Shelf {
    /// The sandbox's name for the kind.
    pub kind: &'static str,
    /// Part of the ARN.
    pub noun: &'static str,
    /// Request member with ARNs.
    pub arns: &'static str,
    /// Request member with one ARN.
    pub arn: &'static str,
    /// Member of an answer that holds the list.
    pub set: &'static str,
    /// Member with the name, where the kind has names.
    pub name: Option<&'static str>,
    /// Error code for an unknown one.
    pub unknown: &'static str,
}

pub const BALANCERS: Shelf = Shelf {
    kind: "elbv2/load-balancer",
    noun: "loadbalancer",
    arns: "LoadBalancerArns",
    arn: "LoadBalancerArn",
    set: "LoadBalancers",
    name: Some("LoadBalancerName"),
    unknown: "LoadBalancerNotFound",
};
pub const GROUPS: Shelf = Shelf {
    kind: "elbv2/target-group",
    noun: "targetgroup",
    arns: "TargetGroupArns",
    arn: "TargetGroupArn",
    set: "TargetGroups",
    name: Some("TargetGroupName"),
    unknown: "TargetGroupNotFound",
};
pub const LISTENERS: Shelf = Shelf {
    kind: "elbv2/listener",
    noun: "listener",
    arns: "ListenerArns",
    arn: "ListenerArn",
    set: "Listeners",
    name: None,
    unknown: "ListenerNotFound",
};
pub const RULES: Shelf = Shelf {
    kind: "elbv2/rule",
    noun: "listener-rule",
    arns: "RuleArns",
    arn: "RuleArn",
    set: "Rules",
    name: None,
    unknown: "RuleNotFound",
};

/// Most ARNs or names of one describe.
const PER_CALL: usize = 20;
/// Default and largest page.
const PAGE: i64 = 400;

/// The error for one that is not there.
pub fn missing(shelf: &Shelf, which: &str) -> ApiError {
    ApiError::new(shelf.unknown, format!("One or more {} not found: '{which}'", shelf.set.to_lowercase()))
}

/// A request that breaks a rule of the API.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// The object whose ARN the request names.
pub fn named<'a>(call: &'a Call<'_>, shelf: &Shelf) -> Result<&'a Object, ApiError> {
    let arn = call.need(shelf.arn)?;
    call.get(shelf.kind, &arn).ok_or_else(|| missing(shelf, &arn))
}

/// The objects that a describe asks for: by ARN, by name, or all.
pub fn chosen<'a>(call: &'a Call<'_>, shelf: &Shelf) -> Result<Vec<&'a Object>, ApiError> {
    let (arns, names) = (call.texts(shelf.arns), call.texts("Names"));
    if arns.len().max(names.len()) > PER_CALL {
        return Err(invalid(format!("Up to {PER_CALL} ARNs or names may be given per request")));
    }
    let all = call.visible(shelf.kind);
    if arns.is_empty() && names.is_empty() {
        return Ok(all);
    }
    let find = |which: &String, is: &dyn Fn(&Object) -> bool| {
        all.iter().copied().find(|object| is(object)).ok_or_else(|| missing(shelf, which))
    };
    let named = |object: &Object, name: &str| shelf.name.is_some_and(|member| object.text(member) == name);
    let by_arn = arns.iter().map(|arn| find(arn, &|object| object.id == *arn));
    let by_name = names.iter().map(|name| find(name, &|object| named(object, name)));
    by_arn.chain(by_name).collect()
}

/// A page of a describe.
pub fn paged(call: &Call<'_>, shelf: &Shelf, rows: Vec<Value>) -> Answer {
    let size = call.number("PageSize").unwrap_or(PAGE);
    if !(1..=PAGE).contains(&size) {
        return Err(invalid(format!("Page size must be between 1 and {PAGE}")));
    }
    let (page, next) = call.page(rows, Some(size), call.text("Marker"));
    Ok(json!({shelf.set: page, "NextMarker": next}).into())
}

/// An object as an answer shows it.
pub fn show(object: &Object) -> Value {
    Value::Object(object.body.clone())
}

/// Whether the request's tags are those of `object`: they take part in "the same settings".
pub fn same_tags(call: &Call<'_>, object: &Object) -> bool {
    crate::call::tags_from(&call.list("Tags")) == object.tags
}

/// A new ARN below `path`: `loadbalancer/app/web` and sixteen digits.
pub fn arn(call: &mut Call<'_>, path: &str) -> String {
    let hash = call.hex(16);
    format!("arn:aws:elasticloadbalancing:{}:{}:{path}/{hash}", call.region, call.account)
}

/// The end of an ARN, from the name on: `app/web/50dc6c495c0c9188`.
pub fn tail<'a>(arn: &'a str, shelf: &Shelf) -> &'a str {
    arn.split_once(&format!(":{}/", shelf.noun)).map_or(arn, |(_, tail)| tail)
}

/// 1 to 32 letters, digits and hyphens, none at the ends.
pub fn check_name(name: &str) -> Result<(), ApiError> {
    let fits = (1..=32).contains(&name.len());
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match fits && plain && !name.starts_with('-') && !name.ends_with('-') && !name.starts_with("internal-") {
        true => Ok(()),
        false => Err(invalid(format!("The name '{name}' is not valid: 1 to 32 letters, digits and hyphens"))),
    }
}

/// What a successful delete says.
pub fn done() -> Answer {
    Ok(Value::Object(Map::new()).into())
}
