//! A gateway endpoint: a VPC's own way to S3 or DynamoDB, free of charge.
//!
//! | | |
//! |---|---|
//! | Create | `CreateVpcEndpoint` with its route tables; client token, which the SDK does not fill |
//! | Read | `DescribeVpcEndpoints` by filter, 200 ids a call; complete |
//! | Update | `ModifyVpcEndpoint` adds and removes route tables and resets the policy; `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteVpcEndpoints`, which answers 200 and lists what it could not delete; its routes go along |
//! | Replace | VPC and service; delete first, since a route table takes one endpoint per service |
//! | Waits | `pending` to `available`, about 8 s; `deleting` to gone, about 5 s |
//!
//! Quirks: states come in lower case although the SDK's enum is capitalised; no policy given is shown as one that allows
//! everything; the three writes share a budget of one call per 3.3 s; a service's prefix list is not among the outputs,
//! since a read would cost a second call that nobody needs.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{ResourceType, VpcEndpointType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tagging::{born, candidate, filter, owned, pairs, retag};
use super::{RouteTable, Vpc};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed, unsuccessful};

/// What the blueprint says of a gateway endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpointSpec {
    /// The VPC it serves.
    pub vpc: Ref<Vpc>,
    /// The VPC's region, which is part of the service's full name.
    pub region: String,
    /// `s3` or `dynamodb`.
    pub service: String,
    /// Route tables that get a route to the service.
    pub route_tables: Vec<Ref<RouteTable>>,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpointDesired {
    /// `vpc-...`
    pub vpc_id: String,
    /// `com.amazonaws.eu-central-1.s3`
    pub service_name: String,
    /// `rtb-...`
    pub route_table_ids: BTreeSet<String>,
    /// Whether everything may pass, as without a policy; always, as access is the buckets' and tables' business.
    pub full_access: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpointLive {
    /// `vpce-...`
    pub id: String,
    /// `pending`, `available`, `deleting`, `failed` and others, in lower case.
    pub state: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// `com.amazonaws.eu-central-1.s3`
    pub service_name: String,
    /// `rtb-...`
    pub route_table_ids: BTreeSet<String>,
    /// See [`VpcEndpointDesired::full_access`].
    pub full_access: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpointPatch {
    /// Route tables that get the route.
    pub add: BTreeSet<String>,
    /// Route tables that lose it.
    pub remove: BTreeSet<String>,
    /// Whether the policy goes back to the one that allows everything.
    pub reset_policy: bool,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpointOutputs {
    /// `vpce-...`
    pub endpoint_id: String,
}

/// The kind `ec2/vpc_endpoint`.
pub struct VpcEndpoint;

impl Kind for VpcEndpoint {
    const NAME: &'static str = "ec2/vpc_endpoint";
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(8, 5);

    type Spec = VpcEndpointSpec;
    type Desired = VpcEndpointDesired;
    type Live = VpcEndpointLive;
    type Patch = VpcEndpointPatch;
    type Outputs = VpcEndpointOutputs;

    fn refs(spec: &VpcEndpointSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
        // A table's own routes may still be on their way.
        spec.route_tables.iter().for_each(|table| visit(Edge::exists(table)));
    }

    fn lower(spec: &VpcEndpointSpec, upstream: &Upstream<'_>) -> Result<VpcEndpointDesired, Pending> {
        let tables = spec.route_tables.iter().map(|table| Ok(upstream.of(table)?.route_table_id));
        Ok(VpcEndpointDesired {
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            service_name: format!("com.amazonaws.{}.{}", spec.region, spec.service),
            route_table_ids: tables.collect::<Result<_, Pending>>()?,
            full_access: true,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &VpcEndpointDesired, live: &VpcEndpointLive) -> Verdict<VpcEndpointPatch> {
        let fixed = changes().field("vpc_id", &live.vpc_id, &desired.vpc_id).field(
            "service_name",
            &live.service_name,
            &desired.service_name,
        );
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("route_table_ids", &live.route_table_ids, &desired.route_table_ids)
            .field("full_access", &live.full_access, &desired.full_access)
            .tags(&live.tags, &desired.tags);
        let patch = VpcEndpointPatch {
            add: desired.route_table_ids.difference(&live.route_table_ids).cloned().collect(),
            remove: live.route_table_ids.difference(&desired.route_table_ids).cloned().collect(),
            reset_policy: desired.full_access && !live.full_access,
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &VpcEndpointLive) -> Readiness {
        match live.state.as_str() {
            "available" => Readiness::Ready,
            state @ ("failed" | "rejected" | "expired") => Readiness::Failed { reason: format!("state {state}") },
            state => Readiness::wait(format!("state {state}")),
        }
    }

    fn outputs(live: &VpcEndpointLive) -> Option<VpcEndpointOutputs> {
        Some(VpcEndpointOutputs { endpoint_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> VpcEndpointOutputs {
        VpcEndpointOutputs { endpoint_id: unknown(address, "endpoint_id") }
    }
}

impl Driver for VpcEndpoint {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeVpcEndpoints"],
        write: &["ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:DeleteVpcEndpoints"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<VpcEndpointLive>, CallError> {
        let request = cx.aws.ec2.describe_vpc_endpoints().filters(filter("vpc-endpoint-id", ids)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let endpoints = pages.map_err(failed("ec2:DescribeVpcEndpoints"))?;
        let lives = endpoints.into_iter().filter_map(live).filter(|live| live.state != "deleted");
        Ok(lives.map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, VpcEndpointDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_vpc_endpoints().filters(owned(cx)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let endpoints = pages.map_err(failed("ec2:DescribeVpcEndpoints"))?.into_iter();
        let endpoints = endpoints.filter(|endpoint| state(endpoint) != "deleted");
        Ok(endpoints.filter_map(|endpoint| candidate(endpoint.vpc_endpoint_id, endpoint.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &VpcEndpointDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateVpcEndpoint";
        let request = cx.aws.ec2.create_vpc_endpoint().vpc_id(&desired.vpc_id).service_name(&desired.service_name);
        let request = request.vpc_endpoint_type(VpcEndpointType::Gateway).client_token(birth.token.as_str());
        let request = request.set_route_table_ids(Some(desired.route_table_ids.iter().cloned().collect()));
        let request = request.tag_specifications(born(ResourceType::VpcEndpoint, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION));
        let answer = answer.reclass(FRESH, ErrorClass::NotYetConsistent)?;
        let id = answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no endpoint"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &VpcEndpointPatch) -> Result<(), CallError> {
        if !patch.add.is_empty() || !patch.remove.is_empty() || patch.reset_policy {
            modify(cx, id, patch).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        const OPERATION: &str = "ec2:DeleteVpcEndpoints";
        let answer = cx.aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await.map_err(failed(OPERATION));
        let errors = answer?.unsuccessful.unwrap_or_default().into_iter().filter_map(|item| item.error);
        for error in errors {
            Err::<(), _>(unsuccessful(OPERATION, error.code, error.message)).unless_gone()?;
        }
        Ok(())
    }
}

/// Facts: what was made a moment ago is not found for some seconds; codes have two spellings.
const FRESH: &[&str] =
    &["InvalidRouteTableId.NotFound", "InvalidRouteTableID.NotFound", "InvalidVpcID.NotFound", "InvalidVpcId.NotFound"];

/// Adding a route table twice is refused, so a repeat after a lost answer asks only for what is still to be done.
async fn modify(cx: &Scoped, id: &str, patch: &VpcEndpointPatch) -> Result<(), CallError> {
    const OPERATION: &str = "ec2:ModifyVpcEndpoint";
    let found = VpcEndpoint::read(cx, &[id.to_owned()]).await?;
    let Some(live) = found.get(id) else {
        return Err(CallError::new(ErrorClass::NotYetConsistent, OPERATION, format!("{id} is not visible")));
    };
    let add: Vec<String> = patch.add.difference(&live.route_table_ids).cloned().collect();
    let remove: Vec<String> = patch.remove.intersection(&live.route_table_ids).cloned().collect();
    if add.is_empty() && remove.is_empty() && (!patch.reset_policy || live.full_access) {
        return Ok(());
    }
    let request = cx.aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(id);
    let request = request.set_add_route_table_ids(some(add)).set_remove_route_table_ids(some(remove));
    let request = request.set_reset_policy(patch.reset_policy.then_some(true));
    let answer = request.send().await.map_err(failed(OPERATION)).map(drop);
    answer.reclass(FRESH, ErrorClass::NotYetConsistent)
}

fn some(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

fn state(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> String {
    endpoint.state.as_ref().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default()
}

fn live(endpoint: aws_sdk_ec2::types::VpcEndpoint) -> Option<VpcEndpointLive> {
    Some(VpcEndpointLive {
        state: state(&endpoint),
        id: endpoint.vpc_endpoint_id?,
        vpc_id: endpoint.vpc_id.unwrap_or_default(),
        service_name: endpoint.service_name.unwrap_or_default(),
        route_table_ids: endpoint.route_table_ids.unwrap_or_default().into_iter().collect(),
        full_access: endpoint.policy_document.is_none_or(|policy| allows_everything(&policy)),
        tags: Tags::from_live(pairs(endpoint.tags)),
    })
}

/// Whether a policy is the one that AWS shows when none was given, whatever its version and order of members.
fn allows_everything(policy: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return false };
    let statement = match policy.get("Statement") {
        Some(Value::Array(statements)) if statements.len() == 1 => statements.first(),
        other => other,
    };
    let Some(statement) = statement.and_then(Value::as_object) else { return false };
    let is = |name: &str, text: &str| statement.get(name).and_then(Value::as_str) == Some(text);
    is("Effect", "Allow")
        && is("Principal", "*")
        && is("Action", "*")
        && is("Resource", "*")
        && !statement.contains_key("Condition")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> VpcEndpointLive {
        VpcEndpointLive {
            id: "vpce-1".into(),
            state: "available".into(),
            vpc_id: "vpc-1".into(),
            service_name: "com.amazonaws.eu-central-1.s3".into(),
            route_table_ids: BTreeSet::from(["rtb-1".into(), "rtb-2".into()]),
            full_access: true,
            tags: Tags::default(),
        }
    }

    fn desired() -> VpcEndpointDesired {
        let VpcEndpointLive { vpc_id, service_name, route_table_ids, full_access, tags, .. } = live();
        VpcEndpointDesired { vpc_id, service_name, route_table_ids, full_access, tags }
    }

    #[test]
    fn route_tables_and_policy_change_in_place_and_the_service_does_not() {
        assert_eq!(VpcEndpoint::diff(&desired(), &live()), Verdict::Same);
        let drifted = VpcEndpointLive {
            route_table_ids: BTreeSet::from(["rtb-2".into(), "rtb-3".into()]),
            full_access: false,
            ..live()
        };
        let Verdict::Patch { patch, .. } = VpcEndpoint::diff(&desired(), &drifted) else { panic!("no patch") };
        assert_eq!((patch.add, patch.remove), (BTreeSet::from(["rtb-1".into()]), BTreeSet::from(["rtb-3".into()])));
        assert!(patch.reset_policy);
        let other = VpcEndpointDesired { service_name: "com.amazonaws.eu-central-1.dynamodb".into(), ..desired() };
        assert!(matches!(VpcEndpoint::diff(&other, &live()), Verdict::Replace { .. }));
    }

    #[test]
    fn only_a_policy_that_allows_everything_counts_as_none() {
        for (policy, expected) in [
            (
                r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
                true,
            ),
            (
                r#"{"Statement":{"Resource":"*","Principal":"*","Action":"*","Effect":"Allow"},"Version":"2012-10-17"}"#,
                true,
            ),
            (r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#, false),
            (r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#, false),
            (r#"{"Statement":[]}"#, false),
            ("no JSON", false),
        ] {
            assert_eq!(allows_everything(policy), expected, "{policy}");
        }
    }
}
