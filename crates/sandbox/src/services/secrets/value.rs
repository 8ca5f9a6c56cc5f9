//! Values: versions with staging labels; `AWSCURRENT` moves, and leaves `AWSPREVIOUS` behind.

use serde_json::{Map, Value, json};

use super::{check_live, exists, ids, invalid, named, not_found, refused, replica, writable};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Longest value in bytes.
const LONGEST: usize = 65_536;

/// The value in a request, as members of a version.
pub type Given = Map<String, Value>;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutSecretValue" => Some(put(call)),
        "GetSecretValue" => Some(get(call)),
        "ListSecretVersionIds" => Some(list(call)),
        "UpdateSecretVersionStage" => Some(move_stage(call)),
        _ => None,
    }
}

/// What the request wants stored, if anything.
///
/// # Errors
/// For two values, or one that is too long.
pub fn given(call: &Call<'_>) -> Result<Option<Given>, ApiError> {
    let members = ["SecretString", "SecretBinary"];
    let given: Given =
        members.iter().filter_map(|member| Some(((*member).to_owned(), call.text(member)?.into()))).collect();
    if given.len() > 1 {
        return Err(invalid(
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        ));
    }
    if given.values().filter_map(Value::as_str).any(|text| text.is_empty() || text.len() > LONGEST * 4 / 3) {
        return Err(invalid("The secret value must have between 1 and 65536 bytes."));
    }
    Ok(Some(given).filter(|given| !given.is_empty()))
}

