//! Changes of replication groups. Facts: one at a time; what touches nodes takes minutes and waits for the window unless
//! told otherwise; the description, windows and security groups are there at once; versions go up, Redis to Valkey and
//! not back; replicas and shards have operations of their own.

use serde_json::{Map, Value, json};

use super::super::placement;
use super::super::shelf::{clash, invalid, next_window};
use super::group::{self, CLUSTER};
use super::{BUSY, PARAMETER_GROUPS, STATUS, SUBNET_GROUPS, engine, global, node, parameter_group, ready};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Later, Object};

/// Seconds until the status shows that a change is under way: it still reads available right after the call, so that a
/// first look before 30 s says nothing.
const NOTICE: f64 = 30.0;
/// Seconds of a change of node type or version; facts: 10 to 20 minutes.
const HEAVY: f64 = 900.0;
/// Seconds of other changes, and of more or fewer nodes.
const LIGHT: f64 = 180.0;
const NODES: f64 = 420.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ModifyReplicationGroup" => Some(modify(call)),
        "IncreaseReplicaCount" => Some(replicas(call, true)),
        "DecreaseReplicaCount" => Some(replicas(call, false)),
        "ModifyReplicationGroupShardConfiguration" => Some(shards(call)),
        _ => None,
    }
}

/// Has members of a group change in a while, the group being busy until then.
fn schedule(group: &mut Object, start: f64, takes: f64, mut members: Map<String, Value>) {
    let done = start + NOTICE + takes;
    group.set_later(start + NOTICE, STATUS, "modifying");
    members.insert(STATUS.into(), "available".into());
    members.insert("PendingModifiedValues".into(), json!({}));
    group.later.push(Later::Set { at: done, members });
}

fn begin(call: &Call<'_>, group: &mut Object, takes: f64, members: Map<String, Value>) {
    group.hidden.insert(BUSY.into(), (call.now + NOTICE + takes).into());
    schedule(group, call.now, takes, members);
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut group = ready(call)?;
    let quiet = ["ReplicationGroupId", "ApplyImmediately"];
    if call.input.as_object().is_some_and(|members| members.keys().all(|member| quiet.contains(&member.as_str()))) {
        return Err(clash("No modifications were requested"));
    }
    let (members, takes) = later(call, &group)?;
    security(call, &mut group)?;
    at_once(call, &mut group);
    if !members.is_empty() {
        pending(&mut group, &members);
        if call.flag("ApplyImmediately") == Some(true) {
            begin(call, &mut group, takes, members);
        } else {
            let window =
                group.body.get(CLUSTER).and_then(|cluster| cluster.get("PreferredMaintenanceWindow")?.as_str());
            let start = next_window(call.now, window.unwrap_or_default());
            schedule(&mut group, start, takes, members);
        }
    }
    call.world.put(group.clone());
    group::answer(&group)
}

/// What shows as pending: of a group's members only these.
fn pending(group: &mut Object, members: &Map<String, Value>) {
    let mut shown = Map::new();
    let renamed = members.get("AutomaticFailover").map(|word| ("AutomaticFailoverStatus".to_owned(), word.clone()));
    shown.extend(renamed);
    for member in ["TransitEncryptionEnabled", "TransitEncryptionMode", "ClusterMode"] {
        shown.extend(members.get(member).map(|value| (member.to_owned(), value.clone())));
    }
    group.set("PendingModifiedValues", shown);
}

