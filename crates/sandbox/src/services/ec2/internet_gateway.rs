//! Internet gateways. Facts: made without a VPC and attached by a second call; a VPC has one at most; detaching is
//! refused while anything in the VPC has a public address; an attached gateway cannot be deleted.

use serde_json::{Value, json};

use super::network_interface::INTERFACES;
use super::vpc::VPCS;
use super::{Shelf, describe, done, missing, route, show, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// How internet gateways are described.
pub const GATEWAYS: Shelf = Shelf {
    kind: "ec2/internet-gateway",
    set: "internetGatewaySet",
    ids: "InternetGatewayId",
    unknown: "InvalidInternetGatewayID.NotFound",
    noun: "internetGateway ID",
    filters: &[("attachment.vpc-id", "attachmentSet.vpcId"), ("attachment.state", "attachmentSet.state")],
};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateInternetGateway" => Some(create(call)),
        "DescribeInternetGateways" => Some(describe(call, &GATEWAYS)),
        "AttachInternetGateway" => Some(attach(call)),
        "DetachInternetGateway" => Some(detach(call)),
        "DeleteInternetGateway" => Some(delete(call)),
        _ => None,
    }
}

/// The gateway that is attached to a VPC.
pub fn of_vpc<'a>(call: &'a Call<'_>, vpc_id: &str) -> Option<&'a Object> {
    let mut gateways = call.world.list(call.account, call.region, GATEWAYS.kind);
    gateways.find(|gateway| attached(gateway).as_deref() == Some(vpc_id))
}

/// The VPC that a gateway is attached to.
pub fn attached(gateway: &Object) -> Option<String> {
    let attachments = as_list(gateway.body.get("attachmentSet"));
    attachments.first()?.get("vpcId").and_then(Value::as_str).map(str::to_owned)
}

fn create(call: &mut Call<'_>) -> Answer {
    let tags = tagging::at_creation(call, "internet-gateway")?;
    let id = call.ec2_id("igw");
    let body = json!({"internetGatewayId": id, "ownerId": call.account, "attachmentSet": []});
    let mut gateway = call.object(GATEWAYS.kind, &id, body);
    gateway.tags = tags;
    let shown = show(&gateway);
    call.world.put(gateway);
    Ok(json!({"internetGateway": shown}).into())
}

fn attach(call: &mut Call<'_>) -> Answer {
    let (id, vpc_id) = (call.need("InternetGatewayId")?, call.need("VpcId")?);
    let gateway = call.get(GATEWAYS.kind, &id).ok_or_else(|| missing(&GATEWAYS, &id))?;
    call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
    if let Some(network) = attached(gateway) {
        let message = format!("resource {id} is already attached to network {network}");
        return Err(ApiError::new("Resource.AlreadyAssociated", message));
    }
    if of_vpc(call, &vpc_id).is_some() {
        let message = format!("Network {vpc_id} already has an internet gateway attached");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    call.world.change(&call.key(GATEWAYS.kind, &id), |gateway| {
        gateway.set("attachmentSet", json!([{"vpcId": vpc_id, "state": "available"}]));
        gateway.needs.insert(vpc_id);
    });
    route::mark(call, &id, "active");
    done()
}

fn detach(call: &mut Call<'_>) -> Answer {
    let (id, vpc_id) = (call.need("InternetGatewayId")?, call.need("VpcId")?);
    let gateway = call.get(GATEWAYS.kind, &id).ok_or_else(|| missing(&GATEWAYS, &id))?;
    if attached(gateway).as_ref() != Some(&vpc_id) {
        let message = format!("resource {id} is not attached to network {vpc_id}");
        return Err(ApiError::new("Gateway.NotAttached", message));
    }
    let public = |interface: &Object| interface.text("vpcId") == vpc_id && interface.body.contains_key("association");
    if call.world.list(call.account, call.region, INTERFACES.kind).any(public) {
        let message = format!(
            "Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        );
        return Err(ApiError::new("DependencyViolation", message));
    }
    call.world.change(&call.key(GATEWAYS.kind, &id), |gateway| {
        gateway.set("attachmentSet", json!([]));
        gateway.needs.remove(&vpc_id);
    });
    route::mark(call, &id, "blackhole");
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("InternetGatewayId")?;
    let gateway = call.get(GATEWAYS.kind, &id).ok_or_else(|| missing(&GATEWAYS, &id))?;
    if attached(gateway).is_some() {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(ApiError::new("DependencyViolation", message));
    }
    call.world.remove(&call.key(GATEWAYS.kind, &id));
    done()
}
