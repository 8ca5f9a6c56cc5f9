//! A route table with its routes and the subnets that use it.
//!
//! | | |
//! |---|---|
//! | Create | `CreateRouteTable` with client token: the same token gives the same table |
//! | Read | `DescribeRouteTables` by filter, 200 ids a call, 100 a page; routes and associations are in the answer |
//! | Update | `CreateRoute`, `ReplaceRoute`, `DeleteRoute`; `AssociateRouteTable`, `ReplaceRouteTableAssociation`, `DisassociateRouteTable`; `CreateTags`, `DeleteTags` |
//! | Delete | `DisassociateRouteTable` per association, then `DeleteRouteTable` |
//! | Replace | VPC; delete first, since the old VPC cannot go before its tables |
//! | Waits | none; 1-5 s |
//!
//! Quirks: a table comes with the VPC's local route, and gateway endpoints and virtual private gateways add routes of
//! their own: only routes to a CIDR with origin `CreateRoute` are compared, and none to a `vpce-`. A subnet that uses
//! another table is moved by `ReplaceRouteTableAssociation`, so that it does not fall back to the VPC's main table; the
//! association's id changes with that, so the table it leaves cannot end it by mistake. (Only where that table is
//! patched first does the subnet use the main one, until this is patched.) Routes are set before subnets move in. A
//! route to a NAT gateway that is still pending is refused.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{ResourceType, Route, RouteOrigin};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::routing::{associate, associations, create_route, delete_route, disassociate, list, replace_route};
use super::tagging::{born, candidate, filter, owned, pairs, retag};
use super::{InternetGateway, NatGateway, Subnet, Vpc};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// Where packets to a destination go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTarget {
    /// To the internet and back.
    InternetGateway(Ref<InternetGateway>),
    /// To the internet only.
    NatGateway(Ref<NatGateway>),
}

/// What the blueprint says of a route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableSpec {
    /// The VPC that it belongs to.
    pub vpc: Ref<Vpc>,
    /// IPv4 destination, canonical (`0.0.0.0/0`), to target; the VPC's own range needs no route.
    pub routes: BTreeMap<String, RouteTarget>,
    /// Subnets that use it; a subnet uses one table.
    pub subnets: Vec<Ref<Subnet>>,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// A [`RouteTarget`] by AWS's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextHop {
    /// `igw-...`
    InternetGateway(String),
    /// `nat-...`
    NatGateway(String),
}

