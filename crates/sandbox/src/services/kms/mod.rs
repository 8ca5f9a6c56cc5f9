//! Key Management Service: keys, aliases, multi-region keys, and enough of cryptography to try them.
//!
//! Facts: a key has neither name nor token; aliases name keys for reads only; a key is never gone before a window of
//! 7 to 30 days, and a primary not before its replicas.

mod alias;
mod crypto;
mod deletion;
mod key;
mod policy;
mod replica;
mod rotation;
mod tags;

use serde_json::Value;

use super::paging::Paging;
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

const KEY: &str = "kms/key";
const ALIAS: &str = "kms/alias";
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [
        key::handle,
        alias::handle,
        policy::handle,
        rotation::handle,
        deletion::handle,
        replica::handle,
        crypto::handle,
        tags::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn paging(default: i64, most: i64) -> Paging {
    Paging { limit: "Limit", default, most, token: "Marker", next: "NextMarker", refusal: "ValidationException" }
}

/// Lists of this service say whether there is more.
fn truncated(answer: Answer) -> Answer {
    answer.map(|mut reply| {
        reply.body["Truncated"] = reply.body.get("NextMarker").is_some().into();
        reply
    })
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("NotFoundException", message)
}

fn unsupported(message: impl Into<String>) -> ApiError {
    ApiError::new("UnsupportedOperationException", message)
}

fn key_arn(call: &Call<'_>, id: &str) -> String {
    format!("arn:aws:kms:{}:{}:key/{id}", call.region, call.account)
}

/// The key that `text` names by id or ARN.
fn by_id(call: &Call<'_>, text: &str) -> Result<Object, ApiError> {
    let id = match text.strip_prefix("arn:") {
        None => text,
        Some(_) => {
            let region = text.split(':').nth(3).unwrap_or_default();
            if region != call.region {
                return Err(not_found(format!("Invalid arn {region}")));
            }
            text.split_once(":key/").map_or(text, |(_, id)| id)
        }
    };
    let hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !hexadecimal(id.strip_prefix("mrk-").unwrap_or(id)) {
        return Err(not_found(format!("Invalid keyId '{text}'")));
    }
    let found = call.get(KEY, id).filter(|key| key.visible <= call.now);
    found.cloned().ok_or_else(|| not_found(format!("Key '{}' does not exist", key_arn(call, id))))
}

/// The key that the request names by id or ARN; facts: most writes take no alias.
fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    by_id(call, &required(call, "KeyId")?)
}

/// The key that the request names by id, ARN, alias or alias ARN.
fn named_or_aliased(call: &Call<'_>) -> Result<Object, ApiError> {
    let text = required(call, "KeyId")?;
    match alias::name_in(&text) {
        Some(name) => alias::target(call, name),
        None => by_id(call, &text),
    }
}

fn required(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    let missing = || {
        invalid(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    };
    call.text(member).map(str::to_owned).ok_or_else(missing)
}

fn state(key: &Object) -> &str {
    key.text("KeyState")
}

/// Refuses a change of a key that is on its way out, or not there yet.
fn check_live(key: &Object) -> Result<(), ApiError> {
    let words = match state(key) {
        "PendingDeletion" | "PendingReplicaDeletion" => "is pending deletion.",
        "Creating" => "is creating.",
        "Updating" => "is updating.",
        _ => return Ok(()),
    };
    Err(bad_state(key, words))
}

fn bad_state(key: &Object, words: &str) -> ApiError {
    ApiError::new("KMSInvalidStateException", format!("{} {words}", key.text("Arn")))
}

/// Changes a key for good.
fn change(call: &mut Call<'_>, key: &Object, change: impl FnOnce(&mut Object)) -> Answer {
    call.world.change(&key.key(), change);
    Ok(Value::Null.into())
}

/// A text that the service knows of a key and its metadata does not show.
fn hidden_text<'a>(key: &'a Object, member: &str) -> &'a str {
    key.hidden.get(member).and_then(Value::as_str).unwrap_or_default()
}
