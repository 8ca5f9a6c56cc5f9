//! An instance profile: what hands a role to an EC2 instance.
//!
//! | | |
//! |---|---|
//! | Create | `CreateInstanceProfile` with tags; no client token: a second call gives `EntityAlreadyExists`, a lost answer is found by name and owner tag |
//! | Read | `GetInstanceProfile` per profile, since the list shows no tags |
//! | Update | `RemoveRoleFromInstanceProfile`, `AddRoleToInstanceProfile` (a second role is refused with `LimitExceeded`); `TagInstanceProfile`, `UntagInstanceProfile` |
//! | Delete | the role first, then `DeleteInstanceProfile`; `DeleteConflict` while the removal has not sunk in |
//! | Replace | name |
//! | Waits | none |
//!
//! Quirks: the role is not an input of the create, so a profile without its role is a patch away from wanted: it is
//! settled, and seen by downstream, once the role is in. EC2 and Auto Scaling refuse a profile for about ten seconds
//! although IAM shows it; their kinds take that refusal as not yet consistent.

use std::collections::BTreeMap;

use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::Role;
use super::tagging::{candidate, pairs, tag_list};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// What the blueprint says of an instance profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfileSpec {
    /// Name, unique in the account.
    pub name: String,
    /// The role that instances get.
    pub role: Ref<Role>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfileDesired {
    /// Name.
    pub name: String,
    /// Name of the role.
    pub role: String,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfileLive {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Name of the role that is in it.
    pub role: Option<String>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfilePatch {
    /// The role that it must hold in the end.
    pub role: Option<String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfileOutputs {
    /// Profile name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The kind `iam/instance_profile`.
pub struct InstanceProfile;

impl Kind for InstanceProfile {
    const NAME: &'static str = "iam/instance_profile";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = InstanceProfileSpec;
    type Desired = InstanceProfileDesired;
    type Live = InstanceProfileLive;
    type Patch = InstanceProfilePatch;
    type Outputs = InstanceProfileOutputs;

    fn refs(spec: &InstanceProfileSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.role));
    }

    fn lower(spec: &InstanceProfileSpec, upstream: &Upstream<'_>) -> Result<InstanceProfileDesired, Pending> {
        let role = upstream.of(&spec.role)?.name;
        Ok(InstanceProfileDesired { name: spec.name.clone(), role, tags: spec.tags.clone() })
    }

    fn diff(desired: &InstanceProfileDesired, live: &InstanceProfileLive) -> Verdict<InstanceProfilePatch> {
        let fixed = changes().field("name", &live.name, &desired.name);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let role = Some(desired.role.clone());
        let found = changes().field("role", &live.role, &role).tags(&live.tags, &desired.tags);
        let patch = InstanceProfilePatch {
            role: role.filter(|_| live.role.as_ref() != Some(&desired.role)),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &InstanceProfileLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &InstanceProfileLive) -> Option<InstanceProfileOutputs> {
        Some(InstanceProfileOutputs { name: live.name.clone(), arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> InstanceProfileOutputs {
        InstanceProfileOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

impl Driver for InstanceProfile {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &["iam:GetInstanceProfile"],
        write: &[
            "iam:CreateInstanceProfile",
            "iam:AddRoleToInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:PassRole",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ],
        delete: &["iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<InstanceProfileLive>, CallError> {
        let profiles = each(ids.iter().map(|id| get(cx, id))).await?;
        let live = |profile: Profile| {
            let live = InstanceProfileLive {
                role: profile.role(),
                name: profile.name,
                arn: profile.arn,
                tags: Tags::from_live(profile.tags),
            };
            (live.name.clone(), live)
        };
        Ok(profiles.into_iter().flatten().map(live).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, InstanceProfileDesired)]) -> Result<Vec<Candidate>, CallError> {
        let profiles = each(wanted.iter().map(|(_, desired)| get(cx, &desired.name))).await?;
        let own = |profile: Profile| candidate(cx, profile.name, profile.tags);
        Ok(profiles.into_iter().flatten().filter_map(own).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &InstanceProfileDesired) -> Result<String, CallError> {
        const OPERATION: &str = "iam:CreateInstanceProfile";
        let request = cx.aws.iam.create_instance_profile().instance_profile_name(&desired.name);
        let request = request.set_tags(Some(tag_list(OPERATION, &birth.tags(&desired.tags))?));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let name = answer.instance_profile.map(|profile| profile.instance_profile_name);
        name.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no instance profile"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &InstanceProfilePatch) -> Result<(), CallError> {
        if let Some(role) = &patch.role {
            put_role(cx, id, role).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let Some(profile) = get(cx, id).await? else { return Ok(()) };
        for role in &profile.roles {
            remove_role(cx, id, role).await?;
        }
        let request = cx.aws.iam.delete_instance_profile().instance_profile_name(id);
        request.send().await.map_err(failed("iam:DeleteInstanceProfile")).unless_gone()
    }
}

struct Profile {
    name: String,
    arn: String,
    roles: Vec<String>,
    tags: BTreeMap<String, String>,
}

impl Profile {
    /// AWS allows one role per profile.
    fn role(&self) -> Option<String> {
        self.roles.first().cloned()
    }
}

async fn get(cx: &Scoped, name: &str) -> Result<Option<Profile>, CallError> {
    let request = cx.aws.iam.get_instance_profile().instance_profile_name(name);
    let found = match request.send().await.map_err(failed("iam:GetInstanceProfile")) {
        Ok(answer) => answer.instance_profile,
        Err(error) if error.class == ErrorClass::Gone => None,
        Err(error) => return Err(error),
    };
    Ok(found.map(|profile| Profile {
        name: profile.instance_profile_name,
        arn: profile.arn,
        roles: profile.roles.into_iter().map(|role| role.role_name).collect(),
        tags: pairs(profile.tags),
    }))
}

/// Looks first, so that a repeat does not run into `LimitExceeded`, which is also what a second role gets.
async fn put_role(cx: &Scoped, id: &str, role: &str) -> Result<(), CallError> {
    const OPERATION: &str = "iam:AddRoleToInstanceProfile";
    let gone = || CallError::new(ErrorClass::Gone, OPERATION, format!("there is no instance profile {id}"));
    let profile = get(cx, id).await?.ok_or_else(gone)?;
    for other in profile.roles.iter().filter(|have| *have != role) {
        remove_role(cx, id, other).await?;
    }
    if profile.roles.iter().any(|have| have == role) {
        return Ok(());
    }
    let request = cx.aws.iam.add_role_to_instance_profile().instance_profile_name(id).role_name(role);
    let answer = request.send().await.map_err(failed(OPERATION)).map(drop);
    // The profile was there a moment ago, so it is the fresh role that IAM does not see yet.
    answer.reclass(&["NoSuchEntity", "InvalidParameterValue"], ErrorClass::NotYetConsistent)
}

async fn remove_role(cx: &Scoped, id: &str, role: &str) -> Result<(), CallError> {
    let request = cx.aws.iam.remove_role_from_instance_profile().instance_profile_name(id).role_name(role);
    request.send().await.map_err(failed("iam:RemoveRoleFromInstanceProfile")).unless_gone()
}

async fn retag(cx: &Scoped, id: &str, patch: &TagPatch) -> Result<(), CallError> {
    if !patch.set.is_empty() {
        let tags = tag_list("iam:TagInstanceProfile", &patch.set)?;
        let request = cx.aws.iam.tag_instance_profile().instance_profile_name(id).set_tags(Some(tags));
        request.send().await.map_err(failed("iam:TagInstanceProfile"))?;
    }
    if !patch.remove.is_empty() {
        let request = cx.aws.iam.untag_instance_profile().instance_profile_name(id);
        let request = request.set_tag_keys(Some(patch.remove.clone()));
        request.send().await.map_err(failed("iam:UntagInstanceProfile"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_without_its_role_is_a_patch() {
        let desired = InstanceProfileDesired { name: "web".into(), role: "web".into(), tags: Tags::default() };
        let live = |role: Option<&str>| InstanceProfileLive {
            name: "web".into(),
            arn: String::new(),
            role: role.map(str::to_owned),
            tags: Tags::default(),
        };
        assert_eq!(InstanceProfile::diff(&desired, &live(Some("web"))), Verdict::Same);
        for other in [None, Some("old")] {
            let verdict = InstanceProfile::diff(&desired, &live(other));
            let Verdict::Patch { patch, .. } = verdict else { panic!("no patch: {verdict:?}") };
            assert_eq!(patch.role.as_deref(), Some("web"));
        }
    }
}
