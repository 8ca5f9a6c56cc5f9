//! An Elastic IP address of a VPC.
//!
//! | | |
//! |---|---|
//! | Create | `AllocateAddress`; no client token: each repeat allocates, and bills, one more, so a lost answer is found by the nonce tag |
//! | Read | `DescribeAddresses` by filter, 200 ids a call; one answer, never paged |
//! | Update | `CreateTags`, `DeleteTags` |
//! | Delete | `ReleaseAddress`; `InvalidIPAddress.InUse` until its NAT gateway is deleted, not just deleting |
//! | Replace | nothing that a specification says |
//! | Waits | none; about 1 s |
//!
//! Quirks: `AuthFailure` on release may mean that the address is released already and somebody else's by now. Who
//! uses the address is the user's business (a NAT gateway names its address), so associations are no part of it.

use aws_sdk_ec2::types::{DomainType, ResourceType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::tagging::{born, candidate, filter, owned, pairs, retag};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIpSpec {
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIpDesired {
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIpLive {
    /// `eipalloc-...`
    pub id: String,
    /// The IPv4 address.
    pub public_ip: String,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ElasticIpPatch {
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElasticIpOutputs {
    /// `eipalloc-...`
    pub allocation_id: String,
    /// The IPv4 address.
    pub public_ip: String,
}

/// The kind `ec2/elastic_ip`.
pub struct ElasticIp;

impl Kind for ElasticIp {
    const NAME: &'static str = "ec2/elastic_ip";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = ElasticIpSpec;
    type Desired = ElasticIpDesired;
    type Live = ElasticIpLive;
    type Patch = ElasticIpPatch;
    type Outputs = ElasticIpOutputs;

    fn refs(_: &ElasticIpSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &ElasticIpSpec, _: &Upstream<'_>) -> Result<ElasticIpDesired, Pending> {
        Ok(ElasticIpDesired { tags: spec.tags.clone() })
    }

    fn diff(desired: &ElasticIpDesired, live: &ElasticIpLive) -> Verdict<ElasticIpPatch> {
        let patch = ElasticIpPatch { tags: TagPatch::between(&live.tags, &desired.tags) };
        Verdict::patch_if(changes().tags(&live.tags, &desired.tags), patch)
    }

    fn ready(_: &ElasticIpLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &ElasticIpLive) -> Option<ElasticIpOutputs> {
        Some(ElasticIpOutputs { allocation_id: live.id.clone(), public_ip: live.public_ip.clone() })
    }

    fn unknown(address: &Address) -> ElasticIpOutputs {
        let output = |name: &str| unknown(address, name);
        ElasticIpOutputs { allocation_id: output("allocation_id"), public_ip: output("public_ip") }
    }
}

impl Driver for ElasticIp {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeAddresses"],
        write: &["ec2:AllocateAddress", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:ReleaseAddress"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ElasticIpLive>, CallError> {
        let request = cx.aws.ec2.describe_addresses().filters(filter("allocation-id", ids));
        let answer = request.send().await.map_err(failed("ec2:DescribeAddresses"))?;
        let addresses = answer.addresses.unwrap_or_default();
        Ok(addresses.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, ElasticIpDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_addresses().filters(owned(cx));
        let answer = request.send().await.map_err(failed("ec2:DescribeAddresses"))?;
        let addresses = answer.addresses.unwrap_or_default();
        Ok(addresses.into_iter().filter_map(|found| candidate(found.allocation_id, found.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &ElasticIpDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:AllocateAddress";
        let tags = born(ResourceType::ElasticIp, birth, &desired.tags);
        let request = cx.aws.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(tags);
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let id = answer.allocation_id;
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no allocation"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &ElasticIpPatch) -> Result<(), CallError> {
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let released = cx.aws.ec2.release_address().allocation_id(id).send().await;
        match released.map_err(failed("ec2:ReleaseAddress")).unless_gone() {
            Err(error) if error.code.as_deref() == Some("AuthFailure") => {
                let found = Self::read(cx, &[id.to_owned()]).await?;
                if found.is_empty() { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
        }
    }
}

fn live(address: aws_sdk_ec2::types::Address) -> Option<ElasticIpLive> {
    Some(ElasticIpLive {
        id: address.allocation_id?,
        public_ip: address.public_ip.unwrap_or_default(),
        tags: Tags::from_live(pairs(address.tags)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_ever_change() {
        let live = ElasticIpLive { id: "eipalloc-1".into(), public_ip: "198.18.0.1".into(), tags: Tags::default() };
        assert_eq!(ElasticIp::diff(&ElasticIpDesired { tags: Tags::default() }, &live), Verdict::Same);
        let renamed = ElasticIpDesired { tags: Tags::default().with("Name", "main-a") };
        let Verdict::Patch { changes, .. } = ElasticIp::diff(&renamed, &live) else { panic!("no patch") };
        assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["tags.Name"]);
    }
}
