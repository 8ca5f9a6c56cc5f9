//! Global datastores. Facts: the id has a prefix that the service chooses; the primary must be available; secondaries
//! join as they are created and inherit; at most two of them; a member is disassociated before it is deleted.

use serde_json::{Value, json};

use super::super::shelf::{invalid, page};
use super::{GROUPS, STATUS};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::world::{Key, Object};

const DATASTORES: &str = "elasticache/global";
const ID: &str = "GlobalReplicationGroupId";
const INFO: &str = "GlobalReplicationGroupInfo";
/// Seconds of a create or a change; facts: 1 to 3 minutes.
const CHANGE: f64 = 120.0;
/// Seconds until a new secondary is associated; facts: 10 to 20 minutes.
const JOIN: f64 = 900.0;
/// Most secondaries.
const SECONDARIES: usize = 2;
/// Node types that can take part, by how they begin.
const FAMILIES: [&str; 11] = ["m5", "m6g", "m7g", "m8g", "r5", "r6g", "r6gd", "r7g", "r8g", "c7gn", "c8gn"];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateGlobalReplicationGroup" => Some(create(call)),
        "DescribeGlobalReplicationGroups" => Some(describe(call)),
        "DisassociateGlobalReplicationGroup" => Some(leave(call)),
        "DeleteGlobalReplicationGroup" => Some(delete(call)),
        _ => None,
    }
}

/// The datastore that a replication group is a member of.
pub fn of(group: &Object) -> Option<&str> {
    group.body.get(INFO)?.get(ID)?.as_str()
}

fn unknown(id: &str) -> ApiError {
    ApiError::new("GlobalReplicationGroupNotFoundFault", format!("Global Replication Group {id} not found."))
        .status(404)
}

fn state(id: &str) -> ApiError {
    let message = format!("Global Replication Group {id} is not in available or primary-only state.");
    ApiError::new("InvalidGlobalReplicationGroupState", message)
}

/// The datastore that a request names, if it takes changes.
fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let id = call.need(ID)?;
    let store = call.get_global(DATASTORES, &id).ok_or_else(|| unknown(&id))?;
    match store.text(STATUS) {
        "available" | "primary-only" => Ok(store.clone()),
        _ => Err(state(&id)),
    }
}

fn members(store: &Object) -> Vec<Value> {
    crate::wire::as_list(store.body.get("Members"))
}

fn member(group: &Object, role: &str, status: &str) -> Value {
    json!({
        "ReplicationGroupId": group.id, "ReplicationGroupRegion": group.region, "Role": role,
        "AutomaticFailover": group.text("AutomaticFailover"), "Status": status,
    })
}

fn show(store: &Object, with_members: bool) -> Value {
    let mut body = store.body.clone();
    if !with_members {
        body.shift_remove("Members");
    }
    Value::Object(body)
}

fn answer(store: &Object) -> Answer {
    Ok(json!({"GlobalReplicationGroup": show(store, true)}).into())
}

fn create(call: &mut Call<'_>) -> Answer {
    let suffix = call.need("GlobalReplicationGroupIdSuffix")?;
    // `ldgnf` in the facts' example; which prefix a region has is not documented.
    let prefix: String = super::node::short(call.region).chars().chain("dgnf".chars()).take(5).collect();
    let id = format!("{prefix}-{suffix}");
    if call.get_global(DATASTORES, &id).is_some() {
        let message = format!("Global Replication Group {id} already exists.");
        return Err(ApiError::new("GlobalReplicationGroupAlreadyExistsFault", message));
    }
    let named = call.need("PrimaryReplicationGroupId")?;
    let mut group = GROUPS.find(call, &named)?.clone();
    if group.text(STATUS) != "available" || of(&group).is_some() {
        return Err(super::state(&group));
    }
    let class = group.text("CacheNodeType").split('.').nth(1).unwrap_or_default();
    if !FAMILIES.contains(&class) {
        return Err(invalid(format!("Node type {} does not support Global datastores.", group.text("CacheNodeType"))));
    }
    let version = group.body.get(super::group::CLUSTER).and_then(|cluster| cluster.get("EngineVersion")).cloned();
    let copy = |name: &str| group.body.get(name).cloned();
    let body = json!({
        ID: id, STATUS: "creating", "CacheNodeType": copy("CacheNodeType"), "Engine": copy("Engine"),
        "GlobalReplicationGroupDescription": call.text("GlobalReplicationGroupDescription").unwrap_or(" "),
        "EngineVersion": version, "ClusterEnabled": copy("ClusterEnabled"), "AuthTokenEnabled": copy("AuthTokenEnabled"),
        "TransitEncryptionEnabled": copy("TransitEncryptionEnabled"),
        "AtRestEncryptionEnabled": copy("AtRestEncryptionEnabled"),
        "Members": [member(&group, "PRIMARY", "associated")],
        "ARN": format!("arn:aws:elasticache::{}:globalreplicationgroup:{id}", call.account),
    });
    let mut store = call.object_in(GLOBAL, DATASTORES, &id, body);
    store.set_later(call.now + CHANGE, STATUS, "primary-only");
    group.set(INFO, json!({ID: id, "GlobalReplicationGroupMemberRole": "PRIMARY"}));
    group.set("AutoMinorVersionUpgrade", false);
    call.world.put(group);
    call.world.put(store.clone());
    answer(&store)
}

