//! `PromoteReadReplica`. Facts: not while it is not available; reboots; takes minutes, the first of which it still reads
//! `available`; the source is empty when it is done; backups start.

use serde_json::{Map, Value, json};

use super::{INSTANCES, SOURCE, STATUS, describe, event, ready, settings};
use crate::call::{Answer, ApiError, Call};
use crate::world::Later;

/// Seconds for which the status does not show it yet.
const NOTICE: f64 = 30.0;
/// Seconds until it reboots, until it takes its first backup, and until it is done.
const STEPS: [(f64, &str); 3] = [(NOTICE, "modifying"), (120.0, "rebooting"), (180.0, "backing-up")];
const DONE: f64 = 300.0;
/// Hidden member: it is under way.
const UNDER_WAY: &str = "promotedAt";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "PromoteReadReplica").then(|| promote(call))
}

fn promote(call: &mut Call<'_>) -> Answer {
    let mut replica = ready(call)?;
    if replica.text(SOURCE).is_empty() || replica.hidden.contains_key(UNDER_WAY) {
        let message = format!("DB Instance is not a read replica: {}", replica.id);
        return Err(ApiError::new("InvalidDBInstanceState", message));
    }
    let days = settings::retention(call)?.unwrap_or(1);
    for (after, status) in STEPS {
        replica.set_later(call.now + after, STATUS, status);
    }
    let mut members = Map::from_iter([
        (SOURCE.to_owned(), Value::Null),
        (STATUS.to_owned(), "available".into()),
        ("StatusInfos".to_owned(), json!([])),
        ("BackupRetentionPeriod".to_owned(), days.into()),
    ]);
    members.extend(call.text("PreferredBackupWindow").map(|text| ("PreferredBackupWindow".to_owned(), text.into())));
    replica.later.push(Later::Set { at: call.now + DONE, members });
    replica.hidden.insert(UNDER_WAY.into(), call.now.into());
    call.world.put(replica.clone());
    let message = "Promoted Read Replica instance to standalone";
    event::of_instance(call, &replica, call.now + DONE, "read replica", message);
    Ok(json!({INSTANCES.answers.0: describe::show(call, &replica)}).into())
}
