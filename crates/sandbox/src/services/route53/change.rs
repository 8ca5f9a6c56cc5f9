//! Batches of changes. Facts: all or nothing; all problems come in one message; `DELETE` needs every value as stored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::record::{Set, SetKey};
use super::{
    CHANGE, CHANGE_KEPT, HEALTH_CHECK, INSYNC, RECORD, invalid, no_health_check, record, reply, rules, segment, text,
    visible, zone_of,
};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::wire::as_list;

/// The most resource records in one batch.
const MAX_RECORDS: usize = 1000;

/// The sets of one zone.
pub type Sets = BTreeMap<SetKey, Set>;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ChangeResourceRecordSets" => Some(change(call)),
        "GetChange" => Some(get(call)),
        _ => None,
    }
}

/// Notes a change that is on its way; the answer is its `ChangeInfo`.
pub fn submit(call: &mut Call<'_>) -> Value {
    let id = format!("C{}", call.hex(20).to_uppercase());
    let body = json!({"Id": format!("/change/{id}"), "Status": "PENDING", "SubmittedAt": call.timestamp()});
    let mut change = call.object_in(GLOBAL, CHANGE, &id, body.clone());
    change.set_later(call.now + INSYNC, "Status", "INSYNC");
    change.remove_later(call.now + CHANGE_KEPT);
    call.world.put(change);
    body
}

fn get(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    let change = call.get_global(CHANGE, &id);
    let change = change
        .ok_or_else(|| ApiError::new("NoSuchChange", format!("Could not find resource with ID: {id}")).status(404))?;
    Ok(reply("GetChangeResponse", json!({"ChangeInfo": Value::Object(change.body.clone())})))
}

fn change(call: &mut Call<'_>) -> Answer {
    let zone = segment(call, 1);
    let apex = zone_of(call, &zone)?.text("Name").to_owned();
    let changes = as_list(call.input.pointer("/ChangeBatch/Changes/Change"));
    if changes.is_empty() {
        return Err(invalid("A change batch needs at least one change."));
    }
    let before: Sets = record::of_zone(call, &zone).map(|set| (record::key(&set.body), set.body.clone())).collect();
    let mut batch = Batch { after: before.clone(), touched: BTreeSet::new(), problems: Vec::new(), records: 0 };
    for change in &changes {
        let set = record::parse(change.get("ResourceRecordSet").unwrap_or(&Value::Null))?;
        rules::shape(&set)?;
        let action = text(change, "Action");
        if action != "DELETE" {
            known_health_check(call, &set)?;
        }
        batch.apply(action, set)?;
    }
    batch.refuse_contradictions(&zone, &apex)?;
    for gone in before.keys().filter(|key| !batch.after.contains_key(key)) {
        call.world.remove(&call.global_key(RECORD, &record::object_id(&zone, gone)));
    }
    for (key, set) in batch.after {
        if before.get(&key) != Some(&set) {
            record::put(call, &zone, set);
        }
    }
    let info = submit(call);
    Ok(reply("ChangeResourceRecordSetsResponse", json!({"ChangeInfo": info})))
}

fn known_health_check(call: &Call<'_>, set: &Set) -> Result<(), ApiError> {
    match set.get("HealthCheckId").and_then(Value::as_str) {
        Some(id) if visible(call, HEALTH_CHECK, id).is_none() => Err(no_health_check(id)),
        _ => Ok(()),
    }
}

struct Batch {
    after: Sets,
    touched: BTreeSet<SetKey>,
    problems: Vec<String>,
    records: usize,
}

impl Batch {
    fn apply(&mut self, action: &str, set: Set) -> Result<(), ApiError> {
        let key = record::key(&set);
        let values = set.get("ResourceRecords").and_then(Value::as_array).map_or(0, Vec::len);
        self.records += if action == "UPSERT" { 2 * values } else { values };
        let named = rules::bracketed(&key);
        match (action, self.after.get(&key)) {
            ("CREATE", Some(_)) => {
                self.problems.push(format!("Tried to create resource record set {named} but it already exists"));
            }
            ("CREATE" | "UPSERT", _) => {
                self.after.insert(key.clone(), set);
                self.touched.insert(key);
            }
            ("DELETE", None) => {
                self.problems.push(format!("Tried to delete resource record set {named} but it was not found"));
            }
            ("DELETE", Some(have)) if !same(have, &set) => self.problems.push(format!(
                "Tried to delete resource record set {named} but the values provided do not match the current values"
            )),
            ("DELETE", Some(_)) => {
                self.after.remove(&key);
                self.touched.remove(&key);
            }
            _ => return Err(invalid(format!("`{action}` is not CREATE, DELETE or UPSERT."))),
        }
        Ok(())
    }

    fn refuse_contradictions(&mut self, zone: &str, apex: &str) -> Result<(), ApiError> {
        if self.records > MAX_RECORDS {
            self.problems.push(format!("Number of records limit of {MAX_RECORDS} exceeded."));
        }
        let found = self.touched.iter().flat_map(|key| rules::contradictions(zone, apex, &self.after, key));
        let found: Vec<String> = found.chain(rules::apex(apex, &self.after)).collect();
        self.problems.extend(found);
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(ApiError::new("InvalidChangeBatch", format!("[{}]", self.problems.join(", "))))
    }
}

/// Whether two sets say the same; the order of values does not count.
fn same(left: &Set, right: &Set) -> bool {
    let sorted = |set: &Set| {
        let mut set = set.clone();
        if let Some(Value::Array(values)) = set.get_mut("ResourceRecords") {
            values.sort_by_key(Value::to_string);
        }
        set
    };
    sorted(left) == sorted(right)
}
