//! CloudWatch: metrics, alarms, composite alarms, dashboards.
//!
//! Facts: alarms and dashboards are upserts; tags count for new ones only; an alarm's name is unique over all types.

mod alarm;
mod composite;
mod dashboard;
mod describe;
mod evaluation;
mod metric;
mod rule;
mod statistics;

use serde_json::{Value, json};

use super::by_arn;
use super::paging::Paging;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, Reply, tag_list, tags_from};

const ALARM: &str = "cloudwatch/alarm";
const DASHBOARD: &str = "cloudwatch/dashboard";
const METRIC: &str = "cloudwatch/metric";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        alarm::handle,
        composite::handle,
        describe::handle,
        dashboard::handle,
        metric::handle,
        statistics::handle,
        tagging,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn tagging(call: &mut Call<'_>) -> Option<Answer> {
    if !["ListTagsForResource", "TagResource", "UntagResource"].contains(&call.action.as_str()) {
        return None;
    }
    let arn = call.text("ResourceARN").unwrap_or_default();
    let Some(found) = by_arn::find(call, &[ALARM, DASHBOARD], arn).cloned() else {
        return Some(Err(ApiError::new("ResourceNotFoundException", format!("{arn} does not exist")).status(404)));
    };
    Some(match call.action.as_str() {
        "TagResource" => {
            let tags = tags_from(&call.list("Tags"));
            by_arn::add(call, &found.key(), tags, "InvalidParameterValue").map(|()| json!({}).into())
        }
        "UntagResource" => {
            by_arn::remove(call, &found.key(), &call.texts("TagKeys"));
            done()
        }
        _ => Ok(json!({"Tags": tag_list(&found.tags)}).into()),
    })
}

fn done() -> Answer {
    Ok(Reply::from(json!({})))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn paging(limit: &'static str, most: i64) -> Paging {
    let refusal = "InvalidParameterValue";
    Paging { limit, default: most, most, token: "NextToken", next: "NextToken", refusal }
}

/// A number that the query protocol sends as text.
fn real(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A moment in seconds: a number, or a date in the query protocol.
fn moment(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in a double")]
    let date = |text: &str| text.parse::<jiff::Timestamp>().ok().map(|date| date.as_millisecond() as f64 / 1000.0);
    value.as_f64().or_else(|| date(value.as_str()?))
}
