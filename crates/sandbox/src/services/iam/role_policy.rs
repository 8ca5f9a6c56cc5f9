//! What a role may do: inline policies and attached managed ones. Facts: putting and attaching again succeed, removing
//! what is not there gives `NoSuchEntity`.

use serde_json::{Map, Value, json};

use super::{ROLES, change, check_document, done, encoded, find, limit, listing, missing, policy};
use crate::call::{Answer, Call};
use crate::world::Object;

/// Managed policies per role, unless raised.
const ATTACHED: usize = 10;
/// Characters, without blanks, of all inline policies of a role.
const INLINE: usize = 10_240;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutRolePolicy" => Some(put(call)),
        "GetRolePolicy" => Some(get(call)),
        "ListRolePolicies" => Some(list(call)),
        "DeleteRolePolicy" => Some(delete(call)),
        "AttachRolePolicy" => Some(attach(call)),
        "DetachRolePolicy" => Some(detach(call)),
        "ListAttachedRolePolicies" => Some(list_attached(call)),
        _ => None,
    }
}

/// Inline policies of a role: name to document.
pub fn inline(role: &Object) -> Map<String, Value> {
    role.hidden.get("inline").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// ARNs of the managed policies of a role.
pub fn attached(role: &Object) -> Vec<String> {
    let arns = role.hidden.get("attached").and_then(Value::as_array).into_iter().flatten();
    arns.filter_map(|arn| arn.as_str().map(str::to_owned)).collect()
}

/// `{PolicyName, PolicyArn}` of an attached policy.
pub fn show_attached(arn: &str) -> Value {
    json!({"PolicyName": arn.rsplit('/').next(), "PolicyArn": arn})
}

fn set_inline(role: &mut Object, policies: Map<String, Value>) {
    super::hide(role, "inline", Value::Object(policies));
}

/// A customer's policy that is attached cannot be deleted, so the role needs it.
fn set_attached(role: &mut Object, arns: Vec<String>) {
    role.needs = arns.iter().cloned().collect();
    super::hide(role, "attached", arns);
}

fn put(call: &mut Call<'_>) -> Answer {
    let (role, name, document) = (call.need("RoleName")?, call.need("PolicyName")?, call.need("PolicyDocument")?);
    check_document(&document, false)?;
    let mut policies = inline(find(call, ROLES, &role)?);
    policies.insert(name, document.into());
    let length = |document: &Value| {
        document.as_str().unwrap_or_default().chars().filter(|letter| !letter.is_whitespace()).count()
    };
    if policies.values().map(length).sum::<usize>() > INLINE {
        return Err(limit(format!("Maximum policy size of {INLINE} bytes exceeded for role {role}")));
    }
    change(call, ROLES, &role, |role| set_inline(role, policies))?;
    done()
}

fn no_policy(name: &str) -> crate::call::ApiError {
    missing(format!("The role policy with name {name} cannot be found."))
}

fn get(call: &mut Call<'_>) -> Answer {
    let (role, name) = (call.need("RoleName")?, call.need("PolicyName")?);
    let policies = inline(find(call, ROLES, &role)?);
    let document = policies.get(&name).and_then(Value::as_str).ok_or_else(|| no_policy(&name))?;
    Ok(json!({"RoleName": role, "PolicyName": name, "PolicyDocument": encoded(document)}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let policies = inline(find(call, ROLES, &call.need("RoleName")?)?);
    listing(call, "PolicyNames", policies.into_iter().map(|(name, _)| name.into()).collect())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let (role, name) = (call.need("RoleName")?, call.need("PolicyName")?);
    let mut policies = inline(find(call, ROLES, &role)?);
    policies.remove(&name).ok_or_else(|| no_policy(&name))?;
    change(call, ROLES, &role, |role| set_inline(role, policies))?;
    done()
}

fn attach(call: &mut Call<'_>) -> Answer {
    let (role, arn) = (call.need("RoleName")?, call.need("PolicyArn")?);
    policy::check_attachable(call, &arn)?;
    let mut arns = attached(find(call, ROLES, &role)?);
    if !arns.contains(&arn) {
        if arns.len() >= ATTACHED {
            return Err(limit(format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED}")));
        }
        arns.push(arn);
    }
    change(call, ROLES, &role, |role| set_attached(role, arns))?;
    done()
}

fn detach(call: &mut Call<'_>) -> Answer {
    let (role, arn) = (call.need("RoleName")?, call.need("PolicyArn")?);
    let arns = attached(find(call, ROLES, &role)?);
    if !arns.contains(&arn) {
        return Err(missing(format!("Policy {arn} was not found.")));
    }
    let rest = arns.into_iter().filter(|have| *have != arn).collect();
    change(call, ROLES, &role, |role| set_attached(role, rest))?;
    done()
}

fn list_attached(call: &mut Call<'_>) -> Answer {
    let arns = attached(find(call, ROLES, &call.need("RoleName")?)?);
    listing(call, "AttachedPolicies", arns.iter().map(|arn| show_attached(arn)).collect())
}
