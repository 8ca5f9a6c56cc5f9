//! Lists of secrets, filtered, and values by the batch.

use serde_json::{Value, json};

use super::{SECRET, find, invalid, is_deleted, not_found, secret, value};
use crate::call::{Answer, Call};
use crate::services::paging::{Paging, listing};
use crate::wire::as_list;
use crate::world::Object;

/// How this service cuts lists.
pub const PAGING: Paging = Paging {
    limit: "MaxResults",
    default: 100,
    most: 100,
    token: "NextToken",
    next: "NextToken",
    refusal: "InvalidParameterException",
};
/// Secrets in one batch.
const BATCH: usize = 20;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListSecrets" => Some(list(call)),
        "BatchGetSecretValue" => Some(batch(call)),
        _ => None,
    }
}

/// Facts: what is scheduled for deletion is hidden unless asked for; replication status is not shown here.
fn list(call: &Call<'_>) -> Answer {
    let deleted = call.flag("IncludePlannedDeletion") == Some(true);
    let row = |found: &Object| {
        let mut row = secret::show(call, found);
        if let Value::Object(members) = &mut row {
            members.remove("ReplicationStatus");
            if let Some(stages) = members.remove("VersionIdsToStages") {
                members.insert("SecretVersionsToStages".into(), stages);
            }
        }
        row
    };
    let secrets = wanted(call)?.into_iter().filter(|found| deleted || !is_deleted(found));
    let mut rows: Vec<Value> = secrets.map(row).collect();
    if call.text("SortOrder") == Some("desc") {
        rows.reverse();
    }
    listing(call, "SecretList", rows, PAGING)
}

/// Secrets that pass all filters.
fn wanted<'a>(call: &'a Call<'_>) -> Result<Vec<&'a Object>, crate::call::ApiError> {
    let filters = call.list("Filters");
    let keys = ["name", "description", "tag-key", "tag-value", "primary-region", "owning-service", "all"];
    let key = |filter: &Value| filter.get("Key").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(unknown) = filters.iter().map(key).find(|key| !keys.contains(&key.as_str())) {
        return Err(crate::call::ApiError::new("ValidationException", format!("'{unknown}' is no filter of secrets")));
    }
    let passes = |secret: &&Object| {
        filters.iter().all(|filter| {
            let values = as_list(filter.get("Values"));
            values.iter().filter_map(Value::as_str).any(|value| matches(secret, &key(filter), value))
        })
    };
    Ok(call.visible(SECRET).into_iter().filter(passes).collect())
}

/// Whether a member begins with `value`; a `!` in front turns it round.
fn matches(secret: &Object, key: &str, value: &str) -> bool {
    if let Some(value) = value.strip_prefix('!') {
        return !matches(secret, key, value);
    }
    let tag_keys = || secret.tags.keys().any(|tag| tag.starts_with(value));
    let tag_values = || secret.tags.values().any(|tag| tag.starts_with(value));
    // Descriptions are matched word by word and without regard to case.
    let description =
        || secret.text("Description").to_lowercase().split(' ').any(|word| word.starts_with(&value.to_lowercase()));
    match key {
        "name" => secret.id.starts_with(value),
        "description" => description(),
        "tag-key" => tag_keys(),
        "tag-value" => tag_values(),
        "primary-region" => secret.hidden.get("primary").and_then(Value::as_str).unwrap_or(&secret.region) == value,
        "all" => secret.id.starts_with(value) || description() || tag_keys() || tag_values(),
        _ => secret.text("OwningService") == value,
    }
}

fn batch(call: &mut Call<'_>) -> Answer {
    let ids = call.texts("SecretIdList");
    if ids.is_empty() == call.list("Filters").is_empty() || ids.len() > BATCH {
        return Err(invalid("Either SecretIdList with 1 to 20 secrets or Filters must be given."));
    }
    let found: Vec<(String, Option<Object>)> = match ids.is_empty() {
        true => wanted(call)?.into_iter().map(|secret| (secret.id.clone(), Some(secret.clone()))).collect(),
        false => ids.into_iter().map(|id| (id.clone(), find(call, &id))).collect(),
    };
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for (id, secret) in found {
        let missing = || not_found("Secrets Manager can't find the specified secret.");
        match secret.ok_or_else(missing).and_then(|secret| value::read(call, &secret)) {
            Ok(value) => values.push(value),
            Err(error) => errors.push(json!({"SecretId": id, "ErrorCode": error.code, "Message": error.message})),
        }
    }
    Ok(json!({"SecretValues": values, "Errors": errors}).into())
}
