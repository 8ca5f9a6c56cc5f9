//! Multi-region keys: one primary, at most one replica in each other region, one id.

use serde_json::{Value, json};

use super::{KEY, check_live, named, policy, required, state, tags, unsupported};
use crate::call::{Answer, ApiError, Call, tag_list};
use crate::world::{Later, Object};

/// Seconds until a replica can be used; the facts say 5 to 30.
const CREATE: f64 = 10.0;
/// Seconds that a change of primary takes.
const UPDATE: f64 = 5.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ReplicateKey" => Some(replicate(call)),
        "UpdatePrimaryRegion" => Some(update_primary(call)),
        _ => None,
    }
}

/// Makes a new key the primary of its family.
pub fn make_primary(key: &mut Object) {
    key.hidden.insert("multi_region".into(), "PRIMARY".into());
}

/// Whether a key is the copy of a primary.
pub fn is_replica(key: &Object) -> bool {
    super::hidden_text(key, "multi_region") == "REPLICA"
}

/// All keys of an id, in all regions.
pub fn family(call: &Call<'_>, id: &str) -> Vec<Object> {
    call.world.everywhere(call.account, KEY).filter(|key| key.id == id).cloned().collect()
}

/// The copies of a primary; none of a replica.
pub fn replicas_of(call: &Call<'_>, key: &Object) -> Vec<Object> {
    if super::hidden_text(key, "multi_region") != "PRIMARY" {
        return Vec::new();
    }
    family(call, &key.id).into_iter().filter(is_replica).collect()
}

/// The primary of a replica.
pub fn primary_of(call: &Call<'_>, key: &Object) -> Option<Object> {
    if !is_replica(key) {
        return None;
    }
    family(call, &key.id).into_iter().find(|key| !is_replica(key))
}

/// What a multi-region key's metadata tell of its family.
pub fn configuration(call: &Call<'_>, key: &Object) -> Option<Value> {
    let kind = key.hidden.get("multi_region")?;
    let row = |key: &Object| json!({"Arn": key.text("Arn"), "Region": key.region});
    let primary = primary_of(call, key).unwrap_or_else(|| key.clone());
    let replicas: Vec<Value> = replicas_of(call, &primary).iter().map(row).collect();
    Some(json!({"MultiRegionKeyType": kind, "PrimaryKey": row(&primary), "ReplicaKeys": replicas}))
}

fn the_primary(call: &Call<'_>) -> Result<Object, ApiError> {
    let key = named(call)?;
    let arn = key.text("Arn");
    match super::hidden_text(&key, "multi_region") {
        "PRIMARY" => Ok(key),
        "REPLICA" => Err(unsupported(format!("{arn} is not a multi-region primary key."))),
        _ => Err(unsupported(format!("{arn} is not a multi-region key."))),
    }
}

/// Facts: sent to the primary's region; policy, tags, description and state are not shared.
fn replicate(call: &mut Call<'_>) -> Answer {
    let primary = the_primary(call)?;
    check_live(&primary)?;
    let region = required(call, "ReplicaRegion")?;
    if call.world.get(call.account, &region, KEY, &primary.id).is_some() {
        let message = format!("Key {} already exists in {region}", primary.id);
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    let (policy, tags) = (policy::given(call)?, tags::given(call)?);
    let mut replica = primary.clone();
    replica.region = region.clone();
    replica.later.clear();
    replica.set("Arn", format!("arn:aws:kms:{region}:{}:key/{}", call.account, primary.id));
    replica.set("Description", call.text("Description").unwrap_or_default());
    replica.set("CreationDate", call.now);
    replica.set("Enabled", false);
    replica.set("KeyState", "Creating");
    let members = [("KeyState".to_owned(), "Enabled".into()), ("Enabled".to_owned(), true.into())];
    replica.later.push(Later::Set { at: call.now + CREATE, members: members.into_iter().collect() });
    replica.created = call.now;
    replica.visible = call.now + call.lag;
    replica.tags = tags;
    replica.hidden = [("multi_region".to_owned(), "REPLICA".into()), ("policy".to_owned(), policy.clone().into())]
        .into_iter()
        .collect();
    call.world.put(replica.clone());
    let shown = super::key::show(call, &replica);
    let tags = tags::show(&tag_list(&replica.tags));
    Ok(json!({"ReplicaKeyMetadata": shown, "ReplicaPolicy": policy, "ReplicaTags": tags}).into())
}

/// Facts: both keys are `Updating` for seconds.
fn update_primary(call: &mut Call<'_>) -> Answer {
    let primary = the_primary(call)?;
    check_live(&primary)?;
    let region = required(call, "PrimaryRegion")?;
    let heir = call.world.get(call.account, &region, KEY, &primary.id).cloned();
    let heir = heir.ok_or_else(|| super::not_found(format!("Key {} has no replica in {region}", primary.id)))?;
    check_live(&heir)?;
    let end = call.now + UPDATE;
    let shared = primary.hidden.iter().filter(|(name, _)| name.starts_with("rotation_"));
    let shared: Vec<(String, Value)> = shared.map(|(name, value)| (name.clone(), value.clone())).collect();
    for (key, kind) in [(&primary, "REPLICA"), (&heir, "PRIMARY")] {
        let after = state(key).to_owned();
        call.world.change(&key.key(), |key| {
            key.hidden.retain(|name, _| !name.starts_with("rotation_"));
            key.hidden.insert("multi_region".into(), kind.into());
            key.set("KeyState", "Updating");
            key.set_later(end, "KeyState", after);
            if kind == "PRIMARY" {
                key.hidden.extend(shared.clone());
            }
        });
    }
    Ok(Value::Null.into())
}
