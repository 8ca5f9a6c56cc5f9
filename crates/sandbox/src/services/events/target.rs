//! Targets: upserts by id within a rule. A refused entry is told in the answer, not by an error.

use serde_json::{Value, json};

use super::{PAGING, RULE, bus, invalid, required, rule};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::wire::as_list;
use crate::world::Object;

/// Targets of a rule.
const MOST: usize = 5;
/// Entries of one request; facts: the documentation's figure, not the model's.
const ENTRIES: usize = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutTargets" => Some(put(call)),
        "RemoveTargets" => Some(remove(call)),
        "ListTargetsByRule" => {
            Some(rule::named(call, "Rule").and_then(|rule| listing(call, "Targets", of_rule(&rule), PAGING)))
        }
        "ListRuleNamesByTarget" => Some(names_by_target(call)),
        _ => None,
    }
}

/// A rule's targets.
pub fn of_rule(rule: &Object) -> Vec<Value> {
    as_list(rule.hidden.get("targets"))
}

fn text<'a>(target: &'a Value, member: &str) -> &'a str {
    target.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn put(call: &mut Call<'_>) -> Answer {
    let rule = rule::named(call, "Rule")?;
    rule::check_own(call, &rule)?;
    let given = call.list("Targets");
    if given.is_empty() || given.len() > ENTRIES {
        return Err(invalid("1 validation error detected: Value at 'targets' must have a length between 1 and 10"));
    }
    let (mut all, mut failed) = (of_rule(&rule), Vec::new());
    for target in given {
        if let Err(error) = check(call, &target) {
            failed.push(json!({"TargetId": target.get("Id"), "ErrorCode": error.code, "ErrorMessage": error.message}));
            continue;
        }
        all.retain(|there| text(there, "Id") != text(&target, "Id"));
        all.push(target);
    }
    if all.len() > MOST {
        let message = "The requested resource exceeds the maximum number allowed: 5 targets per rule";
        return Err(ApiError::new("LimitExceededException", message));
    }
    call.world.change(&rule.key(), |rule| rule.hidden.insert("targets".into(), all.into()));
    Ok(json!({"FailedEntryCount": failed.len(), "FailedEntries": failed}).into())
}

/// Facts: some targets act through a role.
fn check(call: &Call<'_>, target: &Value) -> Result<(), ApiError> {
    let (id, arn) = (text(target, "Id"), text(target, "Arn"));
    if id.is_empty() || !arn.starts_with("arn:") {
        return Err(invalid(format!("Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")));
    }
    let mut parts = arn.split(':').skip(2);
    let (service, region) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let through_role = match service {
        "kinesis" | "states" => true,
        "events" => arn.contains(":api-destination/") || arn.contains(":event-bus/") && region != call.region,
        _ => false,
    };
    if through_role && text(target, "RoleArn").is_empty() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
    Ok(())
}

/// Removing is repeatable: only the rule must exist.
fn remove(call: &mut Call<'_>) -> Answer {
    let rule = rule::named(call, "Rule")?;
    rule::check_own(call, &rule)?;
    let ids = call.texts("Ids");
    let mut all = of_rule(&rule);
    all.retain(|target| !ids.iter().any(|id| id == text(target, "Id")));
    call.world.change(&rule.key(), |rule| rule.hidden.insert("targets".into(), all.into()));
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}).into())
}

fn names_by_target(call: &Call<'_>) -> Answer {
    let (arn, bus) = (required(call, "TargetArn")?, bus::bus(call, call.text("EventBusName"))?);
    let holds = |rule: &&Object| {
        rule.text("EventBusName") == bus.id && of_rule(rule).iter().any(|target| text(target, "Arn") == arn)
    };
    let names = call.visible(RULE).into_iter().filter(holds).map(|rule| rule.text("Name").into());
    listing(call, "RuleNames", names.collect(), PAGING)
}
