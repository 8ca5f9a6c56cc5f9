//! Aliases: names of keys, unique in a region. An alias lives as long as its key, whatever the key's state.

use serde_json::{Value, json};

use super::{ALIAS, KEY, by_id, check_live, invalid, not_found, paging, policy, required, truncated};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::world::Object;

/// Prefix of the aliases that services make for their own keys.
const MANAGED: &str = "alias/aws/";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateAlias" => Some(create(call)),
        "UpdateAlias" => Some(update(call)),
        "DeleteAlias" => Some(delete(call)),
        "ListAliases" => Some(list(call)),
        _ => None,
    }
}

/// The alias in `alias/x` or its ARN.
pub fn name_in(text: &str) -> Option<&str> {
    match text.split_once(":alias/") {
        Some((head, _)) => text.get(head.len() + 1..),
        None => text.starts_with("alias/").then_some(text),
    }
}

fn arn(call: &Call<'_>, name: &str) -> String {
    format!("arn:aws:kms:{}:{}:{name}", call.region, call.account)
}

fn missing(call: &Call<'_>, name: &str) -> ApiError {
    not_found(format!("Alias {} is not found.", arn(call, name)))
}

/// An alias whose key still exists.
fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a Object, ApiError> {
    let alive = |alias: &&Object| call.get(KEY, alias.text("TargetKeyId")).is_some();
    call.get(ALIAS, name).filter(alive).ok_or_else(|| missing(call, name))
}

/// The key behind an alias.
pub fn target(call: &Call<'_>, name: &str) -> Result<Object, ApiError> {
    let alias = find(call, name)?;
    call.get(KEY, alias.text("TargetKeyId")).cloned().ok_or_else(|| missing(call, name))
}

/// Describing the alias of a service makes that service's key, if it is not there yet.
pub fn make_managed(call: &mut Call<'_>) {
    let text = call.text("KeyId").unwrap_or_default().to_owned();
    let Some(name) = name_in(&text).filter(|name| name.len() > MANAGED.len() && name.starts_with(MANAGED)) else {
        return;
    };
    if call.get(ALIAS, name).is_some() {
        return;
    }
    let id = call.uuid();
    let mut key = super::key::blank(call, &id, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    let service = name.trim_start_matches(MANAGED);
    key.set("KeyManager", "AWS");
    key.set("Description", format!("Default key that protects my {service} data when no other key is defined"));
    key.hidden.insert("policy".into(), policy::default(call).into());
    key.hidden.insert("rotation_days".into(), 365.into());
    let alias = blank(call, name, &id);
    call.world.put(key);
    call.world.put(alias);
}

fn blank(call: &Call<'_>, name: &str, key: &str) -> Object {
    let body = json!({"AliasName": name, "AliasArn": arn(call, name), "TargetKeyId": key,
        "CreationDate": call.now, "LastUpdatedDate": call.now});
    call.object(ALIAS, name, body)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
    let rest = name.strip_prefix("alias/").unwrap_or_default();
    if rest.is_empty() || name.len() > 256 || !name.bytes().all(allowed) {
        let message = "Alias must start with the prefix \"alias/\". Please see \
                       https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
        return Err(invalid(message));
    }
    match name.starts_with(MANAGED) {
        true => Err(ApiError::new("NotAuthorizedException", "")),
        false => Ok(()),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = required(call, "AliasName")?;
    check_name(&name)?;
    let target = required(call, "TargetKeyId")?;
    if name_in(&target).is_some() {
        return Err(invalid("Aliases must refer to keys. Not aliases"));
    }
    let key = by_id(call, &target)?;
    check_live(&key)?;
    if find(call, &name).is_ok() {
        let message = format!("An alias with the name {} already exists", arn(call, &name));
        return Err(ApiError::new("AlreadyExistsException", message));
    }
    let alias = blank(call, &name, &key.id);
    call.world.put(alias);
    Ok(Value::Null.into())
}

/// Facts: from a key to one of the same type and use.
fn update(call: &mut Call<'_>) -> Answer {
    let name = required(call, "AliasName")?;
    let key = find(call, &name)?.key();
    let (old, new) = (target(call, &name)?, by_id(call, &required(call, "TargetKeyId")?)?);
    check_live(&new)?;
    let symmetric = |key: &Object| key.text("KeySpec") == "SYMMETRIC_DEFAULT";
    if symmetric(&old) != symmetric(&new) || old.text("KeyUsage") != new.text("KeyUsage") {
        return Err(invalid(format!("Alias {name} cannot be changed to a key of another type or usage")));
    }
    let now = call.now;
    call.world.change(&key, |alias| {
        alias.set("TargetKeyId", new.id.as_str());
        alias.set("LastUpdatedDate", now);
    });
    Ok(Value::Null.into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = required(call, "AliasName")?;
    check_name(&name)?;
    let key = find(call, &name)?.key();
    call.world.remove(&key);
    Ok(Value::Null.into())
}

fn list(call: &Call<'_>) -> Answer {
    let of = call.text("KeyId").map(|text| by_id(call, text)).transpose()?.map(|key| key.id);
    let wanted = |alias: &&Object| {
        let key = alias.text("TargetKeyId");
        call.get(KEY, key).is_some() && of.as_deref().is_none_or(|of| of == key)
    };
    let rows = call.visible(ALIAS).into_iter().filter(wanted).map(|alias| Value::Object(alias.body.clone()));
    truncated(listing(call, "Aliases", rows.collect(), paging(50, 100)))
}
