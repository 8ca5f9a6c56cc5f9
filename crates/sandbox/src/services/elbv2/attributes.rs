//! Attributes of load balancers and target groups: unknown keys are refused, an empty text resets a number or a text of
//! a load balancer and nothing else.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::{BALANCERS, GROUPS, Shelf, invalid, missing, named};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Hidden member with the attributes.
pub const MEMBER: &str = "attributes";
/// Key of the deletion protection.
pub const PROTECTION: &str = "deletion_protection.enabled";
/// Most attributes of one modify.
const PER_CALL: usize = 20;

/// Keys and defaults of a load balancer's attributes.
pub const BALANCER: [(&str, &str); 19] = [
    (PROTECTION, "false"),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.prefix", ""),
    ("connection_logs.s3.enabled", "false"),
    ("connection_logs.s3.bucket", ""),
    ("connection_logs.s3.prefix", ""),
    ("idle_timeout.timeout_seconds", "60"),
    ("client_keep_alive.seconds", "3600"),
    ("ipv6.deny_all_igw_traffic", "false"),
    ("routing.http2.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
];

/// Keys and defaults of a target group's attributes.
pub const GROUP: [(&str, &str); 8] = [
    ("deregistration_delay.timeout_seconds", "300"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("stickiness.type", "lb_cookie"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
];

/// Numbers that an attribute may have.
const BOUNDS: [(&str, RangeInclusive<u32>); 5] = [
    ("idle_timeout.timeout_seconds", 1..=4000),
    ("client_keep_alive.seconds", 60..=604_800),
    ("deregistration_delay.timeout_seconds", 0..=3600),
    ("slow_start.duration_seconds", 0..=900),
    ("stickiness.lb_cookie.duration_seconds", 1..=604_800),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeLoadBalancerAttributes" => Some(describe(call, &BALANCERS)),
        "ModifyLoadBalancerAttributes" => Some(modify(call, &BALANCERS, &BALANCER)),
        "DescribeTargetGroupAttributes" => Some(describe(call, &GROUPS)),
        "ModifyTargetGroupAttributes" => Some(modify(call, &GROUPS, &GROUP)),
        _ => None,
    }
}

/// The attributes of a fresh object.
pub fn defaults(known: &[(&str, &str)]) -> Value {
    known.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect::<Map<_, _>>().into()
}

/// Whether an attribute is `true`.
pub fn is_on(object: &Object, key: &str) -> bool {
    object.hidden.get(MEMBER).and_then(|all| all.get(key)).and_then(Value::as_str) == Some("true")
}

fn describe(call: &mut Call<'_>, shelf: &Shelf) -> Answer {
    Ok(shown(named(call, shelf)?).into())
}

fn shown(object: &Object) -> Value {
    let all = object.hidden.get(MEMBER).and_then(Value::as_object);
    let rows = all.into_iter().flatten().map(|(key, value)| json!({"Key": key, "Value": value}));
    json!({"Attributes": rows.collect::<Vec<_>>()})
}

fn modify(call: &mut Call<'_>, shelf: &Shelf, known: &[(&str, &str)]) -> Answer {
    let arn = named(call, shelf)?.id.clone();
    let given = call.list("Attributes");
    if given.is_empty() || given.len() > PER_CALL {
        return Err(invalid(format!("Between 1 and {PER_CALL} attributes must be specified")));
    }
    let resets = shelf.kind == BALANCERS.kind;
    let given: Vec<(String, Value)> =
        given.iter().map(|one| check(one, known, resets)).collect::<Result<_, ApiError>>()?;
    let changed = call.world.change(&call.key(shelf.kind, &arn), |object| {
        if let Some(all) = object.hidden.get_mut(MEMBER).and_then(Value::as_object_mut) {
            all.extend(given);
        }
        shown(object)
    });
    changed.map(Into::into).ok_or_else(|| missing(shelf, &arn))
}

fn check(given: &Value, known: &[(&str, &str)], resets: bool) -> Result<(String, Value), ApiError> {
    let text = |member: &str| given.get(member).and_then(Value::as_str).unwrap_or_default();
    let (key, value) = (text("Key"), text("Value"));
    let unknown = || invalid(format!("The attribute key '{key}' is not recognized"));
    let (_, default) = known.iter().find(|(known, _)| *known == key).ok_or_else(unknown)?;
    let bounds = BOUNDS.iter().find(|(bounded, _)| *bounded == key).map(|(_, bounds)| bounds);
    let number = default.parse::<u32>().is_ok();
    let in_bounds =
        |value: &str| value.parse::<u32>().is_ok_and(|number| bounds.is_none_or(|bounds| bounds.contains(&number)));
    let flag = default.parse::<bool>().is_ok();
    let fits = match value {
        "" => resets && (number || default.is_empty()),
        value => (!number || in_bounds(value)) && (!flag || value.parse::<bool>().is_ok()),
    };
    match (fits, value) {
        (false, _) => Err(invalid(format!("The value '{value}' is not valid for the attribute '{key}'"))),
        (true, "") => Ok((key.to_owned(), Value::from(*default))),
        (true, value) => Ok((key.to_owned(), value.into())),
    }
}
