//! A target group of instances that speak HTTP.
//!
//! | | |
//! |---|---|
//! | Create | `CreateTargetGroup`; no client token: same name and settings give the existing one, other settings `DuplicateTargetGroupName`; so the name is looked up first and taken only with our own nonce |
//! | Read | `DescribeTargetGroups` and `DescribeTags` by ARN, 20 a call; `DescribeTargetGroupAttributes` once each |
//! | Update | `ModifyTargetGroup` (health check), `ModifyTargetGroupAttributes`, `AddTags`, `RemoveTags` |
//! | Delete | `DeleteTargetGroup`; `ResourceInUse` while a listener or a rule forwards to it |
//! | Replace | name, port, protocol and VPC; create first: listeners move over, then the old one can go |
//! | Waits | none |
//!
//! Quirks: names are unique, so the blueprint's name carries a hash of what cannot be changed; attributes are no inputs
//! of the create; targets belong to the Auto Scaling group that registers them.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, Matcher, ProtocolEnum, TargetGroupAttribute, TargetTypeEnum};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    ReplaceOrder, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::TargetGroupAttributes;
use super::tagging::{BATCH, TagsByArn, born, by_arn, candidates, claim, may_be_ours, retag, tags_of};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::ec2::Vpc;

/// How targets are probed, over HTTP on the port of the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Path that is asked for.
    pub path: String,
    /// Status codes of a healthy target: `200`, `200,204` or `200-299`.
    pub codes: String,
    /// Seconds between two probes, 5 to 300.
    pub interval: u16,
    /// Seconds to wait for an answer, 2 to 120, less than the interval.
    pub timeout: u16,
    /// Good answers in a row that make a target healthy, 2 to 10.
    pub healthy: u16,
    /// Bad answers in a row that make it unhealthy, 2 to 10.
    pub unhealthy: u16,
}

