//! Endpoints; see [`super::interface_endpoint`] for what only interface endpoints have. Facts: a token, if the caller
//! sets one; a gateway endpoint routes its service's prefix list in the tables it is given, one endpoint per service
//! and table; without a policy AWS shows one that allows everything; deleting answers 200 and lists what it could not
//! delete.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::vpc::VPCS;
use super::{Shelf, describe, filter, interface_endpoint, missing, show, tagging};
use crate::call::{Answer, ApiError, Call};

/// How endpoints are described.
pub const ENDPOINTS: Shelf = Shelf {
    kind: "ec2/vpc-endpoint",
    set: "vpcEndpointSet",
    ids: "VpcEndpointId",
    unknown: "InvalidVpcEndpointId.NotFound",
    noun: "Vpc Endpoint Id",
    filters: &[("vpc-endpoint-state", "state")],
};

/// Seconds from create to available, for gateway endpoints.
const CREATE: f64 = 8.0;
/// Seconds from delete to gone.
const DELETE: f64 = 5.0;
/// Services with gateway endpoints.
const GATEWAYS: [&str; 2] = ["dynamodb", "s3"];
/// The sandbox's name for route tables.
const ROUTE_TABLE: &str = "ec2/route-table";
/// What AWS shows when no policy was given.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateVpcEndpoint" => Some(create(call)),
        "DescribeVpcEndpoints" => Some(describe(call, &ENDPOINTS)),
        "ModifyVpcEndpoint" => Some(modify(call)),
        "DeleteVpcEndpoints" => Some(delete(call)),
        "DescribePrefixLists" => Some(prefix_lists(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let id = call.once(token.clone(), "IdempotentParameterMismatch", make)?;
    let endpoint = call.get(ENDPOINTS.kind, &id).ok_or_else(|| missing(&ENDPOINTS, &id))?;
    Ok(json!({"vpcEndpoint": show(endpoint), "clientToken": token}).into())
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let vpc_id = call.need("VpcId")?;
    call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
    let service = call.need("ServiceName")?;
    let short = service.strip_prefix(&format!("com.amazonaws.{}.", call.region)).unwrap_or_default().to_owned();
    let kind = call.text("VpcEndpointType").unwrap_or("Gateway").to_owned();
    if short.is_empty() || (kind == "Gateway" && !GATEWAYS.contains(&short.as_str())) {
        let message = format!("The Vpc Endpoint Service '{service}' does not exist");
        return Err(ApiError::new("InvalidServiceName", message));
    }
    let tags = tagging::at_creation(call, "vpc-endpoint")?;
    let tables = call.texts("RouteTableId");
    refuse_routed(call, &service, &tables)?;
    let id = call.ec2_id("vpce");
    let mut endpoint = call.object(ENDPOINTS.kind, &id, body(call, &id, &vpc_id, &kind, &service));
    endpoint.tags = tags;
    endpoint.needs.insert(vpc_id);
    let interface = kind == "Interface";
    if interface {
        interface_endpoint::equip(call, &mut endpoint)?;
    }
    let seconds = if interface { interface_endpoint::CREATE } else { CREATE };
    endpoint.set_later(call.now + seconds, "state", "available");
    call.world.put(endpoint);
    tables.iter().for_each(|table| route(call, table, &id, &service));
    Ok(id)
}

fn body(call: &Call<'_>, id: &str, vpc_id: &str, kind: &str, service: &str) -> Value {
    json!({
        "vpcEndpointId": id, "vpcEndpointType": kind, "vpcId": vpc_id, "serviceName": service, "state": "pending",
        "policyDocument": call.text("PolicyDocument").unwrap_or(FULL_ACCESS),
        "routeTableIdSet": call.texts("RouteTableId"), "subnetIdSet": [], "groupSet": [], "networkInterfaceIdSet": [],
        "dnsEntrySet": [], "privateDnsEnabled": call.flag("PrivateDnsEnabled").unwrap_or(false),
        "requesterManaged": false, "creationTimestamp": call.timestamp(), "ownerId": call.account,
    })
}

/// Route tables must exist, and have no route for the service yet.
fn refuse_routed(call: &Call<'_>, service: &str, tables: &[String]) -> Result<(), ApiError> {
    for table in tables {
        if call.get(ROUTE_TABLE, table).is_none() {
            let message = format!("The routeTable ID '{table}' does not exist");
            return Err(ApiError::new("InvalidRouteTableId.NotFound", message));
        }
        let mut endpoints = call.world.list(call.account, call.region, ENDPOINTS.kind);
        if endpoints.any(|other| other.text("serviceName") == service && tables_of(other).contains(table)) {
            let list = prefix_list_id(service);
            let message = format!("route table {table} already has a route with destination-prefix-list-id {list}");
            return Err(ApiError::new("RouteAlreadyExists", message));
        }
    }
    Ok(())
}

fn tables_of(endpoint: &crate::world::Object) -> Vec<String> {
    let list = crate::wire::as_list(endpoint.body.get("routeTableIdSet"));
    list.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

/// Adds the endpoint's route to a table.
fn route(call: &mut Call<'_>, table: &str, endpoint: &str, service: &str) {
    let route = json!({
        "destinationPrefixListId": prefix_list_id(service), "gatewayId": endpoint, "state": "active",
        "origin": "CreateRoute",
    });
    change_routes(call, table, |routes| routes.push(route));
}

/// Removes the endpoint's route from a table.
fn unroute(call: &mut Call<'_>, table: &str, endpoint: &str) {
    let other = |route: &Value| route.get("gatewayId").and_then(Value::as_str) != Some(endpoint);
    change_routes(call, table, |routes| routes.retain(other));
}

fn change_routes(call: &mut Call<'_>, table: &str, change: impl FnOnce(&mut Vec<Value>)) {
    call.world.change(&call.key(ROUTE_TABLE, table), |table| {
        let mut routes = crate::wire::as_list(table.body.get("routeSet"));
        change(&mut routes);
        table.set("routeSet", routes);
    });
}

fn modify(call: &mut Call<'_>) -> Answer {
    let id = call.need("VpcEndpointId")?;
    let endpoint = call.get(ENDPOINTS.kind, &id).ok_or_else(|| missing(&ENDPOINTS, &id))?;
    let (service, mut tables) = (endpoint.text("serviceName").to_owned(), tables_of(endpoint));
    let (add, remove) = (call.texts("AddRouteTableId"), call.texts("RemoveRouteTableId"));
    refuse_routed(call, &service, &add)?;
    if let Some(stranger) = remove.iter().find(|table| !tables.contains(table)) {
        let message = format!("The route table {stranger} is not associated with the endpoint {id}");
        return Err(ApiError::new("InvalidParameter", message));
    }
    interface_endpoint::modify(call, &id)?;
    add.iter().for_each(|table| route(call, table, &id, &service));
    remove.iter().for_each(|table| unroute(call, table, &id));
    tables.retain(|table| !remove.contains(table));
    tables.extend(add);
    let reset = call.flag("ResetPolicy") == Some(true);
    let policy = reset.then_some(FULL_ACCESS).or(call.text("PolicyDocument")).map(str::to_owned);
    call.world.change(&call.key(ENDPOINTS.kind, &id), |endpoint| {
        endpoint.set("routeTableIdSet", tables);
        if let Some(policy) = policy {
            endpoint.set("policyDocument", policy);
        }
    });
    super::done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut unsuccessful = Vec::new();
    for id in call.texts(ENDPOINTS.ids) {
        let Some(endpoint) = call.get(ENDPOINTS.kind, &id) else {
            let message = format!("The Vpc Endpoint Id '{id}' does not exist");
            let error = json!({"code": "InvalidVpcEndpoint.NotFound", "message": message});
            unsuccessful.push(json!({"resourceId": id, "error": error}));
            continue;
        };
        if endpoint.text("state") == "deleting" {
            continue;
        }
        tables_of(endpoint).iter().for_each(|table| unroute(call, table, &id));
        interface_endpoint::unequip(call, &id, call.now + DELETE);
        let gone = call.now + DELETE;
        call.world.change(&call.key(ENDPOINTS.kind, &id), |endpoint| {
            endpoint.later.clear();
            endpoint.set("state", "deleting");
            endpoint.remove_later(gone);
        });
    }
    Ok(json!({"unsuccessful": unsuccessful}).into())
}

/// AWS's id of a service's prefix list: one per region and service, the same for every account.
fn prefix_list_id(service: &str) -> String {
    let hash = Sha256::digest(service.as_bytes());
    let text: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("pl-{text}")
}

fn prefix_lists(call: &Call<'_>) -> Answer {
    let row = |short: &&str| {
        let service = format!("com.amazonaws.{}.{short}", call.region);
        let cidrs =
            if *short == "s3" { ["3.5.134.0/23", "52.219.168.0/24"] } else { ["3.218.180.0/23", "52.94.5.0/24"] };
        let id = prefix_list_id(&service);
        call.object("", &id, json!({"prefixListId": id, "prefixListName": service, "cidrSet": cidrs}))
    };
    let lists: Vec<_> = GATEWAYS.iter().map(row).collect();
    let ids = call.texts("PrefixListId");
    if let Some(unknown) = ids.iter().find(|id| !lists.iter().any(|list| list.id == **id)) {
        let message = format!("The prefix list ID '{unknown}' does not exist");
        return Err(ApiError::new("InvalidPrefixListId.NotFound", message));
    }
    let filters = filter::Filters::of(call, &[]);
    let chosen = lists.into_iter().filter(|list| (ids.is_empty() || ids.contains(&list.id)) && filters.accept(list));
    let rows = chosen.map(|list| Value::Object(list.body)).collect();
    let (page, next) = call.page::<Value>(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"prefixListSet": page, "nextToken": next}).into())
}
