//! A public NAT gateway in one subnet, with one Elastic IP address.
//!
//! | | |
//! |---|---|
//! | Create | `CreateNatGateway` with client token: the same token gives the same gateway |
//! | Read | `DescribeNatGateways` by filter, 200 ids a call; complete |
//! | Update | `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteNatGateway`; until the state is `deleted` its network interface and address block subnet, internet gateway, address and VPC |
//! | Replace | subnet, address, and a gateway that is being deleted; delete first, since an address serves one gateway at a time |
//! | Waits | `pending` to `available`, about 110 s; `deleting` to `deleted`, about 50 s |
//!
//! Quirks: the create succeeds even where the gateway cannot work and the state becomes `failed`, with a code such as
//! `Gateway.NotAttached` when the VPC has no internet gateway: hence the reference to it. Deleted gateways stay listed
//! for an hour; a read leaves them out. The filter member is `Filter`, not `Filters`.

use aws_sdk_ec2::types::{ConnectivityType, Filter, ResourceType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::tagging::{born, candidate, filter, owned, pairs, retag};
use super::{ElasticIp, InternetGateway, Subnet};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGatewaySpec {
    /// The public subnet that it lives in.
    pub subnet: Ref<Subnet>,
    /// Its address.
    pub elastic_ip: Ref<ElasticIp>,
    /// The internet gateway of the same VPC; attached before this is made, detached after this is gone.
    pub internet_gateway: Ref<InternetGateway>,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGatewayDesired {
    /// `subnet-...`
    pub subnet_id: String,
    /// `eipalloc-...`
    pub allocation_id: String,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGatewayLive {
    /// `nat-...`
    pub id: String,
    /// `pending`, `available`, `failed` or `deleting`.
    pub state: String,
    /// Code and message of AWS, when it failed.
    pub failure: String,
    /// `subnet-...`
    pub subnet_id: String,
    /// `eipalloc-...` of the primary address; `None` while AWS lists none.
    pub allocation_id: Option<String>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NatGatewayPatch {
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGatewayOutputs {
    /// `nat-...`
    pub nat_gateway_id: String,
}

/// The kind `ec2/nat_gateway`.
pub struct NatGateway;

impl Kind for NatGateway {
    const NAME: &'static str = "ec2/nat_gateway";
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(110, 50);

    type Spec = NatGatewaySpec;
    type Desired = NatGatewayDesired;
    type Live = NatGatewayLive;
    type Patch = NatGatewayPatch;
    type Outputs = NatGatewayOutputs;

    fn refs(spec: &NatGatewaySpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.subnet));
        visit(Edge::ready(&spec.elastic_ip));
        visit(Edge::ready(&spec.internet_gateway));
    }

    fn lower(spec: &NatGatewaySpec, upstream: &Upstream<'_>) -> Result<NatGatewayDesired, Pending> {
        // AWS is not told which internet gateway, but it has outputs only once it is attached.
        upstream.of(&spec.internet_gateway)?;
        Ok(NatGatewayDesired {
            subnet_id: upstream.of(&spec.subnet)?.subnet_id,
            allocation_id: upstream.of(&spec.elastic_ip)?.allocation_id,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &NatGatewayDesired, live: &NatGatewayLive) -> Verdict<NatGatewayPatch> {
        // One that somebody is deleting never comes back; one that failed is `ready`'s business.
        let state = if live.state == "deleting" { "available" } else { live.state.as_str() };
        let address = live.allocation_id.as_ref().unwrap_or(&desired.allocation_id);
        let fixed = changes()
            .field("subnet_id", &live.subnet_id, &desired.subnet_id)
            .field("allocation_id", address, &desired.allocation_id)
            .field("state", &live.state, &state.to_owned());
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let patch = NatGatewayPatch { tags: TagPatch::between(&live.tags, &desired.tags) };
        Verdict::patch_if(changes().tags(&live.tags, &desired.tags), patch)
    }

    fn ready(live: &NatGatewayLive) -> Readiness {
        match live.state.as_str() {
            "available" => Readiness::Ready,
            "failed" => Readiness::Failed { reason: live.failure.clone() },
            state => Readiness::wait(format!("state {state}")),
        }
    }

    fn outputs(live: &NatGatewayLive) -> Option<NatGatewayOutputs> {
        Some(NatGatewayOutputs { nat_gateway_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> NatGatewayOutputs {
        NatGatewayOutputs { nat_gateway_id: unknown(address, "nat_gateway_id") }
    }
}

impl Driver for NatGateway {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeNatGateways"],
        write: &["ec2:CreateNatGateway", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteNatGateway"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<NatGatewayLive>, CallError> {
        let states = filter("state", ["pending", "available", "failed", "deleting"]);
        let gateways = list(cx, [filter("nat-gateway-id", ids), states]).await?;
        Ok(gateways.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, NatGatewayDesired)]) -> Result<Vec<Candidate>, CallError> {
        // One that is being deleted is nobody's candidate any more.
        let states = filter("state", ["pending", "available", "failed"]);
        let gateways = list(cx, [owned(cx), states]).await?;
        Ok(gateways.into_iter().filter_map(|found| candidate(found.nat_gateway_id, found.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &NatGatewayDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateNatGateway";
        let request = cx.aws.ec2.create_nat_gateway().client_token(birth.token.as_str());
        let request = request.subnet_id(&desired.subnet_id).allocation_id(&desired.allocation_id);
        let request = request.connectivity_type(ConnectivityType::Public);
        let request = request.tag_specifications(born(ResourceType::Natgateway, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION));
        let answer = answer.reclass(NOT_VISIBLE_YET, ErrorClass::NotYetConsistent)?;
        let id = answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no NAT gateway"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &NatGatewayPatch) -> Result<(), CallError> {
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let deleted = cx.aws.ec2.delete_nat_gateway().nat_gateway_id(id).send().await;
        deleted.map_err(failed("ec2:DeleteNatGateway")).unless_gone()
    }
}

/// What a create right after that of the subnet or the address may be refused with.
const NOT_VISIBLE_YET: &[&str] =
    &["InvalidSubnetID.NotFound", "InvalidSubnetId.NotFound", "InvalidAllocationID.NotFound"];

async fn list(
    cx: &Scoped,
    filters: impl IntoIterator<Item = Filter>,
) -> Result<Vec<aws_sdk_ec2::types::NatGateway>, CallError> {
    let filters = filters.into_iter().collect();
    let request = cx.aws.ec2.describe_nat_gateways().set_filter(Some(filters)).max_results(1000);
    request.into_paginator().items().send().try_collect().await.map_err(failed("ec2:DescribeNatGateways"))
}

fn live(gateway: aws_sdk_ec2::types::NatGateway) -> Option<NatGatewayLive> {
    let addresses = gateway.nat_gateway_addresses.unwrap_or_default();
    let primary = addresses.iter().find(|address| address.is_primary == Some(true)).or(addresses.first());
    let words: Vec<String> = gateway.failure_code.into_iter().chain(gateway.failure_message).collect();
    Some(NatGatewayLive {
        id: gateway.nat_gateway_id?,
        state: gateway.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        failure: words.join(": "),
        subnet_id: gateway.subnet_id.unwrap_or_default(),
        allocation_id: primary.and_then(|address| address.allocation_id.clone()),
        tags: Tags::from_live(pairs(gateway.tags)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(state: &str) -> NatGatewayLive {
        NatGatewayLive {
            id: "nat-1".into(),
            state: state.into(),
            failure: String::new(),
            subnet_id: "subnet-1".into(),
            allocation_id: Some("eipalloc-1".into()),
            tags: Tags::default(),
        }
    }

    fn desired() -> NatGatewayDesired {
        let (subnet_id, allocation_id) = ("subnet-1".into(), "eipalloc-1".into());
        NatGatewayDesired { subnet_id, allocation_id, tags: Tags::default() }
    }

    #[test]
    fn another_subnet_or_address_is_another_gateway() {
        assert_eq!(NatGateway::diff(&desired(), &live("available")), Verdict::Same);
        for other in [
            NatGatewayDesired { subnet_id: "subnet-2".into(), ..desired() },
            NatGatewayDesired { allocation_id: "eipalloc-2".into(), ..desired() },
        ] {
            assert!(matches!(NatGateway::diff(&other, &live("available")), Verdict::Replace { .. }), "{other:?}");
        }
    }

    #[test]
    fn a_gateway_that_goes_is_replaced_and_one_that_comes_is_waited_for() {
        for (state, replaced) in [("pending", false), ("available", false), ("deleting", true)] {
            let verdict = NatGateway::diff(&desired(), &live(state));
            assert_eq!(matches!(verdict, Verdict::Replace { .. }), replaced, "{state}");
        }
    }

    #[test]
    fn a_failed_gateway_says_why() {
        let failure = "Gateway.NotAttached: Network vpc-1 has no Internet gateway attached".to_owned();
        let gone = NatGatewayLive { failure: failure.clone(), ..live("failed") };
        assert_eq!(NatGateway::ready(&gone), Readiness::Failed { reason: failure });
    }
}
