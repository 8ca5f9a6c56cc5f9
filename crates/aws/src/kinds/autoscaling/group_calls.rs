//! The calls behind the kind `autoscaling/group`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, Instance, LaunchTemplateSpecification, ScalingActivityStatusCode, Tag, TagDescription,
};
use globe_model::{CallError, Candidate, ErrorClass, OWNER_ADDRESS, OWNER_NONCE, TagPatch, Tags};

use super::verdicts::by_text;
use super::{GroupLive, GroupPatch, GroupSettings, GroupSize};
use crate::driver::Scoped;
use crate::error::{Reclass, failed};

/// The template as a request names it.
pub fn template(settings: &GroupSettings) -> LaunchTemplateSpecification {
    let template = LaunchTemplateSpecification::builder().launch_template_id(&settings.template_id);
    template.version(&settings.template_version).build()
}

/// Subnets as a request names them.
pub fn zones(settings: &GroupSettings) -> String {
    settings.subnets.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// A tag of a group, in Auto Scaling's own shape.
pub fn tag(group: &str, key: &str, value: Option<&String>, propagate: bool) -> Tag {
    let tag = Tag::builder().resource_id(group).resource_type("auto-scaling-group").key(key);
    tag.set_value(value.cloned()).propagate_at_launch(propagate).build()
}

/// Groups by name; those that are not there are absent.
pub async fn described(cx: &Scoped, names: &[String]) -> Result<Vec<AutoScalingGroup>, CallError> {
    let request = cx.aws.autoscaling.describe_auto_scaling_groups().max_records(100);
    let request = request.set_auto_scaling_group_names(Some(names.to_vec()));
    let groups: Result<Vec<_>, _> = request.into_paginator().items().send().try_collect().await;
    groups.map_err(failed("autoscaling:DescribeAutoScalingGroups"))
}

/// The candidate that a group's owner tags describe.
pub fn candidate(group: AutoScalingGroup) -> Option<Candidate> {
    let mut tags: BTreeMap<String, String> =
        group.tags.unwrap_or_default().into_iter().filter_map(|tag| Some((tag.key?, tag.value?))).collect();
    let address = tags.get(OWNER_ADDRESS)?.parse().ok()?;
    Some(Candidate { address, id: group.auto_scaling_group_name?, nonce: tags.remove(OWNER_NONCE) })
}

fn serves(instance: &&Instance) -> bool {
    let in_service = instance.lifecycle_state().is_some_and(|state| state.as_str() == "InService");
    in_service && instance.health_status().is_some_and(|health| health.eq_ignore_ascii_case("Healthy"))
}

/// A group as the kind sees it; asks for activities only if it lacks instances.
pub async fn live(cx: &Scoped, group: AutoScalingGroup) -> Result<Option<GroupLive>, CallError> {
    let in_service = i32::try_from(group.instances().iter().filter(serves).count()).unwrap_or(i32::MAX);
    let Some(name) = group.auto_scaling_group_name else { return Ok(None) };
    let size = GroupSize {
        min: group.min_size.unwrap_or_default(),
        desired: group.desired_capacity.unwrap_or_default(),
        max: group.max_size.unwrap_or_default(),
    };
    let lacks = group.status.is_none() && in_service < size.min;
    let problem = if lacks { last_failure(cx, &name).await? } else { None };
    let template = group.launch_template;
    let tags = group.tags.unwrap_or_default();
    let silent = |tag: &TagDescription| tag.key.clone().filter(|_| tag.propagate_at_launch != Some(true));
    let subnets = group.vpc_zone_identifier.unwrap_or_default();
    Ok(Some(GroupLive {
        arn: group.auto_scaling_group_arn.unwrap_or_default(),
        status: group.status,
        settings: GroupSettings {
            template_id: template.as_ref().and_then(|template| template.launch_template_id.clone()).unwrap_or_default(),
            template_version: template.and_then(|template| template.version).unwrap_or_default(),
            subnets: subnets.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect(),
            health_check: group.health_check_type.unwrap_or_default(),
            health_grace_seconds: group.health_check_grace_period.unwrap_or_default(),
        },
        target_groups: group.target_group_arns.unwrap_or_default().into_iter().collect(),
        size,
        in_service,
        problem,
        not_propagated: Tags::from_live(tags.iter().filter_map(silent).map(|key| (key, ""))).0.into_keys().collect(),
        tags: Tags::from_live(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value?)))),
        name,
    }))
}

