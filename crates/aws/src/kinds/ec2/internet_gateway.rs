//! An internet gateway, attached to one VPC.
//!
//! | | |
//! |---|---|
//! | Create | `CreateInternetGateway`; no client token: a repeat makes another gateway, so a lost answer is found by the nonce tag |
//! | Read | `DescribeInternetGateways` by filter, 200 ids a call; the attachment is in the answer |
//! | Update | `AttachInternetGateway`; `CreateTags`, `DeleteTags` |
//! | Delete | `DetachInternetGateway`, then `DeleteInternetGateway`; `DependencyViolation` while a NAT gateway, an Elastic IP address or an internet-facing load balancer lives in the VPC |
//! | Replace | attached to another VPC; delete first |
//! | Waits | none; about 1 s |
//!
//! Quirks: the VPC is not an input of the create. The attachment's state reads `available`, which the SDK's
//! enumeration lacks. AWS could move a gateway by detaching and attaching it, but the VPC it leaves cannot be deleted
//! before it has left, and the new VPC comes only after that: so another VPC means another gateway. There are no
//! outputs before it is attached, since what refers to it (a public NAT gateway) fails for good in a VPC without one.

use aws_sdk_ec2::types::ResourceType;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::Vpc;
use super::tagging::{born, candidate, filter, owned, pairs, retag};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of an internet gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewaySpec {
    /// The VPC that it connects; a VPC has one gateway at most.
    pub vpc: Ref<Vpc>,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayDesired {
    /// `vpc-...`
    pub vpc_id: String,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayLive {
    /// `igw-...`
    pub id: String,
    /// The VPC that it is attached to, if any.
    pub vpc_id: Option<String>,
    /// `available` (or `attached`), `attaching`, `detaching`; empty while it is not attached.
    pub state: String,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayPatch {
    /// Attach it to this VPC.
    pub attach: Option<String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayOutputs {
    /// `igw-...`, attached.
    pub internet_gateway_id: String,
}

/// The kind `ec2/internet_gateway`.
pub struct InternetGateway;

impl Kind for InternetGateway {
    const NAME: &'static str = "ec2/internet_gateway";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = InternetGatewaySpec;
    type Desired = InternetGatewayDesired;
    type Live = InternetGatewayLive;
    type Patch = InternetGatewayPatch;
    type Outputs = InternetGatewayOutputs;

    fn refs(spec: &InternetGatewaySpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
    }

    fn lower(spec: &InternetGatewaySpec, upstream: &Upstream<'_>) -> Result<InternetGatewayDesired, Pending> {
        Ok(InternetGatewayDesired { vpc_id: upstream.of(&spec.vpc)?.vpc_id, tags: spec.tags.clone() })
    }

    fn diff(desired: &InternetGatewayDesired, live: &InternetGatewayLive) -> Verdict<InternetGatewayPatch> {
        let found = changes().field("vpc_id", &live.vpc_id, &Some(desired.vpc_id.clone()));
        if !found.is_empty() && live.vpc_id.is_some() {
            return Verdict::Replace { changes: found.done() };
        }
        let patch = InternetGatewayPatch {
            attach: live.vpc_id.is_none().then(|| desired.vpc_id.clone()),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found.tags(&live.tags, &desired.tags), patch)
    }

    fn ready(live: &InternetGatewayLive) -> Readiness {
        match live.state.as_str() {
            state @ ("attaching" | "detaching") => Readiness::wait(format!("attachment {state}")),
            _ => Readiness::Ready,
        }
    }

    fn outputs(live: &InternetGatewayLive) -> Option<InternetGatewayOutputs> {
        let attached = live.vpc_id.is_some() && Self::ready(live) == Readiness::Ready;
        attached.then(|| InternetGatewayOutputs { internet_gateway_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> InternetGatewayOutputs {
        InternetGatewayOutputs { internet_gateway_id: unknown(address, "internet_gateway_id") }
    }
}

impl Driver for InternetGateway {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeInternetGateways"],
        write: &["ec2:CreateInternetGateway", "ec2:AttachInternetGateway", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<InternetGatewayLive>, CallError> {
        let filter = filter("internet-gateway-id", ids);
        let request = cx.aws.ec2.describe_internet_gateways().filters(filter).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let gateways = pages.map_err(failed("ec2:DescribeInternetGateways"))?;
        Ok(gateways.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, InternetGatewayDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_internet_gateways().filters(owned(cx)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let gateways = pages.map_err(failed("ec2:DescribeInternetGateways"))?;
        Ok(gateways.into_iter().filter_map(|found| candidate(found.internet_gateway_id, found.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &InternetGatewayDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateInternetGateway";
        let tags = born(ResourceType::InternetGateway, birth, &desired.tags);
        let request = cx.aws.ec2.create_internet_gateway().tag_specifications(tags);
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let id = answer.internet_gateway.and_then(|gateway| gateway.internet_gateway_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no internet gateway"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &InternetGatewayPatch) -> Result<(), CallError> {
        if let Some(vpc_id) = &patch.attach {
            attach(cx, id, vpc_id).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let found = Self::read(cx, &[id.to_owned()]).await?;
        if let Some(vpc_id) = found.get(id).and_then(|live| live.vpc_id.as_deref()) {
            let detached = cx.aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc_id).send().await;
            let detached = detached.map_err(failed("ec2:DetachInternetGateway"));
            detached.reclass(&["Gateway.NotAttached"], ErrorClass::Gone).unless_gone()?;
        }
        let deleted = cx.aws.ec2.delete_internet_gateway().internet_gateway_id(id).send().await;
        deleted.map_err(failed("ec2:DeleteInternetGateway")).unless_gone()
    }
}

/// Attaches. A repeat is refused with `Resource.AlreadyAssociated`, to whichever VPC it is attached: the next read
/// tells which.
async fn attach(cx: &Scoped, id: &str, vpc_id: &str) -> Result<(), CallError> {
    let attached = cx.aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc_id).send().await;
    let attached = attached.map_err(failed("ec2:AttachInternetGateway"));
    match attached.reclass(NOT_VISIBLE_YET, ErrorClass::NotYetConsistent) {
        Err(error) if error.class != ErrorClass::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What an attachment right after the create of either side may be refused with.
const NOT_VISIBLE_YET: &[&str] = &["InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"];

fn live(gateway: aws_sdk_ec2::types::InternetGateway) -> Option<InternetGatewayLive> {
    let attachments = gateway.attachments.unwrap_or_default();
    let state = |attachment: &aws_sdk_ec2::types::InternetGatewayAttachment| {
        attachment.state.as_ref().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default()
    };
    let attachment = attachments.into_iter().find(|attachment| state(attachment) != "detached");
    Some(InternetGatewayLive {
        id: gateway.internet_gateway_id?,
        state: attachment.as_ref().map(state).unwrap_or_default(),
        vpc_id: attachment.and_then(|attachment| attachment.vpc_id),
        tags: Tags::from_live(pairs(gateway.tags)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired() -> InternetGatewayDesired {
        InternetGatewayDesired { vpc_id: "vpc-1".into(), tags: Tags::default() }
    }

    fn live(vpc_id: Option<&str>, state: &str) -> InternetGatewayLive {
        let (vpc_id, state) = (vpc_id.map(str::to_owned), state.to_owned());
        InternetGatewayLive { id: "igw-1".into(), vpc_id, state, tags: Tags::default() }
    }

    #[test]
    fn a_loose_gateway_is_attached_and_one_of_another_vpc_replaced() {
        assert_eq!(InternetGateway::diff(&desired(), &live(Some("vpc-1"), "available")), Verdict::Same);
        let Verdict::Patch { patch, .. } = InternetGateway::diff(&desired(), &live(None, "")) else {
            panic!("no patch")
        };
        assert_eq!(patch.attach.as_deref(), Some("vpc-1"));
        let elsewhere = InternetGateway::diff(&desired(), &live(Some("vpc-2"), "available"));
        assert!(matches!(elsewhere, Verdict::Replace { .. }));
    }

    #[test]
    fn nothing_refers_to_a_gateway_before_it_is_attached() {
        assert_eq!(InternetGateway::outputs(&live(None, "")), None);
        assert_eq!(InternetGateway::outputs(&live(Some("vpc-1"), "attaching")), None);
        assert!(InternetGateway::outputs(&live(Some("vpc-1"), "available")).is_some());
    }
}
