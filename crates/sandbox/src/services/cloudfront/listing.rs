//! Lists and their pages: a marker is the id of the last row that was shown.

use serde_json::{Map, Value, json};

use super::distribution::{all, config_of};
use super::policy::{self, POLICIES};
use super::tree::list;
use super::{invalid, reply, route, version};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Largest page, and the default one.
const PAGE: usize = 100;
/// Members of a distribution's configuration that its row in a list shows.
const SUMMARY: [&str; 16] = [
    "Aliases",
    "Origins",
    "OriginGroups",
    "DefaultCacheBehavior",
    "CacheBehaviors",
    "CustomErrorResponses",
    "Comment",
    "PriceClass",
    "Enabled",
    "ViewerCertificate",
    "Restrictions",
    "WebACLId",
    "HttpVersion",
    "IsIPV6Enabled",
    "Staging",
    "ConnectionMode",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListDistributions" => Some(rows(call, all(call, |_| true))),
        "ListDistributionsByWebACLId" => Some(by_web_acl(call)),
        "ListDistributionsByVpcOriginId" => Some(by_need(call)),
        action => {
            let noun = action.strip_prefix("ListDistributionsBy")?.strip_suffix("Id")?;
            let family = POLICIES.iter().find(|family| family.noun == noun)?;
            let known = policy::exists(call, family, &wanted(call));
            Some(if known { by_need(call) } else { Err(policy::unknown(family)) })
        }
    }
}

/// Cuts rows into a page of the list `root`. Some lists say where they began and whether there is more.
///
/// # Errors
/// `InvalidArgument` for a marker that no row has.
pub fn page(call: &Call<'_>, root: &str, name: &str, rows: Vec<(String, Value)>, full: bool) -> Answer {
    let marker = call.query.get("Marker").cloned().unwrap_or_default();
    let limit = call.query.get("MaxItems").map(|text| text.parse::<usize>());
    let limit = match limit {
        None => PAGE,
        Some(Ok(limit)) if limit > 0 => limit.min(PAGE),
        Some(_) => return Err(invalid("The parameter MaxItems must be a positive number.")),
    };
    let start = match marker.is_empty() {
        true => 0,
        false => 1 + rows.iter().position(|(id, _)| *id == marker).ok_or_else(|| no_marker(&marker))?,
    };
    let more = rows.len() > start + limit;
    let rows: Vec<(String, Value)> = rows.into_iter().skip(start).take(limit).collect();
    let next = rows.last().map(|(id, _)| id.clone()).filter(|_| more);
    let mut body = list(name, rows.into_iter().map(|(_, row)| row).collect());
    body["MaxItems"] = limit.into();
    if let Some(next) = next {
        body["NextMarker"] = next.into();
    }
    if full {
        body["Marker"] = marker.into();
        body["IsTruncated"] = more.into();
    }
    Ok(reply(root, body))
}

fn no_marker(marker: &str) -> ApiError {
    invalid(format!("The marker {marker} is not valid."))
}

fn rows(call: &Call<'_>, distributions: Vec<&Object>) -> Answer {
    let rows = distributions.into_iter().map(|one| (one.id.clone(), summary(one))).collect();
    page(call, "DistributionList", "DistributionSummary", rows, true)
}

fn summary(distribution: &Object) -> Value {
    let config = config_of(distribution);
    let parts = SUMMARY.iter().filter_map(|member| Some(((*member).to_owned(), config.get(*member)?.clone())));
    let mut row: Map<String, Value> = distribution.body.clone();
    row.remove("DistributionConfig");
    row.extend(parts);
    row.insert("ETag".into(), version(distribution).into());
    row.into()
}

/// What the path asks for: the rest of it, as ARNs have slashes.
fn wanted(call: &Call<'_>) -> String {
    route::segments(&call.path).skip(1).collect::<Vec<_>>().join("/")
}

fn by_web_acl(call: &Call<'_>) -> Answer {
    let wanted = Some(wanted(call)).filter(|id| id != "null").unwrap_or_default();
    rows(call, all(call, |one| config_of(one).get("WebACLId") == Some(&json!(wanted))))
}

fn by_need(call: &Call<'_>) -> Answer {
    let wanted = wanted(call);
    let users = all(call, |one| one.needs.contains(&wanted));
    let rows = users.into_iter().map(|one| (one.id.clone(), json!(one.id))).collect();
    page(call, "DistributionIdList", "DistributionId", rows, true)
}
