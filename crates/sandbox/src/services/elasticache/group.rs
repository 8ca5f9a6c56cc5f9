//! Replication groups: create, describe, delete. Facts: nodes are counted either by `NumCacheClusters` or by shards and
//! replicas; encryption at rest is on for Valkey and off for Redis unless asked; seven minutes to available; versions,
//! groups and windows show on the member clusters only; no deletion protection exists.

use serde_json::{Map, Value, json};

use super::super::placement;
use super::super::shelf::{check_name, clash, invalid, page};
use super::{GROUPS, PARAMETER_GROUPS, STATUS, SUBNET_GROUPS, engine, global, node, parameter_group, ready};
use crate::call::{Answer, ApiError, Call, timestamp};
use crate::world::{Later, Object};

/// Seconds from create to available: p50 of the facts, and what each further shard adds.
const CREATE: f64 = 420.0;
const SHARD: f64 = 30.0;
/// Seconds of a delete; facts: 5 to 10 minutes.
const DELETE: f64 = 420.0;
/// Member of the body, not shown, with what shows on the member clusters.
pub const CLUSTER: &str = "cluster";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateReplicationGroup" => Some(create(call)),
        "DescribeReplicationGroups" => Some(describe(call)),
        "DeleteReplicationGroup" => Some(delete(call)),
        _ => None,
    }
}

/// A group as answers show it.
pub fn show(group: &Object) -> Value {
    let mut body = group.body.clone();
    body.shift_remove(CLUSTER);
    Value::Object(body)
}

/// Answers with one group.
pub fn answer(group: &Object) -> Answer {
    Ok(json!({GROUPS.answers.0: show(group)}).into())
}

fn describe(call: &mut Call<'_>) -> Answer {
    let rows = GROUPS.chosen(call)?.into_iter().map(show).collect();
    page(call, GROUPS.answers.1, rows)
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = GROUPS.free_name(call)?;
    check_name(GROUPS.name, &name, 40)?;
    let description = call.need("ReplicationGroupDescription")?;
    if description.is_empty() {
        return Err(invalid("The parameter ReplicationGroupDescription must be provided and must not be blank."));
    }
    global::inherit(call)?;
    let kind = call.text("Engine").unwrap_or("redis").to_lowercase();
    let version = engine::version(&kind, call.text("EngineVersion"))?;
    let (shards, replicas) = counts(call)?;
    let sharded = shards > 1 || call.text("ClusterMode") == Some("enabled") || asks_for_shards(call);
    let family = engine::family(&kind, &version);
    let parameters = call.text(PARAMETER_GROUPS.name).map(str::to_owned);
    let parameters = parameter_group::for_group(call, parameters.as_deref(), &family, sharded)?;
    check_failover(call, sharded, replicas)?;
    check_encryption(call)?;
    let subnets = call.text(SUBNET_GROUPS.name).map(|name| SUBNET_GROUPS.find(call, name).cloned()).transpose()?;
    let mut group = GROUPS.make(call, &name, body(call, &kind, &description, sharded))?;
    for (member, count) in
        [(node::SHARDS, shards), (node::REPLICAS, replicas), (node::PORT, call.number("Port").unwrap_or(6379))]
    {
        group.hidden.insert(member.into(), count.into());
    }
    group.needs.insert(parameters.text("ARN").to_owned());
    place(call, &mut group, subnets.as_ref(), &version, &parameters.id)?;
    let further = u32::try_from(shards - 1).map_or(0.0, f64::from);
    run(call, &mut group, call.now + CREATE + further * SHARD);
    global::join(call, &mut group)?;
    call.world.put(group.clone());
    answer(&group)
}

