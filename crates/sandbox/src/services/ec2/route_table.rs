//! Route tables and their associations. Facts: a table is made once per client token; a subnet is explicitly associated
//! with one table at most, and moves by a replacement that gives the association a new id; a table with associations
//! cannot be deleted; the VPC's main table comes and goes with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::subnet::SUBNETS;
use super::vpc::VPCS;
use super::{Shelf, describe, done, missing, route, show, tagging, vpc_cidr, vpc_parts};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::{Key, Object};

/// How route tables are described.
pub const TABLES: Shelf = Shelf {
    kind: "ec2/route-table",
    set: "routeTableSet",
    ids: "RouteTableId",
    unknown: "InvalidRouteTableID.NotFound",
    noun: "routeTable ID",
    filters: &[
        ("association.main", "associationSet.main"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("association.route-table-id", "associationSet.routeTableId"),
        ("association.route-table-association-id", "associationSet.routeTableAssociationId"),
        ("route.destination-cidr-block", "routeSet.destinationCidrBlock"),
        ("route.destination-prefix-list-id", "routeSet.destinationPrefixListId"),
        ("route.gateway-id", "routeSet.gatewayId"),
        ("route.nat-gateway-id", "routeSet.natGatewayId"),
        ("route.vpc-peering-connection-id", "routeSet.vpcPeeringConnectionId"),
        ("route.origin", "routeSet.origin"),
        ("route.state", "routeSet.state"),
    ],
};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateRouteTable" => Some(create(call)),
        "DescribeRouteTables" => Some(list(call)),
        "AssociateRouteTable" => Some(associate(call)),
        "ReplaceRouteTableAssociation" => Some(replace(call)),
        "DisassociateRouteTable" => Some(disassociate(call)),
        "DeleteRouteTable" => Some(delete(call)),
        _ => None,
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    route::follow_peerings(call);
    if call.number("MaxResults").is_some_and(|wanted| !(5..=100).contains(&wanted)) {
        let message = "Value for parameter maxResults is invalid. Expecting a value between 5 and 100.";
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    describe(call, &TABLES)
}

/// A table with nothing but the local routes; not in the world yet.
pub fn fresh(call: &mut Call<'_>, vpc_id: &str) -> Object {
    let id = call.ec2_id("rtb");
    let blocks = call.get(VPCS.kind, vpc_id).map(vpc_cidr::blocks).unwrap_or_default();
    let routes: Vec<Value> = blocks.iter().map(|block| route::local(block)).collect();
    let body = json!({
        "routeTableId": id, "vpcId": vpc_id, "ownerId": call.account, "propagatingVgwSet": [], "associationSet": [],
        "routeSet": routes,
    });
    call.object(TABLES.kind, &id, body)
}

/// The association that makes a table its VPC's main one.
pub fn make_main(call: &mut Call<'_>, table: &mut Object) {
    let id = call.ec2_id("rtbassoc");
    table.set("associationSet", json!([association(&id, &table.id, None)]));
}

/// Ends the associations of a subnet that is gone.
pub fn forget_subnet(call: &mut Call<'_>, subnet_id: &str) {
    if let Some((key, association)) = find(call, "subnetId", subnet_id) {
        call.world.change(&key, |table| drop_association(table, &association));
    }
}

fn association(id: &str, table_id: &str, subnet_id: Option<&str>) -> Value {
    json!({
        "routeTableAssociationId": id, "routeTableId": table_id, "subnetId": subnet_id, "main": subnet_id.is_none(),
        "associationState": {"state": "associated"},
    })
}

fn associations(table: &Object) -> Vec<Value> {
    as_list(table.body.get("associationSet"))
}

fn is_main(association: &Value) -> bool {
    association.get("main") == Some(&Value::Bool(true))
}

/// The table and the association with this member.
fn find(call: &Call<'_>, member: &str, value: &str) -> Option<(Key, Value)> {
    let mut tables = call.world.list(call.account, call.region, TABLES.kind);
    tables.find_map(|table| {
        let mut associations = associations(table).into_iter();
        let found = associations.find(|association| association.get(member).is_some_and(|have| have == value))?;
        Some((table.key(), found))
    })
}

fn drop_association(table: &mut Object, association: &Value) {
    let mut kept = associations(table);
    kept.retain(|other| other != association);
    table.set("associationSet", kept);
}

fn add_association(table: &mut Object, association: Value) {
    let mut all = associations(table);
    all.push(association);
    table.set("associationSet", all);
}

fn create(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let id = call.once(token.clone(), "IdempotentParameterMismatch", |call| {
        let vpc_id = call.need("VpcId")?;
        call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
        let tags = tagging::at_creation(call, "route-table")?;
        let mut table = fresh(call, &vpc_id);
        table.tags = tags;
        table.needs = BTreeSet::from([vpc_id]);
        let id = table.id.clone();
        call.world.put(table);
        Ok(id)
    })?;
    let table = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    Ok(json!({"routeTable": show(table), "clientToken": token}).into())
}

fn associate(call: &mut Call<'_>) -> Answer {
    let (id, subnet_id) = (call.need("RouteTableId")?, call.need("SubnetId")?);
    let table = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    let subnet = call.get(SUBNETS.kind, &subnet_id).ok_or_else(|| missing(&SUBNETS, &subnet_id))?;
    if table.text("vpcId") != subnet.text("vpcId") {
        let message = format!("Route table {id} and subnet {subnet_id} belong to different networks");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    if let Some((_, association)) = find(call, "subnetId", &subnet_id) {
        let known = association.get("routeTableAssociationId").and_then(Value::as_str).unwrap_or_default();
        let message =
            format!("the specified association for route table {id} conflicts with an existing association {known}");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    let association_id = call.ec2_id("rtbassoc");
    let new = association(&association_id, &id, Some(&subnet_id));
    call.world.change(&call.key(TABLES.kind, &id), |table| add_association(table, new));
    Ok(json!({"associationId": association_id, "associationState": {"state": "associated"}}).into())
}

fn replace(call: &mut Call<'_>) -> Answer {
    let (old_id, id) = (call.need("AssociationId")?, call.need("RouteTableId")?);
    let (from, old) = find(call, "routeTableAssociationId", &old_id).ok_or_else(|| unknown_association(&old_id))?;
    let to = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    let vpc_id = to.text("vpcId").to_owned();
    if call.get(TABLES.kind, &from.3).is_none_or(|from| from.text("vpcId") != vpc_id) {
        let message = format!("Route table {id} and association {old_id} belong to different networks");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let new_id = call.ec2_id("rtbassoc");
    let new = association(&new_id, &id, old.get("subnetId").and_then(Value::as_str));
    let main = is_main(&old);
    call.world.change(&from, |table| {
        drop_association(table, &old);
        if main {
            vpc_parts::leave(table, &vpc_id);
        }
    });
    call.world.change(&call.key(TABLES.kind, &id), |table| {
        add_association(table, new);
        if main {
            vpc_parts::join(table, &vpc_id);
        }
    });
    Ok(json!({"newAssociationId": new_id, "associationState": {"state": "associated"}}).into())
}

fn unknown_association(id: &str) -> ApiError {
    ApiError::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}

fn disassociate(call: &mut Call<'_>) -> Answer {
    let id = call.need("AssociationId")?;
    let (key, association) = find(call, "routeTableAssociationId", &id).ok_or_else(|| unknown_association(&id))?;
    if is_main(&association) {
        let message = format!("cannot disassociate the main route table association {id}");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    call.world.change(&key, |table| drop_association(table, &association));
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("RouteTableId")?;
    let table = call.get(TABLES.kind, &id).ok_or_else(|| missing(&TABLES, &id))?;
    if !associations(table).is_empty() {
        let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    call.world.remove(&call.key(TABLES.kind, &id));
    done()
}
