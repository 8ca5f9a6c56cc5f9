//! Tables: create, describe, list, update, delete. Facts: 6 s to active, 5 s to gone; `UpdateTable` takes one change.

use serde_json::{Value, json};

use super::{TABLE, busy, group, moment, named, not_found, refused, resource_policy, status};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::world::{Key, Object};

/// Seconds from create to active.
const CREATE: f64 = 6.0;
/// Seconds from delete to gone.
const DELETE: f64 = 5.0;
/// Seconds that a stream or a billing mode takes to change.
const CHANGE: f64 = 4.0;
/// Seconds between two changes of deletion protection.
const PROTECTION_COOLDOWN: f64 = 15.0;
/// Seconds after a write of tags or of a policy for which the table cannot be deleted.
const TAG_LOCK: f64 = 2.0;
/// Largest page of table names.
const PAGE: i64 = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateTable" => Some(create(call)),
        "DescribeTable" => Some(named(call, "TableName").map(|table| json!({"Table": show(call, &table)}).into())),
        "ListTables" => Some(list(call)),
        "UpdateTable" => Some(update(call)),
        "DeleteTable" => Some(delete(call)),
        // Facts: the first version of global tables is refused everywhere since 2026.
        "CreateGlobalTable" | "UpdateGlobalTable" => {
            Some(Err(refused("Global tables version 2017.11.29 is no longer supported. Use version 2019.11.21.")))
        }
        _ => None,
    }
}

/// A table as a describe shows it.
fn show(call: &Call<'_>, table: &Object) -> Value {
    let mut body = table.body.clone();
    let replicas = group::others(call, table);
    if !replicas.is_empty() {
        body.insert("GlobalTableVersion".into(), "2019.11.21".into());
        body.insert("Replicas".into(), replicas.into());
    }
    Value::Object(body)
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.text("TableName").unwrap_or_default().to_owned();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(3..=255).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(refused("TableName must be at least 3 characters long and at most 255, of a-z, A-Z, 0-9, _ . -"));
    }
    if let Some(table) = call.get(TABLE, &name) {
        return Err(match status(table) {
            "DELETING" => busy(format!("Table is being deleted: {name}")),
            "CREATING" => busy(format!("Table is being created: {name}")),
            _ => busy(format!("Table already exists: {name}")),
        });
    }
    check_keys(call)?;
    let id = call.uuid();
    let mut table = call.object(TABLE, &name, describe(call, &name, &id));
    table.visible = call.now;
    table.tags = tags_from(&call.list("Tags"));
    table.hidden.insert("group".into(), id.into());
    table.hidden.insert("active_at".into(), (call.now + CREATE).into());
    if let Some(specification) = call.input.get("StreamSpecification").cloned() {
        stream(&mut table, &specification, call)?;
    }
    if let Some(policy) = call.text("ResourcePolicy").map(str::to_owned) {
        let arn = table.text("TableArn").to_owned();
        resource_policy::write(call, &mut table, &arn, &policy)?;
    }
    table.set_later(call.now + CREATE, "TableStatus", "ACTIVE");
    let shown = Value::Object(table.body.clone());
    call.world.put(table);
    Ok(json!({"TableDescription": shown}).into())
}

/// Facts: the definitions are exactly the attributes of the keys; on-demand tables have no capacity, others must.
fn check_keys(call: &Call<'_>) -> Result<(), ApiError> {
    let names = |member: &str| -> Vec<String> {
        let list = call.list(member);
        let mut names: Vec<String> =
            list.iter().filter_map(|item| item.get("AttributeName")?.as_str().map(str::to_owned)).collect();
        names.sort_unstable();
        names
    };
    let (keys, attributes) = (names("KeySchema"), names("AttributeDefinitions"));
    if keys.is_empty() || keys.len() > 2 {
        return Err(refused("1 or 2 key schema elements are required"));
    }
    if call.input.get("GlobalSecondaryIndexes").is_none() && keys != attributes {
        return Err(refused(
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match \
             number of attributes defined in AttributeDefinitions",
        ));
    }
    let on_demand = call.text("BillingMode") == Some("PAY_PER_REQUEST");
    let capacity = call.input.get("ProvisionedThroughput").is_some();
    if on_demand && capacity {
        return Err(refused(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ));
    }
    if !on_demand && !capacity {
        return Err(refused(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ));
    }
    Ok(())
}