/// (shards, replicas of each).
fn counts(call: &Call<'_>) -> Result<(i64, i64), ApiError> {
    let (nodes, shards) = (call.number("NumCacheClusters"), call.number("NumNodeGroups"));
    let (shards, replicas) = match (nodes, shards, call.number("ReplicasPerNodeGroup")) {
        (Some(_), Some(shards), _) if shards > 1 => {
            return Err(clash("Cannot specify both NumCacheClusters and NumNodeGroups"));
        }
        (Some(nodes), _, _) if !(1..=6).contains(&nodes) => {
            return Err(invalid("The number of cache clusters must be between 1 and 6"));
        }
        (Some(nodes), _, _) => (1, nodes - 1),
        (None, shards, replicas) => (shards.unwrap_or(1), replicas.unwrap_or(0)),
    };
    match (1..=500).contains(&shards) && (0..=5).contains(&replicas) {
        true => Ok((shards, replicas)),
        false => Err(invalid("A shard has up to 5 replicas, a replication group up to 500 shards")),
    }
}

/// Whether the named parameter group turns cluster mode on.
fn asks_for_shards(call: &Call<'_>) -> bool {
    call.text(PARAMETER_GROUPS.name).is_some_and(|name| name.ends_with(".cluster.on"))
}

fn check_failover(call: &Call<'_>, sharded: bool, replicas: i64) -> Result<(), ApiError> {
    let failover = call.flag("AutomaticFailoverEnabled") == Some(true);
    if sharded && call.flag("AutomaticFailoverEnabled") == Some(false) {
        return Err(clash("Automatic failover must be enabled for replication groups with cluster mode enabled."));
    }
    if failover && !sharded && replicas == 0 {
        return Err(clash("Automatic failover requires at least one replica."));
    }
    match call.flag("MultiAZEnabled") == Some(true) && !(failover || sharded) {
        true => Err(clash("Multi-AZ requires automatic failover to be enabled.")),
        false => Ok(()),
    }
}

fn check_encryption(call: &Call<'_>) -> Result<(), ApiError> {
    let tls = call.flag("TransitEncryptionEnabled") == Some(true);
    if tls && call.text(SUBNET_GROUPS.name).is_none() {
        return Err(clash("Encryption in transit needs a cache subnet group."));
    }
    match call.text("AuthToken") {
        Some(_) if !tls => Err(clash("An auth token needs encryption in transit.")),
        Some(token) => check_token(token),
        None => Ok(()),
    }
}

/// 16 to 128 printable characters, of the special ones only `! & # $ ^ < > -`.
///
/// # Errors
/// When the token is anything else.
pub fn check_token(token: &str) -> Result<(), ApiError> {
    let plain = token.chars().all(|one| one.is_ascii_alphanumeric() || "!&#$^<>-".contains(one));
    match plain && (16..=128).contains(&token.len()) {
        true => Ok(()),
        false => Err(invalid("Invalid AuthToken provided: 16 to 128 letters, digits and !, &, #, $, ^, <, >, -")),
    }
}

fn body(call: &Call<'_>, kind: &str, description: &str, sharded: bool) -> Value {
    let on = |member: &str, otherwise: bool| call.flag(member).unwrap_or(otherwise);
    let word = |on: bool| if on { "enabled" } else { "disabled" };
    let key = call.text("KmsKeyId").map(|key| placement::key_arn(call, key));
    let at_rest = on("AtRestEncryptionEnabled", kind == "valkey") || key.is_some();
    let storage = match (at_rest, key.is_some()) {
        (false, _) => "none",
        (true, false) => "sse-elasticache",
        (true, true) => "sse-kms",
    };
    let tls = on("TransitEncryptionEnabled", false);
    let mode = if sharded { "enabled" } else { "disabled" };
    json!({
        STATUS: "creating", "Description": description, "Engine": kind, "PendingModifiedValues": {},
        "AutomaticFailover": word(on("AutomaticFailoverEnabled", sharded)), "MultiAZ": word(on("MultiAZEnabled", false)),
        "ClusterEnabled": sharded, "ClusterMode": call.text("ClusterMode").unwrap_or(mode),
        "CacheNodeType": call.text("CacheNodeType").unwrap_or("cache.r7g.large"), "KmsKeyId": key,
        "AtRestEncryptionEnabled": at_rest, "StorageEncryptionType": storage, "TransitEncryptionEnabled": tls,
        "TransitEncryptionMode": tls.then(|| call.text("TransitEncryptionMode").unwrap_or("required")),
        "AuthTokenEnabled": call.text("AuthToken").is_some(), "UserGroupIds": call.list("UserGroupIds"),
        "SnapshotRetentionLimit": call.number("SnapshotRetentionLimit").unwrap_or(0),
        "SnapshotWindow": call.text("SnapshotWindow").unwrap_or("05:00-06:00"), "DataTiering": "disabled",
        "AutoMinorVersionUpgrade": on("AutoMinorVersionUpgrade", true), "LogDeliveryConfigurations": [],
        "NetworkType": call.text("NetworkType").unwrap_or("ipv4"), "IpDiscovery": call.text("IpDiscovery").unwrap_or("ipv4"),
        "ReplicationGroupCreateTime": call.timestamp(),
    })
}

