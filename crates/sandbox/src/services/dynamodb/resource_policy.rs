//! Policies of tables and of their streams: each belongs to one ARN in one region. Facts: at most 20 KB; a policy may
//! come with the table; it can be written while a replica is made; for two seconds after a write the table cannot be
//! deleted.

use serde_json::{Value, json};

use super::{not_found, refused};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Hidden member with the moment of the last write.
pub const WRITTEN: &str = "policy_written";
/// Hidden member with the policies: ARN to text and revision.
const POLICIES: &str = "policies";
/// Largest policy, in bytes.
const LARGEST: usize = 20 * 1024;
/// The revision of what is not there.
const NO_POLICY: &str = "NO_POLICY";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutResourcePolicy" => Some(put(call)),
        "GetResourcePolicy" => Some(get(call)),
        "DeleteResourcePolicy" => Some(delete(call)),
        _ => None,
    }
}

/// The table of a request, and the ARN that the request names: the table's own or that of its stream.
fn target(call: &Call<'_>) -> Result<(Object, String), ApiError> {
    let arn = call.text("ResourceArn").unwrap_or_default().to_owned();
    let missing = || not_found(format!("Requested resource not found: ResourcArn: {arn} not found"));
    let name = arn.split_once(":table/").map(|(_, path)| path.split('/').next().unwrap_or_default());
    let name = name.ok_or_else(|| refused(format!("Invalid ResourceArn: {arn}")))?;
    let table = call.get(super::TABLE, name).filter(|table| table.visible <= call.now).ok_or_else(missing)?;
    let known = [table.text("TableArn"), table.text("LatestStreamArn")].contains(&arn.as_str());
    if !known || super::status(table) == "DELETING" { Err(missing()) } else { Ok((table.clone(), arn)) }
}

fn live(table: &Object, arn: &str) -> Option<Value> {
    table.hidden.get(POLICIES)?.get(arn).cloned()
}

fn revision(policy: Option<&Value>) -> &str {
    policy.and_then(|policy| policy.get("RevisionId")?.as_str()).unwrap_or(NO_POLICY)
}

/// A write may insist on what it replaces.
fn check_expected(call: &Call<'_>, live: Option<&Value>) -> Result<(), ApiError> {
    match call.text("ExpectedRevisionId") {
        Some(expected) if expected != revision(live) => {
            Err(missing_policy("Expected revision ID does not match the current revision ID of the policy"))
        }
        _ => Ok(()),
    }
}

fn missing_policy(message: &str) -> ApiError {
    ApiError::new("PolicyNotFoundException", message)
}

/// Gives a table a policy for one of its ARNs; answers the revision.
///
/// # Errors
/// When the policy is no document or too large.
pub fn write(call: &mut Call<'_>, table: &mut Object, arn: &str, text: &str) -> Result<String, ApiError> {
    if text.len() > LARGEST {
        return Err(refused(format!("Resource policy size exceeds the limit of {LARGEST} bytes")));
    }
    let document: Option<Value> = serde_json::from_str(text).ok().filter(Value::is_object);
    if document.is_none_or(|document| document.get("Statement").is_none()) {
        return Err(refused("Invalid policy document: Syntax errors in policy."));
    }
    // The same policy again is no new revision.
    let same = live(table, arn).filter(|live| live.get("Policy").is_some_and(|live| live == text));
    if let Some(same) = same {
        return Ok(revision(Some(&same)).to_owned());
    }
    let number = call.world.next_number();
    let revision = format!("{:.0}{number:03}", call.now * 1000.0);
    let mut policies = table.hidden.remove(POLICIES).unwrap_or_else(|| json!({}));
    policies[arn] = json!({"Policy": text, "RevisionId": revision});
    table.hidden.insert(POLICIES.to_owned(), policies);
    table.hidden.insert(WRITTEN.to_owned(), call.now.into());
    Ok(revision)
}

fn put(call: &mut Call<'_>) -> Answer {
    let (mut table, arn) = target(call)?;
    let text = call.text("Policy").ok_or_else(|| refused("The parameter 'Policy' is required"))?.to_owned();
    check_expected(call, live(&table, &arn).as_ref())?;
    let revision = write(call, &mut table, &arn, &text)?;
    call.world.put(table);
    Ok(json!({"RevisionId": revision}).into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let (table, arn) = target(call)?;
    let policy = live(&table, &arn);
    let missing = || missing_policy(&format!("Resource-based policy not found for the provided ResourceArn: {arn}"));
    policy.map(Into::into).ok_or_else(missing)
}

/// Deleting what is not there succeeds, and says no revision.
fn delete(call: &mut Call<'_>) -> Answer {
    let (mut table, arn) = target(call)?;
    let live = live(&table, &arn);
    check_expected(call, live.as_ref())?;
    let Some(live) = live else { return Ok(json!({}).into()) };
    if let Some(Value::Object(policies)) = table.hidden.get_mut(POLICIES) {
        policies.remove(&arn);
    }
    table.hidden.insert(WRITTEN.to_owned(), call.now.into());
    call.world.put(table);
    Ok(json!({"RevisionId": live.get("RevisionId")}).into())
}
