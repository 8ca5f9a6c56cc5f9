//! Looking at alarms. Facts: only metric alarms are shown, unless other types are asked for.

use serde_json::{Value, json};

use super::{ALARM, composite, evaluation, refused, rule};
use crate::call::{Answer, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Largest page of alarms.
const MOST: i64 = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeAlarms" => {
            evaluation::settle(call);
            Some(describe(call))
        }
        "DescribeAlarmsForMetric" => {
            evaluation::settle(call);
            Some(for_metric(call))
        }
        // No history is kept.
        "DescribeAlarmHistory" => Some(Ok(json!({"AlarmHistoryItems": []}).into())),
        _ => None,
    }
}

fn kind(alarm: &Object) -> &str {
    alarm.hidden.get("type").and_then(Value::as_str).unwrap_or("MetricAlarm")
}

fn describe(call: &Call<'_>) -> Answer {
    let names = call.texts("AlarmNames");
    let mut kinds = call.texts("AlarmTypes");
    if kinds.is_empty() {
        kinds.push("MetricAlarm".into());
    }
    if !names.is_empty() && call.text("AlarmNamePrefix").is_some() {
        return Err(refused("AlarmNames and AlarmNamePrefix cannot be given together"));
    }
    let limit = call.number("MaxRecords").unwrap_or(50);
    if !(1..=MOST).contains(&limit) {
        return Err(refused(format!("MaxRecords must be between 1 and {MOST}")));
    }
    let limit = if names.is_empty() { limit } else { MOST };
    let related = related(call);
    let prefix = call.text("AlarmNamePrefix").unwrap_or_default();
    let (state, action) = (call.text("StateValue"), call.text("ActionPrefix"));
    let acts = |alarm: &Object, action: &str| {
        let members = ["OKActions", "AlarmActions", "InsufficientDataActions"];
        let mut actions = members.iter().flat_map(|member| as_list(alarm.body.get(*member)));
        actions.any(|one| one.as_str().is_some_and(|one| one.starts_with(action)))
    };
    let wanted = |alarm: &&Object| {
        kinds.iter().any(|wanted| wanted == kind(alarm))
            && (names.is_empty() || names.contains(&alarm.id))
            && related.as_ref().is_none_or(|related| related.contains(&alarm.id))
            && alarm.id.starts_with(prefix)
            && state.is_none_or(|state| alarm.text("StateValue") == state)
            && action.is_none_or(|action| acts(alarm, action))
    };
    let found: Vec<&Object> = call.visible(ALARM).into_iter().filter(wanted).collect();
    let (page, next) = call.page(found, Some(limit), call.text("NextToken"));
    let of = |wanted: &str| -> Vec<Value> {
        let alarms = page.iter().filter(|alarm| kind(alarm) == wanted);
        alarms.map(|alarm| Value::Object(alarm.body.clone())).collect()
    };
    let mut answer = json!({"MetricAlarms": of("MetricAlarm"), "CompositeAlarms": of("CompositeAlarm")});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer.into())
}

/// Names of the children or parents that the request asks for.
fn related(call: &Call<'_>) -> Option<Vec<String>> {
    if let Some(parent) = call.text("ChildrenOfAlarmName") {
        let rule = rule::parse(call.get(ALARM, parent)?.text("AlarmRule"))?;
        return Some(rule.alarms().iter().map(|child| composite::name_in(child).to_owned()).collect());
    }
    let child = call.get(ALARM, call.text("ParentsOfAlarmName")?)?;
    let above = |alarm: &&Object| rule::mentions(alarm.text("AlarmRule"), &child.id, child.text("AlarmArn"));
    Some(call.visible(ALARM).into_iter().filter(above).map(|alarm| alarm.id.clone()).collect())
}

fn for_metric(call: &Call<'_>) -> Answer {
    let dimensions = Value::Array(call.list("Dimensions"));
    let same = |alarm: &&Object| {
        let text = |member: &str| call.text(member).is_none_or(|wanted| alarm.text(member) == wanted);
        text("MetricName")
            && text("Namespace")
            && text("Statistic")
            && alarm.body.get("Dimensions") == Some(&dimensions)
            && call.number("Period").is_none_or(|period| alarm.body.get("Period") == Some(&period.into()))
    };
    let found = call.visible(ALARM).into_iter().filter(|alarm| kind(alarm) == "MetricAlarm").filter(same);
    let rows: Vec<Value> = found.map(|alarm| Value::Object(alarm.body.clone())).collect();
    Ok(json!({"MetricAlarms": rows}).into())
}
