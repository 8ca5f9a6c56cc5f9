//! Items: put, get, delete, query, scan; written in one region, seen in the others a second later.

use serde_json::{Map, Value, json};

use super::key_condition::KeyCondition;
use super::{condition, group, named, refused, status};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Key, Later, Object};

const ITEM: &str = "dynamodb/item";
/// Seconds until another region sees a write; typically under one.
const REPLICATION: f64 = 1.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutItem" => Some(put(call)),
        "GetItem" => Some(get(call)),
        "DeleteItem" => Some(delete(call)),
        "Query" => Some(query(call)),
        "Scan" => Some(scan(call)),
        _ => None,
    }
}

/// Names of the key's attributes, the partition key first.
fn key_names(table: &Object) -> Vec<&str> {
    let schema = table.body.get("KeySchema").and_then(Value::as_array);
    schema.into_iter().flatten().filter_map(|element| element.get("AttributeName")?.as_str()).collect()
}

/// The place of an item: its table and its key.
fn place(table: &Object, item: &Value) -> Result<String, ApiError> {
    let part = |name: &&str| {
        let missing = || refused("One or more parameter values were invalid: Missing the key of the item");
        item.get(*name).map(Value::to_string).ok_or_else(missing)
    };
    let parts: Vec<String> = key_names(table).iter().map(part).collect::<Result<_, _>>()?;
    Ok(format!("{}/{}", table.id, parts.join("/")))
}

/// A table that takes data calls.
fn open(call: &Call<'_>) -> Result<Object, ApiError> {
    let table = named(call, "TableName")?;
    match status(&table) {
        "CREATING" | "DELETING" => Err(super::not_found("Requested resource not found")),
        _ => Ok(table),
    }
}

fn find<'a>(call: &'a Call<'_>, id: &str) -> Option<&'a Object> {
    call.get(ITEM, id).filter(|item| item.visible <= call.now)
}

fn shown(item: &Object) -> Value {
    item.body.get("Item").cloned().unwrap_or_default()
}

fn place_in(call: &Call<'_>, region: &str, id: &str) -> Key {
    (call.account.to_owned(), region.to_owned(), ITEM.to_owned(), id.to_owned())
}

fn put(call: &mut Call<'_>) -> Answer {
    let table = open(call)?;
    let item = call.input.get("Item").cloned().unwrap_or_default();
    let id = place(&table, &item)?;
    let before = find(call, &id).map(shown);
    condition::hold(call, before.as_ref())?;
    let mut here = call.object(ITEM, &id, json!({"Item": item}));
    here.visible = call.now;
    call.world.put(here);
    for region in group::followers(call, &table) {
        let at = call.now + REPLICATION;
        let members = Map::from_iter([("Item".to_owned(), item.clone())]);
        let key = place_in(call, &region, &id);
        let change = |there: &mut Object| there.later.push(Later::Set { at, members });
        if call.world.change(&key, change).is_none() {
            let mut there = call.object_in(&region, ITEM, &id, json!({"Item": item}));
            there.visible = at;
            call.world.put(there);
        }
    }
    let old = before.filter(|_| call.text("ReturnValues") == Some("ALL_OLD"));
    Ok(old.map_or_else(|| json!({}), |old| json!({"Attributes": old})).into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let table = open(call)?;
    let id = place(&table, call.input.get("Key").unwrap_or(&Value::Null))?;
    let found = find(call, &id).map(shown);
    Ok(found.map_or_else(|| json!({}), |item| json!({"Item": item})).into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let table = open(call)?;
    let id = place(&table, call.input.get("Key").unwrap_or(&Value::Null))?;
    let before = find(call, &id).map(shown);
    condition::hold(call, before.as_ref())?;
    call.world.remove(&call.key(ITEM, &id));
    for region in group::followers(call, &table) {
        let (key, at) = (place_in(call, &region, &id), call.now + REPLICATION);
        call.world.change(&key, |there| there.remove_later(at));
    }
    let old = before.filter(|_| call.text("ReturnValues") == Some("ALL_OLD"));
    Ok(old.map_or_else(|| json!({}), |old| json!({"Attributes": old})).into())
}

/// The items of a table that can be seen in its region.
fn of_table<'a>(call: &'a Call<'_>, table: &Object) -> impl Iterator<Item = &'a Object> {
    let (prefix, now) = (format!("{}/", table.id), call.now);
    let items = call.world.list(call.account, &table.region, ITEM);
    items.filter(move |item| item.id.starts_with(&prefix) && item.visible <= now)
}

/// Whether the table holds any item.
pub fn any(call: &Call<'_>, table: &Object) -> bool {
    of_table(call, table).next().is_some()
}

fn scan(call: &mut Call<'_>) -> Answer {
    let table = open(call)?;
    let items = of_table(call, &table).map(shown).collect();
    answer(call, &table, items)
}

fn query(call: &mut Call<'_>) -> Answer {
    let table = open(call)?;
    let condition = KeyCondition::of(call, &key_names(&table))?;
    let mut items: Vec<Value> = of_table(call, &table).map(shown).filter(|item| condition.accepts(item)).collect();
    if let Some(sort) = key_names(&table).get(1) {
        items.sort_by(|one, other| super::key_condition::compare(one.get(*sort), other.get(*sort)));
    }
    if call.flag("ScanIndexForward") == Some(false) {
        items.reverse();
    }
    answer(call, &table, items)
}

/// One page, and the key to go on from.
fn answer(call: &Call<'_>, table: &Object, items: Vec<Value>) -> Answer {
    let start = match call.input.get("ExclusiveStartKey") {
        None => 0,
        Some(key) => {
            let last = place(table, key)?;
            items.iter().position(|item| place(table, item).is_ok_and(|id| id == last)).map_or(0, |place| place + 1)
        }
    };
    let limit = call.number("Limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let (more, page) = (items.len() - start.min(items.len()) > limit, items.into_iter().skip(start).take(limit));
    let page: Vec<Value> = page.collect();
    let names = key_names(table);
    let key = |item: &Value| -> Value {
        let part = |name: &&str| Some(((*name).to_owned(), item.get(*name)?.clone()));
        Value::Object(names.iter().filter_map(part).collect())
    };
    let next = page.last().filter(|_| more).map(key);
    let mut body = json!({"Count": page.len(), "ScannedCount": page.len()});
    if let Value::Object(body) = &mut body {
        if call.text("Select") != Some("COUNT") {
            body.insert("Items".into(), page.into());
        }
        body.extend(next.map(|next| ("LastEvaluatedKey".to_owned(), next)));
    }
    Ok(body.into())
}

/// Copies all items to a new replica; they are there when it is.
pub fn backfill(call: &mut Call<'_>, table: &Object, region: &str, ready: f64) {
    let copies: Vec<Object> = of_table(call, table).cloned().collect();
    for mut copy in copies {
        region.clone_into(&mut copy.region);
        copy.visible = ready;
        call.world.put(copy);
    }
}

/// Makes the items of a table go with it.
pub fn retire(call: &mut Call<'_>, table: &Key, end: f64) {
    let prefix = format!("{}/", table.3);
    let items = call.world.list(&table.0, &table.1, ITEM).filter(|item| item.id.starts_with(&prefix));
    let keys: Vec<Key> = items.map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |item| item.remove_later(end));
    }
}
