//! VPC peering connections, within a region or between two. One connection is kept as two sides with the same id, one
//! object per account and region, so that each side has tags of its own; its status is that of both.
//!
//! Facts: no token, and a pending connection may have a double, an active one may not; the other side sees it some
//! seconds later; blocks that overlap make it fail after the create; what ended stays listed for hours or days; the
//! other side's block shows only while it is active; it must go before either VPC does.

use serde_json::{Value, json};

use super::peering_options::NONE;
use super::vpc::VPCS;
use super::{Shelf, describe, done, missing, show, tagging, vpc_cidr};
use crate::call::{Answer, ApiError, Call, timestamp};
use crate::world::{Key, Object, Seconds};

/// How peering connections are described.
pub const PEERINGS: Shelf = Shelf {
    kind: "ec2/vpc-peering-connection",
    set: "vpcPeeringConnectionSet",
    ids: "VpcPeeringConnectionId",
    unknown: "InvalidVpcPeeringConnectionID.NotFound",
    noun: "vpcPeeringConnection ID",
    filters: &[
        ("status-code", "status.code"),
        ("status-message", "status.message"),
        ("requester-vpc-info.vpc-id", "requesterVpcInfo.vpcId"),
        ("requester-vpc-info.owner-id", "requesterVpcInfo.ownerId"),
        ("requester-vpc-info.cidr-block", "requesterVpcInfo.cidrBlock"),
        ("accepter-vpc-info.vpc-id", "accepterVpcInfo.vpcId"),
        ("accepter-vpc-info.owner-id", "accepterVpcInfo.ownerId"),
        ("accepter-vpc-info.cidr-block", "accepterVpcInfo.cidrBlock"),
    ],
};

/// Seconds from create to pending acceptance, or to failed: 2 to 10.
const REQUEST: Seconds = 2.0;
/// How many times longer than within a region the way to the other side is: seconds to minutes were seen there.
const CROSSING: f64 = 10.0;
/// Seconds from accept to active: 5 to 30.
const PROVISION: Seconds = 10.0;
/// Seconds from delete to deleted.
const DELETE: Seconds = 5.0;
/// Seconds for which the side that ended it still sees it, and for which the other side does.
const LINGER: (Seconds, Seconds) = (2.0 * 3600.0, 2.0 * 86_400.0);
/// Seconds within which it must be accepted.
const EXPIRY: Seconds = 7.0 * 86_400.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateVpcPeeringConnection" => Some(create(call)),
        "DescribeVpcPeeringConnections" => Some(describe(call, &PEERINGS)),
        "AcceptVpcPeeringConnection" => Some(accept(call)),
        "RejectVpcPeeringConnection" => Some(reject(call)),
        "DeleteVpcPeeringConnection" => Some(delete(call)),
        _ => None,
    }
}

/// `pending-acceptance`, `active` and so on.
pub fn status(side: &Object) -> &str {
    side.body.get("status").and_then(|status| status.get("code")?.as_str()).unwrap_or_default()
}

/// The state of a new route to a connection: it leads nowhere before the connection is active.
///
/// # Errors
/// When the connection has ended, or is not one of the table's VPC.
pub fn route_state(side: &Object, vpc_id: &str) -> Result<&'static str, ApiError> {
    if ![requester(side).2, accepter(side).2].contains(&vpc_id) {
        let message = format!("route table and {} belong to different networks", side.id);
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    match status(side) {
        "active" => Ok("active"),
        "initiating-request" | "pending-acceptance" | "provisioning" => Ok("blackhole"),
        _ => Err(missing(&PEERINGS, &side.id)),
    }
}

fn code(code: &str, message: &str) -> Value {
    json!({"code": code, "message": message})
}

/// Account, region and VPC of one end.
pub type End<'a> = (&'a str, &'a str, &'a str);

fn end<'a>(side: &'a Object, member: &str) -> End<'a> {
    let info = side.body.get(member);
    let text = |name: &str| info.and_then(|info| info.get(name)?.as_str()).unwrap_or_default();
    (text("ownerId"), text("region"), text("vpcId"))
}

/// The end that asked.
pub fn requester(side: &Object) -> End<'_> {
    end(side, "requesterVpcInfo")
}

/// The end that is asked.
pub fn accepter(side: &Object) -> End<'_> {
    end(side, "accepterVpcInfo")
}

/// Whether the caller is at this end.
pub fn at(call: &Call<'_>, end: End<'_>) -> bool {
    (end.0, end.1) == (call.account, call.region)
}

