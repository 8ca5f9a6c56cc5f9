//! Replicas (global tables, version 2019.11.21). Facts: one change of a group at a time; the entry shows 6 s after the
//! call, the replica's table after 10 s; half a minute for an empty table, ten minutes with items; on the way out the
//! entry goes after two and a half minutes and the table 20 s later.

use serde_json::{Value, json};

use super::{TABLE, items, refused, status, table};
use crate::call::{ApiError, Call, GLOBAL};
use crate::world::{Key, Object};

/// One region's membership in a group of tables.
const MEMBER: &str = "dynamodb/member";
/// Seconds until the entry shows.
const ENTRY: f64 = 6.0;
/// Seconds until the replica's table can be described.
const DESCRIBABLE: f64 = 10.0;
/// Seconds until the replica of an empty table is active; measured: 14 to 49.
const CREATE: f64 = 30.0;
/// Seconds until the replica of a table with items is active; measured: 560 to 690.
const CREATE_WITH_ITEMS: f64 = 600.0;
/// Seconds for which the source is updating when a replica goes.
const SOURCE_BUSY: f64 = 40.0;
/// Seconds until the entry of a replica that goes is gone; measured: 120 to 245.
const DELETE: f64 = 150.0;
/// Seconds from the entry's end to the table's.
const TABLE_AFTER_ENTRY: f64 = 20.0;

fn group(table: &Object) -> &str {
    table.hidden.get("group").and_then(Value::as_str).unwrap_or_default()
}

fn members<'a>(call: &'a Call<'_>, table: &Object) -> impl Iterator<Item = &'a Object> {
    let prefix = format!("{}/", group(table));
    call.world.list(call.account, GLOBAL, MEMBER).filter(move |member| member.id.starts_with(&prefix))
}

/// The other regions of a table, as a describe lists them.
pub fn others(call: &Call<'_>, table: &Object) -> Vec<Value> {
    let others = members(call, table).filter(|member| member.text("RegionName") != table.region);
    others.filter(|member| member.visible <= call.now).map(|member| Value::Object(member.body.clone())).collect()
}

/// Whether a replica is coming or going.
pub fn changing(call: &Call<'_>, table: &Object) -> bool {
    members(call, table).any(|member| member.text("ReplicaStatus") != "ACTIVE")
}

/// The tables of a group in all its regions; the table alone if it has no replica.
pub fn tables(call: &Call<'_>, table: &Object) -> Vec<Key> {
    let place = |region: &str| (call.account.to_owned(), region.to_owned(), TABLE.to_owned(), table.id.clone());
    let regions = members(call, table).filter(|member| member.text("ReplicaStatus") == "ACTIVE");
    let mut keys: Vec<Key> = regions.map(|member| place(member.text("RegionName"))).collect();
    if !keys.contains(&table.key()) {
        keys.push(table.key());
    }
    keys
}

/// One change of the group.
///
/// # Errors
/// `ValidationException` for more than one change, for the table's own region, for a region that has a table of this
/// name, has no replica, or protects it.
pub fn update(call: &mut Call<'_>, table: &Object) -> Result<(), ApiError> {
    let updates = call.list("ReplicaUpdates");
    let [update] = updates.as_slice() else {
        return Err(refused("Only one replica can be created or deleted per request"));
    };
    let region = |action: &str| update.get(action).and_then(|action| action.get("RegionName")?.as_str());
    match (region("Create"), region("Delete")) {
        (Some(region), None) => add(call, table, region),
        (None, Some(region)) => remove(call, table, region),
        _ => Err(refused("One of Create or Delete is required")),
    }
}

fn member(call: &Call<'_>, table: &Object, region: &str, status: &str) -> Object {
    let arn = format!("arn:aws:dynamodb:{region}:{}:table/{}", call.account, table.id);
    let body = json!({"RegionName": region, "ReplicaStatus": status, "ReplicaArn": arn});
    let mut member = call.object_in(GLOBAL, MEMBER, &format!("{}/{region}", group(table)), body);
    member.visible = call.now;
    member
}

