//! An Auto Scaling group: the instances of a service, across subnets, behind target groups.
//!
//! | | |
//! |---|---|
//! | Create | `CreateAutoScalingGroup` with tags and target groups; no client token: a second call, even an identical one, gives `AlreadyExists`, a lost answer is found by owner tag |
//! | Read | `DescribeAutoScalingGroups`, 50 names a call; `DescribeScalingActivities` for each group that lacks instances |
//! | Update | `UpdateAutoScalingGroup`, which merges; `AttachLoadBalancerTargetGroups`, `DetachLoadBalancerTargetGroups` (10 a call); `CreateOrUpdateTags`, `DeleteTags` |
//! | Delete | sizes to zero, scale-in protection lifted, wait until it is empty, `DeleteAutoScalingGroup` without force: forced, it would return at once and its instances would hold interfaces and subnets for minutes |
//! | Replace | name |
//! | Waits | until `min` instances are in service and healthy, 30-90 s and more; failures show in activities only |
//!
//! Quirks: the template's version is `$Latest`, so that a new one needs no call here and serves the next instances;
//! a scaling policy moves `desired`, see [`DesiredIs`]; a group being deleted blocks its name; the tags that mark it
//! as ours do not go to instances, the user's do; `ValidationError` means many things, see `verdicts`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::Filter;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_STACK, Pending, Readiness,
    Recovery, Ref, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::group_calls::{candidate, configure, described, drain, live, reattach, retag, tag, template, zones};
use super::verdicts::by_text;
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::ec2::{LaunchTemplate, RouteTable, Subnet};
use crate::kinds::elbv2::TargetGroup;

const LATEST: &str = "$Latest";

/// Whether `desired` is a wish or only a beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesiredIs {
    /// Nothing else moves it: another number in AWS is drift.
    Fixed,
    /// A scaling policy moves it: said at creation, and when the bounds change.
    Start,
}

/// How many instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSize {
    /// Never fewer.
    pub min: i32,
    /// This many now.
    pub desired: i32,
    /// Never more.
    pub max: i32,
}

/// What the blueprint says of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSpec {
    /// Name, at most 255 characters, no colon, unique in the region.
    pub name: String,
    /// What instances are made from.
    pub launch_template: Ref<LaunchTemplate>,
    /// Where they live.
    pub subnets: Vec<Ref<Subnet>>,
    /// How they reach the world: what boots before its routes stand cannot fetch what it needs.
    #[serde(default)]
    pub routes: Vec<Ref<RouteTable>>,
    /// Where they are registered; their health checks count then.
    pub target_groups: Vec<Ref<TargetGroup>>,
    /// How many.
    pub size: GroupSize,
    /// What the number of desired instances means.
    pub desired_is: DesiredIs,
    /// Seconds after launch in which failing health checks do not count.
    pub health_grace_seconds: i32,
    /// Tags of the group and of its instances.
    pub tags: Tags,
}

