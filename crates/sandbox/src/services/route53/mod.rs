//! Route 53: what all its operations share, and one file per family of objects.
//!
//! Facts: one endpoint for all regions; caller references are used up for ever; a batch of changes is atomic; names come
//! back in lower case with a trailing dot and octal escapes; records are listed by reversed labels; lists show records
//! that are still `PENDING`.

mod change;
mod dns;
mod health;
mod names;
mod record;
mod rules;
mod tagging;
mod zone;

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Value, json};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::Object;

/// Hosted zones.
const ZONE: &str = "route53/zone";
/// Record sets.
const RECORD: &str = "route53/record";
/// Health checks.
const HEALTH_CHECK: &str = "route53/health-check";
/// Changes on their way to the name servers.
const CHANGE: &str = "route53/change";

/// Seconds from accepting a change to all name servers answering it.
const INSYNC: f64 = 30.0;
/// Seconds for which a change can be asked about. AWS keeps them longer; this keeps the sandbox's state small.
const CHANGE_KEPT: f64 = 86_400.0;
const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// The operation that method and path mean.
pub fn action(method: &str, path: &str, _: &BTreeMap<String, String>, _: &HeaderMap) -> String {
    let parts: Vec<&str> = segments(path).collect();
    let operation = match (method, parts.as_slice()) {
        ("POST", ["hostedzone"]) => "CreateHostedZone",
        ("GET", ["hostedzone"]) => "ListHostedZones",
        ("GET", ["hostedzonesbyname"]) => "ListHostedZonesByName",
        ("GET", ["hostedzonecount"]) => "GetHostedZoneCount",
        ("GET", ["hostedzone", _]) => "GetHostedZone",
        ("POST", ["hostedzone", _]) => "UpdateHostedZoneComment",
        ("DELETE", ["hostedzone", _]) => "DeleteHostedZone",
        ("GET", ["hostedzone", _, "rrset"]) => "ListResourceRecordSets",
        ("POST", ["hostedzone", _, "rrset"]) => "ChangeResourceRecordSets",
        ("GET", ["change", _]) => "GetChange",
        ("GET", ["testdnsanswer"]) => "TestDNSAnswer",
        ("POST", ["healthcheck"]) => "CreateHealthCheck",
        ("GET", ["healthcheck"]) => "ListHealthChecks",
        ("GET", ["healthcheckcount"]) => "GetHealthCheckCount",
        ("GET", ["healthcheck", _]) => "GetHealthCheck",
        ("POST", ["healthcheck", _]) => "UpdateHealthCheck",
        ("DELETE", ["healthcheck", _]) => "DeleteHealthCheck",
        ("GET", ["healthcheck", _, "status"]) => "GetHealthCheckStatus",
        ("POST", ["tags", _]) => "ListTagsForResources",
        ("GET", ["tags", _, _]) => "ListTagsForResource",
        ("POST", ["tags", _, _]) => "ChangeTagsForResource",
        _ => return format!("{method} {path}"),
    };
    operation.to_owned()
}

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    let families = [zone::handle, change::handle, record::handle, dns::handle, health::handle, tagging::handle];
    let answer = families.iter().find_map(|family| family(call));
    answer.unwrap_or_else(|| Err(unknown_operation(call)))
}

/// The parts of a path after the API version.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_start_matches("/2013-04-01").split('/').filter(|part| !part.is_empty())
}

/// One part of the call's path: 0 is the collection, 1 the id in it.
fn segment(call: &Call<'_>, index: usize) -> String {
    segments(&call.path).nth(index).unwrap_or_default().to_owned()
}

/// A REST answer with its root element.
fn reply(root: &str, body: Value) -> Reply {
    let mut body = body;
    if let Value::Object(members) = &mut body {
        members.insert("@xmlns".into(), NAMESPACE.into());
    }
    json!({root: body}).into()
}

/// The answer to a create: 201 and where the new thing is.
fn created(root: &str, body: Value, path: &str) -> Answer {
    let location = ("location", format!("https://route53.amazonaws.com/2013-04-01/{path}"));
    Ok(Reply { status: 201, headers: vec![location], ..reply(root, body) })
}

/// A request that is wrong in itself.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInput", message)
}

/// A member of the XML body that must be there.
fn required(call: &Call<'_>, member: &str) -> Result<String, ApiError> {
    let text = call.text(member).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| invalid(format!("Missing required element {member}.")))
}

/// A text member of a tree; empty if absent.
fn text<'a>(tree: &'a Value, member: &str) -> &'a str {
    tree.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// `maxitems` of the query, within AWS's bound.
fn max_items(call: &Call<'_>, bound: usize) -> usize {
    let given = call.query.get("maxitems").and_then(|text| text.parse().ok());
    given.filter(|limit| (1..=bound).contains(limit)).unwrap_or(bound)
}

/// An object that reads see by now.
fn visible<'a>(call: &'a Call<'_>, kind: &str, id: &str) -> Option<&'a Object> {
    call.get_global(kind, id).filter(|object| object.visible <= call.now)
}

/// All objects of a kind that reads see by now.
fn all_visible<'a>(call: &'a Call<'_>, kind: &str) -> Vec<&'a Object> {
    call.world.list(call.account, GLOBAL, kind).filter(|object| object.visible <= call.now).collect()
}

/// The zone that a call is about.
fn zone_of<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Object, ApiError> {
    visible(call, ZONE, id)
        .ok_or_else(|| ApiError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).status(404))
}

/// The error for a health check that is not there.
fn no_health_check(id: &str) -> ApiError {
    ApiError::new("NoSuchHealthCheck", format!("A health check with id {id} does not exist.")).status(404)
}

/// Names a caller reference among all that were ever used.
fn used_reference(call: &Call<'_>, kind: &str, reference: &str) -> String {
    format!("{}/{kind}/{reference}", call.account)
}
