//! Parameters of a group. Facts: 20 per call; a static one waits for a reboot and cannot be had at once; a reset gives the
//! engine's default back.

use serde_json::{Map, Value, json};

use super::super::shelf::{clash, invalid, page};
use super::{PARAMETER_GROUPS, parameter_group};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Hidden member of a group: what users set.
const VALUES: &str = "values";
/// Most parameters of one call.
const PER_CALL: usize = 20;

/// What a describe lists besides the user's values: (engine, parameter, default value, whether it is static). A small
/// part of what the engines have; a parameter that is not here is taken to be dynamic.
const KNOWN: &[(&str, &str, &str, bool)] = &[
    ("postgres", "autovacuum_max_workers", "GREATEST({DBInstanceClassMemory/64371566592},3)", true),
    ("postgres", "log_min_duration_statement", "", false),
    ("postgres", "log_statement", "", false),
    ("postgres", "max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)", true),
    ("postgres", "max_prepared_transactions", "", true),
    ("postgres", "max_replication_slots", "20", true),
    ("postgres", "max_wal_senders", "20", true),
    ("postgres", "max_worker_processes", "GREATEST($DBInstanceVCPU*2,8)", true),
    ("postgres", "rds.force_ssl", "1", false),
    ("postgres", "rds.logical_replication", "0", true),
    ("postgres", "shared_buffers", "{DBInstanceClassMemory/32768}", true),
    ("postgres", "shared_preload_libraries", "pg_stat_statements", true),
    ("postgres", "track_activity_query_size", "4096", true),
    ("postgres", "wal_buffers", "", true),
    ("postgres", "work_mem", "", false),
    ("mysql", "character_set_server", "", false),
    ("mysql", "innodb_buffer_pool_size", "{DBInstanceClassMemory*3/4}", false),
    ("mysql", "innodb_log_file_size", "134217728", true),
    ("mysql", "long_query_time", "", false),
    ("mysql", "lower_case_table_names", "0", true),
    ("mysql", "max_connections", "{DBInstanceClassMemory/12582880}", false),
    ("mysql", "performance_schema", "0", true),
    ("mysql", "slow_query_log", "", false),
    ("mariadb", "innodb_buffer_pool_size", "{DBInstanceClassMemory*3/4}", false),
    ("mariadb", "innodb_log_file_size", "134217728", true),
    ("mariadb", "max_connections", "{DBInstanceClassMemory/25165760}", false),
    ("mariadb", "performance_schema", "0", true),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeDBParameters" => Some(describe(call)),
        "ModifyDBParameterGroup" => Some(modify(call)),
        "ResetDBParameterGroup" => Some(reset(call)),
        _ => None,
    }
}

fn known(group: &Object) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, bool)> {
    let family = group.text("DBParameterGroupFamily").to_owned();
    KNOWN.iter().filter(move |(engine, ..)| family.starts_with(engine))
}

fn is_static(group: &Object, name: &str) -> bool {
    known(group).any(|(_, parameter, _, fixed)| *parameter == name && *fixed)
}

fn values(group: &Object) -> Map<String, Value> {
    group.hidden.get(VALUES).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn row(group: &Object, name: &str, set: Option<&Value>, default: &str) -> Value {
    let fixed = is_static(group, name);
    let text = |member: &str| set.and_then(|set| set.get(member)?.as_str().map(str::to_owned));
    let value = text("ParameterValue").or_else(|| (!default.is_empty()).then(|| default.to_owned()));
    let source = match (set.is_some(), default.is_empty()) {
        (true, _) => "user",
        (false, true) => "engine-default",
        (false, false) => "system",
    };
    let method = text("ApplyMethod").unwrap_or_else(|| "pending-reboot".to_owned());
    json!({
        "ParameterName": name, "ParameterValue": value, "Source": source, "IsModifiable": true, "DataType": "string",
        "ApplyType": if fixed { "static" } else { "dynamic" }, "ApplyMethod": method,
    })
}

fn describe(call: &mut Call<'_>) -> Answer {
    let group = PARAMETER_GROUPS.named(call)?;
    let set = values(&group);
    let listed = known(&group).filter(|(_, name, ..)| !set.contains_key(*name));
    let mut rows: Vec<Value> = listed.map(|(_, name, default, _)| row(&group, name, None, default)).collect();
    rows.extend(set.iter().map(|(name, value)| row(&group, name, Some(value), "")));
    rows.sort_by_key(|row| row.get("ParameterName").map(ToString::to_string));
    if let Some(source) = call.text("Source") {
        rows.retain(|row| row.get("Source").and_then(Value::as_str) == Some(source));
    }
    page(call, "Parameters", rows)
}

/// (name, the parameter) for each parameter of a request.
fn asked(call: &Call<'_>) -> Result<Vec<(String, Value)>, ApiError> {
    let list = call.list("Parameters");
    if list.is_empty() || list.len() > PER_CALL {
        return Err(invalid(format!("Between 1 and {PER_CALL} parameters can be modified in a single request")));
    }
    let name = |one: &Value| one.get("ParameterName").and_then(Value::as_str).map(str::to_owned);
    let named = |one: Value| Some((name(&one)?, one));
    let asked: Option<Vec<_>> = list.into_iter().map(named).collect();
    asked.ok_or_else(|| invalid("The parameter ParameterName must be provided and must not be blank."))
}

fn check_method(group: &Object, name: &str, one: &Value) -> Result<(), ApiError> {
    match one.get("ApplyMethod").and_then(Value::as_str) {
        Some("immediate") if is_static(group, name) => {
            Err(clash(format!("cannot use immediate apply method for static parameter: {name}")))
        }
        Some("immediate" | "pending-reboot") => Ok(()),
        other => Err(invalid(format!("Invalid apply method: {}", other.unwrap_or_default()))),
    }
}

fn answer(group: &Object) -> Answer {
    Ok(json!({PARAMETER_GROUPS.name: group.id}).into())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut group = parameter_group::own(call)?;
    let asked = asked(call)?;
    for (name, one) in &asked {
        check_method(&group, name, one)?;
        if one.get("ParameterValue").and_then(Value::as_str).is_none() {
            return Err(invalid(format!("The parameter {name} has no value")));
        }
    }
    let mut set = values(&group);
    set.extend(asked.iter().cloned());
    keep(call, &mut group, set, waits(&asked))
}

fn waits(asked: &[(String, Value)]) -> bool {
    asked.iter().any(|(_, one)| one.get("ApplyMethod").and_then(Value::as_str) == Some("pending-reboot"))
}

fn keep(call: &mut Call<'_>, group: &mut Object, set: Map<String, Value>, needs_reboot: bool) -> Answer {
    group.hidden.insert(VALUES.into(), set.into());
    call.world.put(group.clone());
    parameter_group::announce(call, group, needs_reboot);
    answer(group)
}

fn reset(call: &mut Call<'_>) -> Answer {
    let mut group = parameter_group::own(call)?;
    if call.flag("ResetAllParameters") == Some(true) {
        return keep(call, &mut group, Map::new(), true);
    }
    let asked = asked(call)?;
    for (name, one) in &asked {
        check_method(&group, name, one)?;
    }
    let mut set = values(&group);
    set.retain(|name, _| !asked.iter().any(|(gone, _)| gone == name));
    keep(call, &mut group, set, waits(&asked))
}