/// Subnets, security groups, and all that shows on the member clusters.
fn place(
    call: &mut Call<'_>,
    group: &mut Object,
    subnets: Option<&Object>,
    version: &str,
    parameters: &str,
) -> Result<(), ApiError> {
    let vpc = subnets.map(|subnets| subnets.text("VpcId").to_owned()).unwrap_or_default();
    let security = placement::groups(call, call.texts("SecurityGroupIds"), &vpc)?;
    let rows: Vec<Value> = security.iter().map(|id| json!({"SecurityGroupId": id, "Status": "active"})).collect();
    let zones = subnets.map(placement::zones).unwrap_or_default();
    let topic = call.text("NotificationTopicArn").map(|arn| json!({"TopicArn": arn, "TopicStatus": "active"}));
    let names: Vec<&str> = zones.iter().map(|(zone, _)| zone.as_str()).collect();
    group.set(
        CLUSTER,
        json!({
            "EngineVersion": version, "CacheSubnetGroupName": subnets.map(|subnets| subnets.id.as_str()),
            "SecurityGroups": rows, "NotificationConfiguration": topic, "zones": names,
            "PreferredMaintenanceWindow":
                call.text("PreferredMaintenanceWindow").unwrap_or("sun:09:00-sun:10:00").to_lowercase(),
            "CacheParameterGroup": {
                "CacheParameterGroupName": parameters, "ParameterApplyStatus": "in-sync", "CacheNodeIdsToReboot": []},
        }),
    );
    if let Some(subnets) = subnets {
        group.needs.insert(subnets.text("ARN").to_owned());
    }
    let ids: Vec<String> = zones.into_iter().map(|(_, subnet)| subnet).collect();
    let arn = group.text("ARN").to_owned();
    placement::stand(call, &arn, &format!("ElastiCache {}", group.id), &ids, &security);
    Ok(())
}

/// Names of the zones that a group's nodes are spread over.
pub fn zones(group: &Object) -> Vec<String> {
    let zones = group.body.get(CLUSTER).and_then(|cluster| cluster.get("zones"));
    crate::wire::as_list(zones).iter().filter_map(|zone| zone.as_str().map(str::to_owned)).collect()
}

fn run(call: &Call<'_>, group: &mut Object, ready: f64) {
    let zones = zones(group);
    for (member, value) in node::shown(call, group, &zones, false) {
        group.set(member, value);
    }
    let mut members: Map<String, Value> =
        node::shown(call, group, &zones, true).into_iter().map(|(member, value)| (member.to_owned(), value)).collect();
    members.insert(STATUS.into(), "available".into());
    if group.body.get("AuthTokenEnabled") == Some(&Value::Bool(true)) {
        members.insert("AuthTokenLastModifiedDate".into(), timestamp(ready).into());
    }
    group.later.push(Later::Set { at: ready, members });
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut group = ready(call)?;
    if global::of(&group).is_some() {
        let message =
            format!("Replication group {} is a member of a Global datastore: disassociate it first.", group.id);
        return Err(ApiError::new("InvalidReplicationGroupState", message));
    }
    super::snapshot::last(call, &group)?;
    group.later.clear();
    group.set(STATUS, "deleting");
    group.remove_later(call.now + DELETE);
    placement::leave(call, group.text("ARN"), call.now + DELETE);
    call.world.put(group.clone());
    answer(&group)
}
