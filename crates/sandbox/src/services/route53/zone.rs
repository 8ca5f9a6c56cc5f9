//! Public hosted zones. Facts: a caller reference works once in the life of an account, whatever comes with it; the same
//! name can have many zones; NS and SOA come with the zone; a zone with any other record cannot be deleted.

use serde_json::{Value, json};

use super::{
    RECORD, ZONE, all_visible, change, created, invalid, max_items, names, record, reply, required, segment,
    used_reference, zone_of,
};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::world::{Object, TokenUse};

/// The most that one list page holds.
const PAGE: usize = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateHostedZone" => Some(create(call)),
        "GetHostedZone" => Some(get(call)),
        "ListHostedZones" => Some(list(call)),
        "ListHostedZonesByName" => Some(list_by_name(call)),
        "GetHostedZoneCount" => Some(count(call)),
        "UpdateHostedZoneComment" => Some(comment(call)),
        "DeleteHostedZone" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    if call.input.get("VPC").is_some() {
        let message = "The sandbox has public hosted zones only.";
        return Err(ApiError::new("NotImplemented", message).status(501));
    }
    let given = required(call, "Name")?;
    let name = names::canonical(&given);
    let blank = given.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    if blank || name.trim_matches('.').is_empty() || name.len() > 255 || name.contains("..") {
        return Err(ApiError::new("InvalidDomainName", format!("{name} is not a valid domain name.")));
    }
    let reference = required(call, "CallerReference")?;
    if reference.len() > 128 {
        return Err(invalid("The CallerReference must not be longer than 128 characters."));
    }
    let used = used_reference(call, ZONE, &reference);
    if call.world.token(&used).is_some() {
        let message =
            format!("A hosted zone has already been created with the specified caller reference: {reference}");
        return Err(ApiError::new("HostedZoneAlreadyExists", message).status(409));
    }
    let comment = call.input.get("HostedZoneConfig").map(|config| super::text(config, "Comment").to_owned());
    let id = format!("Z0{}", call.hex(18).to_uppercase());
    let servers = name_servers(call);
    let body = json!({
        "Name": name, "CallerReference": reference, "Comment": comment.unwrap_or_default(), "NameServers": servers,
    });
    let zone = call.object_in(GLOBAL, ZONE, &id, body);
    call.world.put(zone.clone());
    call.world.remember_token(used, TokenUse { request: Value::Null, id: id.clone() });
    record::put(call, &id, record::name_servers(&name, &servers));
    record::put(call, &id, record::authority(&name, &servers));
    let info = change::submit(call);
    let answer = json!({"HostedZone": show(call, &zone), "ChangeInfo": info, "DelegationSet": delegation(&zone)});
    created("CreateHostedZoneResponse", answer, &format!("hostedzone/{id}"))
}

/// Four servers under four top-level domains, as every delegation set has them.
fn name_servers(call: &mut Call<'_>) -> Vec<String> {
    let server = |(index, top): (u32, &str)| {
        let number = u32::from_str_radix(&call.hex(6), 16).unwrap_or_default();
        format!("ns-{}.awsdns-{:02}.{top}", index * 512 + number % 512, number / 512 % 64)
    };
    [(0, "com"), (1, "net"), (2, "org"), (3, "co.uk")].map(server).into()
}

fn delegation(zone: &Object) -> Value {
    json!({"NameServers": {"NameServer": zone.body.get("NameServers")}})
}

fn show(call: &Call<'_>, zone: &Object) -> Value {
    let comment = Some(zone.text("Comment")).filter(|comment| !comment.is_empty());
    json!({
        "Id": format!("/hostedzone/{}", zone.id), "Name": zone.text("Name"),
        "CallerReference": zone.text("CallerReference"),
        "Config": {"Comment": comment, "PrivateZone": false},
        "ResourceRecordSetCount": record::of_zone(call, &zone.id).count(),
    })
}

