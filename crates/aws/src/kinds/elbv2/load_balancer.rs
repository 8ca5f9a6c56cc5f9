//! An internet-facing Application Load Balancer.
//!
//! | | |
//! |---|---|
//! | Create | `CreateLoadBalancer`; no client token: same name and settings give the existing one, whoever made it, other settings `DuplicateLoadBalancerName`; so the name is looked up first and taken only with our own nonce |
//! | Read | `DescribeLoadBalancers` and `DescribeTags` by ARN, 20 a call, one missing ARN fails both; `DescribeLoadBalancerAttributes` once each |
//! | Update | `SetSubnets`, `SetSecurityGroups` (full lists), `ModifyLoadBalancerAttributes`, `AddTags`, `RemoveTags` |
//! | Delete | `DeleteLoadBalancer`; takes its listeners along; `OperationNotPermitted` while deletion protection is on |
//! | Replace | name and VPC; delete first, since names are unique |
//! | Waits | `provisioning` to `active`, about 150 s; gone at once |
//!
//! Quirks: attributes are no inputs of the create; its network interfaces outlive it by some 10 to 60 s and hold
//! subnets and security groups until then; creating one needs an internet gateway attached to the VPC.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, IpAddressType, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerTypeEnum,
};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Highlight, Kind, Pending, Readiness,
    Recovery, Ref, Risk, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::LoadBalancerAttributes;
use super::tagging::{BATCH, TagsByArn, born, by_arn, candidates, claim, may_be_ours, retag, tags_of};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::ec2::{InternetGateway, SecurityGroup, Subnet, Vpc};