/// AWS's words about the newest of the last launches, if it failed. Activities come newest first.
async fn last_failure(cx: &Scoped, name: &str) -> Result<Option<String>, CallError> {
    let request = cx.aws.autoscaling.describe_scaling_activities().auto_scaling_group_name(name).max_records(10);
    let answer = request.send().await.map_err(failed("autoscaling:DescribeScalingActivities")).map_err(by_text);
    let activities = match answer {
        Ok(answer) => answer.activities.unwrap_or_default(),
        Err(error) if error.class == ErrorClass::Gone => Vec::new(),
        Err(error) => return Err(error),
    };
    let newest = activities.into_iter().next();
    let failed = newest.filter(|activity| activity.status_code == Some(ScalingActivityStatusCode::Failed));
    Ok(failed.and_then(|activity| activity.status_message.or(activity.description)))
}

/// The one call that changes all but target groups and tags; what a patch does not name stays.
pub async fn configure(cx: &Scoped, id: &str, patch: &GroupPatch) -> Result<(), CallError> {
    let mut request = cx.aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name(id);
    if let Some(settings) = &patch.settings {
        request = request.launch_template(template(settings)).vpc_zone_identifier(zones(settings));
        request = request.health_check_type(&settings.health_check);
        request = request.health_check_grace_period(settings.health_grace_seconds);
    }
    if let Some(size) = patch.size {
        request = request.min_size(size.min).desired_capacity(size.desired).max_size(size.max);
    }
    request.send().await.map_err(failed("autoscaling:UpdateAutoScalingGroup")).map_err(by_text).map(drop)
}

/// Attaches before it detaches, so that instances serve somewhere at every moment. Reads first, since what AWS says
/// of attaching or detaching twice is nowhere documented.
pub async fn reattach(cx: &Scoped, id: &str, wanted: &BTreeSet<String>) -> Result<(), CallError> {
    let group = described(cx, &[id.to_owned()]).await?.pop();
    let have: BTreeSet<String> =
        group.and_then(|group| group.target_group_arns).unwrap_or_default().into_iter().collect();
    for arns in wanted.difference(&have).cloned().collect::<Vec<_>>().chunks(10) {
        let request = cx.aws.autoscaling.attach_load_balancer_target_groups().auto_scaling_group_name(id);
        let answer = request.set_target_group_arns(Some(arns.to_vec())).send().await;
        answer.map_err(failed("autoscaling:AttachLoadBalancerTargetGroups")).map_err(by_text)?;
    }
    for arns in have.difference(wanted).cloned().collect::<Vec<_>>().chunks(10) {
        let request = cx.aws.autoscaling.detach_load_balancer_target_groups().auto_scaling_group_name(id);
        let answer = request.set_target_group_arns(Some(arns.to_vec())).send().await;
        answer.map_err(failed("autoscaling:DetachLoadBalancerTargetGroups")).map_err(by_text)?;
    }
    Ok(())
}

/// Sets and removes tags; those set go to instances.
pub async fn retag(cx: &Scoped, id: &str, patch: &TagPatch) -> Result<(), CallError> {
    if !patch.set.is_empty() {
        let tags = patch.set.iter().map(|(key, value)| tag(id, key, Some(value), true)).collect();
        let request = cx.aws.autoscaling.create_or_update_tags().set_tags(Some(tags));
        request.send().await.map_err(failed("autoscaling:CreateOrUpdateTags")).map_err(by_text)?;
    }
    if !patch.remove.is_empty() {
        let tags = patch.remove.iter().map(|key| tag(id, key, None, true)).collect();
        let request = cx.aws.autoscaling.delete_tags().set_tags(Some(tags));
        request.send().await.map_err(failed("autoscaling:DeleteTags")).map_err(by_text)?;
    }
    Ok(())
}

/// Sends all instances away. Protected ones would stay for ever.
pub async fn drain(cx: &Scoped, id: &str, group: &AutoScalingGroup) -> Result<(), CallError> {
    let protected = group.instances().iter().filter(|instance| instance.protected_from_scale_in == Some(true));
    let protected: Vec<String> = protected.filter_map(|instance| instance.instance_id.clone()).collect();
    for ids in protected.chunks(50) {
        let request = cx.aws.autoscaling.set_instance_protection().auto_scaling_group_name(id);
        let request = request.set_instance_ids(Some(ids.to_vec())).protected_from_scale_in(false);
        request.send().await.map_err(failed("autoscaling:SetInstanceProtection")).map_err(by_text)?;
    }
    if [group.min_size, group.max_size, group.desired_capacity] != [Some(0); 3] {
        let patch = GroupPatch { size: Some(GroupSize::default()), ..GroupPatch::default() };
        return configure(cx, id, &patch).await.unless_gone();
    }
    Ok(())
}
