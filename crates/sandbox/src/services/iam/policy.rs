//! Customers' managed policies. Facts: at most five versions; the default one stays; a policy that is attached, or has
//! other versions, cannot be deleted. AWS's own policies exist without being anybody's objects.

use serde_json::{Value, json};

use super::{
    POLICIES, ROLES, change, check_document, conflict, done, encoded, find, hide, limit, listing, missing, new_name,
    path, refuse_taken, role_policy, seen, tagging, unique_id,
};
use crate::call::{Answer, ApiError, Call, GLOBAL, tag_list};
use crate::world::Object;

const VERSIONS: usize = 5;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreatePolicy" => Some(create(call)),
        "GetPolicy" => Some(get(call)),
        "ListPolicies" => Some(list(call)),
        "DeletePolicy" => Some(delete(call)),
        "ListEntitiesForPolicy" => Some(entities(call)),
        "CreatePolicyVersion" => Some(create_version(call)),
        "GetPolicyVersion" => Some(get_version(call)),
        "ListPolicyVersions" => Some(list_versions(call)),
        "SetDefaultPolicyVersion" => Some(set_default(call)),
        "DeletePolicyVersion" => Some(delete_version(call)),
        _ => None,
    }
}

/// Whether a role may have it attached.
///
/// # Errors
/// `NoSuchEntity`.
pub fn check_attachable(call: &Call<'_>, arn: &str) -> Result<(), ApiError> {
    if arn.starts_with("arn:aws:iam::aws:policy/") || call.get_global(POLICIES, arn).is_some() {
        return Ok(());
    }
    Err(missing(format!("Policy {arn} does not exist or is not attachable.")))
}

fn holders<'a>(call: &'a Call<'_>, arn: &'a str) -> impl Iterator<Item = &'a Object> {
    let roles = call.world.list(call.account, GLOBAL, ROLES);
    roles.filter(move |role| role_policy::attached(role).iter().any(|have| have == arn))
}

/// A policy as lists show it.
pub fn show(call: &Call<'_>, policy: &Object) -> Value {
    let mut body = policy.body.clone();
    body.insert("AttachmentCount".into(), holders(call, &policy.id).count().into());
    Value::Object(body)
}