/// The keys of both sides; one if both ends are in one region of one account.
pub fn sides(side: &Object) -> Vec<Key> {
    let key = |end: End<'_>| (end.0.to_owned(), end.1.to_owned(), PEERINGS.kind.to_owned(), side.id.clone());
    let mut keys = vec![key(requester(side)), key(accepter(side))];
    keys.dedup();
    keys
}

/// The caller's side of the connection that a request names, once it is to be seen from there.
pub fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let id = call.need(PEERINGS.ids)?;
    let side = call.get(PEERINGS.kind, &id).filter(|side| side.visible <= call.now);
    side.cloned().ok_or_else(|| missing(&PEERINGS, &id))
}

fn wrong_state(side: &Object, wish: &str) -> ApiError {
    let message = format!("Cannot {wish} {}: it is in the state {}.", side.id, status(side));
    ApiError::new("InvalidStateTransition", message)
}

fn create(call: &mut Call<'_>) -> Answer {
    let (vpc_id, peer_id) = (call.need("VpcId")?, call.need("PeerVpcId")?);
    let mine = (call.account.to_owned(), call.region.to_owned(), vpc_id.clone());
    let theirs = (
        call.text("PeerOwnerId").unwrap_or(call.account).to_owned(),
        call.text("PeerRegion").unwrap_or(call.region).to_owned(),
        peer_id.clone(),
    );
    let requester = call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?.clone();
    let accepter = call.world.get(&theirs.0, &theirs.1, VPCS.kind, &peer_id).cloned();
    if accepter.is_none() && (&theirs.0, &theirs.1) == (&mine.0, &mine.1) {
        return Err(missing(&VPCS, &peer_id));
    }
    refuse_second(call, &vpc_id, &peer_id)?;
    let tags = tagging::at_creation(call, "vpc-peering-connection")?;
    let id = call.ec2_id("pcx");
    let mut side = call.object(PEERINGS.kind, &id, json!({"vpcPeeringConnectionId": id}));
    side.set("requesterVpcInfo", info(&mine, Some(&requester)));
    side.set("accepterVpcInfo", info(&theirs, None));
    side.set("expirationTime", timestamp(call.now + EXPIRY));
    side.set("status", code("initiating-request", &format!("Initiating Request to {}", theirs.0)));
    side.tags = tags;
    match accepter.filter(|accepter| *accepter != requester && !overlap(&requester, accepter)) {
        Some(_) => request(call, &mut side, &theirs),
        None => {
            let failed = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
            side.set_later(call.now + REQUEST, "status", code("failed", failed));
            side.remove_later(call.now + REQUEST + LINGER.0);
        }
    }
    let shown = show(&side);
    call.world.put(side);
    Ok(json!({"vpcPeeringConnection": shown}).into())
}

/// Lets a request reach the other side, and expire if nobody accepts it.
fn request(call: &mut Call<'_>, side: &mut Object, theirs: &(String, String, String)) {
    let pending = code("pending-acceptance", &format!("Pending Acceptance by {}", theirs.0));
    side.set_later(call.now + REQUEST, "status", pending.clone());
    // What has arrived on the other side waits there for its acceptance.
    side.set_later(call.now + EXPIRY, "status", code("expired", "Request expired"));
    side.remove_later(call.now + EXPIRY + LINGER.1);
    if (theirs.0.as_str(), theirs.1.as_str()) == (call.account, call.region) {
        return;
    }
    let mut other = side.clone();
    (other.account, other.region) = (theirs.0.clone(), theirs.1.clone());
    other.tags.clear();
    other.set("status", pending);
    other.visible = call.now + CROSSING * call.lag;
    call.world.put(other);
}

fn info(end: &(String, String, String), vpc: Option<&Object>) -> Value {
    let mut info = json!({"ownerId": end.0, "region": end.1, "vpcId": end.2});
    if let Some(vpc) = vpc {
        reveal(&mut info, vpc);
        info["peeringOptions"] = NONE.iter().map(|(shown, _)| ((*shown).to_owned(), Value::from(false))).collect();
    }
    info
}

/// Shows the blocks of a VPC.
fn reveal(info: &mut Value, vpc: &Object) {
    let blocks = vpc_cidr::blocks(vpc);
    let of = |member: &str, wanted: bool| -> Value {
        blocks.iter().filter(|block| block.contains(':') == wanted).map(|block| json!({member: block})).collect()
    };
    info["cidrBlock"] = vpc.text("cidrBlock").into();
    info["cidrBlockSet"] = of("cidrBlock", false);
    info["ipv6CidrBlockSet"] = of("ipv6CidrBlock", true);
}

