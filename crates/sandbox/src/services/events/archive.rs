//! Archives: each makes a managed rule on its bus, and takes it along.

use serde_json::{Map, Value, json};

use super::{PAGING, RULE, arn, bus, check_name, check_pattern, exists, invalid, not_found, required, rule};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::world::Object;

const ARCHIVE: &str = "events/archive";
/// Seconds until an archive is enabled, or gone.
const CHANGE: f64 = 2.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateArchive" => Some(create(call)),
        "DescribeArchive" => Some(named(call).map(|archive| Value::Object(archive.body).into())),
        "ListArchives" => Some(list(call)),
        "UpdateArchive" => Some(update(call)),
        "DeleteArchive" => Some(delete(call)),
        _ => None,
    }
}

fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let name = required(call, "ArchiveName")?;
    call.get(ARCHIVE, &name).cloned().ok_or_else(|| not_found(format!("Archive {name} does not exist.")))
}

fn answer(archive: &Object) -> Answer {
    let members = ["ArchiveArn", "State", "CreationTime"];
    let all = members.iter().filter_map(|member| Some(((*member).to_owned(), archive.body.get(*member)?.clone())));
    Ok(Value::Object(all.collect::<Map<_, _>>()).into())
}

fn settings(call: &Call<'_>, archive: &mut Object) -> Result<(), ApiError> {
    if let Some(pattern) = call.text("EventPattern") {
        check_pattern(pattern)?;
    }
    for member in ["Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier"] {
        if let Some(value) = call.input.get(member) {
            archive.set(member, value.clone());
        }
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Answer {
    let (name, source) = (required(call, "ArchiveName")?, required(call, "EventSourceArn")?);
    check_name("archiveName", &name, 48)?;
    if call.get(ARCHIVE, &name).is_some() {
        return Err(exists(format!("Archive {name} already exists.")));
    }
    let bus = bus::bus(call, Some(&source))?;
    if bus.text("Arn") != source {
        return Err(invalid(
            "Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN of this region.",
        ));
    }
    let arn = arn(call, &format!("archive/{name}"));
    let body = json!({"ArchiveName": name, "ArchiveArn": arn, "EventSourceArn": source, "State": "CREATING",
        "RetentionDays": 0, "SizeBytes": 0, "EventCount": 0, "CreationTime": call.now});
    let mut archive = call.object(ARCHIVE, &name, body);
    settings(call, &mut archive)?;
    archive.set_later(call.now + CHANGE, "State", "ENABLED");
    let mut managed = rule::blank(call, &bus.id, &managed_name(&name));
    managed.set("State", "ENABLED");
    managed.set("ManagedBy", "prod.vhs.events.aws.internal");
    managed.set("EventPattern", r#"{"replay-name":[{"exists":false}]}"#);
    call.world.put(managed);
    let reply = answer(&archive);
    call.world.put(archive);
    reply
}

fn managed_name(archive: &str) -> String {
    format!("Events-Archive-{archive}")
}

fn list(call: &Call<'_>) -> Answer {
    let (prefix, source, state) =
        (call.text("NamePrefix").unwrap_or_default(), call.text("EventSourceArn"), call.text("State"));
    let wanted = |archive: &&Object| {
        archive.id.starts_with(prefix)
            && source.is_none_or(|source| archive.text("EventSourceArn") == source)
            && state.is_none_or(|state| archive.text("State") == state)
    };
    let row = |archive: &Object| {
        let mut body: Map<String, Value> = archive.body.clone();
        ["ArchiveArn", "Description", "EventPattern", "KmsKeyIdentifier"].iter().for_each(|member| {
            body.remove(*member);
        });
        Value::Object(body)
    };
    listing(call, "Archives", call.visible(ARCHIVE).into_iter().filter(wanted).map(row).collect(), PAGING)
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut archive = named(call)?;
    settings(call, &mut archive)?;
    archive.later.clear();
    archive.set("State", "UPDATING");
    archive.set_later(call.now + CHANGE, "State", "ENABLED");
    let reply = answer(&archive);
    call.world.put(archive);
    reply
}

fn delete(call: &mut Call<'_>) -> Answer {
    let archive = named(call)?;
    let bus = archive.text("EventSourceArn").rsplit('/').next().unwrap_or_default().to_owned();
    let managed = rule::blank(call, &bus, &managed_name(&archive.id));
    let end = call.now + CHANGE;
    call.world.remove(&archive.key());
    // Facts: what a bus waits for goes with a lag.
    call.world.change(&call.key(RULE, &managed.id), |rule| rule.remove_later(end));
    Ok(Value::Null.into())
}
