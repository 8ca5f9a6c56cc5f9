//! Health checks. Facts: the same reference with the same settings gives the existing check, with others or after its
//! deletion an error; AWS fills in regions, port and SNI; type and interval never change; deleting is never refused.

use serde_json::{Map, Value, json};

use super::{
    HEALTH_CHECK, all_visible, created, invalid, max_items, no_health_check, reply, required, segment, text,
    used_reference, visible,
};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::wire::as_list;
use crate::world::{Object, TokenUse};

/// The most that one list page holds.
const PAGE: usize = 1000;
/// Where checkers are.
const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];
const TYPES: [&str; 8] = [
    "HTTP",
    "HTTPS",
    "HTTP_STR_MATCH",
    "HTTPS_STR_MATCH",
    "TCP",
    "CALCULATED",
    "CLOUDWATCH_METRIC",
    "RECOVERY_CONTROL",
];
/// Members that an update may carry.
const UPDATABLE: [&str; 14] = [
    "IPAddress",
    "Port",
    "ResourcePath",
    "FullyQualifiedDomainName",
    "SearchString",
    "FailureThreshold",
    "Inverted",
    "Disabled",
    "HealthThreshold",
    "ChildHealthChecks",
    "EnableSNI",
    "Regions",
    "AlarmIdentifier",
    "InsufficientDataHealthStatus",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateHealthCheck" => Some(create(call)),
        "GetHealthCheck" => Some(get(call)),
        "ListHealthChecks" => Some(list(call)),
        "GetHealthCheckCount" => Some(count(call)),
        "UpdateHealthCheck" => Some(update(call)),
        "DeleteHealthCheck" => Some(delete(call)),
        "GetHealthCheckStatus" => Some(status(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let reference = required(call, "CallerReference")?;
    if reference.len() > 64 {
        return Err(invalid("The CallerReference must not be longer than 64 characters."));
    }
    let config = filled(call.input.get("HealthCheckConfig").unwrap_or(&Value::Null))?;
    let used = used_reference(call, HEALTH_CHECK, &reference);
    if let Some(earlier) = call.world.token(&used) {
        return repeated(call, &reference, earlier, &config);
    }
    let id = call.uuid();
    let body = json!({"CallerReference": reference, "HealthCheckConfig": config.clone(), "HealthCheckVersion": 1});
    let check = call.object_in(GLOBAL, HEALTH_CHECK, &id, body);
    call.world.put(check.clone());
    call.world.remember_token(used, TokenUse { request: Value::Object(config), id });
    made(&check)
}

/// The same settings are those of the request that came first, whatever updates did since.
fn repeated(call: &Call<'_>, reference: &str, earlier: &TokenUse, config: &Map<String, Value>) -> Answer {
    match call.get_global(HEALTH_CHECK, &earlier.id) {
        Some(check) if earlier.request.as_object() == Some(config) => made(check),
        _ => {
            let message = format!("A health check with caller reference {reference} exists or existed already.");
            Err(ApiError::new("HealthCheckAlreadyExists", message).status(409))
        }
    }
}

fn made(check: &Object) -> Answer {
    let path = format!("healthcheck/{}", check.id);
    created("CreateHealthCheckResponse", json!({"HealthCheck": show(check)}), &path)
}

fn show(check: &Object) -> Value {
    let mut shown = check.body.clone();
    shown.insert("Id".into(), check.id.clone().into());
    Value::Object(shown)
}

/// A configuration with what AWS fills in. Leaves stay texts, as they came.
fn filled(config: &Value) -> Result<Map<String, Value>, ApiError> {
    let kind = text(config, "Type").to_owned();
    let Some(mut filled) = config.as_object().cloned().filter(|_| TYPES.contains(&kind.as_str())) else {
        return Err(invalid(format!("`{kind}` is not a type of health check.")));
    };
    let mut default = |member: &str, value: Value| {
        filled.entry(member.to_owned()).or_insert(value);
    };
    default("Inverted", "false".into());
    default("Disabled", "false".into());
    if matches!(kind.as_str(), "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" | "TCP") {
        let secure = kind.starts_with("HTTPS");
        default("RequestInterval", "30".into());
        default("FailureThreshold", "3".into());
        default("MeasureLatency", "false".into());
        default("EnableSNI", if secure { "true" } else { "false" }.into());
        default("Regions", json!({"Region": REGIONS}));
        if kind != "TCP" {
            default("Port", if secure { "443" } else { "80" }.into());
        }
        endpoint(&filled)?;
    }
    Ok(filled)
}

fn endpoint(config: &Map<String, Value>) -> Result<(), ApiError> {
    let text = |member: &str| config.get(member).and_then(Value::as_str).unwrap_or_default();
    if text("FullyQualifiedDomainName").is_empty() && text("IPAddress").is_empty() {
        return Err(invalid("A health check needs an IP address or a domain name."));
    }
    if !matches!(text("RequestInterval"), "10" | "30") {
        return Err(invalid("RequestInterval must be 10 or 30."));
    }
    if !text("FailureThreshold").parse().is_ok_and(|threshold: u8| (1..=10).contains(&threshold)) {
        return Err(invalid("FailureThreshold must be between 1 and 10."));
    }
    if !text("Port").parse().is_ok_and(|port: u16| port > 0) {
        return Err(invalid("Port must be between 1 and 65535."));
    }
    let regions = as_list(config.get("Regions").and_then(|regions| regions.get("Region")));
    if regions.len() < 3 || !regions.iter().all(|region| region.as_str().is_some_and(|name| REGIONS.contains(&name))) {
        return Err(invalid("Regions must name at least three regions that have health checkers."));
    }
    Ok(())
}

fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Object, ApiError> {
    visible(call, HEALTH_CHECK, id).ok_or_else(|| no_health_check(id))
}

fn get(call: &mut Call<'_>) -> Answer {
    let check = find(call, &segment(call, 1))?;
    Ok(reply("GetHealthCheckResponse", json!({"HealthCheck": show(check)})))
}

fn list(call: &mut Call<'_>) -> Answer {
    let limit = max_items(call, PAGE);
    let marker = call.query.get("marker").cloned().unwrap_or_default();
    let mut checks = all_visible(call, HEALTH_CHECK);
    checks.retain(|check| check.id >= marker);
    let next = checks.get(limit).map(|check| check.id.clone());
    let shown: Value = checks.into_iter().take(limit).map(show).collect();
    let answer = json!({
        "HealthChecks": {"HealthCheck": shown}, "Marker": marker, "IsTruncated": next.is_some(), "NextMarker": next,
        "MaxItems": limit,
    });
    Ok(reply("ListHealthChecksResponse", answer))
}

fn count(call: &mut Call<'_>) -> Answer {
    Ok(reply("GetHealthCheckCountResponse", json!({"HealthCheckCount": all_visible(call, HEALTH_CHECK).len()})))
}

fn update(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    let check = find(call, &id)?;
    let version = check.body.get("HealthCheckVersion").and_then(Value::as_i64).unwrap_or(1);
    if call.number("HealthCheckVersion").is_some_and(|given| given != version) {
        let message = format!("The health check's version is {version}.");
        return Err(ApiError::new("HealthCheckVersionMismatch", message).status(409));
    }
    let mut config = check.body.get("HealthCheckConfig").cloned().unwrap_or_default();
    if let Some(members) = config.as_object_mut() {
        for reset in as_list(call.input.pointer("/ResetElements/ResettableElementName")) {
            members.remove(reset.as_str().unwrap_or_default());
        }
        let given =
            UPDATABLE.iter().filter_map(|member| Some(((*member).to_owned(), call.input.get(*member)?.clone())));
        members.extend(given);
    }
    let config = filled(&config)?;
    let key = call.global_key(HEALTH_CHECK, &id);
    call.world.change(&key, |check| {
        check.set("HealthCheckConfig", Value::Object(config));
        check.set("HealthCheckVersion", version + 1);
    });
    let check = find(call, &id)?;
    Ok(reply("UpdateHealthCheckResponse", json!({"HealthCheck": show(check)})))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    find(call, &id)?;
    call.world.remove(&call.global_key(HEALTH_CHECK, &id));
    Ok(reply("DeleteHealthCheckResponse", json!({})))
}

fn status(call: &mut Call<'_>) -> Answer {
    let check = find(call, &segment(call, 1))?;
    let regions = as_list(check.body.get("HealthCheckConfig").and_then(|config| config.pointer("/Regions/Region")));
    let observe = |region: &Value| {
        let report = json!({"Status": "Success: HTTP Status Code 200, OK", "CheckedTime": call.timestamp()});
        json!({"Region": region, "IPAddress": "192.0.2.10", "StatusReport": report})
    };
    let seen: Value = regions.iter().map(observe).collect();
    let answer = json!({"HealthCheckObservations": {"HealthCheckObservation": seen}});
    Ok(reply("GetHealthCheckStatusResponse", answer))
}