fn overlap(one: &Object, other: &Object) -> bool {
    let nets = |vpc: &Object| -> Vec<ipnet::IpNet> {
        vpc_cidr::blocks(vpc).iter().filter_map(|block| block.parse().ok()).collect()
    };
    let others = nets(other);
    nets(one).iter().any(|net| others.iter().any(|other| net.contains(other) || other.contains(net)))
}

/// Two VPCs have one active connection at most.
fn refuse_second(call: &Call<'_>, one: &str, other: &str) -> Result<(), ApiError> {
    let between = |side: &&Object| {
        let ends = [requester(side).2, accepter(side).2];
        ends.contains(&one) && ends.contains(&other) && ["active", "provisioning"].contains(&status(side))
    };
    match call.world.list(call.account, call.region, PEERINGS.kind).find(between) {
        None => Ok(()),
        Some(side) => {
            let message = format!("A VPC peering connection {} already exists between {one} and {other}.", side.id);
            Err(ApiError::new("VpcPeeringConnectionAlreadyExists", message))
        }
    }
}

fn accept(call: &mut Call<'_>) -> Answer {
    let side = named(call)?;
    if !at(call, accepter(&side)) {
        let message = format!("User {} cannot accept peering {} in this region", call.account, side.id);
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    if status(&side) != "pending-acceptance" {
        return Err(wrong_state(&side, "accept"));
    }
    let ends = [requester(&side), accepter(&side)];
    let vpc = |end: &End<'_>| call.world.get(end.0, end.1, VPCS.kind, end.2).cloned();
    let [Some(asking), Some(asked)] = [vpc(&ends[0]), vpc(&ends[1])] else {
        return Err(wrong_state(&side, "accept, as a VPC is gone,"));
    };
    refuse_second(call, &asking.id, &asked.id)?;
    let active = call.now + PROVISION;
    for key in sides(&side) {
        let mine = [&asking, &asked].into_iter().filter(|vpc| (&vpc.account, &vpc.region) == (&key.0, &key.1));
        let held: Vec<String> = mine.map(|vpc| vpc.id.clone()).collect();
        call.world.change(&key, |side| {
            side.later.clear();
            side.body.remove("expirationTime");
            side.set("status", code("provisioning", "Provisioning"));
            side.set_later(active, "status", code("active", "Active"));
            side.set_later(active, "requesterVpcInfo", whole(side, "requesterVpcInfo", &asking));
            side.set_later(active, "accepterVpcInfo", whole(side, "accepterVpcInfo", &asked));
            side.needs.extend(held);
        });
    }
    let side = named(call)?;
    Ok(json!({"vpcPeeringConnection": show(&side)}).into())
}

/// One end of an active connection. Facts: each side sees the options of its own end only.
fn whole(side: &Object, member: &str, vpc: &Object) -> Value {
    let own = (&vpc.account, &vpc.region) == (&side.account, &side.region);
    let end = (vpc.account.clone(), vpc.region.clone(), vpc.id.clone());
    let mut info = info(&end, own.then_some(vpc));
    if let Some(options) = side.body.get(member).and_then(|info| info.get("peeringOptions")).filter(|_| own) {
        info["peeringOptions"] = options.clone();
    }
    reveal(&mut info, vpc);
    info
}

fn reject(call: &mut Call<'_>) -> Answer {
    let side = named(call)?;
    if !at(call, accepter(&side)) || status(&side) != "pending-acceptance" {
        return Err(wrong_state(&side, "reject"));
    }
    finish(call, &side, code("rejected", &format!("Rejected by {}", call.account)), None);
    done()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let side = named(call)?;
    let mine = at(call, requester(&side));
    let allowed = match status(&side) {
        "active" | "provisioning" => true,
        "initiating-request" | "pending-acceptance" => mine,
        "deleting" => return done(),
        _ => false,
    };
    if !allowed {
        return Err(wrong_state(&side, "delete"));
    }
    let deleted = code("deleted", &format!("Deleted by {}", call.account));
    finish(call, &side, deleted, Some(code("deleting", &format!("Deleting by {}", call.account))));
    done()
}

/// Ends a connection on both sides, at once or after a while in another state.
fn finish(call: &mut Call<'_>, side: &Object, last: Value, first: Option<Value>) {
    let end = if first.is_some() { call.now + DELETE } else { call.now };
    for key in sides(side) {
        let ender = (key.0.as_str(), key.1.as_str()) == (call.account, call.region);
        let linger = if ender { LINGER.0 } else { LINGER.1 };
        call.world.change(&key, |side| {
            side.later.clear();
            side.needs.clear();
            side.body.remove("expirationTime");
            side.set("status", first.clone().unwrap_or_else(|| last.clone()));
            side.set_later(end, "status", last.clone());
            side.remove_later(end + linger);
        });
    }
}
