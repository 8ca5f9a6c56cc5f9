//! Instance profiles. Facts: the role is not an input of the create; one role each; EC2 and Auto Scaling do not know a
//! profile for about ten seconds after it, or its role, has changed.

use serde_json::{Value, json};

use super::{
    PROFILES, ROLES, change, conflict, done, find, hide, limit, listing, missing, new_name, path, refuse_taken, role,
    seen, tagging, unique_id,
};
use crate::call::{Answer, Call, GLOBAL, tag_list};
use crate::world::Object;

/// Seconds until other services know a profile with its role (usually about ten).
pub(super) const SETTLE: f64 = 8.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateInstanceProfile" => Some(create(call)),
        "GetInstanceProfile" => Some(get(call)),
        "ListInstanceProfiles" => Some(list(call)),
        "ListInstanceProfilesForRole" => Some(list_for_role(call)),
        "AddRoleToInstanceProfile" => Some(add_role(call)),
        "RemoveRoleFromInstanceProfile" => Some(remove_role(call)),
        "DeleteInstanceProfile" => Some(delete(call)),
        _ => None,
    }
}

/// Whether other services know a profile, by its name or ARN, with a role in it.
pub fn usable(call: &Call<'_>, name_or_arn: &str) -> bool {
    let name = name_or_arn.rsplit('/').next().unwrap_or_default();
    let Some(profile) = call.get_global(PROFILES, name) else { return false };
    let since = profile.hidden.get("since").and_then(Value::as_f64).unwrap_or(profile.created);
    role_in(profile).is_some() && call.now >= since + SETTLE
}

fn role_in(profile: &Object) -> Option<&str> {
    profile.hidden.get("role").and_then(Value::as_str)
}

/// A profile as lists show it.
pub fn show(call: &Call<'_>, profile: &Object) -> Value {
    let mut body = profile.body.clone();
    let role = role_in(profile).and_then(|name| call.get_global(ROLES, name));
    body.insert("Roles".into(), role.map(|role| Value::Object(role::show(role))).into_iter().collect());
    Value::Object(body)
}

fn show_whole(call: &Call<'_>, profile: &Object) -> Value {
    let mut shown = show(call, profile);
    if let Value::Object(members) = &mut shown {
        members.insert("Tags".into(), tag_list(&profile.tags));
    }
    shown
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = new_name(call, "InstanceProfileName", 128)?;
    refuse_taken(call, PROFILES, "InstanceProfileName", "Instance Profile", &name)?;
    let (path, tags) = (path(call), tagging::given(call)?);
    let id = unique_id(call, "AIPA");
    let body = json!({
        "Path": path, "InstanceProfileName": name, "InstanceProfileId": id,
        "Arn": format!("arn:aws:iam::{}:instance-profile{path}{name}", call.account), "CreateDate": call.timestamp(),
    });
    let mut profile = call.object_in(GLOBAL, PROFILES, &name, body);
    profile.tags = tags;
    let shown = show_whole(call, &profile);
    call.world.put(profile);
    Ok(json!({"InstanceProfile": shown}).into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let profile = find(call, PROFILES, &call.need("InstanceProfileName")?)?;
    Ok(json!({"InstanceProfile": show_whole(call, profile)}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let profiles = seen(call, PROFILES).into_iter().filter(|profile| profile.text("Path").starts_with(prefix));
    listing(call, "InstanceProfiles", profiles.map(|profile| show(call, profile)).collect())
}

fn list_for_role(call: &mut Call<'_>) -> Answer {
    let name = call.need("RoleName")?;
    find(call, ROLES, &name)?;
    let profiles = role::profiles_with(call, &name).map(|profile| show(call, profile)).collect();
    listing(call, "InstanceProfiles", profiles)
}

fn add_role(call: &mut Call<'_>) -> Answer {
    let (name, role) = (call.need("InstanceProfileName")?, call.need("RoleName")?);
    let arn = find(call, ROLES, &role)?.text("Arn").to_owned();
    if role_in(find(call, PROFILES, &name)?).is_some() {
        return Err(limit("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1".into()));
    }
    let now = call.now;
    change(call, PROFILES, &name, |profile| {
        hide(profile, "role", role);
        hide(profile, "since", now);
        profile.needs.insert(arn);
    })?;
    done()
}

fn remove_role(call: &mut Call<'_>) -> Answer {
    let (name, role) = (call.need("InstanceProfileName")?, call.need("RoleName")?);
    if role_in(find(call, PROFILES, &name)?) != Some(role.as_str()) {
        return Err(missing(format!("The role with name {role} cannot be found in instance profile {name}.")));
    }
    change(call, PROFILES, &name, |profile| {
        profile.hidden.remove("role");
        profile.needs.clear();
    })?;
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = call.need("InstanceProfileName")?;
    if role_in(find(call, PROFILES, &name)?).is_some() {
        return Err(conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    call.world.remove(&call.global_key(PROFILES, &name));
    done()
}
