//! Actions of listeners and rules, as AWS echoes them: a forward to one group both as its ARN and as a weighted list, a
//! redirect with placeholders for what it keeps, an order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::target_group::balancers_of;
use super::{GROUPS, invalid, missing};
use crate::call::{ApiError, Call};

/// Actions with everything filled in, and the target groups that they need.
pub struct Filled {
    /// As an answer shows them.
    pub shown: Vec<Value>,
    /// ARNs.
    pub groups: BTreeSet<String>,
}

/// Fills in the actions that `member` of the request holds, for a listener or a rule of `balancer`.
pub fn fill(call: &Call<'_>, member: &str, balancer: &str) -> Result<Filled, ApiError> {
    let given = call.list(member);
    if given.is_empty() {
        return Err(invalid(format!("'{member}' must be specified")));
    }
    let mut filled = Filled { shown: Vec::new(), groups: BTreeSet::new() };
    for (index, action) in given.iter().enumerate() {
        let mut shown = one(action, &mut filled.groups)?;
        shown["Order"] = (index + 1).into();
        filled.shown.push(shown);
    }
    for arn in &filled.groups {
        call.get(GROUPS.kind, arn).ok_or_else(|| missing(&GROUPS, arn))?;
        if balancers_of(call, arn).iter().any(|other| other != balancer) {
            let message = format!("The target group '{arn}' is already associated with another load balancer");
            return Err(ApiError::new("TargetGroupAssociationLimit", message));
        }
    }
    Ok(filled)
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

fn one(action: &Value, groups: &mut BTreeSet<String>) -> Result<Value, ApiError> {
    let config = |member: &str| action.get(member).cloned().unwrap_or_default();
    match text(action, "Type") {
        Some("forward") => forward(action, groups),
        Some("redirect") => redirect(&config("RedirectConfig")),
        Some("fixed-response") => {
            let fixed = config("FixedResponseConfig");
            let code = text(&fixed, "StatusCode").ok_or_else(|| invalid("A status code must be specified"))?;
            let kind = text(&fixed, "ContentType").unwrap_or("text/plain");
            let config = json!({"MessageBody": text(&fixed, "MessageBody"), "StatusCode": code, "ContentType": kind});
            Ok(json!({"Type": "fixed-response", "FixedResponseConfig": config}))
        }
        Some(kind) if kind.starts_with("authenticate-") => Ok(action.clone()),
        other => Err(invalid(format!("Action type '{}' is not valid", other.unwrap_or_default()))),
    }
}

fn forward(action: &Value, groups: &mut BTreeSet<String>) -> Result<Value, ApiError> {
    let config = action.get("ForwardConfig").cloned().unwrap_or_default();
    let listed = crate::wire::as_list(config.get("TargetGroups"));
    let pair = |one: &Value| {
        let weight = one.get("Weight").and_then(|weight| weight.as_str()?.parse::<u16>().ok()).unwrap_or(1);
        Some((text(one, GROUPS.arn)?.to_owned(), weight))
    };
    let mut targets: Vec<(String, u16)> = listed.iter().filter_map(pair).collect();
    if let (true, Some(arn)) = (targets.is_empty(), text(action, GROUPS.arn)) {
        targets.push((arn.to_owned(), 1));
    }
    if targets.is_empty() || targets.len() > 5 {
        return Err(invalid("A forward action needs between one and five target groups"));
    }
    groups.extend(targets.iter().map(|(arn, _)| arn.clone()));
    let single = (targets.len() == 1).then(|| targets.first().map(|(arn, _)| arn.clone())).flatten();
    let tuples: Vec<Value> = targets.iter().map(|(arn, weight)| json!({GROUPS.arn: arn, "Weight": weight})).collect();
    let sticky = config.get("TargetGroupStickinessConfig").and_then(|config| text(config, "Enabled"));
    let sticky = json!({"Enabled": sticky == Some("true")});
    let config = json!({"TargetGroups": tuples, "TargetGroupStickinessConfig": sticky});
    Ok(json!({"Type": "forward", GROUPS.arn: single, "ForwardConfig": config}))
}

fn redirect(config: &Value) -> Result<Value, ApiError> {
    let code = text(config, "StatusCode").ok_or_else(|| invalid("A status code must be specified"))?;
    let or = |member: &str, default: &str| text(config, member).unwrap_or(default).to_owned();
    let config = json!({
        "Protocol": or("Protocol", "#{protocol}"), "Port": or("Port", "#{port}"), "Host": or("Host", "#{host}"),
        "Path": or("Path", "/#{path}"), "Query": or("Query", "#{query}"), "StatusCode": code,
    });
    Ok(json!({"Type": "redirect", "RedirectConfig": config}))
}
