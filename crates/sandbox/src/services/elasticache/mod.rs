//! ElastiCache: what its operations share, and one file per family.
//!
//! Facts: error codes are not the names of the model's shapes; the name is the idempotency key; tags are listed only
//! while the object is available; a replication group takes no change while it is not available.

mod cluster;
mod engine;
mod global;
mod group;
mod modify;
mod node;
mod parameter_group;
mod snapshot;
mod subnet_group;
mod tagging;

use serde_json::{Map, Value};

use super::shelf::Shelf;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        subnet_group::handle,
        parameter_group::handle,
        group::handle,
        modify::handle,
        cluster::handle,
        global::handle,
        snapshot::handle,
        tagging::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

const SUBNET_GROUPS: Shelf = Shelf {
    kind: "elasticache/subnet-group",
    arn: ("elasticache", "subnetgroup"),
    name: "CacheSubnetGroupName",
    arn_member: "ARN",
    answers: ("CacheSubnetGroup", "CacheSubnetGroups"),
    // Facts: 400, not 404.
    unknown: ("CacheSubnetGroupNotFoundFault", 400),
    taken: "CacheSubnetGroupAlreadyExists",
    quota: (150, "CacheSubnetGroupQuotaExceeded"),
};
const PARAMETER_GROUPS: Shelf = Shelf {
    kind: "elasticache/parameter-group",
    arn: ("elasticache", "parametergroup"),
    name: "CacheParameterGroupName",
    arn_member: "ARN",
    answers: ("CacheParameterGroup", "CacheParameterGroups"),
    unknown: ("CacheParameterGroupNotFound", 404),
    taken: "CacheParameterGroupAlreadyExists",
    quota: (150, "CacheParameterGroupQuotaExceeded"),
};
const GROUPS: Shelf = Shelf {
    kind: "elasticache/replication-group",
    arn: ("elasticache", "replicationgroup"),
    name: "ReplicationGroupId",
    arn_member: "ARN",
    answers: ("ReplicationGroup", "ReplicationGroups"),
    unknown: ("ReplicationGroupNotFoundFault", 404),
    taken: "ReplicationGroupAlreadyExists",
    quota: (300, "ClusterQuotaForCustomerExceeded"),
};

const STATUS: &str = "Status";
/// Hidden member: until when a change is under way, which the status shows a little later.
const BUSY: &str = "busyUntil";

/// The group that a request names, if it takes changes.
fn ready(call: &Call<'_>) -> Result<Object, ApiError> {
    let group = GROUPS.named(call)?;
    let busy = group.hidden.get(BUSY).and_then(Value::as_f64).is_some_and(|until| until > call.now);
    if group.text(STATUS) == "available" && !busy { Ok(group) } else { Err(state(&group)) }
}

/// The error for a group in another state.
fn state(group: &Object) -> ApiError {
    let message = format!("Replication group {} is not in available state.", group.id);
    ApiError::new("InvalidReplicationGroupState", message)
}

/// What a successful delete of something without an answer says.
fn done() -> Answer {
    Ok(Value::Object(Map::new()).into())
}
