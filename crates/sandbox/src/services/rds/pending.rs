//! Changes that wait. Facts: without `ApplyImmediately` the old value stays and the new one is pending until the
//! maintenance window; an immediate change takes everything that is pending along.

use serde_json::{Map, Value};

use super::super::shelf::next_window;
use super::{STATUS, instance, number};
use crate::call::Call;
use crate::world::{Later, Object};

const PENDING: &str = "PendingModifiedValues";
/// Seconds until the status shows that a change is under way: it still reads available right after the call.
const NOTICE: f64 = 10.0;
/// Seconds for which a storage change is optimized after it took effect; the instance is usable meanwhile.
const OPTIMIZATION: f64 = 300.0;
/// Members that make a storage change.
pub const STORAGE: [&str; 4] = ["AllocatedStorage", "Iops", "StorageThroughput", "StorageType"];

/// What is pending.
pub fn of(instance: &Object) -> Map<String, Value> {
    instance.body.get(PENDING).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Seconds that the slowest of some changes takes.
fn takes(changes: &Map<String, Value>) -> f64 {
    let takes = |member: &String| match member.as_str() {
        "EngineVersion" => 900.0,
        "DBInstanceClass" | "MultiAZ" | "DBSubnetGroupName" => 600.0,
        "AllocatedStorage" | "Iops" | "StorageThroughput" | "StorageType" => 120.0,
        _ => 60.0,
    };
    changes.keys().map(takes).fold(0.0, f64::max)
}

/// Makes `changes` pending, and has them applied at once or in the maintenance window.
pub fn schedule(call: &Call<'_>, object: &mut Object, changes: Map<String, Value>, at_once: bool) {
    let mut pending = of(object);
    pending.extend(changes);
    if pending.is_empty() {
        return;
    }
    object.later.retain(|later| !matches!(later, Later::Set { members, .. } if plans(members)));
    let start = if at_once { call.now } else { next_window(call.now, object.text("PreferredMaintenanceWindow")) };
    let done = start + NOTICE + takes(&pending);
    let stored = pending.keys().any(|member| STORAGE.contains(&member.as_str()));
    let after = if stored { "storage-optimization" } else { "available" };
    object.set_later(start + NOTICE, STATUS, "modifying");
    let mut members = applied(call, object, &pending);
    members.insert(PENDING.into(), Map::new().into());
    members.insert(STATUS.into(), after.into());
    object.later.push(Later::Set { at: done, members });
    if stored {
        object.set_later(done + OPTIMIZATION, STATUS, "available");
    }
    object.set(PENDING, pending);
}

/// Whether a scheduled change is part of a plan that a new one replaces.
fn plans(members: &Map<String, Value>) -> bool {
    members.contains_key(PENDING) || members.contains_key(STATUS)
}

/// Pending values as the instance will show them.
fn applied(call: &Call<'_>, object: &Object, pending: &Map<String, Value>) -> Map<String, Value> {
    let mut members = pending.clone();
    members.remove("MasterUserPassword");
    if let Some(port) = members.remove("Port").as_ref().and_then(Value::as_i64) {
        members.insert("Endpoint".into(), instance::endpoint(call, &object.id, port));
    }
    if let Some(group) = members.remove("DBSubnetGroupName") {
        let group = super::SUBNET_GROUPS.find(call, group.as_str().unwrap_or_default());
        members.extend(group.ok().map(|group| ("DBSubnetGroup".to_owned(), Value::Object(group.body.clone()))));
    }
    members
}

/// Whether backups go on or off, which pauses the database and so waits like a class change.
pub fn turns_backups(instance: &Object, days: i64) -> bool {
    (number(instance, "BackupRetentionPeriod") == 0) != (days == 0)
}
