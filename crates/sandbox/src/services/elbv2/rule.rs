//! Rules. Facts: a repeated create is refused since the priority is taken; each listener has a default rule whose
//! priority is the text `default` and which cannot be deleted; conditions come back as values and in a typed form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{LISTENERS, RULES, action, arn, chosen, done, invalid, missing, named, paged, show, tagging, tail};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Quota of rules per listener, without the default one.
const QUOTA: usize = 100;
/// Most values of all conditions of a rule.
const VALUES: usize = 5;
/// Fields whose values can be given without a typed form, and the typed form's name.
const FIELDS: [(&str, &str); 2] = [("path-pattern", "PathPatternConfig"), ("host-header", "HostHeaderConfig")];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateRule" => Some(create(call)),
        "DescribeRules" => Some(describe(call)),
        "ModifyRule" => Some(modify(call)),
        "SetRulePriorities" => Some(prioritise(call)),
        "DeleteRule" => Some(delete(call)),
        _ => None,
    }
}

fn of(call: &Call<'_>, listener: &str) -> Vec<Object> {
    call.world.users_of(listener).filter(|user| user.kind == RULES.kind).cloned().collect()
}

fn is_default(rule: &Object) -> bool {
    rule.body.get("IsDefault").and_then(Value::as_bool) == Some(true)
}

fn not_permitted() -> ApiError {
    ApiError::new("OperationNotPermitted", "Default rules cannot be deleted, modified or moved")
}