fn versions(secret: &Object) -> Map<String, Value> {
    secret.hidden.get("versions").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn labels(version: &Value) -> Vec<String> {
    as_list(version.get("Stages")).iter().filter_map(|stage| stage.as_str().map(str::to_owned)).collect()
}

/// Whether a version holds this value; `None` if there is no such version.
pub fn same_version(secret: &Object, id: &str, given: &Given) -> Option<bool> {
    let version = versions(secret).get(id)?.clone();
    Some(["SecretString", "SecretBinary"].iter().all(|member| version.get(member) == given.get(*member)))
}

/// Stores a value as the version that the token names.
///
/// # Errors
/// `ResourceExistsException` when that version has another value.
pub fn write(call: &mut Call<'_>, secret: &mut Object, given: Given, stages: &[String]) -> Result<String, ApiError> {
    let id = match call.text("ClientRequestToken") {
        Some(token) if !(32..=64).contains(&token.len()) => {
            return Err(ApiError::new("ValidationException", "ClientRequestToken must have 32 to 64 characters"));
        }
        Some(token) => token.to_owned(),
        None => call.uuid(),
    };
    match same_version(secret, &id, &given) {
        Some(true) => return Ok(id),
        Some(false) => {
            return Err(exists(format!(
                "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
                secret.text("ARN")
            )));
        }
        None => {}
    }
    let mut version = given;
    version.insert("CreatedDate".into(), call.now.into());
    let mut all = versions(secret);
    all.insert(id.clone(), Value::Object(version));
    stages.iter().for_each(|stage| move_label(&mut all, stage, Some(&id)));
    secret.hidden.insert("versions".into(), Value::Object(all));
    secret.set("LastChangedDate", call.now);
    Ok(id)
}

/// Moves a label to a version, or takes it away from all.
fn move_label(versions: &mut Map<String, Value>, label: &str, to: Option<&str>) {
    let holder = versions.iter().find(|(_, version)| labels(version).iter().any(|one| one == label));
    let holder = holder.map(|(id, _)| id.clone());
    if holder.as_deref() == to {
        return;
    }
    for (id, version) in versions.iter_mut() {
        let mut stages = labels(version);
        stages.retain(|stage| stage != label);
        if Some(id.as_str()) == to {
            stages.push(label.to_owned());
        }
        version["Stages"] = stages.into();
    }
    if let Some(holder) = holder.filter(|_| label == "AWSCURRENT" && to.is_some()) {
        move_label(versions, "AWSPREVIOUS", Some(&holder));
    }
}

/// Versions that have labels, with these.
pub fn stages(secret: &Object) -> Map<String, Value> {
    let all = versions(secret).into_iter().map(|(id, version)| (id, labels(&version)));
    all.filter(|(_, stages)| !stages.is_empty()).map(|(id, stages)| (id, stages.into())).collect()
}

fn put(call: &mut Call<'_>) -> Answer {
    let mut secret = writable(call)?;
    let given = given(call)?.ok_or_else(|| invalid("You must provide either SecretString or SecretBinary."))?;
    let mut wanted = call.texts("VersionStages");
    if wanted.is_empty() {
        wanted.push("AWSCURRENT".into());
    }
    let id = write(call, &mut secret, given, &wanted)?;
    let stages = stages(&secret).remove(&id);
    let mut answer = ids(&secret);
    answer["VersionId"] = id.into();
    answer["VersionStages"] = stages.unwrap_or_else(|| json!([]));
    call.world.put(secret);
    Ok(answer.into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let secret = named(call)?;
    let answer = read(call, &secret)?;
    let day = (call.now / 86_400.0).floor() * 86_400.0;
    call.world.change(&secret.key(), |secret| secret.set("LastAccessedDate", day));
    Ok(answer.into())
}

/// The value of a secret that the request asks for.
///
/// # Errors
/// When it is deleted, or has no such version.
pub fn read(call: &Call<'_>, secret: &Object) -> Result<Value, ApiError> {
    check_live(secret)?;
    let all = versions(&replica::source(call, secret));
    let label = call.text("VersionStage");
    let wanted = |(id, version): &(&String, &Value)| match (call.text("VersionId"), label) {
        (Some(wanted), None) => wanted == *id,
        (Some(wanted), Some(label)) => wanted == *id && labels(version).iter().any(|one| one == label),
        (None, label) => labels(version).iter().any(|one| one == label.unwrap_or("AWSCURRENT")),
    };
    let (id, version) = all.iter().find(wanted).ok_or_else(|| match call.text("VersionId") {
        Some(id) => not_found(format!("Secrets Manager can't find the specified secret value for VersionId: {id}")),
        None => not_found(format!(
            "Secrets Manager can't find the specified secret value for staging label: {}",
            label.unwrap_or("AWSCURRENT")
        )),
    })?;
    let mut answer = ids(secret);
    answer["VersionId"] = id.as_str().into();
    answer["VersionStages"] = labels(version).into();
    for member in ["SecretString", "SecretBinary", "CreatedDate"] {
        if let Some(value) = version.get(member) {
            answer[member] = value.clone();
        }
    }
    Ok(answer)
}

fn list(call: &Call<'_>) -> Answer {
    let secret = named(call)?;
    let deprecated = call.flag("IncludeDeprecated") == Some(true);
    let row = |(id, version): (&String, &Value)| {
        let mut row = json!({"VersionId": id, "CreatedDate": version.get("CreatedDate")});
        let stages = labels(version);
        if !stages.is_empty() {
            row["VersionStages"] = stages.into();
        } else if !deprecated {
            return None;
        }
        Some(row)
    };
    let rows = versions(&replica::source(call, &secret)).iter().filter_map(row).collect();
    let mut answer = crate::services::paging::listing(call, "Versions", rows, super::list::PAGING)?;
    answer.body["ARN"] = secret.text("ARN").into();
    answer.body["Name"] = secret.id.into();
    Ok(answer)
}

fn move_stage(call: &mut Call<'_>) -> Answer {
    let mut secret = writable(call)?;
    let label = call.text("VersionStage").ok_or_else(|| invalid("You must provide VersionStage."))?.to_owned();
    let (from, to) = (call.text("RemoveFromVersionId"), call.text("MoveToVersionId"));
    let mut all = versions(&secret);
    if let Some(missing) = [from, to].into_iter().flatten().find(|id| !all.contains_key(*id)) {
        return Err(not_found(format!(
            "Secrets Manager can't find the specified secret value for VersionId: {missing}"
        )));
    }
    let holder = all.iter().find(|(_, version)| labels(version).contains(&label)).map(|(id, _)| id.clone());
    if from.is_none() && to.is_none() || holder.is_some() && to != holder.as_deref() && from != holder.as_deref() {
        let message = format!(
            "The parameter RemoveFromVersionId can't be empty or wrong: staging label {label} is attached to version {}.",
            holder.unwrap_or_default()
        );
        return Err(invalid(message));
    }
    if to.is_none() && label == "AWSCURRENT" {
        return Err(refused("You can't remove the staging label AWSCURRENT: move it to another version."));
    }
    move_label(&mut all, &label, to);
    secret.hidden.insert("versions".into(), Value::Object(all));
    let answer = ids(&secret);
    call.world.put(secret);
    Ok(answer.into())
}
