//! The member clusters of replication groups. Facts: engine version, parameter group, subnet group, security groups and
//! windows show here and nowhere else.

use serde_json::{Value, json};

use super::super::shelf::page;
use super::{GROUPS, STATUS, group, node};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "DescribeCacheClusters").then(|| list(call))
}

fn list(call: &mut Call<'_>) -> Answer {
    let nodes = call.flag("ShowCacheNodeInfo") == Some(true);
    let mut rows: Vec<Value> = Vec::new();
    // Every cluster of the sandbox is in a replication group.
    if call.flag("ShowCacheClustersNotInReplicationGroups") != Some(true) {
        rows = call.visible(GROUPS.kind).into_iter().flat_map(|group| members(call, group, nodes)).collect();
    }
    if let Some(id) = call.text("CacheClusterId").map(str::to_lowercase) {
        rows.retain(|row| row.get("CacheClusterId").and_then(Value::as_str) == Some(id.as_str()));
        if rows.is_empty() {
            return Err(ApiError::new("CacheClusterNotFound", format!("CacheCluster not found: {id}")).status(404));
        }
    }
    page(call, "CacheClusters", rows)
}

fn members(call: &Call<'_>, group: &Object, nodes: bool) -> Vec<Value> {
    let ids = crate::wire::as_list(group.body.get("MemberClusters"));
    let ids = ids.iter().filter_map(Value::as_str).enumerate();
    ids.map(|(index, id)| member(call, group, index, id, nodes)).collect()
}

fn member(call: &Call<'_>, group: &Object, index: usize, id: &str, nodes: bool) -> Value {
    let zones = group::zones(group);
    let zone = node::zone(&zones, index);
    let mut body = json!({
        "CacheClusterId": id, "ReplicationGroupId": group.id, "CacheClusterStatus": group.text(STATUS), "NumCacheNodes": 1,
        "PreferredAvailabilityZone": zone, "PendingModifiedValues": {}, "CacheSecurityGroups": [],
        "CacheClusterCreateTime": group.text("ReplicationGroupCreateTime"), "ReplicationGroupLogDeliveryEnabled": false,
        "ARN": format!("arn:aws:elasticache:{}:{}:cluster:{id}", call.region, call.account),
    });
    let Some(shown) = body.as_object_mut() else { return body };
    const COPIED: [&str; 12] = [
        "Engine",
        "CacheNodeType",
        "SnapshotRetentionLimit",
        "SnapshotWindow",
        "AutoMinorVersionUpgrade",
        "AuthTokenEnabled",
        "AuthTokenLastModifiedDate",
        "TransitEncryptionEnabled",
        "TransitEncryptionMode",
        "AtRestEncryptionEnabled",
        "NetworkType",
        "IpDiscovery",
    ];
    let copied = COPIED.iter().filter_map(|name| Some(((*name).to_owned(), group.body.get(*name)?.clone())));
    shown.extend(copied);
    let cluster = group.body.get(group::CLUSTER).and_then(Value::as_object).cloned().unwrap_or_default();
    shown.extend(cluster.into_iter().filter(|(name, _)| name != "zones"));
    if nodes && group.text(STATUS) != "creating" {
        let node = json!([{
            "CacheNodeId": "0001", "CacheNodeStatus": "available", "ParameterGroupStatus": "in-sync",
            "CacheNodeCreateTime": group.text("ReplicationGroupCreateTime"), "CustomerAvailabilityZone": zone,
            "Endpoint": node::node_endpoint(call, group, id),
        }]);
        shown.insert("CacheNodes".into(), node);
    }
    body
}
