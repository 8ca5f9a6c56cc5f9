//! Buses, their policies, and events that are put on them.

use serde_json::{Map, Value, json};

use super::{BUS, DEFAULT_BUS, PAGING, RULE, arn, check_name, exists, invalid, not_found, required};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::services::by_arn;
use crate::services::paging::listing;
use crate::world::Object;

/// Default quota of buses in a region.
const BUSES: usize = 100;
/// Entries of one `PutEvents`.
const ENTRIES: usize = 10;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateEventBus" => Some(create(call)),
        "DescribeEventBus" => Some(bus(call, call.text("Name")).map(|bus| Value::Object(bus.body).into())),
        "UpdateEventBus" => Some(update(call)),
        "ListEventBuses" => Some(list(call)),
        "DeleteEventBus" => Some(delete(call)),
        "PutPermission" => Some(put_permission(call)),
        "RemovePermission" => Some(remove_permission(call)),
        "PutEvents" => Some(put_events(call)),
        _ => None,
    }
}

/// The name in a name or an ARN.
fn name_in(text: &str) -> &str {
    text.split_once(":event-bus/").map_or(text, |(_, name)| name)
}

/// A bus by name or ARN; none named means the default.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn bus(call: &Call<'_>, text: Option<&str>) -> Result<Object, ApiError> {
    let name = name_in(text.unwrap_or(DEFAULT_BUS));
    let found = call.get(BUS, name).filter(|bus| bus.visible <= call.now).cloned();
    // The default bus is there before anybody changes it.
    let found = found.or_else(|| (name == DEFAULT_BUS).then(|| blank(call, DEFAULT_BUS)));
    found.ok_or_else(|| not_found(format!("Event bus {name} does not exist.")))
}

fn blank(call: &Call<'_>, name: &str) -> Object {
    let arn = arn(call, &format!("event-bus/{name}"));
    let mut bus = call.object(BUS, name, json!({"Name": name, "Arn": arn}));
    by_arn::name(&mut bus, &arn);
    bus
}

fn settings(call: &Call<'_>, bus: &mut Object) {
    for member in ["Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig"] {
        if let Some(value) = call.input.get(member) {
            bus.set(member, value.clone());
        }
    }
    bus.set("LastModifiedTime", call.now);
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = required(call, "Name")?;
    check_name("name", &name, 256)?;
    if name.contains('/') && call.text("EventSourceName").is_none() {
        return Err(invalid("Event bus name must not contain '/'."));
    }
    if name == DEFAULT_BUS || call.get(BUS, &name).is_some() {
        return Err(exists(format!("Event bus {name} already exists.")));
    }
    if call.visible(BUS).len() >= BUSES {
        return Err(ApiError::new(
            "LimitExceededException",
            format!("The requested resource exceeds the maximum number allowed: {BUSES} event buses"),
        ));
    }
    let tags = tags_from(&call.list("Tags"));
    by_arn::check(&tags, "ValidationException")?;
    let mut bus = blank(call, &name);
    bus.set("CreationTime", call.now);
    settings(call, &mut bus);
    bus.tags = tags;
    let answer = json!({"EventBusArn": bus.text("Arn"), "Description": bus.body.get("Description"),
        "KmsKeyIdentifier": bus.body.get("KmsKeyIdentifier"), "DeadLetterConfig": bus.body.get("DeadLetterConfig")});
    call.world.put(bus);
    Ok(answer.into())
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut bus = bus(call, call.text("Name"))?;
    settings(call, &mut bus);
    let mut answer = bus.body.clone();
    answer.remove("Policy");
    call.world.put(bus);
    Ok(Value::Object(answer).into())
}

fn list(call: &Call<'_>) -> Answer {
    let prefix = call.text("NamePrefix").unwrap_or_default();
    let mut buses: Vec<Object> = call.visible(BUS).into_iter().cloned().collect();
    if !buses.iter().any(|bus| bus.id == DEFAULT_BUS) {
        buses.push(blank(call, DEFAULT_BUS));
    }
    buses.sort_by(|one, other| one.id.cmp(&other.id));
    let members = ["Name", "Arn", "Description", "Policy", "CreationTime", "LastModifiedTime"];
    let row = |bus: &Object| {
        let all = members.iter().filter_map(|member| Some(((*member).to_owned(), bus.body.get(*member)?.clone())));
        Value::Object(all.collect::<Map<_, _>>())
    };
    let rows = buses.iter().filter(|bus| bus.id.starts_with(prefix)).map(row).collect();
    listing(call, "EventBuses", rows, PAGING)
}

