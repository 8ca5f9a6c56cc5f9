//! Where a web ACL logs to: one destination, whose name begins with `aws-waf-logs-`.

use serde_json::{Value, json};

use super::{SCOPE, WEB_ACL, hidden, invalid, missing, need, paged, scope, seen};
use crate::call::{Answer, ApiError, Call};

const LOGGING: &str = "wafv2/logging";
const CONFIG: &str = "LoggingConfiguration";
const PREFIX: &str = "aws-waf-logs-";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutLoggingConfiguration" => Some(put(call)),
        "GetLoggingConfiguration" => Some(get(call)),
        "ListLoggingConfigurations" => Some(list(call)),
        "DeleteLoggingConfiguration" => Some(delete(call)),
        _ => None,
    }
}

/// Drops the settings of a web ACL that goes.
pub fn forget(call: &mut Call<'_>, acl: &str) {
    call.world.remove(&call.key(LOGGING, acl));
}

fn put(call: &mut Call<'_>) -> Answer {
    let mut config = call.input.get(CONFIG).cloned().unwrap_or_default();
    let acl = config.get("ResourceArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    let scope = hidden(seen(call, WEB_ACL, &acl).ok_or_else(missing)?, SCOPE).to_owned();
    let destinations = crate::wire::as_list(config.get("LogDestinationConfigs"));
    check_destination(&destinations)?;
    if let Value::Object(members) = &mut config {
        members.entry("ManagedByFirewallManager").or_insert(false.into());
        members.entry("LogType").or_insert("WAF_LOGS".into());
        members.entry("LogScope").or_insert("CUSTOMER".into());
    }
    let mut object = call.object(LOGGING, &acl, config.clone());
    object.hidden.insert(SCOPE.into(), scope.into());
    call.world.put(object);
    Ok(json!({CONFIG: config}).into())
}

fn check_destination(destinations: &[Value]) -> Result<(), ApiError> {
    let [one] = destinations else {
        return Err(invalid("LOG_DESTINATION", "", "Exactly one log destination is needed"));
    };
    let arn = one.as_str().unwrap_or_default();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let name = match parts.as_slice() {
        ["arn", _, "logs", _, _, resource] => resource.strip_prefix("log-group:"),
        ["arn", _, "firehose", _, _, resource] => resource.strip_prefix("deliverystream/"),
        ["arn", _, "s3", _, _, bucket] => Some(*bucket),
        _ => None,
    };
    match name.is_some_and(|name| name.starts_with(PREFIX)) {
        true => Ok(()),
        false => Err(invalid(
            "LOG_DESTINATION",
            arn,
            "The ARN isn't valid. A valid log destination's name begins with aws-waf-logs-",
        )),
    }
}

fn get(call: &mut Call<'_>) -> Answer {
    let config = seen(call, LOGGING, &need(call, "ResourceArn")?).ok_or_else(missing)?;
    Ok(json!({CONFIG: config.body}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let scope = scope(call)?;
    let found = call.visible(LOGGING).into_iter().filter(|one| hidden(one, SCOPE) == scope);
    paged(call, "LoggingConfigurations", found.map(|one| Value::Object(one.body.clone())).collect())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let acl = need(call, "ResourceArn")?;
    call.world.remove(&call.key(LOGGING, &acl)).ok_or_else(missing)?;
    Ok(Value::Null.into())
}