/// Completes the create of a secondary with what it has from its datastore.
///
/// # Errors
/// When the datastore is not there, is changing, is full, or the request sets what is inherited.
pub fn inherit(call: &mut Call<'_>) -> Result<(), ApiError> {
    if call.text(ID).is_none() {
        return Ok(());
    }
    let store = named(call)?;
    let own = ["CacheNodeType", "Engine", "EngineVersion", "TransitEncryptionEnabled", "NumNodeGroups"];
    if let Some(member) = own.iter().find(|member| call.input.get(**member).is_some()) {
        let message = format!("{member} can't be specified for a secondary of a Global datastore.");
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let taken = members(&store).iter().any(|one| one["ReplicationGroupRegion"] == *call.region);
    if members(&store).len() > SECONDARIES || taken {
        return Err(invalid("A Global datastore has one member per Region, and at most two secondaries."));
    }
    let primary = primary(call, &store).ok_or_else(|| state(&store.id))?;
    let failover = primary.text("AutomaticFailover") == "enabled";
    let shards = super::node::count(&primary, super::node::SHARDS);
    let replicas = super::node::count(&primary, super::node::REPLICAS);
    let Some(input) = call.input.as_object_mut() else { return Ok(()) };
    for member in own {
        input.extend(store.body.get(member).map(|value| (member.to_owned(), value.clone())));
    }
    input.insert("AutomaticFailoverEnabled".into(), failover.into());
    input.insert("NumNodeGroups".into(), shards.into());
    if !input.contains_key("NumCacheClusters") {
        input.entry("ReplicasPerNodeGroup").or_insert(replicas.into());
    }
    if primary.body.get("ClusterEnabled") == Some(&Value::Bool(true)) {
        input.insert("ClusterMode".into(), "enabled".into());
    }
    Ok(())
}

fn primary(call: &Call<'_>, store: &Object) -> Option<Object> {
    let row = members(store).into_iter().find(|one| one["Role"] == "PRIMARY")?;
    let (region, id) = (row["ReplicationGroupRegion"].as_str()?, row["ReplicationGroupId"].as_str()?);
    call.world.get(call.account, region, GROUPS.kind, id).cloned()
}

/// Makes a new group a secondary of the datastore that its create names.
///
/// # Errors
/// When the datastore is not there.
pub fn join(call: &mut Call<'_>, group: &mut Object) -> Result<(), ApiError> {
    let Some(id) = call.text(ID).map(str::to_owned) else { return Ok(()) };
    let mut store = call.get_global(DATASTORES, &id).cloned().ok_or_else(|| unknown(&id))?;
    group.set(INFO, json!({ID: id, "GlobalReplicationGroupMemberRole": "SECONDARY"}));
    group.set("AutoMinorVersionUpgrade", false);
    let before = members(&store);
    let with = |status: &str| before.iter().cloned().chain([member(group, "SECONDARY", status)]).collect::<Vec<_>>();
    store.set("Members", with("associating"));
    store.set_later(call.now + JOIN, "Members", with("associated"));
    store.set(STATUS, "modifying");
    store.set_later(call.now + JOIN, STATUS, "available");
    call.world.put(store);
    Ok(())
}

fn describe(call: &mut Call<'_>) -> Answer {
    let with_members = call.flag("ShowMemberInfo") == Some(true);
    let here = |store: &&Object| members(store).iter().any(|one| one["ReplicationGroupRegion"] == *call.region);
    let all = call.world.list(call.account, GLOBAL, DATASTORES).filter(here);
    let stores: Vec<&Object> = match call.text(ID) {
        Some(id) => vec![all.into_iter().find(|store| store.id == id).ok_or_else(|| unknown(id))?],
        None => all.collect(),
    };
    page(call, "GlobalReplicationGroups", stores.into_iter().map(|store| show(store, with_members)).collect())
}

fn place(call: &Call<'_>, row: &Value) -> Option<Key> {
    let (region, id) = (row["ReplicationGroupRegion"].as_str()?, row["ReplicationGroupId"].as_str()?);
    Some((call.account.to_owned(), region.to_owned(), GROUPS.kind.to_owned(), id.to_owned()))
}

fn leave(call: &mut Call<'_>) -> Answer {
    let mut store = named(call)?;
    let (id, region) = (call.need("ReplicationGroupId")?, call.need("ReplicationGroupRegion")?);
    let is = |one: &Value| one["ReplicationGroupId"] == *id.to_lowercase() && one["ReplicationGroupRegion"] == *region;
    let (gone, kept): (Vec<Value>, Vec<Value>) = members(&store).into_iter().partition(is);
    let row = gone.first().filter(|row| row["Role"] == "SECONDARY");
    let row = row.ok_or_else(|| invalid(format!("{id} is not associated with {} as a secondary", store.id)))?;
    let at = call.now + CHANGE;
    if let Some(key) = place(call, row) {
        call.world.change(&key, |group| group.set_later(at, INFO, Value::Null));
    }
    let left = if kept.len() > 1 { "available" } else { "primary-only" };
    store.set(STATUS, "modifying");
    store.set_later(at, STATUS, left);
    store.set_later(at, "Members", kept);
    call.world.put(store.clone());
    answer(&store)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut store = named(call)?;
    if call.flag("RetainPrimaryReplicationGroup") != Some(true) {
        return Err(invalid("The sandbox deletes a Global datastore only with RetainPrimaryReplicationGroup."));
    }
    if members(&store).len() > 1 {
        return Err(state(&store.id));
    }
    let at = call.now + CHANGE;
    for key in members(&store).iter().filter_map(|row| place(call, row)).collect::<Vec<_>>() {
        call.world.change(&key, |group| group.set_later(at, INFO, Value::Null));
    }
    store.set(STATUS, "deleting");
    store.remove_later(at);
    call.world.put(store.clone());
    answer(&store)
}
