//! Alarms' states: worked out from the data whenever somebody looks.
//!
//! Facts: an alarm starts with too little data and is first evaluated after a period or two; a state that was set by
//! hand stays until the next evaluation.

use serde_json::Value;

use super::{ALARM, composite, rule, statistics};
use crate::call::Call;
use crate::world::Object;

/// What an alarm can be.
pub const STATES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];
/// Seconds between two evaluations of an alarm.
const INTERVAL: f64 = 60.0;
/// Deepest nesting of composite alarms.
const DEPTH: usize = 10;

/// The state of a new alarm.
pub fn begin(call: &Call<'_>, alarm: &mut Object) {
    set(alarm, call.now, "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation");
}

/// Gives an alarm a state.
pub fn set(alarm: &mut Object, now: f64, state: &str, reason: &str) {
    if alarm.text("StateValue") != state {
        alarm.set("StateTransitionedTimestamp", now);
    }
    alarm.set("StateValue", state);
    alarm.set("StateReason", reason);
    alarm.set("StateUpdatedTimestamp", now);
}

/// Brings the states of all alarms of the region up to date, children before parents.
pub fn settle(call: &mut Call<'_>) {
    for _ in 0..DEPTH {
        let alarms = call.world.list(call.account, call.region, ALARM);
        let changed: Vec<(String, &str, &str)> = alarms
            .filter_map(|alarm| {
                let (state, reason) = state(call, alarm)?;
                (state != alarm.text("StateValue")).then(|| (alarm.id.clone(), state, reason))
            })
            .collect();
        if changed.is_empty() {
            return;
        }
        for (name, state, reason) in changed {
            let (key, now) = (call.key(ALARM, &name), call.now);
            call.world.change(&key, |alarm| set(alarm, now, state, reason));
        }
    }
}

/// The state that an alarm should have; `None` to leave it as it is.
fn state(call: &Call<'_>, alarm: &Object) -> Option<(&'static str, &'static str)> {
    let held = alarm.hidden.get("forced").and_then(Value::as_f64).is_some_and(|at| call.now < at + INTERVAL);
    if held {
        return None;
    }
    match rule::parse(alarm.text("AlarmRule")) {
        Some(rule) => {
            let of = |name: &str| {
                let child = call.get(ALARM, composite::name_in(name));
                child.map(|child| child.text("StateValue").to_owned()).unwrap_or_default()
            };
            Some((if rule.holds(&of) { "ALARM" } else { "OK" }, "The alarm rule was evaluated"))
        }
        None => from_data(call, alarm),
    }
}

/// Whether a value is beyond the alarm's threshold; `None` for operators over bands, which are not evaluated.
fn breaches(alarm: &Object, value: f64) -> Option<bool> {
    let threshold = alarm.body.get("Threshold").and_then(Value::as_f64)?;
    match alarm.text("ComparisonOperator") {
        "GreaterThanThreshold" => Some(value > threshold),
        "GreaterThanOrEqualToThreshold" => Some(value >= threshold),
        "LessThanThreshold" => Some(value < threshold),
        "LessThanOrEqualToThreshold" => Some(value <= threshold),
        _ => None,
    }
}

fn from_data(call: &Call<'_>, alarm: &Object) -> Option<(&'static str, &'static str)> {
    #[allow(clippy::cast_precision_loss, reason = "periods are of a week at most")]
    let number = |member: &str| alarm.body.get(member).and_then(Value::as_i64).map(|number| number as f64);
    let (period, count) = (number("Period")?, number("EvaluationPeriods")?);
    if call.now < alarm.created + period {
        return None;
    }
    let end = (call.now / period).floor() * period;
    let statistic = [alarm.text("Statistic"), alarm.text("ExtendedStatistic")].concat();
    let series = statistics::Series { body: &alarm.body, period, statistic: &statistic };
    let points = statistics::points(call, &series, end - count * period, end);
    let mut breaching = 0.0;
    for (_, value) in &points {
        breaching += f64::from(u8::from(breaches(alarm, *value)?));
    }
    let needed = number("DatapointsToAlarm").unwrap_or(count);
    #[allow(clippy::cast_precision_loss, reason = "at most a day of periods")]
    let missing = count - points.len() as f64;
    match alarm.text("TreatMissingData") {
        "breaching" => breaching += missing,
        "ignore" if missing > 0.0 && breaching < needed => return None,
        "notBreaching" => {}
        _ if points.is_empty() => {
            return Some(("INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received"));
        }
        _ => {}
    }
    match breaching >= needed {
        true => Some(("ALARM", "Threshold Crossed: enough datapoints were beyond the threshold")),
        false => Some(("OK", "Threshold Crossed: not enough datapoints were beyond the threshold")),
    }
}