fn add(call: &mut Call<'_>, table: &Object, region: &str) -> Result<(), ApiError> {
    if call.world.get(call.account, region, TABLE, &table.id).is_some() || region == table.region {
        return Err(refused(format!(
            "Failed to create a the new replica of table with name: '{}' because one or more replicas already existed \
             as tables.",
            table.id
        )));
    }
    if table.body.get("BillingModeSummary").is_none() {
        return Err(refused("Table should either be Pay-Per-Request or AutoScaled"));
    }
    let holds_items = items::any(call, table);
    let ready = call.now + if holds_items { CREATE_WITH_ITEMS } else { CREATE };
    let home = member(call, table, &table.region, "ACTIVE");
    call.world.put(home);
    let mut entry = member(call, table, region, "CREATING");
    entry.visible = call.now + ENTRY;
    entry.set_later(ready, "ReplicaStatus", "ACTIVE");
    call.world.put(entry);

    let mut source = table.clone();
    table::stream_for_replica(&mut source, call);
    let replica = replica_of(call, &source, region, ready);
    source.set("TableStatus", "UPDATING");
    source.set_later(ready, "TableStatus", "ACTIVE");
    call.world.put(source);
    call.world.put(replica);
    items::backfill(call, table, region, ready);
    Ok(())
}

/// The replica's own table: keys, billing, expiry and stream are shared; tags, backups and protection are not.
fn replica_of(call: &mut Call<'_>, source: &Object, region: &str, ready: f64) -> Object {
    let id = call.uuid();
    let mut replica = call.object_in(region, TABLE, &source.id, Value::Object(source.body.clone()));
    replica.visible = call.now + DESCRIBABLE;
    replica.hidden.extend(
        source
            .hidden
            .iter()
            .filter(|(name, _)| name.starts_with("ttl"))
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    replica.hidden.insert("group".into(), group(source).into());
    replica.hidden.insert("active_at".into(), ready.into());
    replica.set("TableId", id);
    replica.set("TableStatus", "CREATING");
    replica.set("CreationDateTime", call.now);
    replica.set("DeletionProtectionEnabled", false);
    for member in ["TableArn", "LatestStreamArn"] {
        let text = replica.text(member).replace(&format!(":{}:", source.region), &format!(":{region}:"));
        replica.set(member, text);
    }
    replica.set_later(ready, "TableStatus", "ACTIVE");
    replica
}

fn remove(call: &mut Call<'_>, table: &Object, region: &str) -> Result<(), ApiError> {
    let entry = members(call, table).find(|member| member.text("RegionName") == region).map(Object::key);
    let Some(entry) = entry.filter(|_| region != table.region) else {
        return Err(refused(format!("Table '{}' has no replica in region '{region}' to delete", table.id)));
    };
    let replica = call.world.get(call.account, region, TABLE, &table.id).cloned();
    if replica.as_ref().is_some_and(|replica| replica.body.get("DeletionProtectionEnabled") == Some(&true.into())) {
        return Err(refused(format!("Replica in {region} is protected. Disable deletion protection first.")));
    }
    let end = call.now + DELETE;
    call.world.change(&entry, |entry| {
        entry.set("ReplicaStatus", "DELETING");
        entry.remove_later(end);
    });
    if let Some(replica) = replica {
        table::retire(call, &replica.key(), end + TABLE_AFTER_ENTRY);
    }
    let busy_until = call.now + SOURCE_BUSY;
    call.world.change(&table.key(), |table| {
        table.set("TableStatus", "UPDATING");
        table.set_later(busy_until, "TableStatus", "ACTIVE");
    });
    Ok(())
}

/// Forgets the group of a table that goes.
pub fn dissolve(call: &mut Call<'_>, table: &Object) {
    let keys: Vec<Key> = members(call, table).map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}

/// Regions that take over what is written in this one, by now or when they are active.
pub fn followers(call: &Call<'_>, table: &Object) -> Vec<String> {
    let going = |member: &&Object| member.text("ReplicaStatus") != "DELETING";
    let regions = members(call, table).filter(going).map(|member| member.text("RegionName").to_owned());
    regions.filter(|region| *region != table.region && status(table) != "DELETING").collect()
}
