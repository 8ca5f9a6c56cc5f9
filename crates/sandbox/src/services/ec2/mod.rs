//! EC2: what all its operations share, and one file per family of objects.
//!
//! Facts: describes by filter return fewer rows and never fail; describes by id list fail whole when one id is
//! unknown; filters know `*` and `?`; tags come with the create; a dry run answers with an error either way.

mod address;
mod filter;
mod filter_name;
mod flow_log;
mod image;
mod instance;
mod instance_launch;
mod instance_status;
mod instance_type;
mod interface_endpoint;
mod internet_gateway;
mod launch_template;
mod natgateway;
mod network_interface;
mod peering;
mod peering_options;
mod regions;
mod route;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod subnet_cidr;
mod tagging;
mod vpc;
mod vpc_cidr;
mod vpc_endpoint;
mod vpc_parts;
mod zones;

pub use instance::retire as retire_instance;

use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Hands the call to its family.
pub fn dispatch(call: &mut Call<'_>) -> Answer {
    if call.flag("DryRun") == Some(true) {
        return Err(
            ApiError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").status(412)
        );
    }
    let families = [
        vpc::handle,
        vpc_cidr::handle,
        vpc_parts::handle,
        subnet::handle,
        subnet_cidr::handle,
        zones::handle,
        tagging::handle,
        internet_gateway::handle,
        address::handle,
        natgateway::handle,
        network_interface::handle,
        route_table::handle,
        route::handle,
        security_group::handle,
        security_group_rule::handle,
        vpc_endpoint::handle,
        launch_template::handle,
        image::handle,
        regions::handle,
        flow_log::handle,
        peering::handle,
        peering_options::handle,
        instance::handle,
        instance_launch::handle,
        instance_status::handle,
        instance_type::handle,
    ];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// How a kind of object is described.
pub struct Shelf {
    /// The sandbox's name for the kind.
    pub kind: &'static str,
    /// Member of the answer that holds the list.
    pub set: &'static str,
    /// Request member with ids.
    pub ids: &'static str,
    /// Error code for an unknown id.
    pub unknown: &'static str,
    /// `The vpc ID 'x' does not exist`: the noun.
    pub noun: &'static str,
    /// Filters whose path in the body is not simply the camel-cased filter name: (filter, dotted path).
    pub filters: &'static [(&'static str, &'static str)],
}

/// A describe: ids or filters, paging, tags.
pub fn describe(call: &Call<'_>, shelf: &Shelf) -> Answer {
    check_page(call, shelf)?;
    let objects = call.visible(shelf.kind);
    let ids = call.texts(shelf.ids);
    for id in &ids {
        if !objects.iter().any(|object| object.id == *id) {
            return Err(missing(shelf, id));
        }
    }
    let filters = filter::Filters::of(call, shelf.filters);
    filters.check(shelf.kind)?;
    let chosen = objects.into_iter().filter(|object| ids.is_empty() || ids.contains(&object.id));
    let chosen: Vec<Value> = chosen.filter(|object| filters.accept(object)).map(show).collect();
    let (page, next) = call.page(chosen, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({shelf.set: page, "nextToken": next}).into())
}

/// Facts: pages have 5 to 1000 rows; templates have pages of 1 to 200, endpoints and flow logs of up to 1000.
fn check_page(call: &Call<'_>, shelf: &Shelf) -> Result<(), ApiError> {
    let range = match shelf.kind {
        "ec2/launch-template" => 1..=200,
        "ec2/vpc-endpoint" | "ec2/vpc-flow-log" => 1..=1000,
        _ => 5..=1000,
    };
    let Some(wanted) = call.number("MaxResults").filter(|wanted| !range.contains(wanted)) else { return Ok(()) };
    let (least, most) = range.into_inner();
    let message = format!(
        "Value ( {wanted} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}."
    );
    Err(ApiError::new("InvalidParameterValue", message))
}

/// The error for an id that is not there. Groups and instances alone are told from what is no id at all.
pub fn missing(shelf: &Shelf, id: &str) -> ApiError {
    let malformed = match shelf.kind {
        "ec2/security-group" if !id.starts_with("sg-") => Some(("InvalidGroupId.Malformed", "sg-...")),
        "ec2/instance" if !id.starts_with("i-") => Some(("InvalidInstanceID.Malformed", "i-...")),
        _ => None,
    };
    if let Some((code, expected)) = malformed {
        return ApiError::new(code, format!("Invalid id: \"{id}\" (expecting \"{expected}\")"));
    }
    ApiError::new(shelf.unknown, format!("The {} '{id}' does not exist", shelf.noun))
}

/// An object as a describe shows it.
pub fn show(object: &Object) -> Value {
    let mut body = object.body.clone();
    let tags = object.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Value>();
    body.insert("tagSet".into(), tags);
    Value::Object(body)
}

/// Refuses with `DependencyViolation` while another object needs this one.
pub fn refuse_if_used(call: &Call<'_>, noun: &str, id: &str) -> Result<(), ApiError> {
    match call.world.users_of(id).next() {
        None => Ok(()),
        Some(_) => Err(ApiError::new(
            "DependencyViolation",
            format!("The {noun} '{id}' has dependencies and cannot be deleted."),
        )),
    }
}

/// What a successful delete or modify says.
pub fn done() -> Answer {
    Ok(json!({"return": true}).into())
}
