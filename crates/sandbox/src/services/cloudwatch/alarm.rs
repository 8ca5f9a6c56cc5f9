//! Metric alarms: put, set state, switch actions, delete.

use serde_json::{Value, json};

use super::{ALARM, done, evaluation, invalid, real, refused, rule};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::services::by_arn;
use crate::world::Object;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Actions per state.
const ACTIONS: usize = 5;
/// Alarms of one delete.
const DELETES: usize = 100;
/// Members that are kept as they are sent.
const PLAIN: [&str; 9] = [
    "AlarmDescription",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Unit",
    "ComparisonOperator",
    "EvaluateLowSampleCountPercentile",
    "ThresholdMetricId",
];
/// Members that are whole numbers.
const NUMBERS: [&str; 3] = ["Period", "EvaluationPeriods", "DatapointsToAlarm"];
/// Members that name what happens in a state.
const REACTIONS: [&str; 3] = ["OKActions", "AlarmActions", "InsufficientDataActions"];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutMetricAlarm" => Some(put(call)),
        "SetAlarmState" => Some(set_state(call)),
        "EnableAlarmActions" => Some(switch(call, true)),
        "DisableAlarmActions" => Some(switch(call, false)),
        "DeleteAlarms" => Some(delete(call)),
        _ => None,
    }
}

/// An alarm without a trigger, with what all alarms have; an alarm of this name hands down its state and tags.
///
/// # Errors
/// When the name belongs to an alarm of the other type, or an action is elsewhere.
pub fn blank(call: &mut Call<'_>, kind: &str) -> Result<Object, ApiError> {
    let name = call.need("AlarmName")?;
    if name.is_empty() || name.len() > 255 {
        return Err(refused("The alarm name must have 1 to 255 characters"));
    }
    let arn = format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", call.region, call.account);
    let mut alarm = call.object(ALARM, &name, json!({"AlarmName": name, "AlarmArn": arn}));
    alarm.hidden.insert("type".into(), kind.into());
    let tags = tags_from(&call.list("Tags"));
    by_arn::check(&tags, "InvalidParameterValue")?;
    match call.get(ALARM, &name) {
        Some(old) if old.hidden.get("type").and_then(Value::as_str) != Some(kind) => {
            return Err(refused(format!("An alarm of another type has the name {name}")));
        }
        Some(old) => inherit(&mut alarm, old),
        None => {
            alarm.tags = tags;
            evaluation::begin(call, &mut alarm);
        }
    }
    for member in REACTIONS {
        alarm.set(member, reactions(call, member)?);
    }
    alarm.set("ActionsEnabled", call.flag("ActionsEnabled").unwrap_or(true));
    alarm.set("AlarmConfigurationUpdatedTimestamp", call.now);
    by_arn::name(&mut alarm, &arn);
    Ok(alarm)
}

fn inherit(alarm: &mut Object, old: &Object) {
    alarm.tags = old.tags.clone();
    alarm.created = old.created;
    alarm.visible = old.visible;
    alarm.hidden = old.hidden.clone();
    for (member, value) in old.body.iter().filter(|(member, _)| member.starts_with("State")) {
        alarm.set(member, value.clone());
    }
}

/// Facts: at most five, and of the alarm's own region.
fn reactions(call: &Call<'_>, member: &str) -> Result<Vec<String>, ApiError> {
    let actions = call.texts(member);
    if actions.len() > ACTIONS {
        return Err(refused(format!("{member} can have at most {ACTIONS} entries")));
    }
    let elsewhere = |action: &&String| {
        let region = action.split(':').nth(3).unwrap_or_default();
        !action.starts_with("arn:") || !region.is_empty() && region != call.region
    };
    match actions.iter().find(elsewhere) {
        Some(action) => Err(refused(format!("Invalid region in ARN {action}. Only {} is supported.", call.region))),
        None => Ok(actions),
    }
}

fn put(call: &mut Call<'_>) -> Answer {
    let mut alarm = blank(call, "MetricAlarm")?;
    for member in PLAIN {
        if let Some(value) = call.text(member) {
            alarm.set(member, value);
        }
    }
    for member in NUMBERS {
        if let Some(number) = call.number(member) {
            alarm.set(member, number);
        }
    }
    alarm.set("Dimensions", call.list("Dimensions"));
    if let Some(threshold) = real(call.input.get("Threshold")) {
        alarm.set("Threshold", threshold);
    }
    let metrics = call.list("Metrics");
    if !metrics.is_empty() {
        alarm.set("Metrics", metrics);
    }
    // The default, `missing`, is not shown.
    if let Some(treatment) = call.text("TreatMissingData") {
        let known = ["breaching", "notBreaching", "ignore", "missing"];
        if !known.contains(&treatment) {
            return Err(refused(format!(
                "Option {treatment} is not supported. Supported options for TreatMissingData are {known:?}."
            )));
        }
        alarm.set("TreatMissingData", treatment);
    }
    check(&alarm)?;
    call.world.put(alarm);
    done()
}

