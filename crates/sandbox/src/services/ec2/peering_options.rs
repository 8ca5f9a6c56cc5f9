//! Options of a peering connection. Facts: only while it is active, each end's by its own account and region; names of
//! the other side resolve only if both VPCs have DNS support and host names.

use serde_json::{Map, Value, json};

use super::peering::{End, accepter, at, named, requester, sides, status};
use super::vpc::VPCS;
use crate::call::{Answer, ApiError, Call};

/// Options as answers and requests spell them; off until somebody sets them.
pub const NONE: [(&str, &str); 3] = [
    ("allowDnsResolutionFromRemoteVpc", "AllowDnsResolutionFromRemoteVpc"),
    ("allowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalClassicLinkToRemoteVpc"),
    ("allowEgressFromLocalVpcToRemoteClassicLink", "AllowEgressFromLocalVpcToRemoteClassicLink"),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ModifyVpcPeeringConnectionOptions" => Some(modify(call)),
        _ => None,
    }
}

fn forbidden(message: String) -> ApiError {
    ApiError::new("OperationNotPermitted", message)
}

fn modify(call: &mut Call<'_>) -> Answer {
    let side = named(call)?;
    let (asking, asked) =
        (options(call, "RequesterPeeringConnectionOptions"), options(call, "AccepterPeeringConnectionOptions"));
    if asking.is_none() && asked.is_none() {
        let message = "The request must contain options of the requester or of the accepter";
        return Err(ApiError::new("MissingParameter", message));
    }
    if status(&side) != "active" {
        return Err(forbidden(format!("Peering pcx {} is not active", side.id)));
    }
    for (given, end) in [(&asking, requester(&side)), (&asked, accepter(&side))] {
        let Some(given) = given else { continue };
        if !at(call, end) {
            return Err(forbidden(format!("Options of {} are set by its owner in {}", end.2, end.1)));
        }
        if given.get("allowDnsResolutionFromRemoteVpc") == Some(&Value::Bool(true)) {
            [requester(&side), accepter(&side)].into_iter().try_for_each(|end| check_names(call, end))?;
        }
    }
    for key in sides(&side) {
        if (key.0.as_str(), key.1.as_str()) != (call.account, call.region) {
            continue;
        }
        call.world.change(&key, |side| {
            for (member, given) in [("requesterVpcInfo", &asking), ("accepterVpcInfo", &asked)] {
                let info = side.body.get_mut(member).and_then(|info| info.get_mut("peeringOptions"));
                if let (Some(Value::Object(live)), Some(given)) = (info, given) {
                    live.extend(given.clone());
                }
            }
        });
    }
    Ok(json!({
        "requesterPeeringConnectionOptions": asking, "accepterPeeringConnectionOptions": asked,
    })
    .into())
}

/// The options that a request sets for one end.
fn options(call: &Call<'_>, member: &str) -> Option<Map<String, Value>> {
    let given = call.input.get(member)?;
    let read = |(shown, name): &(&str, &str)| {
        let on = given.get(*name)?.as_str()?.parse::<bool>().ok()?;
        Some(((*shown).to_owned(), on.into()))
    };
    Some(NONE.iter().filter_map(read).collect())
}

fn check_names(call: &Call<'_>, end: End<'_>) -> Result<(), ApiError> {
    let vpc = call.world.get(end.0, end.1, VPCS.kind, end.2);
    let on = |name: &str| vpc.and_then(|vpc| vpc.hidden.get(name)?.as_bool()).unwrap_or_default();
    if on("enableDnsSupport") && on("enableDnsHostnames") {
        return Ok(());
    }
    let message = format!("DNS support and DNS hostnames must be enabled for {}", end.2);
    Err(ApiError::new("InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", message))
}
