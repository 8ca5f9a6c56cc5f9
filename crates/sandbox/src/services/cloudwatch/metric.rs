//! Metrics: put data, list what has data.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{METRIC, done, moment, paging, real};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::wire::as_list;
use crate::world::Object;

/// Metrics of one call.
const DATA: usize = 1000;
/// Dimensions of a metric.
const DIMENSIONS: usize = 30;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutMetricData" => Some(put(call)),
        "ListMetrics" => Some(list(call)),
        _ => None,
    }
}

/// The dimensions of a metric, by name.
pub fn dimensions(metric: Option<&Value>) -> BTreeMap<String, String> {
    let text = |one: &Value, member: &str| one.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    as_list(metric).iter().map(|one| (text(one, "Name"), text(one, "Value"))).collect()
}

/// The sandbox's id of a metric.
pub fn id(namespace: &str, name: &str, dimensions: &BTreeMap<String, String>) -> String {
    let dimensions: String = dimensions.iter().map(|(name, value)| format!("\n{name}={value}")).collect();
    format!("{namespace}\n{name}{dimensions}")
}

fn put(call: &mut Call<'_>) -> Answer {
    let namespace = call.need("Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(super::invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    let data = call.list("MetricData");
    if data.len() > DATA {
        return Err(super::invalid(format!("MetricData can have at most {DATA} entries.")));
    }
    let samples: Vec<(Value, Vec<Value>)> =
        data.into_iter().map(|datum| samples(call, &datum).map(|all| (datum, all))).collect::<Result<_, _>>()?;
    for (datum, samples) in samples {
        keep(call, &namespace, &datum, samples);
    }
    done()
}

/// One sample per value: moment, sum, count, least and greatest.
fn samples(call: &Call<'_>, datum: &Value) -> Result<Vec<Value>, ApiError> {
    if datum.get("MetricName").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(ApiError::new("MissingParameter", "The parameter MetricData.member.1.MetricName is required."));
    }
    if as_list(datum.get("Dimensions")).len() > DIMENSIONS {
        return Err(super::invalid(format!("A metric can have at most {DIMENSIONS} dimensions.")));
    }
    let at = moment(datum.get("Timestamp")).unwrap_or(call.now);
    let sample =
        |value: f64, count: f64| json!({"at": at, "sum": value * count, "count": count, "min": value, "max": value});
    if let Some(set) = datum.get("StatisticValues") {
        let part = |member: &str| real(set.get(member));
        return Ok(vec![json!({"at": at, "sum": part("Sum"), "count": part("SampleCount"), "min": part("Minimum"),
            "max": part("Maximum")})]);
    }
    if let Some(value) = real(datum.get("Value")) {
        return Ok(vec![sample(value, 1.0)]);
    }
    let (values, counts) = (as_list(datum.get("Values")), as_list(datum.get("Counts")));
    if values.is_empty() {
        return Err(ApiError::new(
            "MissingParameter",
            "At least one of Value, Values and StatisticValues is required.",
        ));
    }
    let counted = values.iter().enumerate();
    Ok(counted
        .filter_map(|(index, value)| Some(sample(real(Some(value))?, real(counts.get(index)).unwrap_or(1.0))))
        .collect())
}

fn keep(call: &mut Call<'_>, namespace: &str, datum: &Value, samples: Vec<Value>) {
    let name = datum.get("MetricName").and_then(Value::as_str).unwrap_or_default();
    let id = id(namespace, name, &dimensions(datum.get("Dimensions")));
    let body = json!({"Namespace": namespace, "MetricName": name, "Dimensions": as_list(datum.get("Dimensions"))});
    let mut metric = call.get(METRIC, &id).cloned().unwrap_or_else(|| call.object(METRIC, &id, body));
    let mut all = as_list(metric.hidden.get("samples"));
    all.extend(samples);
    metric.hidden.insert("samples".into(), all.into());
    call.world.put(metric);
}

fn list(call: &Call<'_>) -> Answer {
    let filters = call.list("Dimensions");
    let wanted = |metric: &&Object| {
        let there = dimensions(metric.body.get("Dimensions"));
        let passes = |filter: &Value| {
            let value = there.get(filter.get("Name").and_then(Value::as_str).unwrap_or_default());
            value.is_some_and(|value| filter.get("Value").and_then(Value::as_str).is_none_or(|wanted| wanted == value))
        };
        call.text("Namespace").is_none_or(|wanted| metric.text("Namespace") == wanted)
            && call.text("MetricName").is_none_or(|wanted| metric.text("MetricName") == wanted)
            && filters.iter().all(passes)
    };
    let rows = call.visible(METRIC).into_iter().filter(wanted).map(|metric| Value::Object(metric.body.clone()));
    listing(call, "Metrics", rows.collect(), paging("", 500))
}
