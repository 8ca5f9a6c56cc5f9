//! Rules: upserts by bus and name.

use serde_json::{Map, Value, json};

use super::{DEFAULT_BUS, PAGING, RULE, arn, bus, check_name, check_pattern, invalid, not_found, required, target};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::services::by_arn;
use crate::services::paging::listing;
use crate::world::Object;

/// Default quota of rules on a bus.
const RULES: usize = 300;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutRule" => Some(put(call)),
        "DescribeRule" => Some(named(call, "Name").map(|rule| Value::Object(rule.body).into())),
        "ListRules" => Some(list(call)),
        "DeleteRule" => Some(delete(call)),
        "EnableRule" => Some(enable(call, "ENABLED")),
        "DisableRule" => Some(enable(call, "DISABLED")),
        _ => None,
    }
}

fn id(bus: &str, name: &str) -> String {
    format!("{bus}\n{name}")
}

/// The rule that `member` of the request names, on the request's bus.
///
/// # Errors
/// `ResourceNotFoundException`, for the bus as for the rule.
pub fn named(call: &Call<'_>, member: &str) -> Result<Object, ApiError> {
    let bus = bus::bus(call, call.text("EventBusName"))?;
    let name = required(call, member)?;
    let found = call.get(RULE, &id(&bus.id, &name)).filter(|rule| rule.visible <= call.now);
    found.cloned().ok_or_else(|| not_found(format!("Rule {name} does not exist on EventBus {}.", bus.id)))
}

/// Refuses to change what a service made for itself.
///
/// # Errors
/// `ManagedRuleException`.
pub fn check_own(call: &Call<'_>, rule: &Object) -> Result<(), ApiError> {
    match rule.body.contains_key("ManagedBy") && call.flag("Force") != Some(true) {
        true => Err(ApiError::new(
            "ManagedRuleException",
            format!("Rule {} is managed by an AWS service can't be modified.", rule.text("Name")),
        )),
        false => Ok(()),
    }
}

/// Facts: what is left out is forgotten; tags count for a new rule only.
fn put(call: &mut Call<'_>) -> Answer {
    let name = required(call, "Name")?;
    check_name("name", &name, 64)?;
    let bus = bus::bus(call, call.text("EventBusName"))?;
    check_trigger(call, &bus.id)?;
    let old = call.get(RULE, &id(&bus.id, &name)).cloned();
    match &old {
        Some(rule) => check_own(call, rule)?,
        None => check_quota(call, &bus.id)?,
    }
    let mut rule = blank(call, &bus.id, &name);
    rule.set("State", call.text("State").unwrap_or("ENABLED"));
    for member in ["Description", "EventPattern", "ScheduleExpression", "RoleArn"] {
        if let Some(text) = call.text(member) {
            rule.set(member, text);
        }
    }
    match old {
        Some(old) => {
            rule.tags = old.tags;
            rule.visible = old.visible;
            rule.created = old.created;
            rule.hidden = old.hidden;
        }
        None => {
            rule.tags = tags_from(&call.list("Tags"));
            by_arn::check(&rule.tags, "ValidationException")?;
        }
    }
    let arn = rule.text("Arn").to_owned();
    call.world.put(rule);
    Ok(json!({"RuleArn": arn}).into())
}

/// A rule of the caller's, without trigger.
pub fn blank(call: &Call<'_>, bus: &str, name: &str) -> Object {
    let place = if bus == DEFAULT_BUS { String::new() } else { format!("{bus}/") };
    let arn = arn(call, &format!("rule/{place}{name}"));
    let body = json!({"Name": name, "Arn": arn, "EventBusName": bus, "CreatedBy": call.account});
    let mut rule = call.object(RULE, &id(bus, name), body);
    by_arn::name(&mut rule, &arn);
    rule
}

fn check_trigger(call: &Call<'_>, bus: &str) -> Result<(), ApiError> {
    let (pattern, schedule) = (call.text("EventPattern"), call.text("ScheduleExpression"));
    if let Some(pattern) = pattern {
        check_pattern(pattern)?;
    }
    match schedule {
        None if pattern.is_none() => Err(invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")),
        Some(_) if bus != DEFAULT_BUS => Err(invalid("ScheduleExpression is supported only on the default event bus.")),
        Some(schedule) if !is_schedule(schedule) => Err(invalid("Parameter ScheduleExpression is not valid.")),
        _ => Ok(()),
    }
}

/// `rate(5 minutes)` or `cron(0 12 * * ? *)`.
fn is_schedule(text: &str) -> bool {
    let inside = |head: &str| text.strip_prefix(head).and_then(|rest| rest.strip_suffix(')'));
    let rate = |text: &str| match text.split_once(' ') {
        Some(("1", unit)) => ["minute", "hour", "day"].contains(&unit),
        Some((count, unit)) => {
            count.parse::<u32>().is_ok_and(|count| count > 1) && ["minutes", "hours", "days"].contains(&unit)
        }
        None => false,
    };
    inside("rate(").is_some_and(rate) || inside("cron(").is_some_and(|text| text.split_whitespace().count() == 6)
}

fn on_bus<'a>(call: &'a Call<'_>, bus: &str) -> Vec<&'a Object> {
    call.visible(RULE).into_iter().filter(|rule| rule.text("EventBusName") == bus).collect()
}

fn check_quota(call: &Call<'_>, bus: &str) -> Result<(), ApiError> {
    match on_bus(call, bus).len() < RULES {
        true => Ok(()),
        false => Err(ApiError::new(
            "LimitExceededException",
            format!("The requested resource exceeds the maximum number allowed: {RULES} rules"),
        )),
    }
}

fn list(call: &Call<'_>) -> Answer {
    let bus = bus::bus(call, call.text("EventBusName"))?;
    let prefix = call.text("NamePrefix").unwrap_or_default();
    let row = |rule: &Object| {
        let mut body: Map<String, Value> = rule.body.clone();
        body.remove("CreatedBy");
        Value::Object(body)
    };
    let rules = on_bus(call, &bus.id).into_iter().filter(|rule| rule.text("Name").starts_with(prefix));
    listing(call, "Rules", rules.map(row).collect(), PAGING)
}

/// Facts: no error when it is absent; targets first.
fn delete(call: &mut Call<'_>) -> Answer {
    let rule = match named(call, "Name") {
        Ok(rule) => rule,
        Err(error) if error.message.starts_with("Rule ") => return Ok(Value::Null.into()),
        Err(error) => return Err(error),
    };
    check_own(call, &rule)?;
    if !target::of_rule(&rule).is_empty() {
        return Err(invalid("Rule can't be deleted since it has targets."));
    }
    call.world.remove(&rule.key());
    Ok(Value::Null.into())
}

fn enable(call: &mut Call<'_>, state: &str) -> Answer {
    let rule = named(call, "Name")?;
    check_own(call, &rule)?;
    call.world.change(&rule.key(), |rule| rule.set("State", state));
    Ok(Value::Null.into())
}
