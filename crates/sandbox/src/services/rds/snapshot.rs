//! DB snapshots. Facts: the name must be new; minutes from creating to available; they outlive their instance.

use serde_json::{Value, json};

use super::super::shelf::{check_name, page};
use super::{INSTANCES, SNAPSHOTS, STATUS, event, ready};
use crate::call::{Answer, ApiError, Call, tag_list};
use crate::world::Object;

/// Seconds that a snapshot takes.
const TAKE: f64 = 180.0;
/// Members that a snapshot has from its instance, under the same name.
const COPIED: [&str; 14] = [
    "AllocatedStorage",
    "AvailabilityZone",
    "DBInstanceIdentifier",
    "DbiResourceId",
    "Engine",
    "EngineVersion",
    "IAMDatabaseAuthenticationEnabled",
    "InstanceCreateTime",
    "Iops",
    "KmsKeyId",
    "LicenseModel",
    "MasterUsername",
    "StorageThroughput",
    "StorageType",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateDBSnapshot" => Some(create(call)),
        "DescribeDBSnapshots" => Some(describe(call)),
        "DeleteDBSnapshot" => Some(delete(call)),
        _ => None,
    }
}

fn show(snapshot: &Object) -> Value {
    let mut body = snapshot.body.clone();
    body.insert("TagList".into(), tag_list(&snapshot.tags));
    Value::Object(body)
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = SNAPSHOTS.free_name(call)?;
    let mut instance = ready(call)?;
    let done = take(call, &instance, &name)?;
    let before = instance.text(STATUS).to_owned();
    instance.set(STATUS, "backing-up");
    instance.set_later(done, STATUS, before);
    call.world.put(instance);
    let shown = SNAPSHOTS.find(call, &name).map(show)?;
    Ok(json!({SNAPSHOTS.answers.0: shown}).into())
}

/// Takes a snapshot; returns when it is available.
///
/// # Errors
/// When its name or a tag may not be.
pub fn take(call: &mut Call<'_>, instance: &Object, name: &str) -> Result<f64, ApiError> {
    check_name(SNAPSHOTS.name, name, 255)?;
    let done = call.now + TAKE;
    let mut snapshot = SNAPSHOTS.make(call, name, json!({"Status": "creating", "SnapshotType": "manual"}))?;
    let copied = COPIED.into_iter().filter_map(|member| Some((member.to_owned(), instance.body.get(member)?.clone())));
    snapshot.body.extend(copied);
    let inner = |outer: &str, member: &str| instance.body.get(outer).and_then(|outer| outer.get(member)).cloned();
    snapshot.set("Encrypted", super::is_on(instance, "StorageEncrypted"));
    snapshot.set("Port", inner("Endpoint", "Port"));
    snapshot.set("VpcId", inner("DBSubnetGroup", "VpcId"));
    snapshot.set("SnapshotTarget", "region");
    snapshot.set("PercentProgress", 0);
    snapshot.set_later(done, "PercentProgress", 100);
    snapshot.set_later(done, "Status", "available");
    snapshot.set("SnapshotCreateTime", call.timestamp());
    if super::is_on(instance, "CopyTagsToSnapshot") {
        snapshot.tags.extend(instance.tags.clone());
    }
    call.world.put(snapshot);
    event::of_instance(call, instance, call.now, "backup", "Backing up DB instance");
    Ok(done)
}

fn describe(call: &mut Call<'_>) -> Answer {
    let instance = call.text(INSTANCES.name).map(str::to_lowercase);
    let (kind, id) = (call.text("SnapshotType"), call.text("DbiResourceId"));
    let wanted = |one: &&Object| {
        instance.as_deref().is_none_or(|name| one.text(INSTANCES.name) == name)
            && kind.is_none_or(|kind| one.text("SnapshotType") == kind)
            && id.is_none_or(|id| one.text("DbiResourceId") == id)
    };
    let rows = SNAPSHOTS.chosen(call)?.into_iter().filter(wanted).map(show).collect();
    page(call, SNAPSHOTS.answers.1, rows)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut snapshot = SNAPSHOTS.named(call)?;
    if snapshot.text("Status") != "available" {
        let message = format!("The snapshot {} is not in available state.", snapshot.id);
        return Err(ApiError::new("InvalidDBSnapshotState", message));
    }
    snapshot.set("Status", "deleted");
    call.world.remove(&snapshot.key());
    Ok(json!({SNAPSHOTS.answers.0: show(&snapshot)}).into())
}