fn in_use(priority: &str) -> ApiError {
    ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

fn priority(value: Option<i64>) -> Result<String, ApiError> {
    let fits = value.filter(|value| (1..=50_000).contains(value));
    fits.map(|value| value.to_string()).ok_or_else(|| invalid("Priority must be between 1 and 50000"))
}

/// Makes or updates the default rule of a listener.
pub fn follow(call: &mut Call<'_>, listener: &Object) {
    let old = of(call, &listener.id).into_iter().find(is_default);
    let id = match old {
        Some(rule) => rule.id,
        None => arn(call, &format!("listener-rule/{}", tail(&listener.id, &LISTENERS))),
    };
    let actions = listener.body.get("DefaultActions").cloned().unwrap_or_default();
    let body = json!({
        RULES.arn: id, "Priority": "default", "Conditions": [], "Actions": actions, "IsDefault": true});
    let mut rule = call.object(RULES.kind, &id, body);
    rule.needs.insert(listener.id.clone());
    call.world.put(rule);
}

/// Fields of conditions that are shown as they were given.
const UNTYPED: [&str; 4] = ["http-header", "http-request-method", "query-string", "source-ip"];

fn create(call: &mut Call<'_>) -> Answer {
    let listener = named(call, &LISTENERS)?;
    let (listener, balancer) = (listener.id.clone(), listener.text("LoadBalancerArn").to_owned());
    let priority = priority(call.number("Priority"))?;
    let siblings = of(call, &listener);
    if siblings.iter().any(|rule| rule.text("Priority") == priority) {
        return Err(in_use(&priority));
    }
    if siblings.len() > QUOTA {
        return Err(ApiError::new("TooManyRules", "You have reached the maximum number of rules"));
    }
    let conditions = conditions(call)?;
    let filled = action::fill(call, "Actions", &balancer)?;
    let id = arn(call, &format!("listener-rule/{}", tail(&listener, &LISTENERS)));
    let body = json!({
        RULES.arn: id, "Priority": priority, "Conditions": conditions, "Actions": filled.shown, "IsDefault": false});
    let mut rule = call.object(RULES.kind, &id, body);
    rule.tags = tagging::given(call)?;
    rule.needs = filled.groups.into_iter().chain([listener]).collect();
    rule.hidden.insert("balancer".into(), balancer.into());
    let shown = show(&rule);
    call.world.put(rule);
    Ok(json!({RULES.set: [shown]}).into())
}

/// The conditions, with values and typed form alike.
fn conditions(call: &Call<'_>) -> Result<Vec<Value>, ApiError> {
    let mut count = 0;
    let mut fill = |given: &Value| {
        let field = given.get("Field").and_then(Value::as_str).unwrap_or_default();
        let Some((_, typed)) = FIELDS.iter().find(|(name, _)| *name == field) else { return given.clone() };
        let nested = given.get(*typed).and_then(|config| config.get("Values"));
        let values = crate::wire::as_list(given.get("Values").or(nested));
        count += values.len();
        json!({"Field": field, "Values": values, *typed: {"Values": values}})
    };
    let given = call.list("Conditions");
    let field = |given: &Value| given.get("Field").and_then(Value::as_str).unwrap_or_default().to_owned();
    let known = |name: &str| UNTYPED.contains(&name) || FIELDS.iter().any(|(field, _)| *field == name);
    if let Some(unknown) = given.iter().map(field).find(|name| !known(name)) {
        return Err(invalid(format!("Condition field '{unknown}' is not one of a rule's")));
    }
    let filled: Vec<Value> = given.iter().map(&mut fill).collect();
    match (filled.is_empty(), count > VALUES) {
        (true, _) => Err(invalid("A condition must be specified")),
        (_, true) => Err(invalid(format!("A rule can only have {VALUES} condition values"))),
        _ => Ok(filled),
    }
}

fn describe(call: &mut Call<'_>) -> Answer {
    let mut rules: Vec<Object> = match call.text(LISTENERS.arn) {
        Some(listener) => {
            call.get(LISTENERS.kind, listener).ok_or_else(|| missing(&LISTENERS, listener))?;
            of(call, listener).into_iter().filter(|rule| rule.visible <= call.now).collect()
        }
        None if call.texts(RULES.arns).is_empty() => {
            return Err(invalid("Either rule ARNs or a listener ARN must be specified"));
        }
        None => chosen(call, &RULES)?.into_iter().cloned().collect(),
    };
    // The default rule is the last, whatever the others' numbers.
    rules.sort_by_key(|rule| rule.text("Priority").parse::<u32>().unwrap_or(u32::MAX));
    paged(call, &RULES, rules.iter().map(show).collect())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut rule = named(call, &RULES)?.clone();
    if is_default(&rule) {
        return Err(not_permitted());
    }
    if !call.list("Conditions").is_empty() {
        rule.set("Conditions", conditions(call)?);
    }
    if !call.list("Actions").is_empty() {
        let balancer = rule.hidden.get("balancer").and_then(Value::as_str).unwrap_or_default();
        let filled = action::fill(call, "Actions", balancer)?;
        rule.needs.retain(|id| id.contains(":listener/"));
        rule.needs.extend(filled.groups);
        rule.set("Actions", filled.shown);
    }
    call.world.put(rule.clone());
    Ok(json!({RULES.set: [show(&rule)]}).into())
}

/// Gives several rules of a listener other priorities, all at once.
fn prioritise(call: &mut Call<'_>) -> Answer {
    let mut wanted = BTreeMap::new();
    for pair in call.list("RulePriorities") {
        let arn = pair.get(RULES.arn).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = pair.get("Priority").and_then(|value| value.as_str()?.parse().ok());
        let rule = call.get(RULES.kind, &arn).ok_or_else(|| missing(&RULES, &arn))?;
        if is_default(rule) {
            return Err(not_permitted());
        }
        wanted.insert(arn, priority(number)?);
    }
    let mut taken = BTreeSet::new();
    let listeners: BTreeSet<String> = wanted.keys().filter_map(|arn| listener_of(call, arn)).collect();
    for rule in listeners.iter().flat_map(|listener| of(call, listener)) {
        let (listener, now) = (listener_of(call, &rule.id), rule.text("Priority").to_owned());
        let priority = wanted.get(&rule.id).cloned().unwrap_or(now);
        if !taken.insert((listener, priority.clone())) {
            return Err(in_use(&priority));
        }
    }
    let mut shown = Vec::new();
    for (arn, priority) in wanted {
        let key = call.key(RULES.kind, &arn);
        shown.extend(call.world.change(&key, |rule| {
            rule.set("Priority", priority);
            show(rule)
        }));
    }
    Ok(json!({RULES.set: shown}).into())
}

fn listener_of(call: &Call<'_>, rule: &str) -> Option<String> {
    let rule = call.get(RULES.kind, rule)?;
    rule.needs.iter().find(|id| id.contains(":listener/")).cloned()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let rule = named(call, &RULES)?;
    if is_default(rule) {
        return Err(not_permitted());
    }
    let key = rule.key();
    call.world.remove(&key);
    done()
}