/// What the blueprint says of a load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerSpec {
    /// 1 to 32 letters, digits and hyphens; unique per region and account.
    pub name: String,
    /// The VPC of its subnets.
    pub vpc: Ref<Vpc>,
    /// Public subnets in at least two zones, one per zone.
    pub subnets: Vec<Ref<Subnet>>,
    /// Who may connect, and where it may connect to.
    pub security_groups: Vec<Ref<SecurityGroup>>,
    /// The VPC's way out: it must be attached before.
    pub internet_gateway: Ref<InternetGateway>,
    /// Attributes.
    pub attributes: LoadBalancerAttributes,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerDesired {
    /// Its name.
    pub name: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// `subnet-...`
    pub subnets: BTreeSet<String>,
    /// `sg-...`
    pub security_groups: BTreeSet<String>,
    /// Attributes.
    pub attributes: LoadBalancerAttributes,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerLive {
    /// Its ARN.
    pub arn: String,
    /// `provisioning`, `active`, `active_impaired` or `failed`.
    pub state: String,
    /// AWS's words on the state.
    pub reason: Option<String>,
    /// Where clients connect.
    pub dns_name: Option<String>,
    /// Hosted zone id for alias records.
    pub zone_id: Option<String>,
    /// Its name.
    pub name: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// `subnet-...`
    pub subnets: BTreeSet<String>,
    /// `sg-...`
    pub security_groups: BTreeSet<String>,
    /// Attributes.
    pub attributes: LoadBalancerAttributes,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerPatch {
    /// Exactly these.
    pub subnets: Option<BTreeSet<String>>,
    /// Exactly these.
    pub security_groups: Option<BTreeSet<String>>,
    /// Attributes to set, by AWS's keys.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerOutputs {
    /// Its ARN.
    pub arn: String,
    /// Where clients connect.
    pub dns_name: String,
    /// Hosted zone id for alias records.
    pub zone_id: String,
    /// `app/name/hash`, as CloudWatch names it.
    pub full_name: String,
}

/// The kind `elbv2/load_balancer`.
pub struct LoadBalancer;

impl Kind for LoadBalancer {
    const NAME: &'static str = "elbv2/load_balancer";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(150, 1);

    type Spec = LoadBalancerSpec;
    type Desired = LoadBalancerDesired;
    type Live = LoadBalancerLive;
    type Patch = LoadBalancerPatch;
    type Outputs = LoadBalancerOutputs;

    fn refs(spec: &LoadBalancerSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
        spec.subnets.iter().for_each(|subnet| visit(Edge::ready(subnet)));
        spec.security_groups.iter().for_each(|group| visit(Edge::exists(group)));
        visit(Edge::ready(&spec.internet_gateway));
    }

    fn lower(spec: &LoadBalancerSpec, upstream: &Upstream<'_>) -> Result<LoadBalancerDesired, Pending> {
        let subnet = |subnet| Ok(upstream.of::<Subnet>(subnet)?.subnet_id);
        let group = |group| Ok(upstream.of::<SecurityGroup>(group)?.group_id);
        Ok(LoadBalancerDesired {
            name: spec.name.clone(),
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            subnets: spec.subnets.iter().map(subnet).collect::<Result<_, _>>()?,
            security_groups: spec.security_groups.iter().map(group).collect::<Result<_, _>>()?,
            attributes: spec.attributes.clone(),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &LoadBalancerDesired, live: &LoadBalancerLive) -> Verdict<LoadBalancerPatch> {
        let fixed = changes().field("name", &live.name, &desired.name).field("vpc_id", &live.vpc_id, &desired.vpc_id);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes().field("subnets", &live.subnets, &desired.subnets).field(
            "security_groups",
            &live.security_groups,
            &desired.security_groups,
        );
        let found = desired.attributes.compare(&live.attributes, found).tags(&live.tags, &desired.tags);
        let if_other = |live: &BTreeSet<String>, desired: &BTreeSet<String>| (live != desired).then(|| desired.clone());
        let patch = LoadBalancerPatch {
            subnets: if_other(&live.subnets, &desired.subnets),
            security_groups: if_other(&live.security_groups, &desired.security_groups),
            attributes: desired.attributes.over(&live.attributes),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &LoadBalancerLive) -> Readiness {
        match live.state.as_str() {
            // Impaired: it serves, and cannot grow for want of addresses.
            "active" | "active_impaired" => Readiness::Ready,
            "failed" => Readiness::Failed { reason: live.reason.clone().unwrap_or_else(|| "state failed".into()) },
            state => Readiness::wait(format!("state {state}")),
        }
    }

    fn outputs(live: &LoadBalancerLive) -> Option<LoadBalancerOutputs> {
        let (_, full_name) = live.arn.split_once(":loadbalancer/")?;
        Some(LoadBalancerOutputs {
            arn: live.arn.clone(),
            dns_name: live.dns_name.clone()?,
            zone_id: live.zone_id.clone()?,
            full_name: full_name.to_owned(),
        })
    }

    fn highlights(address: &Address, outputs: &LoadBalancerOutputs) -> Vec<Highlight> {
        let label = format!("load balancer {} in {}", address.name, address.scope);
        vec![Highlight { label, value: outputs.dns_name.clone() }]
    }

    fn unknown(address: &Address) -> LoadBalancerOutputs {
        LoadBalancerOutputs {
            arn: unknown(address, "arn"),
            dns_name: unknown(address, "dns_name"),
            zone_id: unknown(address, "zone_id"),
            full_name: unknown(address, "full_name"),
        }
    }
}

impl Driver for LoadBalancer {
    const READ_BATCH: usize = BATCH;
    const ACTIONS: IamActions = IamActions {
        read: &[
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeTags",
        ],
        // What AWS looks up on the caller's behalf, and the service's role, made with the account's first one.
        write: &[
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:SetSubnets",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "iam:CreateServiceLinkedRole",
        ],
        delete: &["elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:ModifyLoadBalancerAttributes"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<LoadBalancerLive>, CallError> {
        let describe = |arns: Vec<String>| async move {
            let request = cx.aws.elbv2.describe_load_balancers().set_load_balancer_arns(Some(arns));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancers"))?;
            Ok(answer.load_balancers.unwrap_or_default())
        };
        let balancers: Vec<sdk::LoadBalancer> = by_arn(ids, describe).await?;
        let arns: Vec<String> = balancers.iter().filter_map(|one| one.load_balancer_arn.clone()).collect();
        let (tags, attributes) =
            tokio::try_join!(tags_of(cx, &arns), each(arns.iter().map(|arn| attributes(cx, arn))))?;
        let lives = balancers.into_iter().zip(attributes).filter_map(|(one, has)| live(one, has?, &tags));
        Ok(lives.map(|live| (live.arn.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, LoadBalancerDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.elbv2.describe_load_balancers().page_size(400);
        let pages = request.into_paginator().items().send().try_collect().await;
        let all = pages.map_err(failed("elasticloadbalancing:DescribeLoadBalancers"))?;
        let ours = |one: &sdk::LoadBalancer| {
            let names = wanted.iter().map(|(_, desired)| &desired.name);
            may_be_ours(cx, one.load_balancer_name().unwrap_or_default(), names)
        };
        let arns: Vec<String> = all.into_iter().filter(ours).filter_map(|one| one.load_balancer_arn).collect();
        candidates(cx, &arns).await
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &LoadBalancerDesired) -> Result<String, CallError> {
        const OPERATION: &str = "elasticloadbalancing:CreateLoadBalancer";
        if let Some(arn) = by_name(cx, &desired.name).await? {
            return claim(cx, arn, birth, OPERATION).await;
        }
        let request = cx.aws.elbv2.create_load_balancer().name(&desired.name);
        let request = request.r#type(LoadBalancerTypeEnum::Application).scheme(LoadBalancerSchemeEnum::InternetFacing);
        let request = request.ip_address_type(IpAddressType::Ipv4).set_tags(Some(born(birth, &desired.tags)));
        let request = request.set_subnets(Some(desired.subnets.iter().cloned().collect()));
        let request = request.set_security_groups(Some(desired.security_groups.iter().cloned().collect()));
        let answer = request.send().await.map_err(failed(OPERATION));
        // EC2's news reaches this service some seconds later.
        let fresh = ["SubnetNotFound", "InvalidSecurityGroup", "SecurityGroupNotFound"];
        let answer = answer.reclass(&fresh, ErrorClass::NotYetConsistent)?;
        let arn = answer.load_balancers.unwrap_or_default().pop().and_then(|one| one.load_balancer_arn);
        arn.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no load balancer"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &LoadBalancerPatch) -> Result<(), CallError> {
        if let Some(groups) = &patch.security_groups {
            let request = cx.aws.elbv2.set_security_groups().load_balancer_arn(id);
            let request = request.set_security_groups(Some(groups.iter().cloned().collect()));
            request.send().await.map_err(failed("elasticloadbalancing:SetSecurityGroups"))?;
        }
        if let Some(subnets) = &patch.subnets {
            let request = cx.aws.elbv2.set_subnets().load_balancer_arn(id);
            let request = request.set_subnets(Some(subnets.iter().cloned().collect()));
            request.send().await.map_err(failed("elasticloadbalancing:SetSubnets"))?;
        }
        modify(cx, id, &patch.attributes).await?;
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        let delete = || async {
            let answer = cx.aws.elbv2.delete_load_balancer().load_balancer_arn(id).send().await;
            let answer = answer.map_err(failed("elasticloadbalancing:DeleteLoadBalancer"));
            // The only reason for which a load balancer cannot be deleted: its protection.
            answer.reclass(&["OperationNotPermitted"], ErrorClass::HoldsData).unless_gone()
        };
        match delete().await {
            Err(error) if error.class == ErrorClass::HoldsData && data == DataPolicy::Delete => {
                modify(cx, id, &LoadBalancerAttributes::unprotected()).await?;
                delete().await
            }
            answer => answer,
        }
    }

    async fn data_at_risk(cx: &Scoped, id: &str) -> Result<Option<Risk>, CallError> {
        let attributes = attributes(cx, id).await?;
        let protected = attributes.is_some_and(|attributes| attributes.deletion_protection);
        Ok(protected.then(|| Risk::of("its deletion protection is on")))
    }
}

/// The attributes; `None` when the load balancer vanished between two reads.
async fn attributes(cx: &Scoped, arn: &str) -> Result<Option<LoadBalancerAttributes>, CallError> {
    let request = cx.aws.elbv2.describe_load_balancer_attributes().load_balancer_arn(arn);
    match request.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancerAttributes")) {
        Ok(answer) => Ok(Some(LoadBalancerAttributes::from_live(answer.attributes.unwrap_or_default()))),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn modify(cx: &Scoped, arn: &str, attributes: &BTreeMap<String, String>) -> Result<(), CallError> {
    if attributes.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build();
    let request = cx.aws.elbv2.modify_load_balancer_attributes().load_balancer_arn(arn);
    let request = request.set_attributes(Some(attributes.iter().map(attribute).collect()));
    request.send().await.map_err(failed("elasticloadbalancing:ModifyLoadBalancerAttributes")).map(drop)
}

async fn by_name(cx: &Scoped, name: &str) -> Result<Option<String>, CallError> {
    let request = cx.aws.elbv2.describe_load_balancers().names(name);
    match request.send().await.map_err(failed("elasticloadbalancing:DescribeLoadBalancers")) {
        Ok(answer) => Ok(answer.load_balancers.unwrap_or_default().pop().and_then(|one| one.load_balancer_arn)),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

fn live(one: sdk::LoadBalancer, attributes: LoadBalancerAttributes, tags: &TagsByArn) -> Option<LoadBalancerLive> {
    let arn = one.load_balancer_arn?;
    let zones = one.availability_zones.unwrap_or_default();
    let state = one.state;
    Some(LoadBalancerLive {
        tags: Tags::from_live(tags.get(&arn)?.clone()),
        arn,
        reason: state.as_ref().and_then(|state| state.reason.clone()),
        state: state.and_then(|state| state.code).map(|code| code.as_str().to_owned()).unwrap_or_default(),
        dns_name: one.dns_name,
        zone_id: one.canonical_hosted_zone_id,
        name: one.load_balancer_name.unwrap_or_default(),
        vpc_id: one.vpc_id.unwrap_or_default(),
        subnets: zones.into_iter().filter_map(|zone| zone.subnet_id).collect(),
        security_groups: one.security_groups.unwrap_or_default().into_iter().collect(),
        attributes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> LoadBalancerLive {
        LoadBalancerLive {
            arn: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/acme-web/50dc6c495c0c9188"
                .into(),
            state: "active".into(),
            reason: None,
            dns_name: Some("acme-web-1.eu-central-1.elb.amazonaws.com".into()),
            zone_id: Some("Z215JYRZR1TBD5".into()),
            name: "acme-web".into(),
            vpc_id: "vpc-1".into(),
            subnets: ["subnet-1".to_owned(), "subnet-2".to_owned()].into(),
            security_groups: ["sg-1".to_owned()].into(),
            attributes: LoadBalancerAttributes::default(),
            tags: Tags::default(),
        }
    }

    fn desired() -> LoadBalancerDesired {
        let LoadBalancerLive { name, vpc_id, subnets, security_groups, attributes, tags, .. } = live();
        LoadBalancerDesired { name, vpc_id, subnets, security_groups, attributes, tags }
    }

    #[test]
    fn only_what_differs_is_patched() {
        assert_eq!(LoadBalancer::diff(&desired(), &live()), Verdict::Same);
        let attributes = LoadBalancerAttributes { idle_timeout: 120, ..LoadBalancerAttributes::default() };
        let longer = LoadBalancerDesired { attributes, ..desired() };
        let Verdict::Patch { patch, changes } = LoadBalancer::diff(&longer, &live()) else { panic!("no patch") };
        assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["idle_timeout"]);
        assert_eq!(patch.attributes, [("idle_timeout.timeout_seconds".to_owned(), "120".to_owned())].into());
        assert_eq!((patch.subnets, patch.security_groups), (None, None));
    }

    #[test]
    fn another_vpc_or_name_forces_another_load_balancer() {
        let moved =
            LoadBalancerDesired { vpc_id: "vpc-2".into(), subnets: ["subnet-3".to_owned()].into(), ..desired() };
        assert!(matches!(LoadBalancer::diff(&moved, &live()), Verdict::Replace { .. }));
        let renamed = LoadBalancerDesired { name: "acme-api".into(), ..desired() };
        assert!(matches!(LoadBalancer::diff(&renamed, &live()), Verdict::Replace { .. }));
    }

    #[test]
    fn states_and_the_name_for_cloudwatch() {
        let full_name = LoadBalancer::outputs(&live()).map(|outputs| outputs.full_name);
        assert_eq!(full_name.as_deref(), Some("app/acme-web/50dc6c495c0c9188"));
        assert_eq!(LoadBalancer::outputs(&LoadBalancerLive { dns_name: None, ..live() }), None);
        let failed = LoadBalancerLive { state: "failed".into(), reason: Some("no addresses".into()), ..live() };
        assert_eq!(LoadBalancer::ready(&failed), Readiness::Failed { reason: "no addresses".into() });
        let young = LoadBalancerLive { state: "provisioning".into(), ..live() };
        assert!(matches!(LoadBalancer::ready(&young), Readiness::Wait { .. }));
    }
}
