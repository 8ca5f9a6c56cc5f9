//! Composite alarms: a rule over other alarms, which must exist.

use super::{ALARM, alarm, done, refused, rule};
use crate::call::{Answer, Call};

/// Longest rule.
const LONGEST: usize = 10_240;
/// Alarms that a rule can speak of.
const CHILDREN: usize = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutCompositeAlarm" => Some(put(call)),
        _ => None,
    }
}

fn put(call: &mut Call<'_>) -> Answer {
    let text = call.need("AlarmRule")?;
    let rule = rule::parse(&text).filter(|_| text.len() <= LONGEST);
    let rule = rule.ok_or_else(|| refused("Could not save the composite alarm: AlarmRule is not a valid rule"))?;
    let children = rule.alarms();
    if children.len() > CHILDREN {
        return Err(refused(format!("AlarmRule can speak of at most {CHILDREN} alarms")));
    }
    let name = call.need("AlarmName")?;
    let missing: Vec<&str> =
        children.iter().map(|child| name_in(child)).filter(|child| call.get(ALARM, child).is_none()).collect();
    if !missing.is_empty() {
        let message = format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            missing.join(", ")
        );
        return Err(refused(message));
    }
    if children.iter().any(|child| name_in(child) == name) {
        return Err(refused("Could not save the composite alarm: it refers to itself"));
    }
    let mut alarm = alarm::blank(call, "CompositeAlarm")?;
    alarm.set("AlarmRule", text);
    for member in ["AlarmDescription", "ActionsSuppressor"] {
        if let Some(text) = call.text(member) {
            alarm.set(member, text);
        }
    }
    for member in ["ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"] {
        if let Some(number) = call.number(member) {
            alarm.set(member, number);
        }
    }
    call.world.put(alarm);
    done()
}

/// The name in a name or an ARN.
pub fn name_in(alarm: &str) -> &str {
    alarm.split_once(":alarm:").map_or(alarm, |(_, name)| name)
}
