//! Key policies: one per key, called `default`.

use serde_json::{Value, json};

use super::{change, hidden_text, invalid, named, not_found, paging, truncated};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::services::paging::listing;
use crate::wire::as_list;

/// Longest policy in bytes.
const LONGEST: usize = 32 * 1024;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "GetKeyPolicy" => Some(get(call)),
        "PutKeyPolicy" => Some(put(call)),
        "ListKeyPolicies" => Some(
            named(call)
                .and_then(|_| truncated(listing(call, "PolicyNames", vec!["default".into()], paging(100, 1000)))),
        ),
        _ => None,
    }
}

/// The policy of a key whose maker named none: IAM decides.
pub fn default(call: &Call<'_>) -> String {
    let statement = json!([{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", call.account)}, "Action": "kms:*", "Resource": "*",
    }]);
    let policy = json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": statement});
    serde_json::to_string_pretty(&policy).unwrap_or_default()
}

/// The policy in a request, or the default.
///
/// # Errors
/// For what is no policy, names nobody, or would lock its owner out.
pub fn given(call: &Call<'_>) -> Result<String, ApiError> {
    let Some(text) = call.text("Policy") else { return Ok(default(call)) };
    if text.is_empty() || text.len() > LONGEST {
        return Err(ApiError::new("LimitExceededException", "A key policy has at most 32 KB"));
    }
    let policy: Value = serde_json::from_str(text).map_err(|_| malformed("Policy contains malformed JSON"))?;
    let statements = as_list(policy.get("Statement"));
    if statements.iter().flat_map(principals).any(|principal| is_unknown(call, &principal)) {
        return Err(malformed("Policy contains a statement with one or more invalid principals."));
    }
    let bypass = call.flag("BypassPolicyLockoutSafetyCheck") == Some(true);
    if !bypass && !statements.iter().any(|statement| keeps_the_door_open(call, statement)) {
        return Err(malformed("The new key policy will not allow you to update the key policy in the future."));
    }
    Ok(text.to_owned())
}

fn malformed(message: &str) -> ApiError {
    ApiError::new("MalformedPolicyDocumentException", message)
}

fn principals(statement: &Value) -> Vec<String> {
    let named = match statement.get("Principal") {
        Some(Value::Object(kinds)) => as_list(kinds.get("AWS")),
        other => as_list(other),
    };
    named.iter().filter_map(|principal| principal.as_str().map(str::to_owned)).collect()
}

/// Facts: a role that does not exist yet is no principal.
fn is_unknown(call: &Call<'_>, principal: &str) -> bool {
    let Some((account, role)) = principal.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"))
    else {
        return false;
    };
    let name = role.rsplit('/').next().unwrap_or_default();
    let mut roles = call.world.list(account, GLOBAL, "iam/role");
    account == call.account && !role.starts_with("aws-service-role/") && !roles.any(|role| role.id == name)
}

/// Whether somebody of the account may change the policy again.
fn keeps_the_door_open(call: &Call<'_>, statement: &Value) -> bool {
    let own = |principal: &String| principal == "*" || principal.contains(call.account);
    let actions = as_list(statement.get("Action"));
    let opens = |action: &Value| {
        let action = action.as_str().unwrap_or_default();
        action.split_once('*').map_or(action == "kms:PutKeyPolicy", |(head, _)| "kms:PutKeyPolicy".starts_with(head))
    };
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
        && principals(statement).iter().any(own)
        && actions.iter().any(opens)
}

fn check_name(call: &Call<'_>) -> Result<(), ApiError> {
    match call.text("PolicyName").unwrap_or("default") {
        "default" => Ok(()),
        _ => Err(not_found("No such policy exists")),
    }
}

fn get(call: &Call<'_>) -> Answer {
    let key = named(call)?;
    check_name(call)?;
    Ok(json!({"Policy": hidden_text(&key, "policy"), "PolicyName": "default"}).into())
}

fn put(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check_name(call)?;
    if call.text("Policy").is_none() {
        return Err(invalid("Value null at 'policy' failed to satisfy constraint: Member must not be null"));
    }
    let policy = given(call)?;
    change(call, &key, |key| {
        key.hidden.insert("policy".into(), policy.into());
    })
}