/// Versions of a policy with their documents in plain text, newest first.
pub fn versions(policy: &Object) -> Vec<Value> {
    policy.hidden.get("versions").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A version as it is shown.
pub fn show_version(policy: &Object, version: &Value) -> Value {
    let id = version.get("VersionId").and_then(Value::as_str).unwrap_or_default();
    let document = version.get("Document").and_then(Value::as_str).unwrap_or_default();
    json!({
        "VersionId": id, "IsDefaultVersion": policy.text("DefaultVersionId") == id, "Document": encoded(document),
        "CreateDate": version.get("CreateDate"),
    })
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = new_name(call, "PolicyName", 128)?;
    let document = call.need("PolicyDocument")?;
    check_document(&document, false)?;
    refuse_taken(call, POLICIES, "PolicyName", "A policy", &name)?;
    let (path, tags, now) = (path(call), tagging::given(call)?, call.timestamp());
    let id = unique_id(call, "ANPA");
    let arn = format!("arn:aws:iam::{}:policy{path}{name}", call.account);
    let body = json!({
        "PolicyName": name, "PolicyId": id, "Arn": arn, "Path": path, "DefaultVersionId": "v1",
        "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, "Description": call.text("Description"),
        "CreateDate": now, "UpdateDate": now,
    });
    let mut policy = call.object_in(GLOBAL, POLICIES, &arn, body);
    policy.tags = tags;
    hide(&mut policy, "versions", json!([{"VersionId": "v1", "Document": document, "CreateDate": now}]));
    hide(&mut policy, "counter", 1);
    let shown = show(call, &policy);
    call.world.put(policy);
    Ok(json!({"Policy": shown}).into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let policy = find(call, POLICIES, &call.need("PolicyArn")?)?;
    let mut shown = show(call, policy);
    if let Value::Object(members) = &mut shown {
        members.insert("Tags".into(), tag_list(&policy.tags));
    }
    Ok(json!({"Policy": shown}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let attached_only = call.flag("OnlyAttached") == Some(true);
    let wanted = |policy: &&Object| !attached_only || holders(call, &policy.id).next().is_some();
    let policies = seen(call, POLICIES).into_iter().filter(wanted);
    listing(call, "Policies", policies.map(|policy| show(call, policy)).collect())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let arn = call.need("PolicyArn")?;
    let policy = find(call, POLICIES, &arn)?;
    if holders(call, &arn).next().is_some() {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if versions(policy).len() > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, delete its versions.",
        ));
    }
    call.world.remove(&call.global_key(POLICIES, &arn));
    done()
}

fn entities(call: &mut Call<'_>) -> Answer {
    let arn = call.need("PolicyArn")?;
    check_attachable(call, &arn)?;
    let row = |role: &Object| json!({"RoleName": role.id, "RoleId": role.text("RoleId")});
    listing(call, "PolicyRoles", holders(call, &arn).map(row).collect())
}

fn create_version(call: &mut Call<'_>) -> Answer {
    let (arn, document) = (call.need("PolicyArn")?, call.need("PolicyDocument")?);
    check_document(&document, false)?;
    let (now, default) = (call.timestamp(), call.flag("SetAsDefault") == Some(true));
    if versions(find(call, POLICIES, &arn)?).len() >= VERSIONS {
        return Err(limit(format!("A managed policy can have up to {VERSIONS} versions.")));
    }
    let shown = change(call, POLICIES, &arn, |policy| {
        let number = policy.hidden.get("counter").and_then(Value::as_u64).unwrap_or_default() + 1;
        let version = json!({"VersionId": format!("v{number}"), "Document": document, "CreateDate": now});
        let mut all = versions(policy);
        all.insert(0, version.clone());
        hide(policy, "versions", all);
        hide(policy, "counter", number);
        if default {
            policy.set("DefaultVersionId", format!("v{number}"));
        }
        show_version(policy, &version)
    })?;
    Ok(json!({"PolicyVersion": shown}).into())
}

fn version(call: &Call<'_>) -> Result<(String, Value), ApiError> {
    let (arn, wanted) = (call.need("PolicyArn")?, call.need("VersionId")?);
    let all = versions(find(call, POLICIES, &arn)?);
    let found = all.into_iter().find(|version| version.get("VersionId").and_then(Value::as_str) == Some(&wanted));
    let found = found.ok_or_else(|| missing(format!("Policy {arn} version {wanted} does not exist.")))?;
    Ok((arn, found))
}

fn get_version(call: &mut Call<'_>) -> Answer {
    let (arn, version) = version(call)?;
    Ok(json!({"PolicyVersion": show_version(find(call, POLICIES, &arn)?, &version)}).into())
}

fn list_versions(call: &mut Call<'_>) -> Answer {
    let policy = find(call, POLICIES, &call.need("PolicyArn")?)?;
    listing(call, "Versions", versions(policy).iter().map(|version| show_version(policy, version)).collect())
}

fn set_default(call: &mut Call<'_>) -> Answer {
    let (arn, version) = version(call)?;
    change(call, POLICIES, &arn, |policy| policy.set("DefaultVersionId", version["VersionId"].clone()))?;
    done()
}

fn delete_version(call: &mut Call<'_>) -> Answer {
    let (arn, version) = version(call)?;
    if find(call, POLICIES, &arn)?.text("DefaultVersionId") == version["VersionId"].as_str().unwrap_or_default() {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    change(call, POLICIES, &arn, |policy| {
        let rest: Vec<Value> = versions(policy).into_iter().filter(|have| *have != version).collect();
        hide(policy, "versions", rest);
    })?;
    done()
}