/// Facts: rules first; a repeated delete succeeds; the default bus stays.
fn delete(call: &mut Call<'_>) -> Answer {
    let name = required(call, "Name")?;
    if name == DEFAULT_BUS {
        return Err(invalid("Cannot delete event bus default."));
    }
    if call.world.list(call.account, call.region, RULE).any(|rule| rule.text("EventBusName") == name) {
        return Err(invalid(format!("Event bus {name} can't be deleted since it has rules.")));
    }
    call.world.remove(&call.key(BUS, &name));
    Ok(Value::Null.into())
}

fn statements(bus: &Object) -> Vec<Value> {
    let policy: Value = serde_json::from_str(bus.text("Policy")).unwrap_or_default();
    crate::wire::as_list(policy.get("Statement"))
}

fn keep(call: &mut Call<'_>, mut bus: Object, statements: Vec<Value>) -> Answer {
    if statements.is_empty() {
        bus.body.remove("Policy");
    } else {
        bus.set("Policy", json!({"Version": "2012-10-17", "Statement": statements}).to_string());
    }
    call.world.put(bus);
    Ok(Value::Null.into())
}

/// A whole document, or one statement.
fn put_permission(call: &mut Call<'_>) -> Answer {
    let bus = bus(call, call.text("EventBusName"))?;
    if let Some(text) = call.text("Policy") {
        let policy: Value = serde_json::from_str(text).map_err(|_| invalid("Policy is not valid JSON."))?;
        return keep(call, bus, crate::wire::as_list(policy.get("Statement")));
    }
    let (sid, principal) = (required(call, "StatementId")?, required(call, "Principal")?);
    let named = if principal == "*" { json!("*") } else { json!({"AWS": format!("arn:aws:iam::{principal}:root")}) };
    let mut all = statements(&bus);
    all.retain(|statement| statement.get("Sid").and_then(Value::as_str) != Some(&sid));
    let action = call.text("Action").unwrap_or("events:PutEvents");
    all.push(json!({"Sid": sid, "Effect": "Allow", "Principal": named, "Action": action, "Resource": bus.text("Arn")}));
    keep(call, bus, all)
}

fn remove_permission(call: &mut Call<'_>) -> Answer {
    let bus = bus(call, call.text("EventBusName"))?;
    if call.flag("RemoveAllPermissions") == Some(true) {
        return keep(call, bus, Vec::new());
    }
    let (sid, mut all) = (required(call, "StatementId")?, statements(&bus));
    let before = all.len();
    all.retain(|statement| statement.get("Sid").and_then(Value::as_str) != Some(&sid));
    if all.len() == before {
        return Err(not_found("Statement with the provided id does not exist."));
    }
    keep(call, bus, all)
}

fn put_events(call: &mut Call<'_>) -> Answer {
    let entries = call.list("Entries");
    if entries.is_empty() || entries.len() > ENTRIES {
        return Err(invalid("1 validation error detected: Value at 'entries' must have a length between 1 and 10"));
    }
    let mut rows = Vec::new();
    for entry in &entries {
        let text = |member: &str| entry.get(member).and_then(Value::as_str);
        let detail = text("Detail").map(serde_json::from_str::<Map<String, Value>>);
        rows.push(match (text("Source"), text("DetailType"), detail) {
            (Some(_), Some(_), Some(Ok(_))) => json!({"EventId": call.uuid()}),
            (_, _, Some(Err(_))) => json!({"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}),
            _ => json!({"ErrorCode": "InvalidArgument",
                "ErrorMessage": "Parameter Source, DetailType or Detail is not valid. Reason: it is a required argument."}),
        });
    }
    let failed = rows.iter().filter(|row| row.get("ErrorCode").is_some()).count();
    Ok(json!({"FailedEntryCount": failed, "Entries": rows}).into())
}
