//! A subnet in one availability zone.
//!
//! | | |
//! |---|---|
//! | Create | `CreateSubnet`; no client token, but a repeat is refused with `InvalidSubnet.Conflict`; a lost answer is found by the nonce tag |
//! | Read | `DescribeSubnets` by filter, 200 ids a call; complete |
//! | Update | `ModifySubnetAttribute`, one attribute a call; `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteSubnet`; `DependencyViolation` while a network interface is left, minutes after its load balancer or NAT gateway is gone |
//! | Replace | VPC, CIDR and zone; delete first, since the same range cannot exist twice |
//! | Waits | `pending` to `available`, about 1 s |
//!
//! Quirks: mapping public addresses is not an input of the create; it was seen to read back stale after a modify, so
//! the engine reads until it sticks.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::Vpc;
use super::tagging::{born, candidate, filter, owned, pairs, retag};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of a subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubnetSpec {
    /// The VPC it is cut from.
    pub vpc: Ref<Vpc>,
    /// IPv4 range within the VPC's, canonical, `/16` to `/28`.
    pub cidr: String,
    /// Zone name, `eu-central-1a`.
    pub zone: String,
    /// Whether instances get a public address.
    pub public: bool,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubnetDesired {
    /// `vpc-...`
    pub vpc_id: String,
    /// IPv4 range.
    pub cidr: String,
    /// Zone name.
    pub zone: String,
    /// Whether instances get a public address.
    pub map_public_ip: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubnetLive {
    /// `subnet-...`
    pub id: String,
    /// `pending`, `available`, `unavailable`, `failed` or `failed-insufficient-capacity`.
    pub state: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// IPv4 range.
    pub cidr: String,
    /// Zone name.
    pub zone: String,
    /// Whether instances get a public address.
    pub map_public_ip: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubnetPatch {
    /// Set to this.
    pub map_public_ip: Option<bool>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubnetOutputs {
    /// `subnet-...`
    pub subnet_id: String,
    /// Zone name.
    pub zone: String,
}

/// The kind `ec2/subnet`.
pub struct Subnet;

impl Kind for Subnet {
    const NAME: &'static str = "ec2/subnet";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = SubnetSpec;
    type Desired = SubnetDesired;
    type Live = SubnetLive;
    type Patch = SubnetPatch;
    type Outputs = SubnetOutputs;

    fn refs(spec: &SubnetSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
    }

    fn lower(spec: &SubnetSpec, upstream: &Upstream<'_>) -> Result<SubnetDesired, Pending> {
        Ok(SubnetDesired {
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            cidr: spec.cidr.clone(),
            zone: spec.zone.clone(),
            map_public_ip: spec.public,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &SubnetDesired, live: &SubnetLive) -> Verdict<SubnetPatch> {
        let fixed = changes()
            .field("vpc_id", &live.vpc_id, &desired.vpc_id)
            .field("cidr", &live.cidr, &desired.cidr)
            .field("zone", &live.zone, &desired.zone);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("map_public_ip", &live.map_public_ip, &desired.map_public_ip)
            .tags(&live.tags, &desired.tags);
        let patch = SubnetPatch {
            map_public_ip: (live.map_public_ip != desired.map_public_ip).then_some(desired.map_public_ip),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &SubnetLive) -> Readiness {
        match live.state.as_str() {
            "available" => Readiness::Ready,
            state if state.starts_with("failed") => Readiness::Failed { reason: format!("state {state}") },
            state => Readiness::wait(format!("state {state}")),
        }
    }

    fn outputs(live: &SubnetLive) -> Option<SubnetOutputs> {
        Some(SubnetOutputs { subnet_id: live.id.clone(), zone: live.zone.clone() })
    }

    fn unknown(address: &Address) -> SubnetOutputs {
        SubnetOutputs { subnet_id: unknown(address, "subnet_id"), zone: unknown(address, "zone") }
    }
}

impl Driver for Subnet {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeSubnets"],
        write: &["ec2:CreateSubnet", "ec2:ModifySubnetAttribute", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteSubnet"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<SubnetLive>, CallError> {
        let request = cx.aws.ec2.describe_subnets().filters(filter("subnet-id", ids)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let subnets = pages.map_err(failed("ec2:DescribeSubnets"))?;
        Ok(subnets.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, SubnetDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_subnets().filters(owned(cx)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let subnets = pages.map_err(failed("ec2:DescribeSubnets"))?;
        Ok(subnets.into_iter().filter_map(|subnet| candidate(subnet.subnet_id, subnet.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &SubnetDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateSubnet";
        let request = cx.aws.ec2.create_subnet().vpc_id(&desired.vpc_id).cidr_block(&desired.cidr);
        let request = request.availability_zone(&desired.zone);
        let request = request.tag_specifications(born(ResourceType::Subnet, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let id = answer.subnet.and_then(|subnet| subnet.subnet_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no subnet"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &SubnetPatch) -> Result<(), CallError> {
        if let Some(value) = patch.map_public_ip {
            let value = AttributeBooleanValue::builder().value(value).build();
            let request = cx.aws.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value);
            request.send().await.map_err(failed("ec2:ModifySubnetAttribute"))?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        cx.aws.ec2.delete_subnet().subnet_id(id).send().await.map_err(failed("ec2:DeleteSubnet")).unless_gone()
    }
}

fn live(subnet: aws_sdk_ec2::types::Subnet) -> Option<SubnetLive> {
    Some(SubnetLive {
        id: subnet.subnet_id?,
        state: subnet.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        vpc_id: subnet.vpc_id.unwrap_or_default(),
        cidr: subnet.cidr_block.unwrap_or_default(),
        zone: subnet.availability_zone.unwrap_or_default(),
        map_public_ip: subnet.map_public_ip_on_launch.unwrap_or_default(),
        tags: Tags::from_live(pairs(subnet.tags)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> SubnetLive {
        SubnetLive {
            id: "subnet-1".into(),
            state: "available".into(),
            vpc_id: "vpc-1".into(),
            cidr: "10.0.0.0/20".into(),
            zone: "eu-central-1a".into(),
            map_public_ip: false,
            tags: Tags::default(),
        }
    }

    fn desired() -> SubnetDesired {
        let SubnetLive { vpc_id, cidr, zone, map_public_ip, tags, .. } = live();
        SubnetDesired { vpc_id, cidr, zone, map_public_ip, tags }
    }

    #[test]
    fn only_the_public_mapping_and_tags_change_in_place() {
        assert_eq!(Subnet::diff(&desired(), &live()), Verdict::Same);
        let public = SubnetDesired { map_public_ip: true, ..desired() };
        assert!(matches!(Subnet::diff(&public, &live()), Verdict::Patch { .. }));
        for other in [
            SubnetDesired { vpc_id: "vpc-2".into(), ..desired() },
            SubnetDesired { cidr: "10.0.16.0/20".into(), ..desired() },
            SubnetDesired { zone: "eu-central-1b".into(), ..desired() },
        ] {
            assert!(matches!(Subnet::diff(&other, &live()), Verdict::Replace { .. }), "{other:?}");
        }
    }
}