/// How a value may be compared with a threshold, or with a band.
const OPERATORS: [&str; 7] = [
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

fn check(alarm: &Object) -> Result<(), ApiError> {
    let number = |member: &str| alarm.body.get(member).and_then(Value::as_i64);
    let missing = |member: &str| ApiError::new("MissingParameter", format!("The parameter {member} is required."));
    if alarm.text("ComparisonOperator").is_empty() {
        return Err(missing("ComparisonOperator"));
    }
    if !OPERATORS.contains(&alarm.text("ComparisonOperator")) {
        let message = format!("{} is no comparison operator.", alarm.text("ComparisonOperator"));
        return Err(ApiError::new("ValidationError", message));
    }
    let periods = number("EvaluationPeriods").ok_or_else(|| missing("EvaluationPeriods"))?;
    if periods < 1 || number("DatapointsToAlarm").is_some_and(|points| !(1..=periods).contains(&points)) {
        return Err(refused(
            "DatapointsToAlarm and EvaluationPeriods must be positive, the first not above the second.",
        ));
    }
    if alarm.body.contains_key("Metrics") {
        return match alarm.text("MetricName") {
            "" => Ok(()),
            _ => Err(ApiError::new("InvalidParameterCombination", "Metrics list cannot be used with MetricName.")),
        };
    }
    for member in ["MetricName", "Namespace"] {
        if alarm.text(member).is_empty() {
            return Err(missing(member));
        }
    }
    if alarm.text("Statistic").is_empty() == alarm.text("ExtendedStatistic").is_empty() {
        return Err(refused("Exactly one element of Statistic or ExtendedStatistic must be specified."));
    }
    let period = number("Period").ok_or_else(|| missing("Period"))?;
    if ![10, 20, 30].contains(&period) && (period < 60 || period % 60 != 0) {
        return Err(invalid("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let longest = if period >= 3600 { 7 * DAY } else { DAY };
    match period.saturating_mul(periods) > longest {
        true => Err(refused(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        )),
        false => Ok(()),
    }
}

fn set_state(call: &mut Call<'_>) -> Answer {
    let (name, state) = (call.need("AlarmName")?, call.need("StateValue")?);
    let alarm = call.get(ALARM, &name).filter(|alarm| alarm.visible <= call.now).map(Object::key);
    let key =
        alarm.ok_or_else(|| ApiError::new("ResourceNotFound", format!("Alarm {name} does not exist")).status(404))?;
    if !evaluation::STATES.contains(&state.as_str()) {
        return Err(refused(format!("'{state}' is no state of an alarm")));
    }
    let reason = call.text("StateReason").unwrap_or_default().to_owned();
    let data = call.text("StateReasonData").map(str::to_owned);
    let now = call.now;
    call.world.change(&key, |alarm| {
        evaluation::set(alarm, now, &state, &reason);
        alarm.hidden.insert("forced".into(), now.into());
        if let Some(data) = data {
            alarm.set("StateReasonData", data);
        }
    });
    done()
}

/// Names that are not there are passed over.
fn switch(call: &mut Call<'_>, on: bool) -> Answer {
    for name in call.texts("AlarmNames") {
        let key = call.key(ALARM, &name);
        call.world.change(&key, |alarm| alarm.set("ActionsEnabled", on));
    }
    done()
}

fn is_composite(alarm: &Object) -> bool {
    alarm.hidden.get("type").and_then(Value::as_str) == Some("CompositeAlarm")
}

/// Facts: one composite per call, none that another composite uses; absent names stop nothing.
fn delete(call: &mut Call<'_>) -> Answer {
    let names = call.texts("AlarmNames");
    if names.len() > DELETES {
        return Err(refused(format!("At most {DELETES} alarms can be deleted at once")));
    }
    let doomed: Vec<Object> = names.iter().filter_map(|name| call.get(ALARM, name).cloned()).collect();
    if doomed.iter().any(is_composite) && doomed.len() > 1 {
        return Err(refused("A call can delete one composite alarm and nothing else."));
    }
    for alarm in &doomed {
        let parents = call.world.list(call.account, call.region, ALARM).filter(|other| {
            is_composite(other)
                && other.id != alarm.id
                && rule::mentions(other.text("AlarmRule"), &alarm.id, alarm.text("AlarmArn"))
        });
        let parents: Vec<&str> = parents.map(|parent| parent.id.as_str()).collect();
        if !parents.is_empty() {
            let message = format!(
                "Cannot delete {} as there are composite alarm(s) depending on it: {}",
                alarm.id,
                parents.join(", ")
            );
            return Err(refused(message));
        }
    }
    for alarm in doomed {
        call.world.remove(&alarm.key());
    }
    done()
}
