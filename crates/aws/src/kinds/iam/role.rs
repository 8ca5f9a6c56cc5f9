//! An IAM role with its inline policies and its attached managed policies.
//!
//! | | |
//! |---|---|
//! | Create | `CreateRole` with trust document and tags; no client token: the name is unique per account without regard to case, a second call gives `EntityAlreadyExists`, a lost answer is found by name and owner tag |
//! | Read | `GetAccountAuthorizationDetails` (roles with policies, attachments and tags, 1000 a page) and `ListRoles` (description and session length, which the first lacks): two calls for any number of roles |
//! | Update | `UpdateAssumeRolePolicy`, `UpdateRole` (both members always), `PutRolePolicy`, `DeleteRolePolicy`, `AttachRolePolicy`, `DetachRolePolicy`, `TagRole`, `UntagRole` |
//! | Delete | out of instance profiles, detach, delete inline policies, `DeleteRole`; `DeleteConflict` while that has not sunk in |
//! | Replace | name |
//! | Waits | none; other services refuse a fresh role for about ten seconds, which is for them to wait out |
//!
//! Quirks: documents come back URL-encoded and are compared by meaning; a trust document shows a deleted principal as
//! its unique id, which is real drift and is mended by writing the document again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{EntityType, RoleDetail};
use globe_model::{
    Address, CallError, Candidate, Changes, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness,
    Recovery, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document;
use super::tagging::{candidate, pairs, tag_list};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleSpec {
    /// Name, at most 64 characters, unique in the account.
    pub name: String,
    /// Services that may assume it, `ec2.amazonaws.com`.
    pub services: BTreeSet<String>,
    /// What it is for; at most 1000 characters.
    pub description: String,
    /// Inline policies: name to document. ARNs in them are built from names, since IAM takes those of things to come.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached managed policies.
    pub managed: BTreeSet<String>,
    /// Longest session in seconds, 3600 to 43200.
    pub max_session_seconds: i32,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleDesired {
    /// Name.
    pub name: String,
    /// Who may assume it.
    pub trust: Value,
    /// Description and session length.
    pub settings: RoleSettings,
    /// Inline policies: name to document.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached managed policies.
    pub managed: BTreeSet<String>,
    /// Tags.
    pub tags: Tags,
}

/// What `UpdateRole` sets, always together: what it is not given may be cleared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleSettings {
    /// What the role is for.
    pub description: String,
    /// Longest session in seconds.
    pub max_session_seconds: i32,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleLive {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// See [`RoleDesired::trust`].
    pub trust: Value,
    /// See [`RoleDesired::settings`].
    pub settings: RoleSettings,
    /// See [`RoleDesired::inline`].
    pub inline: BTreeMap<String, Value>,
    /// See [`RoleDesired::managed`].
    pub managed: BTreeSet<String>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RolePatch {
    /// Set to this.
    pub trust: Option<Value>,
    /// Set to this.
    pub settings: Option<RoleSettings>,
    /// Inline policies to write.
    pub put: BTreeMap<String, Value>,
    /// Inline policies to delete.
    pub drop: BTreeSet<String>,
    /// Managed policies to attach.
    pub attach: BTreeSet<String>,
    /// Managed policies to detach.
    pub detach: BTreeSet<String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleOutputs {
    /// Role name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The kind `iam/role`.
pub struct Role;

impl Kind for Role {
    const NAME: &'static str = "iam/role";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = RoleSpec;
    type Desired = RoleDesired;
    type Live = RoleLive;
    type Patch = RolePatch;
    type Outputs = RoleOutputs;

    fn refs(_: &RoleSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &RoleSpec, _: &Upstream<'_>) -> Result<RoleDesired, Pending> {
        Ok(RoleDesired {
            name: spec.name.clone(),
            trust: document::trust(&spec.services),
            settings: RoleSettings {
                description: spec.description.clone(),
                max_session_seconds: spec.max_session_seconds,
            },
            inline: spec.inline.clone(),
            managed: spec.managed.clone(),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &RoleDesired, live: &RoleLive) -> Verdict<RolePatch> {
        let fixed = changes().field("name", &live.name, &desired.name);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let trusted = document::same(&live.trust, &desired.trust);
        let found = if trusted { changes() } else { changes().field("trust", &live.trust, &desired.trust) };
        let found = found
            .field("description", &live.settings.description, &desired.settings.description)
            .field("max_session_seconds", &live.settings.max_session_seconds, &desired.settings.max_session_seconds)
            .field("managed", &live.managed, &desired.managed)
            .tags(&live.tags, &desired.tags);
        let patch = RolePatch {
            trust: (!trusted).then(|| desired.trust.clone()),
            settings: (live.settings != desired.settings).then(|| desired.settings.clone()),
            put: policies_to_write(desired, live),
            drop: live.inline.keys().filter(|name| !desired.inline.contains_key(*name)).cloned().collect(),
            attach: desired.managed.difference(&live.managed).cloned().collect(),
            detach: live.managed.difference(&desired.managed).cloned().collect(),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(inline_changes(found, &patch, live), patch)
    }

    fn ready(_: &RoleLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &RoleLive) -> Option<RoleOutputs> {
        Some(RoleOutputs { name: live.name.clone(), arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> RoleOutputs {
        RoleOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

fn policies_to_write(desired: &RoleDesired, live: &RoleLive) -> BTreeMap<String, Value> {
    let differs = |(name, wanted): &(&String, &Value)| {
        live.inline.get(*name).is_none_or(|present| !document::same(present, wanted))
    };
    let differing = desired.inline.iter().filter(differs);
    differing.map(|(name, document)| (name.clone(), document.clone())).collect()
}

/// One change per inline policy: a whole map of documents is nothing to read.
fn inline_changes(mut found: Changes, patch: &RolePatch, live: &RoleLive) -> Changes {
    for (name, document) in &patch.put {
        let present = live.inline.get(name).unwrap_or(&Value::Null);
        found = found.field(&format!("inline.{name}"), present, document);
    }
    for name in &patch.drop {
        let present = live.inline.get(name).unwrap_or(&Value::Null);
        found = found.field(&format!("inline.{name}"), present, &Value::Null);
    }
    found
}

impl Driver for Role {
    const READ_BATCH: usize = 1000;
    const ACTIONS: IamActions = IamActions {
        read: &["iam:GetAccountAuthorizationDetails", "iam:ListRoles"],
        write: &[
            "iam:CreateRole",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:PutRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:AttachRolePolicy",
            "iam:DetachRolePolicy",
        ],
        delete: &[
            "iam:DeleteRole",
            "iam:ListInstanceProfilesForRole",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:ListAttachedRolePolicies",
            "iam:DetachRolePolicy",
            "iam:ListRolePolicies",
            "iam:DeleteRolePolicy",
        ],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<RoleLive>, CallError> {
        let (details, mut settings) = tokio::try_join!(details(cx), settings(cx))?;
        let wanted = |detail: &RoleDetail| detail.role_name.as_ref().is_some_and(|name| ids.contains(name));
        let mut found = Found::new();
        for detail in details.into_iter().filter(wanted) {
            // In one list and not in the other: it comes or goes at this moment, so it is not there yet or any more.
            let settings = detail.role_name.as_ref().and_then(|name| settings.remove(name));
            if let Some(live) = settings.and_then(|settings| live(detail, settings)) {
                found.insert(live.name.clone(), live);
            }
        }
        Ok(found)
    }

    async fn discover(cx: &Scoped, _: &[(Address, RoleDesired)]) -> Result<Vec<Candidate>, CallError> {
        let own = |detail: RoleDetail| candidate(cx, detail.role_name?, pairs(detail.tags));
        Ok(details(cx).await?.into_iter().filter_map(own).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &RoleDesired) -> Result<String, CallError> {
        const OPERATION: &str = "iam:CreateRole";
        let request = cx.aws.iam.create_role().role_name(&desired.name);
        let request = request.assume_role_policy_document(desired.trust.to_string());
        let request = request.description(&desired.settings.description);
        let request = request.max_session_duration(desired.settings.max_session_seconds);
        let request = request.set_tags(Some(tag_list(OPERATION, &birth.tags(&desired.tags))?));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let name = answer.role.map(|role| role.role_name);
        name.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no role"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &RolePatch) -> Result<(), CallError> {
        let iam = &cx.aws.iam;
        if let Some(trust) = &patch.trust {
            let request = iam.update_assume_role_policy().role_name(id).policy_document(trust.to_string());
            request.send().await.map_err(failed("iam:UpdateAssumeRolePolicy"))?;
        }
        if let Some(settings) = &patch.settings {
            let request = iam.update_role().role_name(id).description(&settings.description);
            let request = request.max_session_duration(settings.max_session_seconds);
            request.send().await.map_err(failed("iam:UpdateRole"))?;
        }
        for (name, document) in &patch.put {
            let request = iam.put_role_policy().role_name(id).policy_name(name).policy_document(document.to_string());
            request.send().await.map_err(failed("iam:PutRolePolicy"))?;
        }
        for arn in &patch.attach {
            let request = iam.attach_role_policy().role_name(id).policy_arn(arn);
            request.send().await.map_err(failed("iam:AttachRolePolicy"))?;
        }
        drop_policies(cx, id, &patch.drop).await?;
        detach(cx, id, &patch.detach).await?;
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        empty(cx, id).await.unless_gone()?;
        cx.aws.iam.delete_role().role_name(id).send().await.map_err(failed("iam:DeleteRole")).unless_gone()
    }
}

async fn details(cx: &Scoped) -> Result<Vec<RoleDetail>, CallError> {
    let request = cx.aws.iam.get_account_authorization_details().filter(EntityType::Role).max_items(1000);
    let pages: Result<Vec<_>, _> = request.into_paginator().send().try_collect().await;
    let pages = pages.map_err(failed("iam:GetAccountAuthorizationDetails"))?;
    Ok(pages.into_iter().flat_map(|page| page.role_detail_list.unwrap_or_default()).collect())
}

async fn settings(cx: &Scoped) -> Result<BTreeMap<String, RoleSettings>, CallError> {
    let pages: Result<Vec<_>, _> = cx.aws.iam.list_roles().max_items(1000).into_paginator().send().try_collect().await;
    let pages = pages.map_err(failed("iam:ListRoles"))?;
    let setting = |role: aws_sdk_iam::types::Role| {
        let description = role.description.unwrap_or_default();
        (role.role_name, RoleSettings { description, max_session_seconds: role.max_session_duration.unwrap_or(3600) })
    };
    Ok(pages.into_iter().flat_map(|page| page.roles).map(setting).collect())
}

fn live(detail: RoleDetail, settings: RoleSettings) -> Option<RoleLive> {
    let policies = detail.role_policy_list.unwrap_or_default().into_iter();
    let attached = detail.attached_managed_policies.unwrap_or_default().into_iter();
    Some(RoleLive {
        name: detail.role_name?,
        arn: detail.arn.unwrap_or_default(),
        trust: document::decode(&detail.assume_role_policy_document.unwrap_or_default()),
        settings,
        inline: policies
            .filter_map(|policy| Some((policy.policy_name?, document::decode(&policy.policy_document?))))
            .collect(),
        managed: attached.filter_map(|policy| policy.policy_arn).collect(),
        tags: Tags::from_live(pairs(detail.tags)),
    })
}

async fn drop_policies(cx: &Scoped, id: &str, names: &BTreeSet<String>) -> Result<(), CallError> {
    for name in names {
        let request = cx.aws.iam.delete_role_policy().role_name(id).policy_name(name);
        request.send().await.map_err(failed("iam:DeleteRolePolicy")).unless_gone()?;
    }
    Ok(())
}

async fn detach(cx: &Scoped, id: &str, arns: &BTreeSet<String>) -> Result<(), CallError> {
    for arn in arns {
        let request = cx.aws.iam.detach_role_policy().role_name(id).policy_arn(arn);
        request.send().await.map_err(failed("iam:DetachRolePolicy")).unless_gone()?;
    }
    Ok(())
}

async fn retag(cx: &Scoped, id: &str, patch: &TagPatch) -> Result<(), CallError> {
    if !patch.set.is_empty() {
        let request = cx.aws.iam.tag_role().role_name(id).set_tags(Some(tag_list("iam:TagRole", &patch.set)?));
        request.send().await.map_err(failed("iam:TagRole"))?;
    }
    if !patch.remove.is_empty() {
        let request = cx.aws.iam.untag_role().role_name(id).set_tag_keys(Some(patch.remove.clone()));
        request.send().await.map_err(failed("iam:UntagRole"))?;
    }
    Ok(())
}

/// Takes away what `DeleteRole` refuses to take along, whoever added it.
async fn empty(cx: &Scoped, id: &str) -> Result<(), CallError> {
    let iam = &cx.aws.iam;
    let profiles = iam.list_instance_profiles_for_role().role_name(id).into_paginator().items().send();
    let profiles: Vec<_> = profiles.try_collect().await.map_err(failed("iam:ListInstanceProfilesForRole"))?;
    for profile in profiles {
        let request = iam.remove_role_from_instance_profile().role_name(id);
        let request = request.instance_profile_name(profile.instance_profile_name);
        request.send().await.map_err(failed("iam:RemoveRoleFromInstanceProfile")).unless_gone()?;
    }
    let attached = iam.list_attached_role_policies().role_name(id).into_paginator().items().send();
    let attached: Vec<_> = attached.try_collect().await.map_err(failed("iam:ListAttachedRolePolicies"))?;
    detach(cx, id, &attached.into_iter().filter_map(|policy| policy.policy_arn).collect()).await?;
    let names = iam.list_role_policies().role_name(id).into_paginator().items().send();
    let names: Vec<_> = names.try_collect().await.map_err(failed("iam:ListRolePolicies"))?;
    drop_policies(cx, id, &names.into_iter().collect()).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live() -> RoleLive {
        RoleLive {
            name: "acme-web".into(),
            arn: "arn:aws:iam::123456789012:role/acme-web".into(),
            trust: document::trust(&["ec2.amazonaws.com".to_owned()].into()),
            settings: RoleSettings { description: "web".into(), max_session_seconds: 3600 },
            inline: [("logs".to_owned(), json!({"Statement": [{"Action": "logs:PutLogEvents"}]}))].into(),
            managed: ["arn:aws:iam::aws:policy/A".to_owned()].into(),
            tags: Tags::default(),
        }
    }

    fn desired() -> RoleDesired {
        let RoleLive { name, trust, settings, inline, managed, tags, .. } = live();
        RoleDesired { name, trust, settings, inline, managed, tags }
    }

    #[test]
    fn a_fresh_role_lacks_its_policies_and_a_foreign_one_goes() {
        assert_eq!(Role::diff(&desired(), &live()), Verdict::Same);
        let fresh = RoleLive { inline: BTreeMap::new(), managed: BTreeSet::new(), ..live() };
        let Verdict::Patch { patch, changes } = Role::diff(&desired(), &fresh) else { panic!("no patch") };
        assert_eq!((patch.put.len(), patch.attach.len(), patch.drop.len()), (1, 1, 0));
        assert!(changes.iter().any(|change| change.field == "inline.logs"), "{changes:?}");
        let foreign = RoleLive { inline: [("x".to_owned(), json!({}))].into(), ..live() };
        let Verdict::Patch { patch, .. } = Role::diff(&desired(), &foreign) else { panic!("no patch") };
        assert_eq!(patch.drop, ["x".to_owned()].into());
    }

    #[test]
    fn a_document_spelt_otherwise_is_no_change() {
        let spelt = json!({"Statement": {"Action": ["LOGS:putlogevents"]}});
        let live = RoleLive { inline: [("logs".to_owned(), spelt)].into(), ..live() };
        assert_eq!(Role::diff(&desired(), &live), Verdict::Same);
    }
}
