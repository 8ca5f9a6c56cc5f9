//! A launch template: what an Auto Scaling group launches.
//!
//! | | |
//! |---|---|
//! | Create | `CreateLaunchTemplate`; client token |
//! | Read | `DescribeLaunchTemplateVersions` for `$Default` of all templates, 200 a page, then `DescribeLaunchTemplates` by names for the tags |
//! | Update | `CreateLaunchTemplateVersion` without a source, then `ModifyLaunchTemplate` to make it the default; `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteLaunchTemplate`, all versions go along; instances stay |
//! | Replace | name; delete first, since globe's names are fixed |
//! | Waits | none |
//!
//! Quirks: there is no filter by id, and a list of ids fails as a whole when one is unknown; a new version is not the
//! default by itself; data is barely validated, so warnings go to the log and errors appear at launch; AWS keeps at most
//! 10,000 versions.

use aws_sdk_ec2::types::{LaunchTemplateVersion, ResourceType, ValidationWarning};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::SecurityGroup;
use super::tagging::{born, candidate, filter, owned, pairs, retag};
use super::template_data::{TAGGED, TemplateData};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};
use crate::kinds::iam::InstanceProfile;

/// What the blueprint says of a launch template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplateSpec {
    /// Name, unique in the region, 3 to 128 of `a-zA-Z0-9().-/_`.
    pub name: String,
    /// `ami-...`, pinned: the public parameter behind it moves with every release.
    pub image_id: String,
    /// What the file says of the image: while that stays, so does the image, whatever a parameter says by now.
    #[serde(default)]
    pub image_source: String,
    /// `m6i.large`
    pub instance_type: String,
    /// What the instances may do.
    pub instance_profile: Ref<InstanceProfile>,
    /// Who may reach them, and whom they may reach.
    pub security_groups: Vec<Ref<SecurityGroup>>,
    /// What an instance runs at its first start; at most 16 KB.
    pub user_data: Option<String>,
    /// Tags of the instances and their disks.
    pub instance_tags: Tags,
    /// Tags of the template, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplateDesired {
    /// Name.
    pub name: String,
    /// The default version's data.
    pub data: TemplateData,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplateLive {
    /// `lt-...`
    pub id: String,
    /// Name.
    pub name: String,
    /// Number of the default version.
    pub version: i64,
    /// The default version's data.
    pub data: TemplateData,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplatePatch {
    /// What the default version must say.
    pub data: Option<TemplateData>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplateOutputs {
    /// `lt-...`
    pub template_id: String,
}

/// The kind `ec2/launch_template`.
pub struct LaunchTemplate;

impl Kind for LaunchTemplate {
    const NAME: &'static str = "ec2/launch_template";
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = LaunchTemplateSpec;
    type Desired = LaunchTemplateDesired;
    type Live = LaunchTemplateLive;
    type Patch = LaunchTemplatePatch;
    type Outputs = LaunchTemplateOutputs;

    fn refs(spec: &LaunchTemplateSpec, visit: &mut dyn FnMut(Edge)) {
        // A template takes any id, but what is launched from it needs the profile's role and the groups' rules.
        visit(Edge::ready(&spec.instance_profile));
        spec.security_groups.iter().for_each(|group| visit(Edge::ready(group)));
    }

    fn lower(spec: &LaunchTemplateSpec, upstream: &Upstream<'_>) -> Result<LaunchTemplateDesired, Pending> {
        let groups = spec.security_groups.iter().map(|group| Ok(upstream.of(group)?.group_id));
        let tagged = TAGGED.iter().filter(|_| !spec.instance_tags.0.is_empty());
        let data = TemplateData {
            image_id: spec.image_id.clone(),
            instance_type: spec.instance_type.clone(),
            instance_profile: upstream.of(&spec.instance_profile)?.arn,
            security_groups: groups.collect::<Result<_, Pending>>()?,
            user_data: spec.user_data.clone().filter(|text| !text.is_empty()),
            http_tokens: "required".into(),
            launch_tags: tagged.map(|kind| (kind.as_str().to_owned(), spec.instance_tags.clone())).collect(),
        };
        Ok(LaunchTemplateDesired { name: spec.name.clone(), data, tags: spec.tags.clone() })
    }

    fn diff(desired: &LaunchTemplateDesired, live: &LaunchTemplateLive) -> Verdict<LaunchTemplatePatch> {
        let fixed = changes().field("name", &live.name, &desired.name);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let (have, want) = (&live.data, &desired.data);
        let found = changes()
            .field("image_id", &have.image_id, &want.image_id)
            .field("instance_type", &have.instance_type, &want.instance_type)
            .field("instance_profile", &have.instance_profile, &want.instance_profile)
            .field("security_groups", &have.security_groups, &want.security_groups)
            .field("user_data", &have.user_data, &want.user_data)
            .field("http_tokens", &have.http_tokens, &want.http_tokens)
            .field("launch_tags", &have.launch_tags, &want.launch_tags)
            .tags(&live.tags, &desired.tags);
        let patch = LaunchTemplatePatch {
            data: (have != want).then(|| want.clone()),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &LaunchTemplateLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &LaunchTemplateLive) -> Option<LaunchTemplateOutputs> {
        Some(LaunchTemplateOutputs { template_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> LaunchTemplateOutputs {
        LaunchTemplateOutputs { template_id: unknown(address, "template_id") }
    }
}

impl Driver for LaunchTemplate {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"],
        write: &[
            "ec2:CreateLaunchTemplate",
            "ec2:CreateLaunchTemplateVersion",
            "ec2:ModifyLaunchTemplate",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteLaunchTemplate"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<LaunchTemplateLive>, CallError> {
        let request = cx.aws.ec2.describe_launch_template_versions().versions("$Default").max_results(200);
        let pages = request.into_paginator().items().send().try_collect().await;
        let versions: Vec<LaunchTemplateVersion> = pages.map_err(failed("ec2:DescribeLaunchTemplateVersions"))?;
        let wanted = versions.into_iter().filter_map(live).filter(|live| ids.contains(&live.id));
        let mut found: Found<LaunchTemplateLive> = wanted.map(|live| (live.id.clone(), live)).collect();
        if found.is_empty() {
            return Ok(found);
        }
        let names = filter("launch-template-name", found.values().map(|live| &live.name));
        let request = cx.aws.ec2.describe_launch_templates().filters(names).max_results(200);
        let pages = request.into_paginator().items().send().try_collect().await;
        let templates: Vec<_> = pages.map_err(failed("ec2:DescribeLaunchTemplates"))?;
        for template in templates {
            if let Some(live) = template.launch_template_id.and_then(|id| found.get_mut(&id)) {
                live.tags = Tags::from_live(pairs(template.tags));
            }
        }
        Ok(found)
    }

    async fn discover(cx: &Scoped, _: &[(Address, LaunchTemplateDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_launch_templates().filters(owned(cx)).max_results(200);
        let pages = request.into_paginator().items().send().try_collect().await;
        let templates = pages.map_err(failed("ec2:DescribeLaunchTemplates"))?;
        Ok(templates.into_iter().filter_map(|found| candidate(found.launch_template_id, found.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &LaunchTemplateDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateLaunchTemplate";
        let request = cx.aws.ec2.create_launch_template().launch_template_name(&desired.name);
        let request = request.client_token(birth.token.as_str()).launch_template_data(desired.data.request());
        let request = request.tag_specifications(born(ResourceType::LaunchTemplate, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        warn(&desired.name, answer.warning);
        let id = answer.launch_template.and_then(|template| template.launch_template_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no launch template"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &LaunchTemplatePatch) -> Result<(), CallError> {
        if let Some(data) = &patch.data {
            let version = match latest(cx, id).await? {
                // An earlier try came as far as this.
                (version, have) if have == *data => version,
                _ => add_version(cx, id, data).await?,
            };
            let request =
                cx.aws.ec2.modify_launch_template().launch_template_id(id).default_version(version.to_string());
            let answer = request.send().await.map_err(failed("ec2:ModifyLaunchTemplate"));
            answer.reclass(FRESH_VERSION, ErrorClass::NotYetConsistent)?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let request = cx.aws.ec2.delete_launch_template().launch_template_id(id);
        request.send().await.map_err(failed("ec2:DeleteLaunchTemplate")).unless_gone()
    }
}

/// Facts: a version made a moment ago is not found for some seconds.
const FRESH_VERSION: &[&str] = &["InvalidLaunchTemplateId.VersionNotFound"];

/// Number and data of the newest version.
async fn latest(cx: &Scoped, id: &str) -> Result<(i64, TemplateData), CallError> {
    const OPERATION: &str = "ec2:DescribeLaunchTemplateVersions";
    let request = cx.aws.ec2.describe_launch_template_versions().launch_template_id(id).versions("$Latest");
    let answer = request.send().await.map_err(failed(OPERATION))?;
    let version = answer.launch_template_versions.unwrap_or_default().into_iter().next().and_then(live);
    let lost = || CallError::new(ErrorClass::NotYetConsistent, OPERATION, format!("{id} shows no version"));
    version.map(|version| (version.version, version.data)).ok_or_else(lost)
}

/// Adds a version that says exactly this: without a source version nothing is inherited.
async fn add_version(cx: &Scoped, id: &str, data: &TemplateData) -> Result<i64, CallError> {
    const OPERATION: &str = "ec2:CreateLaunchTemplateVersion";
    let request = cx.aws.ec2.create_launch_template_version().launch_template_id(id);
    let answer = request.launch_template_data(data.request()).send().await.map_err(failed(OPERATION))?;
    warn(id, answer.warning);
    let number = answer.launch_template_version.and_then(|version| version.version_number);
    number.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no version"))
}

/// The template is made whatever AWS thinks of its data, so its doubts cannot fail the call.
fn warn(template: &str, warning: Option<ValidationWarning>) {
    for error in warning.and_then(|warning| warning.errors).unwrap_or_default() {
        let (code, message) = (error.code.unwrap_or_default(), error.message.unwrap_or_default());
        tracing::warn!(template, code, message, "AWS doubts the data of a launch template");
    }
}

/// A template from one of its versions, without tags.
fn live(version: LaunchTemplateVersion) -> Option<LaunchTemplateLive> {
    Some(LaunchTemplateLive {
        id: version.launch_template_id?,
        name: version.launch_template_name.unwrap_or_default(),
        version: version.version_number.unwrap_or_default(),
        data: version.launch_template_data.map(TemplateData::read).unwrap_or_default(),
        tags: Tags::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> LaunchTemplateLive {
        LaunchTemplateLive {
            id: "lt-1".into(),
            name: "acme-web".into(),
            version: 1,
            data: TemplateData { image_id: "ami-1".into(), http_tokens: "required".into(), ..TemplateData::default() },
            tags: Tags::default(),
        }
    }

    fn desired() -> LaunchTemplateDesired {
        let LaunchTemplateLive { name, data, tags, .. } = live();
        LaunchTemplateDesired { name, data, tags }
    }

    #[test]
    fn data_makes_a_version_and_tags_do_not() {
        assert_eq!(LaunchTemplate::diff(&desired(), &live()), Verdict::Same);
        let drifted =
            LaunchTemplateLive { data: TemplateData { http_tokens: "optional".into(), ..live().data }, ..live() };
        let Verdict::Patch { patch, changes } = LaunchTemplate::diff(&desired(), &drifted) else { panic!("no patch") };
        assert_eq!(patch.data, Some(desired().data));
        assert_eq!(changes.first().map(|change| change.field.as_str()), Some("http_tokens"));
        let tagged = LaunchTemplateDesired { tags: Tags::default().with("team", "sre"), ..desired() };
        let Verdict::Patch { patch, .. } = LaunchTemplate::diff(&tagged, &live()) else { panic!("no patch") };
        assert_eq!(patch.data, None);
    }

    #[test]
    fn another_name_is_another_template() {
        let other = LaunchTemplateDesired { name: "acme-api".into(), ..desired() };
        assert!(matches!(LaunchTemplate::diff(&other, &live()), Verdict::Replace { .. }));
    }
}
