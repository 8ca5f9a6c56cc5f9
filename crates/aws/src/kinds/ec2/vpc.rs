//! A VPC with its DNS attributes.
//!
//! | | |
//! |---|---|
//! | Create | `CreateVpc`; no client token: a second identical call makes a second VPC, so a lost answer is found by the nonce tag |
//! | Read | `DescribeVpcs` by filter (200 ids a call), `DescribeVpcAttribute` once per VPC and attribute |
//! | Update | `ModifyVpcAttribute`, one attribute a call, support before host names; `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteVpc`; `DependencyViolation` while anything lives in it |
//! | Replace | CIDR, as AWS has no call to change it; delete first, since everything in it goes too |
//! | Waits | `pending` to `available`, 1-3 s |
//!
//! Quirks: the DNS attributes are not inputs of the create; support is on and host names are off by default; a CIDR
//! with host bits set is stored canonically, so the blueprint gives canonical ones only.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::tagging::{born, candidate, filter, owned, pairs, retag};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// What the blueprint says of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcSpec {
    /// IPv4 range, canonical, `/16` to `/28`.
    pub cidr: String,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcDesired {
    /// IPv4 range.
    pub cidr: String,
    /// Whether the Amazon resolver answers; gateway endpoints and private names need it.
    pub dns_support: bool,
    /// Whether instances get DNS names.
    pub dns_hostnames: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcLive {
    /// `vpc-...`
    pub id: String,
    /// `pending`, `available` or `deleting`.
    pub state: String,
    /// IPv4 range.
    pub cidr: String,
    /// See [`VpcDesired::dns_support`].
    pub dns_support: bool,
    /// See [`VpcDesired::dns_hostnames`].
    pub dns_hostnames: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VpcPatch {
    /// Set to this.
    pub dns_support: Option<bool>,
    /// Set to this, after support.
    pub dns_hostnames: Option<bool>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcOutputs {
    /// `vpc-...`
    pub vpc_id: String,
    /// IPv4 range.
    pub cidr: String,
}

/// The kind `ec2/vpc`.
pub struct Vpc;

impl Kind for Vpc {
    const NAME: &'static str = "ec2/vpc";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(3, 1);

    type Spec = VpcSpec;
    type Desired = VpcDesired;
    type Live = VpcLive;
    type Patch = VpcPatch;
    type Outputs = VpcOutputs;

    fn refs(_: &VpcSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &VpcSpec, _: &Upstream<'_>) -> Result<VpcDesired, Pending> {
        Ok(VpcDesired { cidr: spec.cidr.clone(), dns_support: true, dns_hostnames: true, tags: spec.tags.clone() })
    }

    fn diff(desired: &VpcDesired, live: &VpcLive) -> Verdict<VpcPatch> {
        let fixed = changes().field("cidr", &live.cidr, &desired.cidr);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("dns_support", &live.dns_support, &desired.dns_support)
            .field("dns_hostnames", &live.dns_hostnames, &desired.dns_hostnames)
            .tags(&live.tags, &desired.tags);
        let patch = VpcPatch {
            dns_support: (live.dns_support != desired.dns_support).then_some(desired.dns_support),
            dns_hostnames: (live.dns_hostnames != desired.dns_hostnames).then_some(desired.dns_hostnames),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &VpcLive) -> Readiness {
        match live.state.as_str() {
            "available" => Readiness::Ready,
            state => Readiness::wait(format!("state {state}")),
        }
    }

    fn outputs(live: &VpcLive) -> Option<VpcOutputs> {
        Some(VpcOutputs { vpc_id: live.id.clone(), cidr: live.cidr.clone() })
    }

    fn unknown(address: &Address) -> VpcOutputs {
        VpcOutputs { vpc_id: unknown(address, "vpc_id"), cidr: unknown(address, "cidr") }
    }
}

impl Driver for Vpc {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"],
        write: &["ec2:CreateVpc", "ec2:ModifyVpcAttribute", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteVpc"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<VpcLive>, CallError> {
        let request = cx.aws.ec2.describe_vpcs().filters(filter("vpc-id", ids)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let lives = pages.map_err(failed("ec2:DescribeVpcs"))?.into_iter().map(|vpc| live(cx, vpc));
        Ok(each(lives).await?.into_iter().flatten().map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, VpcDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_vpcs().filters(owned(cx)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let vpcs = pages.map_err(failed("ec2:DescribeVpcs"))?;
        Ok(vpcs.into_iter().filter_map(|vpc| candidate(vpc.vpc_id, vpc.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &VpcDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateVpc";
        let request = cx.aws.ec2.create_vpc().cidr_block(&desired.cidr);
        let request = request.tag_specifications(born(ResourceType::Vpc, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let id = answer.vpc.and_then(|vpc| vpc.vpc_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no VPC"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &VpcPatch) -> Result<(), CallError> {
        // Host names need support: on in this order, off in the other.
        let support_first = patch.dns_support != Some(false);
        let steps = if support_first { [true, false] } else { [false, true] };
        for support in steps {
            modify(cx, id, support, if support { patch.dns_support } else { patch.dns_hostnames }).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        cx.aws.ec2.delete_vpc().vpc_id(id).send().await.map_err(failed("ec2:DeleteVpc")).unless_gone()
    }
}

/// Sets one of the two attributes, if it is to be set.
async fn modify(cx: &Scoped, id: &str, support: bool, value: Option<bool>) -> Result<(), CallError> {
    let Some(value) = value else { return Ok(()) };
    let value = AttributeBooleanValue::builder().value(value).build();
    let request = cx.aws.ec2.modify_vpc_attribute().vpc_id(id);
    let request = if support { request.enable_dns_support(value) } else { request.enable_dns_hostnames(value) };
    request.send().await.map_err(failed("ec2:ModifyVpcAttribute")).map(drop)
}

/// One attribute; `None` when the VPC vanished between the two reads.
async fn attribute(cx: &Scoped, id: &str, name: VpcAttributeName) -> Result<Option<bool>, CallError> {
    let request = cx.aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name.clone());
    match request.send().await.map_err(failed("ec2:DescribeVpcAttribute")) {
        Ok(answer) if name == VpcAttributeName::EnableDnsSupport => {
            Ok(answer.enable_dns_support.and_then(|on| on.value))
        }
        Ok(answer) => Ok(answer.enable_dns_hostnames.and_then(|on| on.value)),
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn live(cx: &Scoped, vpc: aws_sdk_ec2::types::Vpc) -> Result<Option<VpcLive>, CallError> {
    let Some(id) = vpc.vpc_id else { return Ok(None) };
    let (support, hostnames) = tokio::try_join!(
        attribute(cx, &id, VpcAttributeName::EnableDnsSupport),
        attribute(cx, &id, VpcAttributeName::EnableDnsHostnames)
    )?;
    let (Some(dns_support), Some(dns_hostnames)) = (support, hostnames) else { return Ok(None) };
    Ok(Some(VpcLive {
        id,
        state: vpc.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        cidr: vpc.cidr_block.unwrap_or_default(),
        dns_support,
        dns_hostnames,
        tags: Tags::from_live(pairs(vpc.tags)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired() -> VpcDesired {
        VpcDesired { cidr: "10.0.0.0/16".into(), dns_support: true, dns_hostnames: true, tags: Tags::default() }
    }

    fn live() -> VpcLive {
        let VpcDesired { cidr, dns_support, dns_hostnames, tags } = desired();
        VpcLive { id: "vpc-1".into(), state: "available".into(), cidr, dns_support, dns_hostnames, tags }
    }

    #[test]
    fn host_names_off_is_a_patch_and_another_cidr_a_replacement() {
        assert_eq!(Vpc::diff(&desired(), &live()), Verdict::Same);
        let fresh = VpcLive { dns_hostnames: false, ..live() };
        let Verdict::Patch { patch, .. } = Vpc::diff(&desired(), &fresh) else { panic!("no patch") };
        assert_eq!((patch.dns_support, patch.dns_hostnames), (None, Some(true)));
        let other = VpcDesired { cidr: "10.9.0.0/16".into(), ..desired() };
        assert!(matches!(Vpc::diff(&other, &live()), Verdict::Replace { .. }));
    }
}