impl NextHop {
    /// The id, whatever it is of.
    pub fn id(&self) -> &str {
        match self {
            Self::InternetGateway(id) | Self::NatGateway(id) => id,
        }
    }
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableDesired {
    /// `vpc-...`
    pub vpc_id: String,
    /// Destination to next hop.
    pub routes: BTreeMap<String, NextHop>,
    /// `subnet-...`
    pub subnets: BTreeSet<String>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableLive {
    /// `rtb-...`
    pub id: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// Destination to id of the target, whatever it is of; only routes that somebody created.
    pub routes: BTreeMap<String, String>,
    /// `subnet-...` to `rtbassoc-...`
    pub associations: BTreeMap<String, String>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteTablePatch {
    /// Routes to destinations that have none.
    pub create: BTreeMap<String, NextHop>,
    /// Routes that go elsewhere.
    pub replace: BTreeMap<String, NextHop>,
    /// Destinations whose route goes.
    pub delete: BTreeSet<String>,
    /// Subnets that are to use this table.
    pub associate: BTreeSet<String>,
    /// Associations to end.
    pub disassociate: BTreeSet<String>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableOutputs {
    /// `rtb-...`
    pub route_table_id: String,
}

/// The kind `ec2/route_table`.
pub struct RouteTable;

impl Kind for RouteTable {
    const NAME: &'static str = "ec2/route_table";
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(2, 1);

    type Spec = RouteTableSpec;
    type Desired = RouteTableDesired;
    type Live = RouteTableLive;
    type Patch = RouteTablePatch;
    type Outputs = RouteTableOutputs;

    fn refs(spec: &RouteTableSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
        for target in spec.routes.values() {
            visit(match target {
                RouteTarget::InternetGateway(gateway) => Edge::ready(gateway),
                RouteTarget::NatGateway(gateway) => Edge::ready(gateway),
            });
        }
        spec.subnets.iter().for_each(|subnet| visit(Edge::ready(subnet)));
    }

    fn lower(spec: &RouteTableSpec, upstream: &Upstream<'_>) -> Result<RouteTableDesired, Pending> {
        let next_hop = |target: &RouteTarget| {
            Ok(match target {
                RouteTarget::InternetGateway(to) => NextHop::InternetGateway(upstream.of(to)?.internet_gateway_id),
                RouteTarget::NatGateway(to) => NextHop::NatGateway(upstream.of(to)?.nat_gateway_id),
            })
        };
        let routes = spec.routes.iter().map(|(destination, target)| Ok((destination.clone(), next_hop(target)?)));
        let subnets = spec.subnets.iter().map(|subnet| Ok(upstream.of(subnet)?.subnet_id));
        Ok(RouteTableDesired {
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            routes: routes.collect::<Result<_, Pending>>()?,
            subnets: subnets.collect::<Result<_, Pending>>()?,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &RouteTableDesired, live: &RouteTableLive) -> Verdict<RouteTablePatch> {
        let fixed = changes().field("vpc_id", &live.vpc_id, &desired.vpc_id);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let destinations: BTreeSet<&String> = live.routes.keys().chain(desired.routes.keys()).collect();
        let found = destinations.into_iter().fold(changes(), |found, destination| {
            let (from, to) = (live.routes.get(destination), desired.routes.get(destination));
            found.field(&format!("routes.{destination}"), &from.map(String::as_str), &to.map(NextHop::id))
        });
        let subnets: BTreeSet<String> = live.associations.keys().cloned().collect();
        let found = found.field("subnets", &subnets, &desired.subnets).tags(&live.tags, &desired.tags);
        Verdict::patch_if(found, patch(desired, live))
    }

    fn ready(_: &RouteTableLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &RouteTableLive) -> Option<RouteTableOutputs> {
        Some(RouteTableOutputs { route_table_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> RouteTableOutputs {
        RouteTableOutputs { route_table_id: unknown(address, "route_table_id") }
    }
}

/// What makes `live` into `desired`.
fn patch(desired: &RouteTableDesired, live: &RouteTableLive) -> RouteTablePatch {
    let differs =
        |(destination, hop): &(&String, &NextHop)| live.routes.get(*destination).map(String::as_str) != Some(hop.id());
    let wrong = desired.routes.iter().filter(differs).map(|(destination, hop)| (destination.clone(), hop.clone()));
    let (replace, create) = wrong.partition(|(destination, _)| live.routes.contains_key(destination));
    let unwanted = |(subnet, _): &(&String, &String)| !desired.subnets.contains(*subnet);
    RouteTablePatch {
        create,
        replace,
        delete: live.routes.keys().filter(|destination| !desired.routes.contains_key(*destination)).cloned().collect(),
        associate: desired.subnets.iter().filter(|id| !live.associations.contains_key(*id)).cloned().collect(),
        disassociate: live.associations.iter().filter(unwanted).map(|(_, id)| id.clone()).collect(),
        tags: TagPatch::between(&live.tags, &desired.tags),
    }
}

impl Driver for RouteTable {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeRouteTables"],
        write: &[
            "ec2:CreateRouteTable",
            "ec2:CreateRoute",
            "ec2:ReplaceRoute",
            "ec2:DeleteRoute",
            "ec2:AssociateRouteTable",
            "ec2:ReplaceRouteTableAssociation",
            "ec2:DisassociateRouteTable",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<RouteTableLive>, CallError> {
        let tables = list(cx, filter("route-table-id", ids)).await?;
        Ok(tables.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, _: &[(Address, RouteTableDesired)]) -> Result<Vec<Candidate>, CallError> {
        let tables = list(cx, owned(cx)).await?;
        Ok(tables.into_iter().filter_map(|found| candidate(found.route_table_id, found.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &RouteTableDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateRouteTable";
        let request = cx.aws.ec2.create_route_table().vpc_id(&desired.vpc_id).client_token(birth.token.as_str());
        let request = request.tag_specifications(born(ResourceType::RouteTable, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let id = answer.route_table.and_then(|table| table.route_table_id);
        id.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no route table"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &RouteTablePatch) -> Result<(), CallError> {
        for (destination, hop) in &patch.create {
            match create_route(cx, id, destination, hop).await {
                // Made by an earlier try, or by somebody else with another target.
                Err(error) if error.class == ErrorClass::AlreadyExists => {
                    replace_route(cx, id, destination, hop).await?;
                }
                outcome => outcome?,
            }
        }
        for (destination, hop) in &patch.replace {
            replace_route(cx, id, destination, hop).await?;
        }
        for destination in &patch.delete {
            delete_route(cx, id, destination).await?;
        }
        if !patch.associate.is_empty() {
            associate(cx, id, &patch.associate).await?;
        }
        for association in &patch.disassociate {
            disassociate(cx, association).await?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        for table in list(cx, filter("route-table-id", [id])).await? {
            let associations = table.associations.unwrap_or_default().into_iter();
            for association in associations.filter(|association| association.main != Some(true)) {
                disassociate(cx, &association.route_table_association_id.unwrap_or_default()).await?;
            }
        }
        let deleted = cx.aws.ec2.delete_route_table().route_table_id(id).send().await;
        deleted.map_err(failed("ec2:DeleteRouteTable")).unless_gone()
    }
}

fn live(table: aws_sdk_ec2::types::RouteTable) -> Option<RouteTableLive> {
    Some(RouteTableLive {
        id: table.route_table_id?,
        vpc_id: table.vpc_id.unwrap_or_default(),
        routes: table.routes.unwrap_or_default().into_iter().filter_map(created).collect(),
        associations: associations(table.associations).collect(),
        tags: Tags::from_live(pairs(table.tags)),
    })
}

/// Destination and target of a route that is neither AWS's own nor a gateway endpoint's.
fn created(route: Route) -> Option<(String, String)> {
    let destination = route.destination_cidr_block.or(route.destination_ipv6_cidr_block)?;
    if route.origin != Some(RouteOrigin::CreateRoute) {
        return None;
    }
    let target = (route.gateway_id.or(route.nat_gateway_id))
        .or(route.vpc_peering_connection_id)
        .or(route.transit_gateway_id)
        .or(route.egress_only_internet_gateway_id)
        .or(route.network_interface_id)
        .or(route.instance_id)
        .or(route.local_gateway_id)
        .or(route.carrier_gateway_id)
        .or(route.core_network_arn)
        .unwrap_or_default();
    (!target.starts_with("vpce-")).then_some((destination, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYWHERE: &str = "0.0.0.0/0";

    fn live() -> RouteTableLive {
        RouteTableLive {
            id: "rtb-1".into(),
            vpc_id: "vpc-1".into(),
            routes: BTreeMap::from([(ANYWHERE.into(), "nat-1".into())]),
            associations: BTreeMap::from([("subnet-a".into(), "rtbassoc-a".into())]),
            tags: Tags::default(),
        }
    }

    fn desired() -> RouteTableDesired {
        RouteTableDesired {
            vpc_id: "vpc-1".into(),
            routes: BTreeMap::from([(ANYWHERE.into(), NextHop::NatGateway("nat-1".into()))]),
            subnets: BTreeSet::from(["subnet-a".into()]),
            tags: Tags::default(),
        }
    }

    fn patched(desired: &RouteTableDesired, live: &RouteTableLive) -> RouteTablePatch {
        let Verdict::Patch { patch, .. } = RouteTable::diff(desired, live) else { panic!("no patch") };
        patch
    }

    #[test]
    fn routes_are_created_redirected_and_deleted() {
        assert_eq!(RouteTable::diff(&desired(), &live()), Verdict::Same);
        let gateway = NextHop::InternetGateway("igw-1".into());
        let elsewhere = BTreeMap::from([(ANYWHERE.to_owned(), gateway.clone())]);
        let redirected = patched(&RouteTableDesired { routes: elsewhere.clone(), ..desired() }, &live());
        assert_eq!(redirected, RouteTablePatch { replace: elsewhere, ..RouteTablePatch::default() });
        let other = BTreeMap::from([("10.9.0.0/16".to_owned(), gateway)]);
        let moved = patched(&RouteTableDesired { routes: other.clone(), ..desired() }, &live());
        assert_eq!((moved.create, moved.delete), (other, BTreeSet::from([ANYWHERE.to_owned()])));
    }

    #[test]
    fn subnets_come_and_go() {
        let other = RouteTableDesired { subnets: BTreeSet::from(["subnet-b".into()]), ..desired() };
        let patch = patched(&other, &live());
        assert_eq!(patch.associate, BTreeSet::from(["subnet-b".to_owned()]));
        assert_eq!(patch.disassociate, BTreeSet::from(["rtbassoc-a".to_owned()]));
    }

    #[test]
    fn only_created_routes_to_a_cidr_count() {
        let route = || Route::builder().origin(RouteOrigin::CreateRoute);
        let ours = route().destination_cidr_block(ANYWHERE).nat_gateway_id("nat-1").build();
        assert_eq!(created(ours), Some((ANYWHERE.to_owned(), "nat-1".to_owned())));
        let peering = route().destination_cidr_block("10.1.0.0/16").vpc_peering_connection_id("pcx-1").build();
        assert_eq!(created(peering), Some(("10.1.0.0/16".to_owned(), "pcx-1".to_owned())));
        for foreign in [
            Route::builder()
                .origin(RouteOrigin::CreateRouteTable)
                .destination_cidr_block("10.0.0.0/16")
                .gateway_id("local"),
            Route::builder().origin(RouteOrigin::EnableVgwRoutePropagation).destination_cidr_block("10.2.0.0/16"),
            route().destination_prefix_list_id("pl-1").gateway_id("vpce-1"),
            route().destination_cidr_block("192.0.2.0/24").gateway_id("vpce-2"),
        ] {
            assert_eq!(created(foreign.build()), None);
        }
    }
}
