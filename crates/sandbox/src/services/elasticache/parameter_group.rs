//! Cache parameter groups and their values. Facts: 20 values per call; name, family and description are for good; a
//! group in use stays; the default groups cannot be changed.

use serde_json::{Map, Value, json};

use super::super::shelf::{check_name, clash, invalid, page};
use super::{PARAMETER_GROUPS, done};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Hidden member of a group: what users set.
const VALUES: &str = "values";
/// Most parameters of one call.
const PER_CALL: usize = 20;
/// What a describe lists besides the user's values: a small part of what the engines have.
const KNOWN: [(&str, &str); 8] = [
    ("activedefrag", "no"),
    ("appendonly", "no"),
    ("cluster-enabled", "no"),
    ("maxmemory-policy", "volatile-lru"),
    ("maxmemory-samples", "3"),
    ("notify-keyspace-events", ""),
    ("slowlog-log-slower-than", "10000"),
    ("timeout", "0"),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateCacheParameterGroup" => Some(create(call)),
        "DescribeCacheParameterGroups" => Some(PARAMETER_GROUPS.describe(call)),
        "DescribeCacheParameters" => Some(describe(call)),
        "ModifyCacheParameterGroup" => Some(modify(call)),
        "ResetCacheParameterGroup" => Some(reset(call)),
        "DeleteCacheParameterGroup" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = PARAMETER_GROUPS.free_name(call)?;
    check_name(PARAMETER_GROUPS.name, &name, 255)?;
    let (family, description) = (call.need("CacheParameterGroupFamily")?, call.need("Description")?);
    let body = json!({"CacheParameterGroupFamily": family, "Description": description, "IsGlobal": false});
    let group = PARAMETER_GROUPS.make(call, &name, body)?;
    call.world.put(group.clone());
    PARAMETER_GROUPS.answer(&group)
}

fn state(message: String) -> ApiError {
    ApiError::new("InvalidCacheParameterGroupState", message)
}

/// The group that a request names, if it is not a default one.
fn own(call: &Call<'_>) -> Result<Object, ApiError> {
    let group = PARAMETER_GROUPS.named(call)?;
    match group.id.starts_with("default.") {
        true => Err(state(format!("The parameter group {} is a default group and cannot be changed.", group.id))),
        false => Ok(group),
    }
}

fn values(group: &Object) -> Map<String, Value> {
    group.hidden.get(VALUES).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn describe(call: &mut Call<'_>) -> Answer {
    let group = PARAMETER_GROUPS.named(call)?;
    let set = values(&group);
    let row = |name: &str, value: &Value, source: &str| {
        json!({
            "ParameterName": name, "ParameterValue": value, "Source": source, "DataType": "string",
            "IsModifiable": name != "appendonly", "ChangeType": "immediate",
        })
    };
    let listed = KNOWN.iter().filter(|(name, _)| !set.contains_key(*name));
    let mut rows: Vec<Value> = listed.map(|(name, value)| row(name, &(*value).into(), "system")).collect();
    rows.extend(set.iter().map(|(name, value)| row(name, value, "user")));
    rows.sort_by_key(|row| row.get("ParameterName").map(ToString::to_string));
    if let Some(source) = call.text("Source") {
        rows.retain(|row| row.get("Source").and_then(Value::as_str) == Some(source));
    }
    page(call, "Parameters", rows)
}

/// (name, value) for each parameter of a request.
fn asked(call: &Call<'_>) -> Result<Vec<(String, Value)>, ApiError> {
    let list = call.list("ParameterNameValues");
    if list.is_empty() || list.len() > PER_CALL {
        return Err(invalid(format!("Between 1 and {PER_CALL} parameters can be modified in a single request")));
    }
    let pair = |one: &Value| {
        let name = one.get("ParameterName")?.as_str()?.to_owned();
        Some((name, one.get("ParameterValue").cloned().unwrap_or(Value::Null)))
    };
    let asked: Option<Vec<_>> = list.iter().map(pair).collect();
    asked.ok_or_else(|| invalid("The parameter ParameterName must be provided and must not be blank."))
}

fn keep(call: &mut Call<'_>, mut group: Object, set: Map<String, Value>) -> Answer {
    group.hidden.insert(VALUES.into(), set.into());
    let name = json!({PARAMETER_GROUPS.name: group.id});
    call.world.put(group);
    Ok(name.into())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let group = own(call)?;
    let mut set = values(&group);
    set.extend(asked(call)?);
    keep(call, group, set)
}

fn reset(call: &mut Call<'_>) -> Answer {
    let group = own(call)?;
    if call.flag("ResetAllParameters") == Some(true) {
        return keep(call, group, Map::new());
    }
    let (mut set, asked) = (values(&group), asked(call)?);
    set.retain(|name, _| !asked.iter().any(|(gone, _)| gone == name));
    keep(call, group, set)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let group = own(call)?;
    if call.world.users_of(group.text("ARN")).next().is_some() {
        return Err(state("One or more cache clusters are still members of this parameter group".into()));
    }
    call.world.remove(&group.key());
    done()
}

/// The group for a replication group: the named one, of the right family, or the family's default, which appears with
/// its first user.
///
/// # Errors
/// When it is not there or for another engine.
pub fn for_group(call: &mut Call<'_>, name: Option<&str>, family: &str, sharded: bool) -> Result<Object, ApiError> {
    let default = format!("default.{family}{}", if sharded { ".cluster.on" } else { "" });
    let name = name.unwrap_or(&default).to_lowercase();
    if !name.starts_with("default.") {
        let group = PARAMETER_GROUPS.find(call, &name)?;
        return match group.text("CacheParameterGroupFamily") == family {
            true => Ok(group.clone()),
            false => Err(clash(format!("Expected a parameter group of family {family} but found {name}"))),
        };
    }
    if let Some(group) = call.get(PARAMETER_GROUPS.kind, &name) {
        return Ok(group.clone());
    }
    let description = format!("Default parameter group for {family}");
    let body = json!({"CacheParameterGroupFamily": family, "Description": description, "IsGlobal": false});
    let mut group = call.object(PARAMETER_GROUPS.kind, &name, body);
    group.set(PARAMETER_GROUPS.name, name.as_str());
    group.set("ARN", PARAMETER_GROUPS.arn_of(call, &name));
    if name.ends_with(".cluster.on") {
        group.hidden.insert(VALUES.into(), json!({"cluster-enabled": "yes"}));
    }
    call.world.put(group.clone());
    Ok(group)
}
