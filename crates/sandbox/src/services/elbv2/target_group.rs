//! Target groups. Facts: the health check has defaults for everything; only the health check and attributes change in
//! place; deleting is refused while a listener or a rule forwards to it, and nothing else holds it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{BALANCERS, GROUPS, LISTENERS, RULES, arn, attributes, check_name, chosen, done, invalid, missing, named};
use super::{paged, same_tags, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateTargetGroup" => Some(create(call)),
        "DescribeTargetGroups" => Some(describe(call)),
        "ModifyTargetGroup" => Some(modify(call)),
        "DeleteTargetGroup" => Some(delete(call)),
        _ => None,
    }
}

/// Members of the health check that are texts, and those that are numbers.
const TEXTS: [&str; 3] = ["HealthCheckProtocol", "HealthCheckPort", "HealthCheckPath"];
const NUMBERS: [&str; 4] =
    ["HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount"];

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.need("Name")?;
    check_name(&name)?;
    let body = settings(call, &name)?;
    if let Some(old) =
        call.world.list(call.account, call.region, GROUPS.kind).find(|one| one.text("TargetGroupName") == name)
    {
        let mut had = old.body.clone();
        had.shift_remove(GROUPS.arn);
        return match had == body && same_tags(call, old) {
            true => Ok(json!({GROUPS.set: [show(call, old)]}).into()),
            false => Err(ApiError::new(
                "DuplicateTargetGroupName",
                format!("A target group with the same name '{name}' exists, but with different settings"),
            )),
        };
    }
    let arn = arn(call, &format!("targetgroup/{name}"));
    let mut group = call.object(GROUPS.kind, &arn, body.into());
    group.set(GROUPS.arn, arn.as_str());
    group.tags = tagging::given(call)?;
    group.hidden.insert(attributes::MEMBER.into(), attributes::defaults(&attributes::GROUP));
    let shown = show(call, &group);
    call.world.put(group);
    Ok(json!({GROUPS.set: [shown]}).into())
}

/// What a create asks for, with the defaults filled in.
fn settings(call: &Call<'_>, name: &str) -> Result<Map<String, Value>, ApiError> {
    let kind = call.text("TargetType").unwrap_or("instance");
    let mut body =
        Map::from_iter([("TargetGroupName".to_owned(), name.into()), ("TargetType".to_owned(), kind.into())]);
    if kind != "lambda" {
        let (protocol, vpc) = (call.need("Protocol")?, call.need("VpcId")?);
        let port = call.number("Port").filter(|port| (1..=65535).contains(port));
        let port = port.ok_or_else(|| invalid("A port between 1 and 65535 must be specified"))?;
        if call.get("ec2/vpc", &vpc).is_none() {
            return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
        }
        body.extend([("Protocol".to_owned(), protocol.clone().into()), ("VpcId".to_owned(), vpc.into())]);
        body.extend([("Port".to_owned(), port.into()), ("IpAddressType".to_owned(), "ipv4".into())]);
        let (http, timeout) = (protocol.starts_with("HTTP"), if protocol == "HTTP" { 6 } else { 10 });
        let check = json!({
            "HealthCheckProtocol": if http { "HTTP" } else { "TCP" }, "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": true, "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": timeout,
            "HealthyThresholdCount": 5, "UnhealthyThresholdCount": if http { 2 } else { 5 },
        });
        body.extend(check.as_object().cloned().into_iter().flatten());
        if http {
            let more = json!({"ProtocolVersion": "HTTP1", "HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}});
            body.extend(more.as_object().cloned().into_iter().flatten());
        }
    }
    body.extend(health_check(call)?);
    Ok(body)
}

/// The health check members of a request.
fn health_check(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut given = Map::new();
    given.extend(TEXTS.iter().filter_map(|member| Some(((*member).to_owned(), call.text(member)?.into()))));
    given.extend(NUMBERS.iter().filter_map(|member| Some(((*member).to_owned(), call.number(member)?.into()))));
    given.extend(call.flag("HealthCheckEnabled").map(|on| ("HealthCheckEnabled".to_owned(), on.into())));
    given.extend(call.input.get("Matcher").map(|matcher| ("Matcher".to_owned(), matcher.clone())));
    let seconds = |member: &str| given.get(member).and_then(Value::as_i64);
    let interval = seconds("HealthCheckIntervalSeconds");
    if interval.is_some_and(|interval| !(5..=300).contains(&interval)) {
        return Err(invalid("Health check interval must be between 5 and 300 seconds"));
    }
    let counts = ["HealthyThresholdCount", "UnhealthyThresholdCount"].into_iter().filter_map(seconds);
    if counts.into_iter().any(|count| !(2..=10).contains(&count)) {
        return Err(invalid("Health check threshold counts must be between 2 and 10"));
    }
    if seconds("HealthCheckTimeoutSeconds").is_some_and(|timeout| !(2..=120).contains(&timeout)) {
        return Err(invalid("Health check timeout must be between 2 and 120 seconds"));
    }
    if interval.zip(seconds("HealthCheckTimeoutSeconds")).is_some_and(|(interval, timeout)| timeout >= interval) {
        return Err(invalid("Health check interval must be greater than the timeout"));
    }
    Ok(given)
}

/// Load balancers whose listeners or rules forward to a target group.
pub fn balancers_of(call: &Call<'_>, arn: &str) -> BTreeSet<String> {
    let users = call.world.users_of(arn).filter(|user| user.kind == LISTENERS.kind || user.kind == RULES.kind);
    users.filter_map(|user| user.hidden.get("balancer")?.as_str().map(str::to_owned)).collect()
}

fn show(call: &Call<'_>, group: &Object) -> Value {
    let mut body = group.body.clone();
    body.insert(BALANCERS.arns.into(), balancers_of(call, &group.id).into_iter().collect());
    Value::Object(body)
}

fn describe(call: &mut Call<'_>) -> Answer {
    let groups = chosen(call, &GROUPS)?;
    let rows = groups.into_iter().map(|group| show(call, group));
    let rows: Vec<Value> = match call.text(BALANCERS.arn) {
        None => rows.collect(),
        Some(arn) if call.get(BALANCERS.kind, arn).is_none() => return Err(missing(&BALANCERS, arn)),
        Some(arn) => {
            let uses = |row: &Value| {
                row.get(BALANCERS.arns).and_then(Value::as_array).is_some_and(|all| all.contains(&arn.into()))
            };
            rows.filter(uses).collect()
        }
    };
    paged(call, &GROUPS, rows)
}

fn modify(call: &mut Call<'_>) -> Answer {
    let key = named(call, &GROUPS)?.key();
    let given = health_check(call)?;
    let changed = call.world.change(&key, |group| {
        group.body.extend(given);
        group.clone()
    });
    let changed = changed.ok_or_else(|| missing(&GROUPS, &key.3))?;
    Ok(json!({GROUPS.set: [show(call, &changed)]}).into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let arn = call.need(GROUPS.arn)?;
    if !balancers_of(call, &arn).is_empty() {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(ApiError::new("ResourceInUse", message));
    }
    call.world.remove(&call.key(GROUPS.kind, &arn));
    done()
}
