//! Groups: create, describe, retention, key, deletion protection, delete.

use serde_json::{Map, Value, json};

use super::{GROUP, invalid, millis, named, paging, required};
use crate::call::{Answer, ApiError, Call};
use crate::services::by_arn;
use crate::services::paging::listing;
use crate::world::Object;

/// Days for which events can be kept.
const RETENTION: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateLogGroup" => Some(create(call)),
        "DescribeLogGroups" => Some(describe(call)),
        "DeleteLogGroup" => Some(delete(call)),
        "PutRetentionPolicy" => Some(retain(call)),
        "DeleteRetentionPolicy" => Some(change(call, |group| {
            group.body.remove("retentionInDays");
        })),
        "AssociateKmsKey" => {
            Some(required(call, "kmsKeyId").and_then(|key| change(call, |group| group.set("kmsKeyId", key))))
        }
        "DisassociateKmsKey" => Some(change(call, |group| {
            group.body.remove("kmsKeyId");
        })),
        "PutLogGroupDeletionProtection" => {
            let on = call.flag("deletionProtectionEnabled") == Some(true);
            Some(change(call, |group| group.set("deletionProtectionEnabled", on)))
        }
        _ => None,
    }
}

fn change(call: &mut Call<'_>, change: impl FnOnce(&mut Object)) -> Answer {
    let key = named(call)?.key();
    call.world.change(&key, change);
    Ok(Value::Null.into())
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = required(call, "logGroupName")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.#".contains(&byte);
    if name.is_empty() || name.len() > 512 || !name.bytes().all(allowed) {
        let message = "Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression \
                       pattern: [\\.\\-_/#A-Za-z0-9]+";
        return Err(invalid(message));
    }
    if call.get(GROUP, &name).is_some() {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let tags = super::tags::given(call)?;
    let arn = format!("arn:aws:logs:{}:{}:log-group:{name}", call.region, call.account);
    let body = json!({
        "logGroupName": name, "creationTime": millis(call.now), "metricFilterCount": 0, "storedBytes": 0,
        "arn": format!("{arn}:*"), "logGroupArn": arn,
        "logGroupClass": call.text("logGroupClass").unwrap_or("STANDARD"),
        "deletionProtectionEnabled": call.flag("deletionProtectionEnabled").unwrap_or(false),
    });
    let mut group = call.object(GROUP, &name, body);
    if let Some(key) = call.text("kmsKeyId") {
        group.set("kmsKeyId", key);
    }
    group.tags = tags;
    by_arn::name(&mut group, &arn);
    call.world.put(group);
    Ok(Value::Null.into())
}

fn describe(call: &Call<'_>) -> Answer {
    let (prefix, pattern) = (call.text("logGroupNamePrefix"), call.text("logGroupNamePattern"));
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let identifiers = call.texts("logGroupIdentifiers");
    let class = call.text("logGroupClass");
    let wanted = |group: &&Object| {
        let arn = group.text("logGroupArn");
        prefix.is_none_or(|prefix| group.id.starts_with(prefix))
            && pattern.is_none_or(|pattern| group.id.to_lowercase().contains(&pattern.to_lowercase()))
            && class.is_none_or(|class| group.text("logGroupClass") == class)
            && (identifiers.is_empty()
                || identifiers.iter().any(|one| *one == group.id || one.trim_end_matches(":*") == arn))
    };
    let rows = call.visible(GROUP).into_iter().filter(wanted).map(|group| show(call, group));
    listing(call, "logGroups", rows.collect(), paging("limit", 50))
}

fn show(call: &Call<'_>, group: &Object) -> Value {
    let mut body: Map<String, Value> = group.body.clone();
    body.insert("metricFilterCount".into(), super::filters::metric_filters(call, &group.id).into());
    Value::Object(body)
}

fn retain(call: &mut Call<'_>) -> Answer {
    let days = call.number("retentionInDays").unwrap_or_default();
    if !RETENTION.contains(&days) {
        let message = format!(
            "Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: {RETENTION:?}"
        );
        return Err(invalid(message));
    }
    change(call, |group| group.set("retentionInDays", days))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let group = named(call)?;
    if group.body.get("deletionProtectionEnabled") == Some(&true.into()) {
        let message = "Log group cannot be deleted because deletion protection is enabled";
        return Err(ApiError::new("ValidationException", message));
    }
    let parts: Vec<_> = call.world.users_of(group.text("logGroupArn")).map(Object::key).collect();
    for part in parts {
        call.world.remove(&part);
    }
    call.world.remove(&group.key());
    Ok(Value::Null.into())
}
