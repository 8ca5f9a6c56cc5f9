//! Secrets Manager: secrets, their versions, and their replicas in other regions.
//!
//! Facts: the token is the version's id; a name stays taken through the recovery window; a replica that cannot be is
//! reported in the primary's description only.

mod delete;
mod list;
mod policy;
mod replica;
mod secret;
mod value;

use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

const SECRET: &str = "secretsmanager/secret";

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [secret::handle, value::handle, list::handle, delete::handle, replica::handle, policy::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidRequestException", message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn exists(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceExistsException", message)
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

/// The secret that the request names by name, ARN, or ARN without its last six characters.
fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let text = call.text("SecretId").ok_or_else(|| invalid("You must provide a value for the SecretId parameter."))?;
    find(call, text).ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))
}

fn find(call: &Call<'_>, text: &str) -> Option<Object> {
    let by_arn = |secret: &&Object| {
        let arn = secret.text("ARN");
        arn == text || arn.rsplit_once('-').is_some_and(|(head, _)| head == text)
    };
    let mut secrets = call.world.list(call.account, call.region, SECRET).filter(|secret| secret.visible <= call.now);
    match text.starts_with("arn:") {
        true => secrets.find(by_arn).cloned(),
        false => secrets.find(|secret| secret.id == text).cloned(),
    }
}

fn is_deleted(secret: &Object) -> bool {
    secret.body.contains_key("DeletedDate")
}

fn check_live(secret: &Object) -> Result<(), ApiError> {
    match is_deleted(secret) {
        true => Err(refused("You can't perform this operation on the secret because it was marked for deletion.")),
        false => Ok(()),
    }
}

/// The secret that the request wants to change: alive, and no replica.
fn writable(call: &Call<'_>) -> Result<Object, ApiError> {
    let secret = named(call)?;
    check_live(&secret)?;
    match replica::is_replica(&secret) {
        true => {
            Err(refused("Operation not permitted on a replica secret. Call must be made in primary secret's region."))
        }
        false => Ok(secret),
    }
}

/// ARN and name, which nearly all answers begin with.
fn ids(secret: &Object) -> Value {
    json!({"ARN": secret.text("ARN"), "Name": secret.id})
}
