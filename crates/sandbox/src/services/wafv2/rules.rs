//! Rules: their order, their actions, and what their statements refer to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::{IP_SET, PATTERNS, RULE_GROUP, visibility};
use super::{SCOPE, hidden, invalid, managed, missing, referred};
use crate::call::{ApiError, Call};

/// Statements that refer to objects by ARN.
const REFERENCES: [(&str, &str); 3] = [
    ("IPSetReferenceStatement", IP_SET),
    ("RegexPatternSetReferenceStatement", PATTERNS),
    ("RuleGroupReferenceStatement", RULE_GROUP),
];

/// Rules by priority, each complete.
///
/// # Errors
/// For rules that are alike in name or priority, or lack a part.
pub fn sorted(rules: &[Value]) -> Result<Vec<Value>, ApiError> {
    let (mut names, mut priorities) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        let name = rule.get("Name").and_then(Value::as_str).unwrap_or_default();
        let priority = rule.get("Priority").and_then(Value::as_i64).unwrap_or(-1);
        if name.is_empty() || !names.insert(name) {
            return Err(invalid("RULE", name, "Each rule needs a name of its own"));
        }
        if priority < 0 || !priorities.insert(priority) {
            return Err(invalid("RULE", name, "Each rule needs a priority of its own"));
        }
        visibility(rule.get("VisibilityConfig"))?;
        check_action(rule, name)?;
    }
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| rule.get("Priority").and_then(Value::as_i64));
    Ok(rules)
}

/// The one statement of a rule or of another statement's part: its kind and its members.
pub fn statement(holder: &Value) -> Option<(&str, &Value)> {
    let members = holder.as_object().filter(|members| members.len() == 1)?;
    members.iter().next().map(|(kind, statement)| (kind.as_str(), statement))
}

/// Rule groups override what their rules do; every other statement has an action.
fn check_action(rule: &Value, name: &str) -> Result<(), ApiError> {
    let holder = rule.get("Statement").unwrap_or(&Value::Null);
    let (kind, _) =
        statement(holder).ok_or_else(|| invalid("STATEMENT", name, "A rule needs exactly one statement"))?;
    let group = matches!(kind, "ManagedRuleGroupStatement" | "RuleGroupReferenceStatement");
    let one = |member: &str| rule.get(member).and_then(Value::as_object).map(serde_json::Map::len);
    match (one("Action"), one("OverrideAction")) {
        (Some(1), None) if !group => Ok(()),
        (None, Some(1)) if group => Ok(()),
        _ if group => Err(invalid("OVERRIDE_ACTION", name, "A rule with a rule group needs an override action")),
        _ => Err(invalid("RULE_ACTION", name, "A rule needs an action")),
    }
}

/// ARNs of what the rules refer to.
///
/// # Errors
/// For what is not there, not yet everywhere, or of another scope.
pub fn references(call: &Call<'_>, scope: &str, rules: &[Value]) -> Result<BTreeSet<String>, ApiError> {
    let mut needs = BTreeSet::new();
    rules.iter().filter_map(|rule| rule.get("Statement")).try_for_each(|one| collect(call, scope, one, &mut needs))?;
    Ok(needs)
}

fn collect(call: &Call<'_>, scope: &str, holder: &Value, needs: &mut BTreeSet<String>) -> Result<(), ApiError> {
    let Some((kind, members)) = statement(holder) else {
        return Err(invalid("STATEMENT", "", "Exactly one statement is needed"));
    };
    if let Some((_, shelf)) = REFERENCES.iter().find(|(name, _)| *name == kind) {
        let arn = members.get("ARN").and_then(Value::as_str).unwrap_or_default();
        if hidden(referred(call, shelf, arn)?, SCOPE) != scope {
            return Err(invalid("STATEMENT", arn, "The resource is of another scope"));
        }
        needs.insert(arn.to_owned());
    }
    if kind == "ManagedRuleGroupStatement" && managed::find(members).is_none() {
        return Err(missing());
    }
    nested(members).into_iter().try_for_each(|part| collect(call, scope, part, needs))
}

/// Statements inside a statement.
pub fn nested(members: &Value) -> Vec<&Value> {
    let one = ["Statement", "ScopeDownStatement"].iter().filter_map(|member| members.get(*member));
    let many = members.get("Statements").and_then(Value::as_array).into_iter().flatten();
    one.chain(many).collect()
}
