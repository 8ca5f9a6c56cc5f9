//! Identity and Access Management: what its operations share, and one file per family of objects.
//!
//! Facts: one global service; names are unique without regard to case; documents are shown URL-encoded; lists show no
//! tags; what an object holds must be taken out before it goes.

mod policy;
mod profile;
mod report;
mod role;
mod role_policy;
mod tagging;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::{Key, Object};

pub use profile::usable as usable_profile;
pub use role::assumable;

const ROLES: &str = "iam/role";
const POLICIES: &str = "iam/policy";
const PROFILES: &str = "iam/instance-profile";

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families =
        [role::handle, role_policy::handle, policy::handle, profile::handle, report::handle, tagging::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// Objects of a kind that reads see by now.
fn seen<'a>(call: &'a Call<'_>, kind: &str) -> Vec<&'a Object> {
    call.world.list(call.account, GLOBAL, kind).filter(|object| object.visible <= call.now).collect()
}

/// One of them.
///
/// # Errors
/// `NoSuchEntity`.
fn find<'a>(call: &'a Call<'_>, kind: &str, id: &str) -> Result<&'a Object, ApiError> {
    call.get_global(kind, id).filter(|object| object.visible <= call.now).ok_or_else(|| absent(kind, id))
}

/// Changes one of them.
///
/// # Errors
/// `NoSuchEntity`.
fn change<T>(call: &mut Call<'_>, kind: &str, id: &str, change: impl FnOnce(&mut Object) -> T) -> Result<T, ApiError> {
    find(call, kind, id)?;
    let key: Key = call.global_key(kind, id);
    call.world.change(&key, change).ok_or_else(|| absent(kind, id))
}

fn absent(kind: &str, id: &str) -> ApiError {
    missing(match kind {
        ROLES => format!("The role with name {id} cannot be found."),
        PROFILES => format!("Instance Profile {id} cannot be found."),
        _ => format!("Policy {id} was not found."),
    })
}

fn missing(message: String) -> ApiError {
    ApiError::new("NoSuchEntity", message).status(404)
}

fn conflict(message: &str) -> ApiError {
    ApiError::new("DeleteConflict", message).status(409)
}

fn limit(message: String) -> ApiError {
    ApiError::new("LimitExceeded", message).status(409)
}

/// Names differ by more than case.
fn refuse_taken(call: &Call<'_>, kind: &str, member: &str, noun: &str, name: &str) -> Result<(), ApiError> {
    let mut objects = call.world.list(call.account, GLOBAL, kind);
    if objects.any(|object| object.text(member).eq_ignore_ascii_case(name)) {
        let message = format!("{noun} with name {name} already exists.");
        return Err(ApiError::new("EntityAlreadyExists", message).status(409));
    }
    Ok(())
}

/// A member that names a new object.
fn new_name(call: &Call<'_>, member: &str, longest: usize) -> Result<String, ApiError> {
    let name = call.need(member)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if name.is_empty() || name.len() > longest || !name.bytes().all(fits) {
        let message = format!("The specified value for {member} is invalid: `{name}`.");
        return Err(ApiError::new("ValidationError", message));
    }
    Ok(name)
}

/// The path of a new object, `/` if it has none.
fn path(call: &Call<'_>) -> String {
    call.text("Path").unwrap_or("/").to_owned()
}

/// `AROA` and seventeen more: the id that changes with each new object of one name.
fn unique_id(call: &mut Call<'_>, prefix: &str) -> String {
    format!("{prefix}{}", call.hex(17).to_ascii_uppercase())
}

fn encoded(document: &str) -> String {
    utf8_percent_encode(document, UNRESERVED).to_string()
}

/// Refuses what is no policy. A trust document names principals, the others must not.
fn check_document(document: &str, trust: bool) -> Result<(), ApiError> {
    let malformed = |message: &str| ApiError::new("MalformedPolicyDocument", message);
    let tree: Value = serde_json::from_str(document).map_err(|_| malformed("Syntax errors in policy."))?;
    let statements = crate::wire::as_list(tree.get("Statement"));
    if statements.is_empty() {
        return Err(malformed("Syntax errors in policy: it has no statement."));
    }
    for statement in statements {
        if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
            return Err(malformed("Syntax errors in policy: a statement has no effect."));
        }
        match (trust, statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some()) {
            (true, false) => return Err(malformed("AssumeRole policy must contain resources.")),
            (false, true) => return Err(malformed("Policy document should not specify a principal.")),
            _ => {}
        }
    }
    Ok(())
}

/// One page of a list, as all of IAM's lists say it.
fn listing(call: &Call<'_>, member: &str, items: Vec<Value>) -> Answer {
    let (page, next) = call.page(items, call.number("MaxItems").or(Some(100)), call.text("Marker"));
    Ok(json!({member: page, "IsTruncated": next.is_some(), "Marker": next}).into())
}

/// An answer without content.
fn done() -> Answer {
    Ok(Reply::from(json!({})))
}

/// Sets a member of what the service knows.
fn hide(object: &mut Object, member: &str, value: impl Into<Value>) {
    object.hidden.insert(member.to_owned(), value.into());
}
