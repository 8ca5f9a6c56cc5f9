//! `GetAccountAuthorizationDetails`: all roles and managed policies with all they hold, in pages.

use serde_json::{Value, json};

use super::{POLICIES, ROLES, encoded, policy, profile, role, role_policy, seen};
use crate::call::{Answer, Call, tag_list};
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "GetAccountAuthorizationDetails").then(|| details(call))
}

fn details(call: &mut Call<'_>) -> Answer {
    let filter = call.texts("Filter");
    let wants = |kind: &str| filter.is_empty() || filter.iter().any(|have| have == kind);
    let mut rows: Vec<(bool, Value)> = Vec::new();
    if wants("Role") {
        rows.extend(seen(call, ROLES).into_iter().map(|role| (true, role_detail(call, role))));
    }
    if wants("LocalManagedPolicy") {
        rows.extend(seen(call, POLICIES).into_iter().map(|policy| (false, policy_detail(call, policy))));
    }
    let (page, next) = call.page(rows, call.number("MaxItems").or(Some(100)), call.text("Marker"));
    let (roles, policies): (Vec<_>, Vec<_>) = page.into_iter().partition(|(is_role, _)| *is_role);
    let values = |rows: Vec<(bool, Value)>| rows.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    Ok(json!({
        "UserDetailList": [], "GroupDetailList": [], "RoleDetailList": values(roles), "Policies": values(policies),
        "IsTruncated": next.is_some(), "Marker": next,
    })
    .into())
}

/// Facts: no description and no session length in here.
fn role_detail(call: &Call<'_>, role: &Object) -> Value {
    let mut detail = role::show(role);
    detail.remove("Description");
    detail.remove("MaxSessionDuration");
    let inline = role_policy::inline(role).into_iter().map(|(name, document)| {
        json!({"PolicyName": name, "PolicyDocument": encoded(document.as_str().unwrap_or_default())})
    });
    let attached = role_policy::attached(role);
    let profiles = role::profiles_with(call, &role.id).map(|found| profile::show(call, found));
    detail.insert("InstanceProfileList".into(), profiles.collect());
    detail.insert("RolePolicyList".into(), inline.collect());
    detail
        .insert("AttachedManagedPolicies".into(), attached.iter().map(|arn| role_policy::show_attached(arn)).collect());
    detail.insert("Tags".into(), tag_list(&role.tags));
    Value::Object(detail)
}

fn policy_detail(call: &Call<'_>, found: &Object) -> Value {
    let mut detail = policy::show(call, found);
    let versions = policy::versions(found).iter().map(|version| policy::show_version(found, version)).collect();
    if let Value::Object(members) = &mut detail {
        members.insert("PolicyVersionList".into(), versions);
    }
    detail
}