fn describe(call: &Call<'_>, name: &str, id: &str) -> Value {
    let on_demand = call.text("BillingMode") == Some("PAY_PER_REQUEST");
    let billing = on_demand.then(|| json!({"BillingMode": "PAY_PER_REQUEST"}));
    let capacity = call.input.get("ProvisionedThroughput").cloned();
    let mut body = json!({
        "TableName": name, "TableStatus": "CREATING", "TableId": id, "CreationDateTime": call.now,
        "TableArn": format!("arn:aws:dynamodb:{}:{}:table/{name}", call.region, call.account),
        "KeySchema": call.input.get("KeySchema"), "AttributeDefinitions": call.input.get("AttributeDefinitions"),
        "ProvisionedThroughput": capacity.unwrap_or_else(|| json!({"ReadCapacityUnits": 0, "WriteCapacityUnits": 0})),
        "ItemCount": 0, "TableSizeBytes": 0,
        "DeletionProtectionEnabled": call.flag("DeletionProtectionEnabled").unwrap_or(false),
    });
    if let (Value::Object(body), Some(billing)) = (&mut body, billing) {
        body.insert("BillingModeSummary".into(), billing);
    }
    body
}

/// Facts: what is on cannot be turned on, what is off cannot be turned off; each stream has an ARN of its own.
fn stream(table: &mut Object, specification: &Value, call: &Call<'_>) -> Result<(), ApiError> {
    let on = specification.get("StreamEnabled").and_then(Value::as_bool).unwrap_or_default();
    match (on, table.body.contains_key("StreamSpecification")) {
        (true, true) => Err(refused("Table already has an enabled stream")),
        (false, false) if status(table) != "CREATING" => Err(refused("Table has no stream to disable")),
        (false, _) => {
            table.body.remove("StreamSpecification");
            Ok(())
        }
        (true, false) => {
            let label = call.timestamp().trim_end_matches('Z').to_owned();
            table.set("LatestStreamArn", format!("{}/stream/{label}", table.text("TableArn")));
            table.set("LatestStreamLabel", label);
            table.set("StreamSpecification", specification.clone());
            Ok(())
        }
    }
}

/// Gives a table the stream that a replica needs, if it has none.
pub fn stream_for_replica(table: &mut Object, call: &Call<'_>) {
    let specification = json!({"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"});
    // A table that has one keeps it.
    let _kept = stream(table, &specification, call);
}

fn list(call: &mut Call<'_>) -> Answer {
    let start = call.text("ExclusiveStartTableName").unwrap_or_default().to_owned();
    let limit = call.number("Limit").unwrap_or(PAGE).clamp(1, PAGE);
    let names: Vec<String> = call.visible(TABLE).into_iter().map(|table| table.id.clone()).collect();
    let rest: Vec<String> = names.into_iter().filter(|name| *name > start).collect();
    let (page, next) = call.page(rest, Some(limit), None);
    let last = next.and_then(|_| page.last().cloned());
    let mut body = json!({"TableNames": page});
    if let (Value::Object(body), Some(last)) = (&mut body, last) {
        body.insert("LastEvaluatedTableName".into(), last.into());
    }
    Ok(body.into())
}

/// Facts: these must be alone in their call.
const ALONE: [&str; 5] =
    ["DeletionProtectionEnabled", "SSESpecification", "TableClass", "ReplicaUpdates", "GlobalSecondaryIndexUpdates"];
const TOGETHER: [&str; 3] = ["BillingMode", "StreamSpecification", "ProvisionedThroughput"];

