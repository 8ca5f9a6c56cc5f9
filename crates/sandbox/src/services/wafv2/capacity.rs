//! Web ACL capacity units. Source: AWS WAF Developer Guide, the page of each rule statement.

use serde_json::{Value, json};

use super::content::RULE_GROUP;
use super::{managed, rules, scope};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;

/// Units of one text transformation.
const TRANSFORMATION: i64 = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "CheckCapacity").then(|| check(call))
}

fn check(call: &mut Call<'_>) -> Answer {
    let scope = scope(call)?;
    let sorted = rules::sorted(&call.list("Rules"))?;
    rules::references(call, &scope, &sorted)?;
    Ok(json!({"Capacity": of_rules(call, &sorted)?}).into())
}

/// Units of a list of rules.
///
/// # Errors
/// For rules that refer to what is not there.
pub fn of_rules(call: &Call<'_>, rules: &[Value]) -> Result<i64, ApiError> {
    rules.iter().filter_map(|rule| rule.get("Statement")).map(|one| of(call, one)).sum()
}

fn of(call: &Call<'_>, holder: &Value) -> Result<i64, ApiError> {
    let Some((kind, members)) = rules::statement(holder) else { return Ok(0) };
    let text = |member: &str| members.get(member).and_then(Value::as_str).unwrap_or_default();
    let own = match kind {
        "ByteMatchStatement" => match text("PositionalConstraint") {
            "CONTAINS" | "CONTAINS_WORD" => 10,
            _ => 2,
        },
        "SqliMatchStatement" => {
            if text("SensitivityLevel") == "HIGH" {
                30
            } else {
                20
            }
        }
        "XssMatchStatement" => 40,
        "IPSetReferenceStatement" => match members.pointer("/IPSetForwardedIPConfig/Position") {
            Some(position) if position == "ANY" => 5,
            _ => 1,
        },
        "RegexPatternSetReferenceStatement" => 25,
        "RegexMatchStatement" => 3,
        "RateBasedStatement" => 2 + 30 * count(as_list(members.get("CustomKeys")).len()),
        "RuleGroupReferenceStatement" => {
            let group = call.get(RULE_GROUP, text("ARN"));
            group.and_then(|group| group.body.get("Capacity")?.as_i64()).unwrap_or_default()
        }
        "ManagedRuleGroupStatement" => managed::find(members).map_or(0, |group| group.capacity),
        _ => 1,
    };
    let inner = rules::nested(members).into_iter().map(|part| of(call, part)).sum::<Result<i64, ApiError>>()?;
    Ok(with_field(own, members) + inner)
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// The part of a request that a statement looks at can cost more, and so do transformations of it.
fn with_field(own: i64, members: &Value) -> i64 {
    let looks_at = |part: &str| members.pointer(&format!("/FieldToMatch/{part}")).is_some();
    let doubled = if looks_at("JsonBody") { own * 2 } else { own };
    let base = if looks_at("AllQueryArguments") { doubled + 10 } else { doubled };
    let transformations = as_list(members.get("TextTransformations"));
    let real = transformations.iter().filter(|one| one.get("Type").is_some_and(|kind| kind != "NONE")).count();
    base + TRANSFORMATION * count(real)
}
