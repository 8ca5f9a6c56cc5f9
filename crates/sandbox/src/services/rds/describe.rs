//! `DescribeDBInstances`. Facts: by identifier or ARN, else filters `db-cluster-id`, `db-instance-id`,
//! `dbi-resource-id`, `domain`, `engine`; everything is inline.

use serde_json::Value;

use super::super::shelf::{invalid, page};
use super::{INSTANCES, REPLICAS, SOURCE};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "DescribeDBInstances").then(|| list(call))
}

fn list(call: &mut Call<'_>) -> Answer {
    let filters = filters(call)?;
    let passes = |one: &&Object| filters.iter().all(|(name, values)| matches(one, name, values));
    let rows = INSTANCES.chosen(call)?.into_iter().filter(passes).map(|one| show(call, one)).collect();
    page(call, INSTANCES.answers.1, rows)
}

fn filters(call: &Call<'_>) -> Result<Vec<(String, Vec<String>)>, ApiError> {
    const KNOWN: [&str; 5] = ["db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine"];
    let read = |filter: &Value| {
        let name = filter.get("Name").and_then(Value::as_str).unwrap_or_default();
        let values = crate::wire::as_list(filter.get("Values"));
        let values = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
        match KNOWN.contains(&name) {
            true => Ok((name.to_owned(), values)),
            false => Err(invalid(format!("Unrecognized filter name: {name}"))),
        }
    };
    call.list("Filters").iter().map(read).collect()
}

fn matches(instance: &Object, name: &str, values: &[String]) -> bool {
    let is = |text: &str| values.iter().any(|value| value.eq_ignore_ascii_case(text));
    match name {
        "db-instance-id" => is(&instance.id) || is(instance.text(INSTANCES.arn_member)),
        "dbi-resource-id" => is(instance.text("DbiResourceId")),
        "engine" => is(instance.text("Engine")),
        "db-cluster-id" => is(instance.text("DBClusterIdentifier")),
        _ => false,
    }
}

/// Replicas of an instance, in all regions.
pub fn replicas<'a>(call: &'a Call<'_>, instance: &'a Object) -> impl Iterator<Item = &'a Object> {
    let arn = instance.text(INSTANCES.arn_member);
    let of_it = move |one: &&Object| {
        let source = one.text(SOURCE);
        source == arn || (source == instance.id && one.region == instance.region)
    };
    call.world.everywhere(call.account, INSTANCES.kind).filter(of_it)
}

/// An instance with its tags and its replicas: those in other regions by ARN, those in its own by name.
pub fn show(call: &Call<'_>, instance: &Object) -> Value {
    let mut replicas: Vec<&Object> = replicas(call, instance).filter(|one| one.visible <= call.now).collect();
    replicas.sort_by(|one, other| one.created.total_cmp(&other.created));
    let name = |one: &&Object| {
        if one.region == instance.region { one.id.clone() } else { one.text(INSTANCES.arn_member).to_owned() }
    };
    let names: Vec<Value> = replicas.iter().map(|one| name(one).into()).collect();
    let mut shown = super::show(instance);
    if let Some(body) = shown.as_object_mut() {
        body.insert(REPLICAS.into(), names.into());
    }
    shown
}
