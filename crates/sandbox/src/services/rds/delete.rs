//! `DeleteDBInstance`. Facts: protection and unfinished business refuse it; a final snapshot unless told otherwise, under
//! a new name, never of a replica; five minutes, more with a snapshot; its secret goes, its snapshots stay; of its
//! replicas those of PostgreSQL in other regions are left terminated, the others become standalone.

use serde_json::{Value, json};

use super::super::placement;
use super::super::shelf::clash;
use super::{INSTANCES, SNAPSHOTS, SOURCE, STATUS, busy, describe, event, is_on, secret, snapshot, usable};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Key, Object};

/// Seconds of a delete; one log of the facts says 4 minutes 45.
const DELETE: f64 = 285.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "DeleteDBInstance").then(|| delete(call))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut instance = INSTANCES.named(call)?;
    check_state(&instance)?;
    let name = final_snapshot(call, &instance)?;
    let mut gone = call.now + DELETE;
    if let Some(name) = name {
        let taken = snapshot::take(call, &instance, &name)?;
        gone = taken + DELETE;
    }
    instance.later.clear();
    instance.set(STATUS, "deleting");
    instance.remove_later(gone);
    let arn = instance.text(INSTANCES.arn_member).to_owned();
    placement::leave(call, &arn, gone);
    secret::forget(call, &instance, gone);
    orphan(call, &instance, gone);
    call.world.put(instance.clone());
    event::of_instance(call, &instance, gone, "deletion", "DB instance deleted");
    Ok(json!({INSTANCES.answers.0: describe::show(call, &instance)}).into())
}

fn check_state(instance: &Object) -> Result<(), ApiError> {
    if instance.text(STATUS) == "deleting" {
        let message = format!("Instance {} is already being deleted.", instance.id);
        return Err(ApiError::new("InvalidDBInstanceState", message));
    }
    if is_on(instance, "DeletionProtection") {
        return Err(clash("Cannot delete protected DB Instance, please disable deletion protection and try again."));
    }
    if usable(instance) { Ok(()) } else { Err(busy(instance)) }
}

/// The name of the final snapshot, if there is to be one.
fn final_snapshot(call: &Call<'_>, instance: &Object) -> Result<Option<String>, ApiError> {
    let (skip, name) = (call.flag("SkipFinalSnapshot") == Some(true), call.text("FinalDBSnapshotIdentifier"));
    let replica = !instance.text(SOURCE).is_empty();
    match (skip, name) {
        (true, Some(_)) => Err(clash(
            "FinalDBSnapshotIdentifier can not be specified when deleting a DB instance with SkipFinalSnapshot",
        )),
        (true, None) => Ok(None),
        (false, _) if replica => Err(clash("SkipFinalSnapshot must be specified when deleting a read replica.")),
        (false, None) => Err(clash("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")),
        (false, Some(name)) if call.get(SNAPSHOTS.kind, &name.to_lowercase()).is_some() => {
            let message = format!("Cannot create the snapshot because a snapshot with the identifier {name} exists.");
            Err(ApiError::new(SNAPSHOTS.taken, message))
        }
        (false, Some(name)) => Ok(Some(name.to_lowercase())),
    }
}

/// What becomes of the replicas.
fn orphan(call: &mut Call<'_>, instance: &Object, gone: f64) {
    let left = instance.text("Engine") == "postgres";
    let keys: Vec<Key> = describe::replicas(call, instance).map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |replica| {
            if left && replica.region != instance.region {
                let ended = json!([{"StatusType": "read replication", "Status": "terminated", "Normal": false}]);
                replica.set_later(gone, "StatusInfos", ended);
            } else {
                replica.set_later(gone, SOURCE, Value::Null);
                replica.set_later(gone, "StatusInfos", json!([]));
            }
        });
    }
}
