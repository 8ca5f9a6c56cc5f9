//! The calls on a table's routes and associations, each repeatable.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, RouteTable, RouteTableAssociation};
use globe_model::{CallError, ErrorClass};

use super::route_table::NextHop;
use super::tagging::filter;
use crate::driver::Scoped;
use crate::error::{Reclass, failed};

/// What a call right after the create of the table, the target or the subnet may be refused with; a NAT gateway counts
/// as not found until it is available. `InvalidParameterException` was seen to pass with time, too.
const NOT_VISIBLE_YET: &[&str] = &[
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidGatewayID.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidSubnetId.NotFound",
    "InvalidParameterException",
];

/// Makes a route; `AlreadyExists` if the destination has one, to whichever target.
///
/// # Errors
/// When the call fails.
pub async fn create_route(cx: &Scoped, id: &str, destination: &str, hop: &NextHop) -> Result<(), CallError> {
    let request = cx.aws.ec2.create_route().route_table_id(id).destination_cidr_block(destination);
    let request = match hop {
        NextHop::InternetGateway(gateway) => request.gateway_id(gateway),
        NextHop::NatGateway(gateway) => request.nat_gateway_id(gateway),
    };
    let created = request.send().await.map_err(failed("ec2:CreateRoute"));
    created.reclass(NOT_VISIBLE_YET, ErrorClass::NotYetConsistent).map(drop)
}

/// Sends a destination that has a route elsewhere.
///
/// # Errors
/// When the call fails.
pub async fn replace_route(cx: &Scoped, id: &str, destination: &str, hop: &NextHop) -> Result<(), CallError> {
    let request = cx.aws.ec2.replace_route().route_table_id(id).destination_cidr_block(destination);
    let request = match hop {
        NextHop::InternetGateway(gateway) => request.gateway_id(gateway),
        NextHop::NatGateway(gateway) => request.nat_gateway_id(gateway),
    };
    let replaced = request.send().await.map_err(failed("ec2:ReplaceRoute"));
    replaced.reclass(NOT_VISIBLE_YET, ErrorClass::NotYetConsistent).map(drop)
}

/// Removes a route, if it is there.
///
/// # Errors
/// When the call fails.
pub async fn delete_route(cx: &Scoped, id: &str, destination: &str) -> Result<(), CallError> {
    let deleted = cx.aws.ec2.delete_route().route_table_id(id).destination_cidr_block(destination).send().await;
    let deleted = deleted.map_err(failed("ec2:DeleteRoute"));
    deleted.reclass(&["InvalidParameterException"], ErrorClass::NotYetConsistent).unless_gone()
}

/// Makes the subnets use this table, wherever they are associated now.
///
/// # Errors
/// When a call fails; `Conflict` when somebody else moved a subnet meanwhile.
pub async fn associate(cx: &Scoped, id: &str, subnets: &BTreeSet<String>) -> Result<(), CallError> {
    let tables = list(cx, filter("association.subnet-id", subnets)).await?;
    let mut now = BTreeMap::new();
    for table in tables {
        let here = table.route_table_id.as_deref() == Some(id);
        now.extend(associations(table.associations).map(|(subnet, association)| (subnet, (here, association))));
    }
    for subnet in subnets {
        match now.get(subnet) {
            Some((true, _)) => {}
            Some((false, association)) => {
                let request = cx.aws.ec2.replace_route_table_association().association_id(association);
                let moved = request.route_table_id(id).send().await.map_err(failed("ec2:ReplaceRouteTableAssociation"));
                moved.reclass(MOVED_MEANWHILE, ErrorClass::Conflict)?;
            }
            None => {
                let request = cx.aws.ec2.associate_route_table().route_table_id(id).subnet_id(subnet);
                let joined = request.send().await.map_err(failed("ec2:AssociateRouteTable"));
                let joined = joined.reclass(MOVED_MEANWHILE, ErrorClass::Conflict);
                joined.reclass(NOT_VISIBLE_YET, ErrorClass::NotYetConsistent)?;
            }
        }
    }
    Ok(())
}

/// Somebody moved the subnet between our look and our call: another look finds out.
const MOVED_MEANWHILE: &[&str] = &["Resource.AlreadyAssociated", "InvalidAssociationID.NotFound"];

/// Ends an association, if it is there.
///
/// # Errors
/// When the call fails.
pub async fn disassociate(cx: &Scoped, association: &str) -> Result<(), CallError> {
    let ended = cx.aws.ec2.disassociate_route_table().association_id(association).send().await;
    ended.map_err(failed("ec2:DisassociateRouteTable")).unless_gone()
}

/// The route tables that a filter finds.
///
/// # Errors
/// When the call fails.
pub async fn list(cx: &Scoped, filter: Filter) -> Result<Vec<RouteTable>, CallError> {
    let request = cx.aws.ec2.describe_route_tables().filters(filter).max_results(100);
    request.into_paginator().items().send().try_collect().await.map_err(failed("ec2:DescribeRouteTables"))
}

/// Subnet and id of each association that holds; the main one has no subnet.
pub fn associations(all: Option<Vec<RouteTableAssociation>>) -> impl Iterator<Item = (String, String)> {
    all.unwrap_or_default().into_iter().filter_map(|association| {
        let state = association.association_state.and_then(|state| state.state);
        let holds = state.is_none_or(|state| matches!(state.as_str(), "associating" | "associated"));
        let pair = association.subnet_id.zip(association.route_table_association_id);
        pair.filter(|_| holds)
    })
}
