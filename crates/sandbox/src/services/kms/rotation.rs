//! Rotation: of symmetric keys, set on the primary of a multi-region key and shared by its replicas.

use serde_json::{Value, json};

use super::{DAY, change, check_live, invalid, named, replica, state, unsupported};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Days between rotations, unless the request says otherwise.
const PERIOD: i64 = 365;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "EnableKeyRotation" => Some(enable(call)),
        "DisableKeyRotation" => Some(disable(call)),
        "GetKeyRotationStatus" => Some(get(call)),
        _ => None,
    }
}

fn check(key: &Object) -> Result<(), ApiError> {
    check_live(key)?;
    let arn = key.text("Arn");
    match state(key) {
        "Disabled" => return Err(ApiError::new("DisabledException", format!("{arn} is disabled."))),
        "PendingImport" => {
            return Err(unsupported(format!("{arn} origin is EXTERNAL which is not valid for this operation.")));
        }
        _ => {}
    }
    if key.text("KeySpec") != "SYMMETRIC_DEFAULT" {
        return Err(unsupported(format!("{arn} is no symmetric encryption key.")));
    }
    match replica::is_replica(key) {
        true => Err(unsupported(format!("{arn} is a replica: rotation is a property of its primary."))),
        false => Ok(()),
    }
}

fn enable(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check(&key)?;
    let days = call.number("RotationPeriodInDays").unwrap_or(PERIOD);
    if !(90..=2560).contains(&days) {
        return Err(invalid(format!("Value '{days}' at 'rotationPeriodInDays' must be between 90 and 2560")));
    }
    let now = call.now;
    change(call, &key, |key| {
        key.hidden.insert("rotation_days".into(), days.into());
        key.hidden.insert("rotation_since".into(), now.into());
    })
}

fn disable(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check(&key)?;
    change(call, &key, |key| {
        key.hidden.remove("rotation_days");
    })
}

/// Facts: a key that pends deletion reads false.
fn get(call: &Call<'_>) -> Answer {
    let key = named(call)?;
    let primary = replica::primary_of(call, &key).unwrap_or_else(|| key.clone());
    let days = primary.hidden.get("rotation_days").and_then(Value::as_i64);
    let mut answer = json!({"KeyId": key.text("Arn"), "KeyRotationEnabled": false});
    if let Some(days) = days.filter(|_| !state(&key).starts_with("Pending")) {
        let since = primary.hidden.get("rotation_since").and_then(Value::as_f64).unwrap_or(primary.created);
        #[allow(clippy::cast_precision_loss, reason = "at most 2560 days")]
        let period = days as f64 * DAY;
        let rounds = ((call.now - since) / period).floor() + 1.0;
        answer["KeyRotationEnabled"] = true.into();
        answer["RotationPeriodInDays"] = days.into();
        answer["NextRotationDate"] = (since + rounds * period).into();
    }
    Ok(answer.into())
}
