//! RDS: what its operations share, and one file per family.
//!
//! Facts: error codes are not the names of the model's shapes; the name is the idempotency key; instances have their tags
//! inline, everything else by `ListTagsForResource`; an instance takes no change while it is not available.

mod delete;
mod describe;
mod engine;
mod event;
mod instance;
mod modify;
mod parameter;
mod parameter_group;
mod pending;
mod promote;
mod replica;
mod secret;
mod settings;
mod snapshot;
mod subnet_group;
mod tagging;

use serde_json::{Map, Value, json};

use super::shelf::Shelf;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, tag_list};
use crate::world::Object;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        subnet_group::handle,
        parameter_group::handle,
        parameter::handle,
        instance::handle,
        describe::handle,
        modify::handle,
        replica::handle,
        promote::handle,
        delete::handle,
        snapshot::handle,
        tagging::handle,
        event::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

const INSTANCES: Shelf = Shelf {
    kind: "rds/instance",
    arn: ("rds", "db"),
    name: "DBInstanceIdentifier",
    arn_member: "DBInstanceArn",
    answers: ("DBInstance", "DBInstances"),
    unknown: ("DBInstanceNotFound", 404),
    taken: "DBInstanceAlreadyExists",
    quota: (40, "InstanceQuotaExceeded"),
};
const SUBNET_GROUPS: Shelf = Shelf {
    kind: "rds/subnet-group",
    arn: ("rds", "subgrp"),
    name: "DBSubnetGroupName",
    arn_member: "DBSubnetGroupArn",
    answers: ("DBSubnetGroup", "DBSubnetGroups"),
    unknown: ("DBSubnetGroupNotFoundFault", 404),
    taken: "DBSubnetGroupAlreadyExists",
    quota: (50, "DBSubnetGroupQuotaExceeded"),
};
const PARAMETER_GROUPS: Shelf = Shelf {
    kind: "rds/parameter-group",
    arn: ("rds", "pg"),
    name: "DBParameterGroupName",
    arn_member: "DBParameterGroupArn",
    answers: ("DBParameterGroup", "DBParameterGroups"),
    unknown: ("DBParameterGroupNotFound", 404),
    taken: "DBParameterGroupAlreadyExists",
    quota: (50, "DBParameterGroupQuotaExceeded"),
};
const SNAPSHOTS: Shelf = Shelf {
    kind: "rds/snapshot",
    arn: ("rds", "snapshot"),
    name: "DBSnapshotIdentifier",
    arn_member: "DBSnapshotArn",
    answers: ("DBSnapshot", "DBSnapshots"),
    unknown: ("DBSnapshotNotFound", 404),
    taken: "DBSnapshotAlreadyExists",
    quota: (100, "SnapshotQuotaExceeded"),
};

const STATUS: &str = "DBInstanceStatus";
const SOURCE: &str = "ReadReplicaSourceDBInstanceIdentifier";
const REPLICAS: &str = "ReadReplicaDBInstanceIdentifiers";

/// An instance as answers show it: its tags are inline.
fn show(instance: &Object) -> Value {
    let mut body = instance.body.clone();
    body.insert("TagList".into(), tag_list(&instance.tags));
    Value::Object(body)
}

fn answer(instance: &Object) -> Answer {
    Ok(json!({INSTANCES.answers.0: show(instance)}).into())
}

/// An instance that cannot do this now.
fn busy(instance: &Object) -> ApiError {
    let message = format!("Instance {} is not in available state.", instance.id);
    ApiError::new("InvalidDBInstanceState", message)
}

/// The instance that a request names, if it takes changes.
fn ready(call: &Call<'_>) -> Result<Object, ApiError> {
    let instance = INSTANCES.named(call)?;
    if usable(&instance) { Ok(instance) } else { Err(busy(&instance)) }
}

/// Facts: `storage-optimization` is as good as available.
fn usable(instance: &Object) -> bool {
    matches!(instance.text(STATUS), "available" | "storage-optimization")
}

fn number(object: &Object, member: &str) -> i64 {
    object.body.get(member).and_then(Value::as_i64).unwrap_or_default()
}

fn is_on(object: &Object, member: &str) -> bool {
    object.body.get(member).and_then(Value::as_bool).unwrap_or_default()
}

/// What a successful delete of something without an answer says.
fn done() -> Answer {
    Ok(Value::Object(Map::new()).into())
}