fn get(call: &mut Call<'_>) -> Answer {
    let zone = zone_of(call, &segment(call, 1))?;
    let answer = json!({"HostedZone": show(call, zone), "DelegationSet": delegation(zone)});
    Ok(reply("GetHostedZoneResponse", answer))
}

fn list(call: &mut Call<'_>) -> Answer {
    let limit = max_items(call, PAGE);
    let marker = call.query.get("marker").cloned().unwrap_or_default();
    let zones = all_visible(call, ZONE).into_iter().filter(|zone| zone.id >= marker);
    let mut zones: Vec<&Object> = zones.take(limit + 1).collect();
    let next = zones.get(limit).map(|zone| zone.id.clone());
    zones.truncate(limit);
    let shown: Value = zones.iter().map(|zone| show(call, zone)).collect();
    let answer = json!({
        "HostedZones": {"HostedZone": shown}, "Marker": marker, "IsTruncated": next.is_some(), "NextMarker": next,
        "MaxItems": limit,
    });
    Ok(reply("ListHostedZonesResponse", answer))
}

fn list_by_name(call: &mut Call<'_>) -> Answer {
    let limit = max_items(call, PAGE);
    let name = call.query.get("dnsname").map(|name| names::canonical(name));
    let id = call.query.get("hostedzoneid").cloned();
    if id.is_some() && name.is_none() {
        return Err(invalid("A hosted zone ID cannot be specified without a DNS name."));
    }
    let from = (name.as_deref().map(names::order).unwrap_or_default(), id.clone().unwrap_or_default());
    let key = |zone: &Object| (names::order(zone.text("Name")), zone.id.clone());
    let mut zones = all_visible(call, ZONE);
    zones.retain(|zone| name.is_none() || key(zone) >= from);
    zones.sort_by_key(|zone| key(zone));
    let next = zones.get(limit).map(|zone| (zone.text("Name").to_owned(), zone.id.clone()));
    zones.truncate(limit);
    let shown: Value = zones.iter().map(|zone| show(call, zone)).collect();
    let answer = json!({
        "HostedZones": {"HostedZone": shown}, "DNSName": call.query.get("dnsname"), "HostedZoneId": id,
        "IsTruncated": next.is_some(), "NextDNSName": next.as_ref().map(|next| &next.0),
        "NextHostedZoneId": next.as_ref().map(|next| &next.1), "MaxItems": limit,
    });
    Ok(reply("ListHostedZonesByNameResponse", answer))
}

fn count(call: &mut Call<'_>) -> Answer {
    Ok(reply("GetHostedZoneCountResponse", json!({"HostedZoneCount": all_visible(call, ZONE).len()})))
}

fn comment(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    zone_of(call, &id)?;
    let comment = call.text("Comment").unwrap_or_default().to_owned();
    if comment.chars().count() > 256 {
        return Err(invalid("The comment must not be longer than 256 characters."));
    }
    let key = call.global_key(ZONE, &id);
    call.world.change(&key, |zone| zone.set("Comment", comment));
    let zone = zone_of(call, &id)?;
    Ok(reply("UpdateHostedZoneCommentResponse", json!({"HostedZone": show(call, zone)})))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    let apex = zone_of(call, &id)?.text("Name").to_owned();
    let own = |set: &&Object| set.text("Name") == apex && matches!(set.text("Type"), "NS" | "SOA");
    if !record::of_zone(call, &id).all(|set| own(&set)) {
        let message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
        return Err(ApiError::new("HostedZoneNotEmpty", message));
    }
    let sets: Vec<String> = record::of_zone(call, &id).map(|set| set.id.clone()).collect();
    for set in sets {
        call.world.remove(&call.global_key(RECORD, &set));
    }
    call.world.remove(&call.global_key(ZONE, &id));
    let info = change::submit(call);
    Ok(reply("DeleteHostedZoneResponse", json!({"ChangeInfo": info})))
}
