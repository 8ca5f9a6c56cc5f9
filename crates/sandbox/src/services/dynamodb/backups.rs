//! Point-in-time recovery, and expiry of items. Facts: backups cannot be switched in a table's first seconds; expiry
//! can change once in half an hour, is shared by all regions, and refuses what is already so.

use serde_json::{Value, json};

use super::{group, moment, named, refused, status};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Seconds after a table became active in which backups are still being enabled; measured: 3 to 6.
const BACKUPS: f64 = 4.0;
/// Seconds between two changes of expiry; measured: about 31 minutes.
const COOLDOWN: f64 = 31.0 * 60.0;
/// Seconds for which a change of expiry shows as under way; AWS says up to an hour.
const SWITCHING: f64 = 60.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeContinuousBackups" => Some(describe_backups(call)),
        "UpdateContinuousBackups" => Some(update_backups(call)),
        "DescribeTimeToLive" => Some(describe_expiry(call)),
        "UpdateTimeToLive" => Some(update_expiry(call)),
        _ => None,
    }
}

/// A table that is past its creation.
fn usable(call: &Call<'_>) -> Result<Object, ApiError> {
    let table = named(call, "TableName")?;
    match status(&table) {
        "CREATING" | "DELETING" => {
            Err(ApiError::new("TableNotFoundException", format!("Table not found: {}", table.id)))
        }
        _ => Ok(table),
    }
}

fn describe_backups(call: &mut Call<'_>) -> Answer {
    let table = usable(call)?;
    Ok(json!({"ContinuousBackupsDescription": shown(call, &table)}).into())
}

fn shown(call: &Call<'_>, table: &Object) -> Value {
    let on = table.hidden.get("pitr").and_then(Value::as_bool).unwrap_or_default();
    let recovery = match on {
        false => json!({"PointInTimeRecoveryStatus": "DISABLED"}),
        true => json!({
            "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35,
            "EarliestRestorableDateTime": moment(table, "pitr_since"), "LatestRestorableDateTime": call.now,
        }),
    };
    json!({"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery})
}

fn update_backups(call: &mut Call<'_>) -> Answer {
    let mut table = usable(call)?;
    if call.now < moment(&table, "active_at") + BACKUPS {
        let message = "Backups are being enabled for the table. Please retry later";
        return Err(ApiError::new("ContinuousBackupsUnavailableException", message));
    }
    let specification = call.input.get("PointInTimeRecoverySpecification");
    let on = specification.and_then(|found| found.get("PointInTimeRecoveryEnabled")?.as_bool());
    let on = on.ok_or_else(|| refused("PointInTimeRecoveryEnabled is required"))?;
    if table.hidden.get("pitr").and_then(Value::as_bool).unwrap_or_default() != on {
        table.hidden.insert("pitr".into(), on.into());
        table.hidden.insert("pitr_since".into(), call.now.into());
    }
    let answer = json!({"ContinuousBackupsDescription": shown(call, &table)});
    call.world.put(table);
    Ok(answer.into())
}

/// Facts: while a table comes or goes this is a validation error, unlike its neighbours.
fn settled(call: &Call<'_>) -> Result<Object, ApiError> {
    let table = named(call, "TableName")?;
    match status(&table) {
        "CREATING" | "DELETING" => Err(refused(format!("Table is being created or deleted: {}", table.id))),
        _ => Ok(table),
    }
}

fn attribute(table: &Object) -> &str {
    table.hidden.get("ttl").and_then(Value::as_str).unwrap_or_default()
}

fn describe_expiry(call: &mut Call<'_>) -> Answer {
    let table = settled(call)?;
    let switching = call.now - moment(&table, "ttl_changed") < SWITCHING;
    let description = match (attribute(&table), switching) {
        ("", true) => json!({"TimeToLiveStatus": "DISABLING"}),
        ("", false) => json!({"TimeToLiveStatus": "DISABLED"}),
        (name, true) => json!({"TimeToLiveStatus": "ENABLING", "AttributeName": name}),
        (name, false) => json!({"TimeToLiveStatus": "ENABLED", "AttributeName": name}),
    };
    Ok(json!({"TimeToLiveDescription": description}).into())
}

fn update_expiry(call: &mut Call<'_>) -> Answer {
    let table = settled(call)?;
    let specification = call.input.get("TimeToLiveSpecification").cloned().unwrap_or_default();
    let name = specification.get("AttributeName").and_then(Value::as_str).unwrap_or_default();
    let on = specification.get("Enabled").and_then(Value::as_bool).unwrap_or_default();
    let live = attribute(&table);
    match (on, live) {
        (true, live) if live == name => return Err(refused("TimeToLive is already enabled")),
        (true, live) if !live.is_empty() => {
            return Err(refused(format!(
                "TimeToLive is active on a different AttributeName: current AttributeName is {live}"
            )));
        }
        (false, "") => return Err(refused("TimeToLive is already disabled")),
        _ => {}
    }
    if call.now - moment(&table, "ttl_changed") < COOLDOWN {
        return Err(refused("Time to live has been modified multiple times within a fixed interval"));
    }
    let (now, value) = (call.now, if on { name } else { "" });
    for key in group::tables(call, &table) {
        call.world.change(&key, |table| {
            table.hidden.insert("ttl".into(), value.into());
            table.hidden.insert("ttl_changed".into(), now.into());
        });
    }
    Ok(json!({"TimeToLiveSpecification": specification}).into())
}
