//! Roles. Facts: the trust document and tags come with the create; a role that holds policies or sits in an instance
//! profile cannot be deleted; lists show neither tags nor policies.

use serde_json::{Map, Value, json};

use super::profile::SETTLE;
use super::{
    PROFILES, ROLES, change, check_document, conflict, done, encoded, find, hide, listing, new_name, path,
    refuse_taken, seen, tagging, unique_id,
};
use crate::call::{Answer, ApiError, Call, GLOBAL, tag_list};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateRole" => Some(create(call)),
        "GetRole" => Some(get(call)),
        "ListRoles" => Some(list(call)),
        "UpdateRole" => Some(update(call)),
        "UpdateAssumeRolePolicy" => Some(trust(call)),
        "DeleteRole" => Some(delete(call)),
        _ => None,
    }
}

/// Whether a service knows a role by its ARN and may act in its name.
pub fn assumable(call: &Call<'_>, arn: &str, service: &str) -> bool {
    let role = arn.rsplit('/').next().and_then(|name| call.get_global(ROLES, name));
    role.is_some_and(|role| {
        role.text("Arn") == arn
            && call.now >= role.created + SETTLE
            && role.text("AssumeRolePolicyDocument").contains(service)
    })
}

/// A role as lists show it.
pub fn show(role: &Object) -> Map<String, Value> {
    let mut body = role.body.clone();
    body.insert("AssumeRolePolicyDocument".into(), encoded(role.text("AssumeRolePolicyDocument")).into());
    body
}

/// A role as a look at it alone shows it.
fn show_whole(role: &Object) -> Value {
    let mut body = show(role);
    body.insert("Tags".into(), tag_list(&role.tags));
    Value::Object(body)
}

/// Names of the instance profiles that a role is in.
pub fn profiles_with<'a>(call: &'a Call<'_>, name: &'a str) -> impl Iterator<Item = &'a Object> {
    let profiles = call.world.list(call.account, GLOBAL, PROFILES);
    profiles.filter(move |profile| profile.hidden.get("role").and_then(Value::as_str) == Some(name))
}

fn session(call: &Call<'_>) -> Result<i64, ApiError> {
    match call.number("MaxSessionDuration").unwrap_or(3600) {
        seconds @ 3600..=43_200 => Ok(seconds),
        seconds => Err(ApiError::new("ValidationError", format!("MaxSessionDuration {seconds} is out of range."))),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = new_name(call, "RoleName", 64)?;
    let document = call.need("AssumeRolePolicyDocument")?;
    check_document(&document, true)?;
    refuse_taken(call, ROLES, "RoleName", "Role", &name)?;
    let (path, seconds, tags) = (path(call), session(call)?, tagging::given(call)?);
    let id = unique_id(call, "AROA");
    let body = json!({
        "Path": path, "RoleName": name, "RoleId": id,
        "Arn": format!("arn:aws:iam::{}:role{path}{name}", call.account),
        "CreateDate": call.timestamp(), "AssumeRolePolicyDocument": document,
        "Description": call.text("Description"), "MaxSessionDuration": seconds,
    });
    let mut role = call.object_in(GLOBAL, ROLES, &name, body);
    role.tags = tags;
    hide(&mut role, "inline", json!({}));
    hide(&mut role, "attached", json!([]));
    let shown = show_whole(&role);
    call.world.put(role);
    Ok(json!({"Role": shown}).into())
}

fn get(call: &mut Call<'_>) -> Answer {
    Ok(json!({"Role": show_whole(find(call, ROLES, &call.need("RoleName")?)?)}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let roles = seen(call, ROLES).into_iter().filter(|role| role.text("Path").starts_with(prefix));
    listing(call, "Roles", roles.map(|role| Value::Object(show(role))).collect())
}

fn update(call: &mut Call<'_>) -> Answer {
    let name = call.need("RoleName")?;
    let description = call.text("Description").map(str::to_owned);
    let seconds = call.number("MaxSessionDuration").map(|_| session(call)).transpose()?;
    change(call, ROLES, &name, |role| {
        // What is not given is cleared: the stricter reading of a fact that nobody has verified.
        role.set("Description", description);
        if let Some(seconds) = seconds {
            role.set("MaxSessionDuration", seconds);
        }
    })?;
    done()
}

fn trust(call: &mut Call<'_>) -> Answer {
    let (name, document) = (call.need("RoleName")?, call.need("PolicyDocument")?);
    check_document(&document, true)?;
    change(call, ROLES, &name, |role| role.set("AssumeRolePolicyDocument", document))?;
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = call.need("RoleName")?;
    let role = find(call, ROLES, &name)?;
    let holds = |member: &str| match role.hidden.get(member) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(items)) => !items.is_empty(),
        _ => false,
    };
    if profiles_with(call, &name).next().is_some() {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    if holds("attached") {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    if holds("inline") {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    call.world.remove(&call.global_key(ROLES, &name));
    done()
}