/// What the blueprint says of a target group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupSpec {
    /// 1 to 32 letters, digits and hyphens; unique per region and account, also among groups to come.
    pub name: String,
    /// Where the targets are.
    pub vpc: Ref<Vpc>,
    /// Port of the targets.
    pub port: u16,
    /// Health check.
    pub health_check: HealthCheck,
    /// Attributes.
    pub attributes: TargetGroupAttributes,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupDesired {
    /// Its name.
    pub name: String,
    /// `HTTP`.
    pub protocol: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// Port of the targets.
    pub port: u16,
    /// Health check.
    pub health_check: HealthCheck,
    /// Attributes.
    pub attributes: TargetGroupAttributes,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupLive {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `HTTP`, `HTTPS`, `TCP` and more.
    pub protocol: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// Port of the targets.
    pub port: u16,
    /// Health check.
    pub health_check: HealthCheck,
    /// Attributes.
    pub attributes: TargetGroupAttributes,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupPatch {
    /// Set all of it to this.
    pub health_check: Option<HealthCheck>,
    /// Attributes to set, by AWS's keys.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupOutputs {
    /// Its ARN.
    pub arn: String,
    /// `targetgroup/name/hash`, as CloudWatch names it.
    pub full_name: String,
}

/// The kind `elbv2/target_group`.
pub struct TargetGroup;

impl Kind for TargetGroup {
    const NAME: &'static str = "elbv2/target_group";
    const REPLACE: ReplaceOrder = ReplaceOrder::CreateFirst;
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = TargetGroupSpec;
    type Desired = TargetGroupDesired;
    type Live = TargetGroupLive;
    type Patch = TargetGroupPatch;
    type Outputs = TargetGroupOutputs;

    fn refs(spec: &TargetGroupSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
    }

    fn lower(spec: &TargetGroupSpec, upstream: &Upstream<'_>) -> Result<TargetGroupDesired, Pending> {
        Ok(TargetGroupDesired {
            name: spec.name.clone(),
            protocol: "HTTP".into(),
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            port: spec.port,
            health_check: spec.health_check.clone(),
            attributes: spec.attributes.clone(),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &TargetGroupDesired, live: &TargetGroupLive) -> Verdict<TargetGroupPatch> {
        let fixed = changes()
            .field("name", &live.name, &desired.name)
            .field("protocol", &live.protocol, &desired.protocol)
            .field("vpc_id", &live.vpc_id, &desired.vpc_id)
            .field("port", &live.port, &desired.port);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let (old, new) = (&live.health_check, &desired.health_check);
        let (had, wants) = (live.attributes.deregistration_delay, desired.attributes.deregistration_delay);
        let found = changes()
            .field("health_check.path", &old.path, &new.path)
            .field("health_check.codes", &old.codes, &new.codes)
            .field("health_check.interval", &old.interval, &new.interval)
            .field("health_check.timeout", &old.timeout, &new.timeout)
            .field("health_check.healthy", &old.healthy, &new.healthy)
            .field("health_check.unhealthy", &old.unhealthy, &new.unhealthy)
            .field("deregistration_delay", &had, &wants)
            .tags(&live.tags, &desired.tags);
        let patch = TargetGroupPatch {
            health_check: (old != new).then(|| new.clone()),
            attributes: desired.attributes.over(&live.attributes),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &TargetGroupLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &TargetGroupLive) -> Option<TargetGroupOutputs> {
        let full_name = live.arn.rsplit(':').next()?.to_owned();
        Some(TargetGroupOutputs { arn: live.arn.clone(), full_name })
    }

    fn unknown(address: &Address) -> TargetGroupOutputs {
        TargetGroupOutputs { arn: unknown(address, "arn"), full_name: unknown(address, "full_name") }
    }
}

impl Driver for TargetGroup {
    const READ_BATCH: usize = BATCH;
    const ACTIONS: IamActions = IamActions {
        read: &[
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTags",
        ],
        write: &[
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeVpcs",
        ],
        delete: &["elasticloadbalancing:DeleteTargetGroup"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<TargetGroupLive>, CallError> {
        let describe = |arns: Vec<String>| async move {
            let request = cx.aws.elbv2.describe_target_groups().set_target_group_arns(Some(arns));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroups"))?;
            Ok(answer.target_groups.unwrap_or_default())
        };
        let groups: Vec<sdk::TargetGroup> = by_arn(ids, describe).await?;
        let arns: Vec<String> = groups.iter().filter_map(|group| group.target_group_arn.clone()).collect();
        let (tags, attributes) =
            tokio::try_join!(tags_of(cx, &arns), each(arns.iter().map(|arn| attributes(cx, arn))))?;
        let lives = groups.into_iter().zip(attributes).filter_map(|(group, has)| live(group, has?, &tags));
        Ok(lives.map(|live| (live.arn.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, TargetGroupDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.elbv2.describe_target_groups().page_size(400);
        let pages = request.into_paginator().items().send().try_collect().await;
        let all = pages.map_err(failed("elasticloadbalancing:DescribeTargetGroups"))?;
        let ours = |group: &sdk::TargetGroup| {
            let names = wanted.iter().map(|(_, desired)| &desired.name);
            may_be_ours(cx, group.target_group_name().unwrap_or_default(), names)
        };
        let arns: Vec<String> = all.into_iter().filter(ours).filter_map(|group| group.target_group_arn).collect();
        candidates(cx, &arns).await
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &TargetGroupDesired) -> Result<String, CallError> {
        const OPERATION: &str = "elasticloadbalancing:CreateTargetGroup";
        if let Some(arn) = by_name(cx, &desired.name).await? {
            return claim(cx, arn, birth, OPERATION).await;
        }
        let check = &desired.health_check;
        let request = cx.aws.elbv2.create_target_group().name(&desired.name).vpc_id(&desired.vpc_id);
        let request = request.protocol(desired.protocol.as_str().into()).port(desired.port.into());
        let request = request.target_type(TargetTypeEnum::Instance).set_tags(Some(born(birth, &desired.tags)));
        let request = request.health_check_protocol(ProtocolEnum::Http).health_check_path(&check.path);
        let request = request.health_check_interval_seconds(check.interval.into()).matcher(matcher(check));
        let request = request.health_check_timeout_seconds(check.timeout.into());
        let request = request.healthy_threshold_count(check.healthy.into());
        let request = request.unhealthy_threshold_count(check.unhealthy.into());
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let arn = answer.target_groups.unwrap_or_default().pop().and_then(|group| group.target_group_arn);
        arn.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no target group"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &TargetGroupPatch) -> Result<(), CallError> {
        if let Some(check) = &patch.health_check {
            let request = cx.aws.elbv2.modify_target_group().target_group_arn(id).health_check_path(&check.path);
            let request = request.health_check_interval_seconds(check.interval.into()).matcher(matcher(check));
            let request = request.health_check_timeout_seconds(check.timeout.into());
            let request = request.healthy_threshold_count(check.healthy.into());
            let request = request.unhealthy_threshold_count(check.unhealthy.into());
            request.send().await.map_err(failed("elasticloadbalancing:ModifyTargetGroup"))?;
        }
        if !patch.attributes.is_empty() {
            let attribute = |(key, value)| TargetGroupAttribute::builder().key(key).value(value).build();
            let request = cx.aws.elbv2.modify_target_group_attributes().target_group_arn(id);
            let request = request.set_attributes(Some(patch.attributes.iter().map(attribute).collect()));
            request.send().await.map_err(failed("elasticloadbalancing:ModifyTargetGroupAttributes"))?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.elbv2.delete_target_group().target_group_arn(id).send().await;
        answer.map_err(failed("elasticloadbalancing:DeleteTargetGroup")).unless_gone()
    }
}

fn matcher(check: &HealthCheck) -> Matcher {
    Matcher::builder().http_code(&check.codes).build()
}

/// The attributes; `None` when the target group vanished between two reads.
async fn attributes(cx: &Scoped, arn: &str) -> Result<Option<TargetGroupAttributes>, CallError> {
    let request = cx.aws.elbv2.describe_target_group_attributes().target_group_arn(arn);
    match request.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroupAttributes")) {
        Ok(answer) => Ok(Some(TargetGroupAttributes::from_live(answer.attributes.unwrap_or_default()))),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn by_name(cx: &Scoped, name: &str) -> Result<Option<String>, CallError> {
    let request = cx.aws.elbv2.describe_target_groups().names(name);
    match request.send().await.map_err(failed("elasticloadbalancing:DescribeTargetGroups")) {
        Ok(answer) => Ok(answer.target_groups.unwrap_or_default().pop().and_then(|group| group.target_group_arn)),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

/// AWS's numbers are small; what does not fit is none that globe could have set.
fn small(number: Option<i32>) -> u16 {
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}

fn live(group: sdk::TargetGroup, attributes: TargetGroupAttributes, tags: &TagsByArn) -> Option<TargetGroupLive> {
    let arn = group.target_group_arn?;
    Some(TargetGroupLive {
        tags: Tags::from_live(tags.get(&arn)?.clone()),
        arn,
        name: group.target_group_name.unwrap_or_default(),
        protocol: group.protocol.map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
        vpc_id: group.vpc_id.unwrap_or_default(),
        port: small(group.port),
        health_check: HealthCheck {
            path: group.health_check_path.unwrap_or_default(),
            codes: group.matcher.and_then(|matcher| matcher.http_code).unwrap_or_default(),
            interval: small(group.health_check_interval_seconds),
            timeout: small(group.health_check_timeout_seconds),
            healthy: small(group.healthy_threshold_count),
            unhealthy: small(group.unhealthy_threshold_count),
        },
        attributes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> TargetGroupLive {
        TargetGroupLive {
            arn: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/acme-web-1f/73e2d6bc24d8a067"
                .into(),
            name: "acme-web-1f".into(),
            protocol: "HTTP".into(),
            vpc_id: "vpc-1".into(),
            port: 8080,
            health_check: HealthCheck {
                path: "/healthz".into(),
                codes: "200".into(),
                interval: 15,
                timeout: 5,
                healthy: 3,
                unhealthy: 2,
            },
            attributes: TargetGroupAttributes::default(),
            tags: Tags::default(),
        }
    }

    fn desired() -> TargetGroupDesired {
        let TargetGroupLive { name, protocol, vpc_id, port, health_check, attributes, tags, .. } = live();
        TargetGroupDesired { name, protocol, vpc_id, port, health_check, attributes, tags }
    }

    #[test]
    fn the_health_check_changes_in_place_and_the_port_does_not() {
        assert_eq!(TargetGroup::diff(&desired(), &live()), Verdict::Same);
        let health_check = HealthCheck { interval: 30, ..desired().health_check };
        let slower = TargetGroupDesired { health_check, ..desired() };
        let Verdict::Patch { patch, changes } = TargetGroup::diff(&slower, &live()) else { panic!("no patch") };
        assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["health_check.interval"]);
        assert!(patch.health_check.is_some() && patch.attributes.is_empty());
        let other = TargetGroupDesired { port: 9090, ..desired() };
        assert!(matches!(TargetGroup::diff(&other, &live()), Verdict::Replace { .. }));
    }

    #[test]
    fn cloudwatch_names_it_by_the_end_of_its_arn() {
        let full_name = TargetGroup::outputs(&live()).map(|outputs| outputs.full_name);
        assert_eq!(full_name.as_deref(), Some("targetgroup/acme-web-1f/73e2d6bc24d8a067"));
    }
}
