//! Snapshots of replication groups: made by hand or as the last thing before a delete. Facts: the name must be new.

use serde_json::{Value, json};

use super::super::shelf::{Shelf, page};
use super::{GROUPS, STATUS, group, ready};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

const SNAPSHOTS: Shelf = Shelf {
    kind: "elasticache/snapshot",
    arn: ("elasticache", "snapshot"),
    name: "SnapshotName",
    arn_member: "ARN",
    answers: ("Snapshot", "Snapshots"),
    unknown: ("SnapshotNotFoundFault", 404),
    taken: "SnapshotAlreadyExistsFault",
    quota: (20, "SnapshotQuotaExceededFault"),
};
/// Seconds that a snapshot takes.
const TAKE: f64 = 180.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateSnapshot" => Some(create(call)),
        "DescribeSnapshots" => Some(describe(call)),
        "DeleteSnapshot" => Some(delete(call)),
        _ => None,
    }
}

fn take(call: &mut Call<'_>, group: &Object, name: &str) -> Result<Object, ApiError> {
    let cluster = group.body.get(group::CLUSTER);
    let version = cluster.and_then(|cluster| cluster.get("EngineVersion")).cloned();
    let body = json!({
        "ReplicationGroupId": group.id, "ReplicationGroupDescription": group.text("Description"),
        "SnapshotStatus": "creating", "SnapshotSource": "manual", "Engine": group.text("Engine"),
        "EngineVersion": version, "CacheNodeType": group.text("CacheNodeType"),
    });
    let mut snapshot = SNAPSHOTS.make(call, name, body)?;
    snapshot.set_later(call.now + TAKE, "SnapshotStatus", "available");
    call.world.put(snapshot.clone());
    Ok(snapshot)
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = SNAPSHOTS.free_name(call)?;
    let mut group = ready(call)?;
    let snapshot = take(call, &group, &name)?;
    group.set(STATUS, "snapshotting");
    group.set_later(call.now + TAKE, STATUS, "available");
    call.world.put(group);
    SNAPSHOTS.answer(&snapshot)
}

/// The snapshot that a delete of a group asks for.
///
/// # Errors
/// When its name is taken.
pub fn last(call: &mut Call<'_>, group: &Object) -> Result<(), ApiError> {
    let Some(name) = call.text("FinalSnapshotIdentifier").map(str::to_lowercase) else { return Ok(()) };
    if call.get(SNAPSHOTS.kind, &name).is_some() {
        return Err(ApiError::new(SNAPSHOTS.taken, format!("Snapshot {name} already exists")));
    }
    take(call, group, &name).map(|_| ())
}

fn describe(call: &mut Call<'_>) -> Answer {
    let group = call.text(GROUPS.name).map(str::to_lowercase);
    let wanted = |one: &&Object| group.as_deref().is_none_or(|group| one.text(GROUPS.name) == group);
    let rows = SNAPSHOTS.chosen(call)?.into_iter().filter(wanted);
    page(call, SNAPSHOTS.answers.1, rows.map(|one| Value::Object(one.body.clone())).collect())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let snapshot = SNAPSHOTS.named(call)?;
    call.world.remove(&snapshot.key());
    SNAPSHOTS.answer(&snapshot)
}
