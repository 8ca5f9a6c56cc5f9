//! The end of keys: scheduled, revocable, and for a primary only after its last replica.

use serde_json::{Value, json};

use super::{DAY, KEY, bad_state, invalid, named, replica, state};
use crate::call::{Answer, Call};
use crate::world::{Later, Object};

/// Days until a key is gone, unless the request says otherwise.
const WINDOW: i64 = 30;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ScheduleKeyDeletion" => Some(schedule(call)),
        "CancelKeyDeletion" => Some(cancel(call)),
        _ => None,
    }
}

fn pending(key: &Object) -> bool {
    ["PendingDeletion", "PendingReplicaDeletion"].contains(&state(key))
}

fn schedule(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    let days = call.number("PendingWindowInDays").unwrap_or(WINDOW);
    if !(7..=30).contains(&days) {
        return Err(invalid(format!("PendingWindowInDays must be between 7 and 30, it is {days}")));
    }
    if pending(&key) {
        return Err(bad_state(&key, "is pending deletion."));
    }
    let waits = !replica::replicas_of(call, &key).is_empty();
    let now = call.now;
    call.world.change(&key.key(), |key| {
        key.later.clear();
        key.set("Enabled", false);
        key.hidden.insert("window_days".into(), days.into());
        match waits {
            true => {
                key.set("KeyState", "PendingReplicaDeletion");
                key.set("PendingDeletionWindowInDays", days);
            }
            false => end_at(key, now + seconds(days)),
        }
    });
    settle_primary(call, &key.id);
    let key = call.get(KEY, &key.id).cloned().unwrap_or(key);
    let mut answer = json!({"KeyId": key.text("Arn"), "KeyState": state(&key), "PendingWindowInDays": days});
    if let Some(date) = key.body.get("DeletionDate") {
        answer["DeletionDate"] = date.clone();
    }
    Ok(answer.into())
}

#[allow(clippy::cast_precision_loss, reason = "at most 30 days")]
fn seconds(days: i64) -> f64 {
    days as f64 * DAY
}

fn end_at(key: &mut Object, at: f64) {
    key.set("KeyState", "PendingDeletion");
    key.set("DeletionDate", at);
    key.body.remove("PendingDeletionWindowInDays");
    key.remove_later(at);
}

/// Facts: the window of a waiting primary starts when its last replica is really gone.
pub fn settle_primary(call: &mut Call<'_>, id: &str) {
    let siblings = replica::family(call, id);
    let Some(primary) = siblings.iter().find(|key| state(key) == "PendingReplicaDeletion") else { return };
    let replicas = siblings.iter().filter(|key| replica::is_replica(key));
    let dates: Option<Vec<f64>> = replicas.map(|key| key.body.get("DeletionDate").and_then(Value::as_f64)).collect();
    let days = primary.hidden.get("window_days").and_then(Value::as_i64).unwrap_or(WINDOW);
    call.world.change(&primary.key(), |primary| {
        primary.later.clear();
        if let Some(last) = dates.and_then(|dates| dates.into_iter().reduce(f64::max)) {
            let end = last + seconds(days);
            let members = [("KeyState".to_owned(), "PendingDeletion".into()), ("DeletionDate".to_owned(), end.into())];
            primary.later.push(Later::Set { at: last, members: members.into_iter().collect() });
            primary.remove_later(end);
        }
    });
}

/// Facts: what comes back is disabled.
fn cancel(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    if !pending(&key) {
        return Err(bad_state(&key, "is not pending deletion."));
    }
    call.world.change(&key.key(), |key| {
        key.later.clear();
        key.set("KeyState", "Disabled");
        key.body.remove("DeletionDate");
        key.body.remove("PendingDeletionWindowInDays");
    });
    settle_primary(call, &key.id);
    Ok(json!({"KeyId": key.text("Arn")}).into())
}