fn update(call: &mut Call<'_>) -> Answer {
    let table = named(call, "TableName")?;
    let given = |members: &[&str]| members.iter().filter(|member| call.input.get(**member).is_some()).count();
    let (alone, together) = (given(&ALONE), given(&TOGETHER));
    if alone + together == 0 {
        return Err(refused("At least one of the changeable members is required"));
    }
    if alone > 1 || (alone == 1 && together > 0) {
        return Err(refused("Only one type of update is allowed per UpdateTable call"));
    }
    if status(&table) != "ACTIVE" || group::changing(call, &table) {
        return Err(busy(format!(
            "Attempt to change a resource which is still in use: Table is being updated: {}",
            table.id
        )));
    }
    if call.input.get("ReplicaUpdates").is_some() {
        group::update(call, &table)?;
    } else if let Some(on) = call.flag("DeletionProtectionEnabled") {
        protect(call, &table, on)?;
    } else {
        shared(call, &table)?;
    }
    // Facts: the answer shows the values from before.
    Ok(json!({"TableDescription": show(call, &table)}).into())
}

fn protect(call: &mut Call<'_>, table: &Object, on: bool) -> Result<(), ApiError> {
    let live = table.body.get("DeletionProtectionEnabled").and_then(Value::as_bool).unwrap_or_default();
    if live == on {
        return Ok(());
    }
    let now = call.now;
    if now - moment(table, "protection_changed") < PROTECTION_COOLDOWN {
        return Err(ApiError::new("ThrottlingException", "Deletion protection was changed less than 15 seconds ago"));
    }
    call.world.change(&table.key(), |table| {
        table.set("DeletionProtectionEnabled", on);
        table.hidden.insert("protection_changed".into(), now.into());
    });
    Ok(())
}

/// Billing and stream: the same in all regions of the table, and the stream fixed while there is another region.
fn shared(call: &mut Call<'_>, table: &Object) -> Result<(), ApiError> {
    let specification = call.input.get("StreamSpecification").cloned();
    if specification.is_some() && !group::others(call, table).is_empty() {
        return Err(refused("The stream of a table with replicas cannot be changed"));
    }
    for key in group::tables(call, table) {
        let Some(mut member) = call.world.get(&key.0, &key.1, &key.2, &key.3).cloned() else { continue };
        if let Some(specification) = &specification {
            stream(&mut member, specification, call)?;
        }
        match call.text("BillingMode") {
            Some("PAY_PER_REQUEST") => member.set("BillingModeSummary", json!({"BillingMode": "PAY_PER_REQUEST"})),
            Some(_) => {
                member.body.remove("BillingModeSummary");
            }
            None => {}
        }
        member.set("TableStatus", "UPDATING");
        member.set_later(call.now + CHANGE, "TableStatus", "ACTIVE");
        call.world.put(member);
    }
    Ok(())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let table = named(call, "TableName")?;
    let name = &table.id;
    match status(&table) {
        "DELETING" => return Err(busy(format!("Table is being deleted: {name}"))),
        "ACTIVE" => {}
        other => {
            return Err(busy(format!("Attempt to change a resource which is still in use: Table is {other}: {name}")));
        }
    }
    if table.body.get("DeletionProtectionEnabled") == Some(&Value::Bool(true)) {
        return Err(refused(
            "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        ));
    }
    if !group::others(call, &table).is_empty() {
        return Err(refused(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the \
             table in the last 24 hours.",
        ));
    }
    let written = moment(&table, "tagged").max(moment(&table, resource_policy::WRITTEN));
    if call.now - written < TAG_LOCK || group::changing(call, &table) {
        return Err(busy(format!("Attempt to change a resource which is still in use: Table: {name}")));
    }
    let end = call.now + DELETE;
    group::dissolve(call, &table);
    retire(call, &table.key(), end);
    let shown = named(call, "TableName").map(|table| Value::Object(table.body));
    Ok(json!({"TableDescription": shown.map_err(|_| not_found("gone"))?}).into())
}

/// Makes a table and its items go at `end`.
pub fn retire(call: &mut Call<'_>, key: &Key, end: f64) {
    call.world.change(key, |table| {
        table.later.clear();
        table.set("TableStatus", "DELETING");
        table.remove_later(end);
    });
    super::items::retire(call, key, end);
}
