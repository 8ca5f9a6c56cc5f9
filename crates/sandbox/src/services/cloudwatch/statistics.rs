//! Statistics of metrics over periods. Expressions over metrics are not computed: their results are empty.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{METRIC, metric, moment, real};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;

/// Queries of one call.
const QUERIES: usize = 500;
/// Points of one `GetMetricStatistics`.
const POINTS: usize = 1440;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "GetMetricData" => Some(data(call)),
        "GetMetricStatistics" => Some(statistics(call)),
        _ => None,
    }
}

/// One statistic of one metric.
pub struct Series<'a> {
    /// `Namespace`, `MetricName` and `Dimensions`.
    pub body: &'a Map<String, Value>,
    /// Seconds that a point covers.
    pub period: f64,
    /// `Average`, `p99` and the like.
    pub statistic: &'a str,
}

#[derive(Default)]
struct Bucket {
    sum: f64,
    count: f64,
    least: Option<f64>,
    greatest: Option<f64>,
    values: Vec<f64>,
}

impl Bucket {
    fn add(&mut self, sample: &Value) {
        let part = |member: &str| real(sample.get(member));
        self.sum += part("sum").unwrap_or_default();
        self.count += part("count").unwrap_or_default();
        self.least = self.least.into_iter().chain(part("min")).reduce(f64::min);
        self.greatest = self.greatest.into_iter().chain(part("max")).reduce(f64::max);
        self.values.extend(part("max"));
    }

    fn statistic(&self, name: &str) -> Option<f64> {
        match name {
            "Sum" => Some(self.sum),
            "SampleCount" => Some(self.count),
            "Average" => Some(self.sum / self.count).filter(|average| average.is_finite()),
            "Minimum" => self.least,
            "Maximum" => self.greatest,
            _ => self.percentile(name.strip_prefix('p')?.parse().ok()?),
        }
    }

    fn percentile(&self, percent: f64) -> Option<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        #[allow(clippy::cast_precision_loss, reason = "there are far less than 2^52 values")]
        let rank = (percent / 100.0 * values.len() as f64).ceil().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ranks are positive and small")]
        values.get(rank as usize - 1).copied()
    }
}

/// Periods of a metric that have data, by their beginning.
fn buckets(call: &Call<'_>, series: &Series<'_>, from: f64, to: f64) -> BTreeMap<i64, Bucket> {
    let text = |member: &str| series.body.get(member).and_then(Value::as_str).unwrap_or_default();
    let dimensions = metric::dimensions(series.body.get("Dimensions"));
    let found = call.get(METRIC, &metric::id(text("Namespace"), text("MetricName"), &dimensions));
    let mut buckets: BTreeMap<i64, Bucket> = BTreeMap::new();
    for sample in found.map(|metric| as_list(metric.hidden.get("samples"))).unwrap_or_default() {
        let at = real(sample.get("at")).unwrap_or_default();
        let start = (at / series.period).floor() * series.period;
        if start >= (from / series.period).floor() * series.period && start < to {
            #[allow(clippy::cast_possible_truncation, reason = "a whole number of seconds since 1970")]
            buckets.entry(start as i64).or_default().add(&sample);
        }
    }
    buckets
}

/// A series' points from `from` on and before `to`, oldest first.
pub fn points(call: &Call<'_>, series: &Series<'_>, from: f64, to: f64) -> Vec<(i64, f64)> {
    let buckets = buckets(call, series, from, to);
    buckets.iter().filter_map(|(at, bucket)| Some((*at, bucket.statistic(series.statistic)?))).collect()
}

fn span(call: &Call<'_>) -> Result<(f64, f64), ApiError> {
    let time = |member: &str| {
        let missing = || ApiError::new("MissingParameter", format!("The parameter {member} is required."));
        moment(call.input.get(member)).ok_or_else(missing)
    };
    let (from, to) = (time("StartTime")?, time("EndTime")?);
    match from < to {
        true => Ok((from, to)),
        false => {
            Err(ApiError::new("ValidationError", "The parameter StartTime must be less than the parameter EndTime."))
        }
    }
}

fn data(call: &Call<'_>) -> Answer {
    let (from, to) = span(call)?;
    let queries = call.list("MetricDataQueries");
    if queries.is_empty() || queries.len() > QUERIES {
        return Err(ApiError::new("ValidationError", format!("MetricDataQueries must have 1 to {QUERIES} entries.")));
    }
    let ascending = call.text("ScanBy") == Some("TimestampAscending");
    let shown = |query: &&Value| {
        !matches!(query.get("ReturnData"), Some(Value::Bool(false))) && query.get("ReturnData") != Some(&"false".into())
    };
    let results: Vec<Value> =
        queries.iter().filter(shown).map(|query| result(call, query, (from, to), ascending)).collect();
    Ok(json!({"MetricDataResults": results, "Messages": []}).into())
}

fn result(call: &Call<'_>, query: &Value, (from, to): (f64, f64), ascending: bool) -> Value {
    let mut found = Vec::new();
    let empty = Map::new();
    let stat = query.get("MetricStat");
    let body = stat.and_then(|stat| stat.get("Metric")).and_then(Value::as_object).unwrap_or(&empty);
    if let (Some(stat), Some(period)) = (stat, stat.and_then(|stat| real(stat.get("Period")))) {
        let statistic = stat.get("Stat").and_then(Value::as_str).unwrap_or_default();
        found = points(call, &Series { body, period: period.max(1.0), statistic }, from, to);
    }
    if !ascending {
        found.reverse();
    }
    let label = query.get("Label").or(body.get("MetricName")).or(query.get("Id"));
    let (times, values): (Vec<i64>, Vec<f64>) = found.into_iter().unzip();
    json!({"Id": query.get("Id"), "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete"})
}

fn statistics(call: &Call<'_>) -> Answer {
    let (from, to) = span(call)?;
    let body = call.input.as_object().cloned().unwrap_or_default();
    let period = real(call.input.get("Period")).filter(|period| *period >= 1.0);
    let period = period.ok_or_else(|| ApiError::new("MissingParameter", "The parameter Period is required."))?;
    let (plain, extended) = (call.texts("Statistics"), call.texts("ExtendedStatistics"));
    let buckets = buckets(call, &Series { body: &body, period, statistic: "" }, from, to);
    if buckets.len() > POINTS {
        return Err(ApiError::new(
            "InvalidParameterCombination",
            format!("You have requested more than {POINTS} datapoints."),
        ));
    }
    let unit = call.text("Unit").unwrap_or("None");
    let row = |(at, bucket): (&i64, &Bucket)| {
        let mut row = json!({"Timestamp": at, "Unit": unit});
        for name in &plain {
            row[name.as_str()] = bucket.statistic(name).into();
        }
        for name in &extended {
            row["ExtendedStatistics"][name.as_str()] = bucket.statistic(name).into();
        }
        row
    };
    let rows: Vec<Value> = buckets.iter().map(row).collect();
    Ok(json!({"Label": call.text("MetricName"), "Datapoints": rows}).into())
}