/// Members that change later, and the seconds that it takes.
fn later(call: &mut Call<'_>, group: &Object) -> Result<(Map<String, Value>, f64), ApiError> {
    let (mut members, mut takes) = (Map::new(), LIGHT);
    let words = [("AutomaticFailoverEnabled", "AutomaticFailover"), ("MultiAZEnabled", "MultiAZ")];
    for (asked, shown) in words {
        let word = call.flag(asked).map(|on| if on { "enabled" } else { "disabled" });
        members.extend(word.map(|word| (shown.to_owned(), word.into())));
    }
    let after = |member: &str| members.get(member).and_then(Value::as_str).unwrap_or_else(|| group.text(member));
    if after("AutomaticFailover") == "enabled" && node::all(group).len() < 2 {
        return Err(clash("Automatic failover requires at least one replica."));
    }
    if after("MultiAZ") == "enabled" && after("AutomaticFailover") != "enabled" {
        return Err(clash("Multi-AZ requires automatic failover to be enabled."));
    }
    for member in ["ClusterMode", "TransitEncryptionMode"] {
        members.extend(call.text(member).map(|text| (member.to_owned(), text.into())));
    }
    let tls = call.flag("TransitEncryptionEnabled");
    members.extend(tls.map(|on| ("TransitEncryptionEnabled".to_owned(), on.into())));
    if let Some(token) = call.text("AuthToken") {
        group::check_token(token)?;
        members.insert("AuthTokenEnabled".into(), true.into());
        members.insert("AuthTokenLastModifiedDate".into(), call.timestamp().into());
    }
    members.extend(call.text("CacheNodeType").map(|class| ("CacheNodeType".to_owned(), class.into())));
    members.retain(|member, value| group.body.get(member) != Some(value));
    if members.contains_key("CacheNodeType") {
        takes = HEAVY;
    }
    if let Some(cluster) = cluster(call, group, &mut members)? {
        members.insert(CLUSTER.into(), cluster);
        takes = HEAVY;
    }
    Ok((members, takes))
}

