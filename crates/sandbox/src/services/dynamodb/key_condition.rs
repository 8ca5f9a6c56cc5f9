//! `KeyConditionExpression`: the partition key is equal to a value, and the sort key compares with one or two.

use std::cmp::Ordering;

use serde_json::Value;

use super::refused;
use crate::call::{ApiError, Call};

/// One comparison of a key's attribute.
struct Test {
    attribute: String,
    operator: String,
    values: Vec<Value>,
}

/// What a query asks of the key.
pub struct KeyCondition(Vec<Test>);

impl KeyCondition {
    /// Reads the request's expression.
    ///
    /// # Errors
    /// `ValidationException` when it is none, or names an attribute that is not in the key.
    pub fn of(call: &Call<'_>, key: &[&str]) -> Result<Self, ApiError> {
        let expression = call.text("KeyConditionExpression").unwrap_or_default();
        let invalid = || refused("Invalid KeyConditionExpression");
        let spaced: String = expression.chars().map(|sign| if "(),".contains(sign) { ' ' } else { sign }).collect();
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut tests = Vec::new();
        let mut rest = words.as_slice();
        while !rest.is_empty() {
            let (test, tail) = read(call, rest).ok_or_else(invalid)?;
            tests.push(test);
            rest = match tail {
                [] => tail,
                [and, tail @ ..] if and.eq_ignore_ascii_case("and") => tail,
                _ => return Err(invalid()),
            };
        }
        let partition = tests.iter().any(|test| Some(&test.attribute.as_str()) == key.first() && test.operator == "=");
        let known = tests.iter().all(|test| key.contains(&test.attribute.as_str()));
        if partition && known { Ok(Self(tests)) } else { Err(refused("Query condition missed key schema element")) }
    }

    /// Whether an item meets it.
    pub fn accepts(&self, item: &Value) -> bool {
        self.0.iter().all(|test| test.accepts(item.get(&test.attribute)))
    }
}

/// One test from the front of the words, and the words after it.
fn read<'w>(call: &Call<'_>, words: &'w [&'w str]) -> Option<(Test, &'w [&'w str])> {
    let value = |name: &str| call.input.get("ExpressionAttributeValues")?.get(name).cloned();
    let named = |name: &str| {
        let alias = call.input.get("ExpressionAttributeNames").and_then(|names| names.get(name)?.as_str());
        alias.unwrap_or(name).to_owned()
    };
    let (attribute, operator, names, tail): (&str, &str, Vec<&str>, _) = match words {
        ["begins_with", attribute, value, tail @ ..] => (attribute, "begins_with", vec![value], tail),
        [attribute, between, low, _, high, tail @ ..] if between.eq_ignore_ascii_case("between") => {
            (attribute, "between", vec![low, high], tail)
        }
        [attribute, operator @ ("=" | "<" | "<=" | ">" | ">="), value, tail @ ..] => {
            (attribute, operator, vec![value], tail)
        }
        _ => return None,
    };
    let values = names.into_iter().map(value).collect::<Option<_>>()?;
    Some((Test { attribute: named(attribute), operator: operator.to_owned(), values }, tail))
}

impl Test {
    fn accepts(&self, live: Option<&Value>) -> bool {
        let with = |place: usize| compare(live, self.values.get(place));
        match self.operator.as_str() {
            "=" => with(0) == Ordering::Equal,
            "<" => with(0) == Ordering::Less,
            "<=" => with(0) != Ordering::Greater,
            ">" => with(0) == Ordering::Greater,
            ">=" => with(0) != Ordering::Less,
            "between" => with(0) != Ordering::Less && with(1) != Ordering::Greater,
            _ => text(live).starts_with(text(self.values.first())),
        }
    }
}

/// The text of `{"S": "text"}`, and likewise of numbers and binaries.
fn text(value: Option<&Value>) -> &str {
    let inner = value.and_then(Value::as_object).and_then(|value| value.values().next());
    inner.and_then(Value::as_str).unwrap_or_default()
}

/// Compares two values of a key: numbers by size, all else as text.
pub fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(|value| value.get("N")?.as_str()?.parse::<f64>().ok());
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(text(other)),
    }
}