/// What `UpdateAutoScalingGroup` knows beside sizes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupSettings {
    /// `lt-...`
    pub template_id: String,
    /// `$Latest`, or what somebody pinned.
    pub template_version: String,
    /// `subnet-...`
    pub subnets: BTreeSet<String>,
    /// `ELB` with target groups, else `EC2`.
    pub health_check: String,
    /// See [`GroupSpec::health_grace_seconds`].
    pub health_grace_seconds: i32,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupDesired {
    /// Name.
    pub name: String,
    /// Template, subnets and health check.
    pub settings: GroupSettings,
    /// ARNs.
    pub target_groups: BTreeSet<String>,
    /// How many.
    pub size: GroupSize,
    /// See [`GroupSpec::desired_is`].
    pub desired_is: DesiredIs,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupLive {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Set only while it is being deleted: "Delete in progress".
    pub status: Option<String>,
    /// See [`GroupDesired::settings`].
    pub settings: GroupSettings,
    /// See [`GroupDesired::target_groups`].
    pub target_groups: BTreeSet<String>,
    /// How many are wanted.
    pub size: GroupSize,
    /// How many are in service and healthy.
    pub in_service: i32,
    /// AWS's words about the newest launch, if it failed.
    pub problem: Option<String>,
    /// Tags that a user can manage.
    pub tags: Tags,
    /// Keys of those that do not go to instances.
    pub not_propagated: BTreeSet<String>,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupPatch {
    /// Set to this.
    pub settings: Option<GroupSettings>,
    /// Set to this.
    pub size: Option<GroupSize>,
    /// Exactly these ARNs are to be attached in the end.
    pub target_groups: Option<BTreeSet<String>>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupOutputs {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
}

/// The kind `autoscaling/group`.
pub struct Group;

impl Kind for Group {
    const NAME: &'static str = "autoscaling/group";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(40, 65);

    type Spec = GroupSpec;
    type Desired = GroupDesired;
    type Live = GroupLive;
    type Patch = GroupPatch;
    type Outputs = GroupOutputs;

    fn refs(spec: &GroupSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.launch_template));
        spec.subnets.iter().for_each(|subnet| visit(Edge::ready(subnet)));
        spec.routes.iter().for_each(|table| visit(Edge::ready(table)));
        spec.target_groups.iter().for_each(|group| visit(Edge::ready(group)));
    }

    fn lower(spec: &GroupSpec, upstream: &Upstream<'_>) -> Result<GroupDesired, Pending> {
        let subnets = spec.subnets.iter().map(|subnet| Ok(upstream.of(subnet)?.subnet_id));
        let target_groups = spec.target_groups.iter().map(|group| Ok(upstream.of(group)?.arn));
        Ok(GroupDesired {
            name: spec.name.clone(),
            settings: GroupSettings {
                template_id: upstream.of(&spec.launch_template)?.template_id,
                template_version: LATEST.into(),
                subnets: subnets.collect::<Result<_, _>>()?,
                health_check: if spec.target_groups.is_empty() { "EC2" } else { "ELB" }.into(),
                health_grace_seconds: spec.health_grace_seconds,
            },
            target_groups: target_groups.collect::<Result<_, _>>()?,
            size: spec.size,
            desired_is: spec.desired_is,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &GroupDesired, live: &GroupLive) -> Verdict<GroupPatch> {
        let fixed = changes().field("name", &live.name, &desired.name);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let size = wanted_size(desired, live);
        let silent: BTreeMap<&String, &String> =
            desired.tags.0.iter().filter(|(key, _)| live.not_propagated.contains(*key)).collect();
        let (have, want) = (&live.settings, &desired.settings);
        let found = changes()
            .field("launch_template", &have.template_id, &want.template_id)
            .field("launch_template_version", &have.template_version, &want.template_version)
            .field("subnets", &have.subnets, &want.subnets)
            .field("health_check", &have.health_check, &want.health_check)
            .field("health_grace_seconds", &have.health_grace_seconds, &want.health_grace_seconds)
            .field("target_groups", &live.target_groups, &desired.target_groups)
            .field("min", &live.size.min, &size.min)
            .field("desired", &live.size.desired, &size.desired)
            .field("max", &live.size.max, &size.max)
            .field("tags_not_propagated", &silent.keys().collect::<Vec<_>>(), &Vec::new())
            .tags(&live.tags, &desired.tags);
        let mut tags = TagPatch::between(&live.tags, &desired.tags);
        tags.set.extend(silent.into_iter().map(|(key, value)| (key.clone(), value.clone())));
        let patch = GroupPatch {
            settings: (have != want).then(|| want.clone()),
            size: (live.size != size).then_some(size),
            target_groups: (live.target_groups != desired.target_groups).then(|| desired.target_groups.clone()),
            tags,
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &GroupLive) -> Readiness {
        if let Some(status) = &live.status {
            return Readiness::wait(status);
        }
        let GroupLive { in_service, size, .. } = live;
        match &live.problem {
            _ if *in_service >= size.min => Readiness::Ready,
            None => Readiness::wait(format!("{in_service} of {} instances in service", size.min)),
            Some(problem) => Readiness::wait(format!("{in_service} of {} instances in service; {problem}", size.min)),
        }
    }

    fn outputs(live: &GroupLive) -> Option<GroupOutputs> {
        Some(GroupOutputs { name: live.name.clone(), arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> GroupOutputs {
        GroupOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

/// With a policy, what load has asked for stays as long as the bounds do; new bounds bring the user's number with
/// them, but never take away instances below the new maximum.
fn wanted_size(desired: &GroupDesired, live: &GroupLive) -> GroupSize {
    let GroupSize { min, max, .. } = desired.size;
    let same_bounds = (live.size.min, live.size.max) == (min, max);
    match desired.desired_is {
        DesiredIs::Fixed => desired.size,
        DesiredIs::Start if same_bounds => live.size,
        DesiredIs::Start => GroupSize { desired: live.size.desired.max(desired.size.desired).min(max), ..desired.size },
    }
}

impl Driver for Group {
    const READ_BATCH: usize = 50;
    const ACTIONS: IamActions = IamActions {
        read: &["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities"],
        write: &[
            "autoscaling:CreateAutoScalingGroup",
            "autoscaling:UpdateAutoScalingGroup",
            "autoscaling:AttachLoadBalancerTargetGroups",
            "autoscaling:DetachLoadBalancerTargetGroups",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteTags",
            "ec2:RunInstances",
            "ec2:CreateTags",
            "iam:PassRole",
            "iam:CreateServiceLinkedRole",
        ],
        delete: &[
            "autoscaling:UpdateAutoScalingGroup",
            "autoscaling:SetInstanceProtection",
            "autoscaling:DeleteAutoScalingGroup",
        ],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<GroupLive>, CallError> {
        let lives = each(described(cx, ids).await?.into_iter().map(|group| live(cx, group))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.name.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, GroupDesired)]) -> Result<Vec<Candidate>, CallError> {
        let ours = Filter::builder().name(format!("tag:{OWNER_STACK}")).values(&cx.owner.stack).build();
        let request = cx.aws.autoscaling.describe_auto_scaling_groups().filters(ours).max_records(100);
        let groups: Result<Vec<_>, _> = request.into_paginator().items().send().try_collect().await;
        let groups = groups.map_err(failed("autoscaling:DescribeAutoScalingGroups"))?;
        // One on its way out is nothing to adopt: the create waits until the name is free.
        Ok(groups.into_iter().filter(|group| group.status.is_none()).filter_map(candidate).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &GroupDesired) -> Result<String, CallError> {
        let GroupDesired { name, settings, size, .. } = desired;
        let born = birth.tags(&desired.tags);
        let tags = born.iter().map(|(key, value)| tag(name, key, Some(value), desired.tags.0.contains_key(key)));
        let arns = desired.target_groups.iter().cloned().collect();
        let request = cx.aws.autoscaling.create_auto_scaling_group().auto_scaling_group_name(name);
        let request = request.launch_template(template(settings)).vpc_zone_identifier(zones(settings));
        let request = request.min_size(size.min).desired_capacity(size.desired).max_size(size.max);
        let request = request.health_check_type(&settings.health_check);
        let request = request.health_check_grace_period(settings.health_grace_seconds);
        let request = request.set_target_group_arns(Some(arns)).set_tags(Some(tags.collect()));
        request.send().await.map_err(failed("autoscaling:CreateAutoScalingGroup")).map_err(by_text)?;
        Ok(name.clone())
    }

    async fn update(cx: &Scoped, id: &str, patch: &GroupPatch) -> Result<(), CallError> {
        if patch.settings.is_some() || patch.size.is_some() {
            configure(cx, id, patch).await?;
        }
        if let Some(wanted) = &patch.target_groups {
            reattach(cx, id, wanted).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        const OPERATION: &str = "autoscaling:DeleteAutoScalingGroup";
        let Some(group) = described(cx, &[id.to_owned()]).await?.pop() else { return Ok(()) };
        if group.status.is_some() {
            return Ok(());
        }
        drain(cx, id, &group).await?;
        let left = group.instances().len();
        if left > 0 {
            let message = format!("{left} instances of {id} are still terminating");
            return Err(CallError::new(ErrorClass::Conflict, OPERATION, message));
        }
        let request = cx.aws.autoscaling.delete_auto_scaling_group().auto_scaling_group_name(id);
        let answer = request.send().await.map_err(failed(OPERATION)).map_err(by_text);
        // An instance that came in between: it goes as the others do.
        answer.reclass(&["ResourceInUse", "ResourceInUseFault"], ErrorClass::Conflict).unless_gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(min: i32, wanted: i32, max: i32) -> GroupDesired {
        GroupDesired {
            name: "acme-web".into(),
            settings: GroupSettings { template_version: LATEST.into(), ..GroupSettings::default() },
            target_groups: BTreeSet::new(),
            size: GroupSize { min, desired: wanted, max },
            desired_is: DesiredIs::Start,
            tags: Tags::default(),
        }
    }

    fn live(min: i32, wanted: i32, max: i32) -> GroupLive {
        let GroupDesired { name, settings, target_groups, size, tags, .. } = desired(min, wanted, max);
        let not_propagated = BTreeSet::new();
        let (arn, status, problem) = (String::new(), None, None);
        GroupLive { name, arn, status, settings, target_groups, size, in_service: 0, problem, tags, not_propagated }
    }

    fn new_size(desired: &GroupDesired, live: &GroupLive) -> Option<i32> {
        match Group::diff(desired, live) {
            Verdict::Patch { patch, .. } => patch.size.map(|size| size.desired),
            _ => None,
        }
    }

    #[test]
    fn what_load_asked_for_is_no_drift_and_new_bounds_do_not_take_it_away() {
        let wanted = desired(2, 3, 12);
        assert_eq!(new_size(&wanted, &live(2, 9, 12)), None);
        assert_eq!(new_size(&wanted, &live(1, 9, 8)), Some(9));
        assert_eq!(new_size(&wanted, &live(0, 0, 0)), Some(3));
        assert_eq!(new_size(&desired(1, 2, 4), &live(2, 9, 12)), Some(4));
        let fixed = GroupDesired { desired_is: DesiredIs::Fixed, ..wanted };
        assert_eq!(new_size(&fixed, &live(2, 9, 12)), Some(3));
    }

    #[test]
    fn readiness_counts_instances_and_tells_why_they_do_not_come() {
        let short = GroupLive { in_service: 1, ..live(2, 3, 12) };
        assert_eq!(Group::ready(&short), Readiness::wait("1 of 2 instances in service"));
        let failing = GroupLive { problem: Some("Invalid AMI".into()), ..short.clone() };
        assert_eq!(Group::ready(&failing), Readiness::wait("1 of 2 instances in service; Invalid AMI"));
        assert_eq!(Group::ready(&GroupLive { in_service: 2, ..failing }), Readiness::Ready);
        let going = GroupLive { status: Some("Delete in progress".into()), in_service: 2, ..short };
        assert_eq!(Group::ready(&going), Readiness::wait("Delete in progress"));
    }

    #[test]
    fn a_tag_that_instances_do_not_get_is_set_again() {
        let tags = Tags::from_live([("team", "sre"), ("env", "prod")]);
        let desired = GroupDesired { tags: tags.clone(), ..desired(1, 1, 1) };
        let live = GroupLive { tags, not_propagated: ["team".to_owned()].into(), ..live(1, 1, 1) };
        let Verdict::Patch { patch, .. } = Group::diff(&desired, &live) else { panic!("no patch") };
        assert_eq!(patch.tags.set, [("team".to_owned(), "sre".to_owned())].into());
    }
}
