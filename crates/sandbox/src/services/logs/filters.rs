//! What hangs on a group: metric filters and subscription filters; and the region's resource policies.

use serde_json::{Value, json};

use super::{invalid, millis, named, not_found, paging, required};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::world::Object;

const METRIC: &str = "logs/metric-filter";
const SUBSCRIPTION: &str = "logs/subscription-filter";
const POLICY: &str = "logs/resource-policy";
/// Subscription filters of a group.
const SUBSCRIPTIONS: usize = 2;
/// Metric filters of a group.
const METRICS: usize = 100;
/// Resource policies of a region.
const POLICIES: usize = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutMetricFilter" => Some(put(call, METRIC, METRICS, &["metricTransformations"])),
        "DescribeMetricFilters" => Some(describe(call, METRIC, "metricFilters")),
        "DeleteMetricFilter" => Some(delete(call, METRIC, "metric")),
        "PutSubscriptionFilter" => {
            Some(put(call, SUBSCRIPTION, SUBSCRIPTIONS, &["destinationArn", "roleArn", "distribution"]))
        }
        "DescribeSubscriptionFilters" => Some(describe(call, SUBSCRIPTION, "subscriptionFilters")),
        "DeleteSubscriptionFilter" => Some(delete(call, SUBSCRIPTION, "subscription")),
        "PutResourcePolicy" => Some(put_policy(call)),
        "DescribeResourcePolicies" => {
            let rows = call.visible(POLICY).into_iter().map(|policy| Value::Object(policy.body.clone())).collect();
            Some(listing(call, "resourcePolicies", rows, paging("limit", 100)))
        }
        "DeleteResourcePolicy" => Some(delete_policy(call)),
        _ => None,
    }
}

/// How many metric filters a group has.
pub fn metric_filters(call: &Call<'_>, group: &str) -> usize {
    of_group(call, METRIC, group).len()
}

fn of_group<'a>(call: &'a Call<'_>, kind: &str, group: &str) -> Vec<&'a Object> {
    call.visible(kind).into_iter().filter(|filter| filter.text("logGroupName") == group).collect()
}

/// An upsert by group and name.
fn put(call: &mut Call<'_>, kind: &str, most: usize, members: &[&str]) -> Answer {
    let (group, name) = (named(call)?, required(call, "filterName")?);
    let needed = members.first().copied().unwrap_or_default();
    if call.input.get(needed).is_none() {
        return Err(invalid(format!("Value null at '{needed}' failed to satisfy constraint: Member must not be null")));
    }
    let id = format!("{}\n{name}", group.id);
    let others = of_group(call, kind, &group.id).into_iter().filter(|filter| filter.id != id).count();
    if others >= most {
        return Err(ApiError::new("LimitExceededException", "Resource limit exceeded."));
    }
    let made = call.get(kind, &id).and_then(|filter| filter.body.get("creationTime").cloned());
    let body = json!({
        "logGroupName": group.id, "filterName": name, "filterPattern": call.text("filterPattern").unwrap_or_default(),
        "creationTime": made.unwrap_or_else(|| millis(call.now).into()),
    });
    let mut filter = call.object(kind, &id, body);
    for member in members {
        if let Some(value) = call.input.get(*member) {
            filter.set(member, value.clone());
        }
    }
    filter.needs.insert(group.text("logGroupArn").to_owned());
    call.world.put(filter);
    Ok(Value::Null.into())
}

fn describe(call: &Call<'_>, kind: &str, list: &str) -> Answer {
    let group = match call.text("logGroupName") {
        Some(_) => Some(named(call)?.id),
        None => None,
    };
    let prefix = call.text("filterNamePrefix").unwrap_or_default();
    let wanted = |filter: &&Object| {
        group.as_deref().is_none_or(|group| filter.text("logGroupName") == group)
            && filter.text("filterName").starts_with(prefix)
    };
    let rows = call.visible(kind).into_iter().filter(wanted).map(|filter| Value::Object(filter.body.clone()));
    listing(call, list, rows.collect(), paging("limit", 50))
}

fn delete(call: &mut Call<'_>, kind: &str, noun: &str) -> Answer {
    let (group, name) = (named(call)?, required(call, "filterName")?);
    let removed = call.world.remove(&call.key(kind, &format!("{}\n{name}", group.id)));
    removed.ok_or_else(|| not_found(format!("The specified {noun} filter does not exist.")))?;
    Ok(Value::Null.into())
}

fn put_policy(call: &mut Call<'_>) -> Answer {
    let (name, document) = (required(call, "policyName")?, required(call, "policyDocument")?);
    if call.get(POLICY, &name).is_none() && call.visible(POLICY).len() >= POLICIES {
        return Err(ApiError::new("LimitExceededException", "Resource limit exceeded."));
    }
    let body = json!({"policyName": name, "policyDocument": document, "lastUpdatedTime": millis(call.now)});
    let policy = call.object(POLICY, &name, body.clone());
    call.world.put(policy);
    Ok(json!({"resourcePolicy": body}).into())
}

fn delete_policy(call: &mut Call<'_>) -> Answer {
    let name = required(call, "policyName")?;
    let removed = call.world.remove(&call.key(POLICY, &name));
    removed.ok_or_else(|| not_found(format!("Policy with name [{name}] does not exist.")))?;
    Ok(Value::Null.into())
}