/// What the member clusters show after an upgrade.
fn cluster(call: &mut Call<'_>, group: &Object, members: &mut Map<String, Value>) -> Result<Option<Value>, ApiError> {
    let mut cluster = group.body.get(CLUSTER).cloned().unwrap_or_default();
    let old = cluster.get("EngineVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = call.text("Engine").unwrap_or_else(|| group.text("Engine")).to_owned();
    let moves = kind != group.text("Engine");
    if moves && (kind != "valkey" || call.text("EngineVersion").is_none()) {
        return Err(clash("An engine changes from redis to valkey only, together with its version."));
    }
    let Some(asked) = call.text("EngineVersion") else { return Ok(None) };
    let new = engine::version(&kind, Some(asked))?;
    if new == old && !moves {
        return Ok(None);
    }
    if engine::is_older(&new, &old) && !moves {
        return Err(clash(format!("Cannot modify engine version from {old} to {new}")));
    }
    if moves {
        members.insert("Engine".into(), kind.as_str().into());
    }
    let family = engine::family(&kind, &new);
    if let Some(shown) = cluster.as_object_mut() {
        shown.insert("EngineVersion".into(), new.as_str().into());
        if family != engine::family(group.text("Engine"), &old) {
            let name = call.text(PARAMETER_GROUPS.name).map(str::to_owned);
            let parameters = parameter_group::for_group(call, name.as_deref(), &family, node::is_sharded(group))?;
            shown.insert("CacheParameterGroup".into(), membership(&parameters.id));
        }
    }
    Ok(Some(cluster))
}

fn membership(name: &str) -> Value {
    json!({"CacheParameterGroupName": name, "ParameterApplyStatus": "in-sync", "CacheNodeIdsToReboot": []})
}

fn at_once(call: &Call<'_>, group: &mut Object) {
    if let Some(description) = call.text("ReplicationGroupDescription") {
        group.set("Description", description);
    }
    if let Some(days) = call.number("SnapshotRetentionLimit") {
        group.set("SnapshotRetentionLimit", days);
    }
    for member in ["SnapshotWindow", "SnapshottingClusterId", "IpDiscovery"] {
        if let Some(text) = call.text(member) {
            group.set(member, text);
        }
    }
    if let Some(on) = call.flag("AutoMinorVersionUpgrade") {
        group.set("AutoMinorVersionUpgrade", on);
    }
    let mut cluster = group.body.get(CLUSTER).cloned().unwrap_or_default();
    if let Some(shown) = cluster.as_object_mut() {
        let window = call.text("PreferredMaintenanceWindow").map(str::to_lowercase);
        shown.extend(window.map(|window| ("PreferredMaintenanceWindow".to_owned(), window.into())));
        let status = call.text("NotificationTopicStatus").unwrap_or("active");
        let topic = call.text("NotificationTopicArn").map(|arn| json!({"TopicArn": arn, "TopicStatus": status}));
        shown.extend(topic.map(|topic| ("NotificationConfiguration".to_owned(), topic)));
    }
    group.set(CLUSTER, cluster);
}

/// Security groups and the parameter group.
fn security(call: &mut Call<'_>, group: &mut Object) -> Result<(), ApiError> {
    let mut cluster = group.body.get(CLUSTER).cloned().unwrap_or_default();
    let member = |member: &str| cluster.get(member).and_then(Value::as_str).map(str::to_owned);
    let (version, subnets) = (member("EngineVersion").unwrap_or_default(), member(SUBNET_GROUPS.name));
    let given = call.texts("SecurityGroupIds");
    let upgrades = call.text("EngineVersion").is_some();
    if let Some(name) = call.text(PARAMETER_GROUPS.name).filter(|_| !upgrades).map(str::to_owned) {
        let family = engine::family(group.text("Engine"), &version);
        let parameters = parameter_group::for_group(call, Some(&name), &family, node::is_sharded(group))?;
        group.needs.retain(|need| !need.contains(":parametergroup:"));
        group.needs.insert(parameters.text("ARN").to_owned());
        cluster["CacheParameterGroup"] = membership(&parameters.id);
    }
    if !given.is_empty() {
        let subnets = subnets.map(|name| SUBNET_GROUPS.find(call, &name).cloned()).transpose()?;
        let ids = placement::groups(call, given, "")?;
        cluster["SecurityGroups"] = ids.iter().map(|id| json!({"SecurityGroupId": id, "Status": "active"})).collect();
        let zones = subnets.as_ref().map(placement::zones).unwrap_or_default();
        let places: Vec<String> = zones.into_iter().map(|(_, subnet)| subnet).collect();
        let arn = group.text("ARN").to_owned();
        placement::stand(call, &arn, &format!("ElastiCache {}", group.id), &places, &ids);
    }
    group.set(CLUSTER, cluster);
    Ok(())
}

/// Gives a group other nodes.
fn resize(call: &mut Call<'_>, mut group: Object, shards: i64, replicas: i64) -> Answer {
    group.hidden.insert(node::SHARDS.into(), shards.into());
    group.hidden.insert(node::REPLICAS.into(), replicas.into());
    let zones = group::zones(&group);
    let members = node::shown(call, &group, &zones, true);
    let members = members.into_iter().map(|(member, value)| (member.to_owned(), value)).collect();
    begin(call, &mut group, NODES, members);
    call.world.put(group.clone());
    group::answer(&group)
}

fn immediately(call: &Call<'_>) -> Result<(), ApiError> {
    match call.flag("ApplyImmediately") {
        Some(true) => Ok(()),
        _ => Err(invalid("ApplyImmediately must be true.")),
    }
}

fn replicas(call: &mut Call<'_>, more: bool) -> Answer {
    let group = ready(call)?;
    immediately(call)?;
    let had = node::count(&group, node::REPLICAS);
    let first = call.list("ReplicaConfiguration").into_iter().next();
    let per_shard = first.and_then(|one| one.get("NewReplicaCount")?.as_str()?.parse().ok());
    let wanted = call.number("NewReplicaCount").or(per_shard);
    let wanted = wanted.ok_or_else(|| clash("NewReplicaCount or ReplicaConfiguration must be given."))?;
    if !(0..=5).contains(&wanted) {
        return Err(invalid("The number of replicas must be between 0 and 5."));
    }
    if wanted == had {
        return Err(ApiError::new("NoOperationFault", format!("Each shard has {had} replicas already.")));
    }
    if (wanted > had) != more {
        return Err(invalid(format!("{wanted} replicas are no change in this direction from {had}.")));
    }
    if wanted == 0 && group.text("AutomaticFailover") == "enabled" && !node::is_sharded(&group) {
        return Err(clash("Automatic failover requires at least one replica."));
    }
    let shards = node::count(&group, node::SHARDS);
    resize(call, group, shards, wanted)
}

fn shards(call: &mut Call<'_>) -> Answer {
    let group = ready(call)?;
    immediately(call)?;
    if !node::is_sharded(&group) {
        return Err(clash("The shards of a replication group without cluster mode can't be changed."));
    }
    if global::of(&group).is_some() {
        return Err(clash("The shards of a member of a Global datastore are changed with the datastore."));
    }
    let wanted = call.number("NodeGroupCount").filter(|count| (1..=500).contains(count));
    let wanted = wanted.ok_or_else(|| invalid("NodeGroupCount must be between 1 and 500."))?;
    let names = call.list("NodeGroupsToRemove").len() + call.list("NodeGroupsToRetain").len();
    if wanted < node::count(&group, node::SHARDS) && names == 0 {
        return Err(clash("NodeGroupsToRemove or NodeGroupsToRetain must be given to remove shards."));
    }
    let replicas = node::count(&group, node::REPLICAS);
    resize(call, group, wanted, replicas)
}
