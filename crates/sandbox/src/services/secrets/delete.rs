//! The end of secrets: after a window in which the name stays taken, or by force.

use serde_json::json;

use super::{ids, invalid, is_deleted, named, refused, replica};
use crate::call::{Answer, Call};

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Seconds that a forced end takes: it is asynchronous.
const FORCED: f64 = 2.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DeleteSecret" => Some(delete(call)),
        "RestoreSecret" => Some(restore(call)),
        _ => None,
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let forced = call.flag("ForceDeleteWithoutRecovery") == Some(true);
    let window = window(call, forced)?;
    let secret = match named(call) {
        Ok(secret) => secret,
        // Facts: by force, what is absent is no error.
        Err(error) if forced && error.code == "ResourceNotFoundException" => {
            let name = call.text("SecretId").unwrap_or_default().to_owned();
            let suffix = call.hex(6);
            let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", call.region, call.account);
            let arn = if name.starts_with("arn:") { name.clone() } else { arn };
            return Ok(json!({"ARN": arn, "Name": name, "DeletionDate": call.now}).into());
        }
        Err(error) => return Err(error),
    };
    if is_deleted(&secret) && !forced {
        return Err(refused(
            "You can't perform this operation on the secret because it was already scheduled for deletion.",
        ));
    }
    if replica::is_replica(&secret) {
        return Err(refused(
            "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
        ));
    }
    if !replica::copies(call, &secret).is_empty() {
        let message = format!("You can't delete secret {} that still has replica regions.", secret.id);
        return Err(refused(message));
    }
    let (now, end) = (call.now, call.now + window);
    call.world.change(&secret.key(), |secret| {
        secret.later.clear();
        secret.set("DeletedDate", now);
        secret.remove_later(end);
    });
    let mut answer = ids(&secret);
    answer["DeletionDate"] = (if forced { now } else { end }).into();
    Ok(answer.into())
}

/// Seconds until the secret is gone.
fn window(call: &Call<'_>, forced: bool) -> Result<f64, crate::call::ApiError> {
    let days = call.number("RecoveryWindowInDays");
    match (forced, days) {
        (true, Some(_)) => {
            Err(invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."))
        }
        (true, None) => Ok(FORCED),
        #[allow(clippy::cast_precision_loss, reason = "at most 30 days")]
        (false, days) if (7..=30).contains(&days.unwrap_or(30)) => Ok(days.unwrap_or(30) as f64 * DAY),
        (false, _) => Err(invalid("RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")),
    }
}

fn restore(call: &mut Call<'_>) -> Answer {
    let secret = named(call)?;
    call.world.change(&secret.key(), |secret| {
        if secret.body.remove("DeletedDate").is_some() {
            secret.later.clear();
        }
    });
    Ok(ids(&secret).into())
}
