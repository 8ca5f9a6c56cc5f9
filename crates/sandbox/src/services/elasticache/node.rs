//! Shards and nodes of a replication group: which there are and where they answer.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::call::Call;
use crate::world::Object;

/// Hidden member of a group: its shards.
pub const SHARDS: &str = "shards";
/// Hidden member of a group: the replicas of each shard.
pub const REPLICAS: &str = "replicas";
/// Hidden member of a group: the port of its nodes.
pub const PORT: &str = "port";

/// A hidden count.
pub fn count(group: &Object, member: &str) -> i64 {
    group.hidden.get(member).and_then(Value::as_i64).unwrap_or_default()
}

/// Whether a group is of the kind with shards.
pub fn is_sharded(group: &Object) -> bool {
    group.body.get("ClusterEnabled").and_then(Value::as_bool).unwrap_or_default()
}

/// (shard, node id) of every node; the first of each shard is its primary.
pub fn all(group: &Object) -> Vec<(String, String)> {
    let nodes = 1 + count(group, REPLICAS);
    let sharded = is_sharded(group);
    let shard = |shard: i64| {
        (1..=nodes).map(move |node| {
            let label = format!("{shard:04}");
            let id =
                if sharded { format!("{}-{label}-{node:03}", group.id) } else { format!("{}-{node:03}", group.id) };
            (label, id)
        })
    };
    (1..=count(group, SHARDS)).flat_map(shard).collect()
}

/// The label that all endpoints of an account in a region share.
fn label(call: &Call<'_>) -> String {
    let hash = Sha256::digest(format!("{}/{}", call.account, call.region).as_bytes());
    hash.iter().take(6).map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// An endpoint of a group; facts do not say how it is spelled, so it is the one of groups with TLS (`master.`,
/// `replica.`, `clustercfg.`) or without (`.ng.`).
fn endpoint(call: &Call<'_>, group: &Object, role: &str) -> Value {
    let tls = group.body.get("TransitEncryptionEnabled").and_then(Value::as_bool).unwrap_or_default();
    let tail = format!("{}.{}.cache.amazonaws.com", label(call), short(call.region));
    let address = match (tls, role) {
        (true, role) => format!("{role}.{}.{tail}", group.id),
        (false, "master") => format!("{}.{}.ng.0001.{}.cache.amazonaws.com", group.id, label(call), short(call.region)),
        (false, "replica") => {
            format!("{}-ro.{}.ng.0001.{}.cache.amazonaws.com", group.id, label(call), short(call.region))
        }
        (false, _) => format!("{}.{}.clustercfg.{}.cache.amazonaws.com", group.id, label(call), short(call.region)),
    };
    json!({"Address": address, "Port": count(group, PORT)})
}

/// `use1` of `us-east-1`.
pub fn short(region: &str) -> String {
    let parts: Vec<&str> = region.split('-').collect();
    let middle = match parts.get(1).copied().unwrap_or_default() {
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        other => other.get(..1).unwrap_or_default(),
    };
    format!("{}{middle}{}", parts.first().unwrap_or(&""), parts.last().unwrap_or(&""))
}

/// Where one node answers.
pub fn node_endpoint(call: &Call<'_>, group: &Object, id: &str) -> Value {
    let address = format!("{id}.{}.0001.{}.cache.amazonaws.com", label(call), short(call.region));
    json!({"Address": address, "Port": count(group, PORT)})
}

/// The zone of the nth node: one after the other through the zones of the subnet group.
pub fn zone(zones: &[String], index: usize) -> Option<&str> {
    zones.get(index % zones.len().max(1)).map(String::as_str)
}

/// The members of a group that say what nodes it has; endpoints only when it runs.
pub fn shown(call: &Call<'_>, group: &Object, zones: &[String], runs: bool) -> Vec<(&'static str, Value)> {
    let nodes = all(group);
    let sharded = is_sharded(group);
    let shards = count(group, SHARDS);
    let per_shard = usize::try_from(1 + count(group, REPLICAS)).unwrap_or(1);
    let member = |(index, (_, id)): (usize, &(String, String))| {
        let role = (!sharded).then_some(if index % per_shard == 0 { "primary" } else { "replica" });
        let read = (!sharded && runs).then(|| node_endpoint(call, group, id));
        json!({
            "CacheClusterId": id, "CacheNodeId": "0001", "PreferredAvailabilityZone": zone(zones, index),
            "CurrentRole": role, "ReadEndpoint": read,
        })
    };
    let members: Vec<Value> = nodes.iter().enumerate().map(member).collect();
    let shard = |(index, members): (usize, &[Value])| {
        let index = i64::try_from(index).unwrap_or_default();
        let slots = |at: i64| at * 16384 / shards.max(1);
        let whole = !sharded && runs;
        json!({
            "NodeGroupId": format!("{:04}", index + 1), "Status": if runs { "available" } else { "creating" },
            "PrimaryEndpoint": whole.then(|| endpoint(call, group, "master")),
            "ReaderEndpoint": whole.then(|| endpoint(call, group, "replica")),
            "Slots": sharded.then(|| format!("{}-{}", slots(index), slots(index + 1) - 1)),
            "NodeGroupMembers": members,
        })
    };
    let groups: Vec<Value> = members.chunks(per_shard.max(1)).enumerate().map(shard).collect();
    let ids: Vec<Value> = nodes.iter().map(|(_, id)| id.as_str().into()).collect();
    let configuration = (sharded && runs).then(|| endpoint(call, group, "clustercfg"));
    vec![
        ("NodeGroups", groups.into()),
        ("MemberClusters", ids.into()),
        ("ConfigurationEndpoint", configuration.unwrap_or(Value::Null)),
    ]
}
