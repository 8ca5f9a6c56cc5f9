//! Record sets as objects, and their listing.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{RECORD, invalid, max_items, names, reply, segment, text, zone_of};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::wire::as_list;
use crate::world::Object;

/// The most that one list page holds.
const PAGE: usize = 300;

/// What a set is called within its zone: name, type, set identifier.
pub type SetKey = (String, String, String);

/// The members of a set. Texts but for `TTL` and `Weight` (numbers) and `ResourceRecords` (a list of `{Value}`).
pub type Set = Map<String, Value>;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListResourceRecordSets" => Some(list(call)),
        _ => None,
    }
}

/// All sets of a zone, in no particular order.
pub fn of_zone<'a>(call: &'a Call<'_>, zone: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
    call.world.users_of(zone).filter(|object| object.kind == RECORD)
}

/// Adds or replaces a set.
pub fn put(call: &mut Call<'_>, zone: &str, set: Set) {
    let id = object_id(zone, &key(&set));
    let mut object = call.object_in(GLOBAL, RECORD, &id, Value::Object(set));
    object.needs.insert(zone.to_owned());
    // Lists show what is still on its way to the name servers.
    object.visible = call.now;
    call.world.put(object);
}

/// The id of a set in the world.
pub fn object_id(zone: &str, (name, kind, identifier): &SetKey) -> String {
    format!("{zone}|{name}|{kind}|{identifier}")
}

/// The key of a set.
pub fn key(set: &Set) -> SetKey {
    let text = |member: &str| set.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("Name"), text("Type"), text("SetIdentifier"))
}

/// The apex NS record.
pub fn name_servers(zone: &str, servers: &[String]) -> Set {
    let values: Value = servers.iter().map(|server| json!({"Value": format!("{server}.")})).collect();
    set_of(json!({"Name": zone, "Type": "NS", "TTL": 172_800, "ResourceRecords": values}))
}

/// The apex SOA record.
pub fn authority(zone: &str, servers: &[String]) -> Set {
    let server = servers.first().map(String::as_str).unwrap_or_default();
    let value = format!("{server}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
    set_of(json!({"Name": zone, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": value}]}))
}

fn set_of(value: Value) -> Set {
    match value {
        Value::Object(members) => members,
        _ => Set::new(),
    }
}

/// Reads a `ResourceRecordSet` element.
///
/// # Errors
/// `InvalidInput` when it is no set by itself.
pub fn parse(element: &Value) -> Result<Set, ApiError> {
    let (name, kind) = (text(element, "Name"), text(element, "Type"));
    if name.is_empty() || kind.is_empty() {
        return Err(invalid("A resource record set needs a name and a type."));
    }
    let mut set = set_of(json!({"Name": names::canonical(name), "Type": kind}));
    for member in ["SetIdentifier", "Region", "Failover", "HealthCheckId", "MultiValueAnswer"] {
        if let Some(value) = element.get(member).filter(|value| !text(element, member).is_empty() && value.is_string())
        {
            set.insert(member.to_owned(), value.clone());
        }
    }
    for member in ["TTL", "Weight"] {
        if element.get(member).is_some() {
            let number: u32 =
                text(element, member).parse().map_err(|_| invalid(format!("{member} must be a number.")))?;
            set.insert(member.to_owned(), number.into());
        }
    }
    if let Some(place @ Value::Object(_)) = element.get("GeoLocation") {
        set.insert("GeoLocation".to_owned(), place.clone());
    }
    let values = as_list(element.get("ResourceRecords").and_then(|records| records.get("ResourceRecord")));
    if !values.is_empty() {
        let values = values.iter().map(|value| json!({"Value": text(value, "Value")})).collect();
        set.insert("ResourceRecords".to_owned(), values);
    }
    if let Some(target @ Value::Object(_)) = element.get("AliasTarget") {
        set.insert("AliasTarget".to_owned(), alias(target));
    }
    Ok(set)
}

fn alias(target: &Value) -> Value {
    json!({
        "HostedZoneId": text(target, "HostedZoneId"), "DNSName": names::canonical(text(target, "DNSName")),
        "EvaluateTargetHealth": text(target, "EvaluateTargetHealth") == "true",
    })
}

fn show(set: &Set) -> Value {
    let mut shown = set.clone();
    if let Some(values) = shown.remove("ResourceRecords") {
        shown.insert("ResourceRecords".to_owned(), json!({"ResourceRecord": values}));
    }
    Value::Object(shown)
}

/// Order of the list: labels from the right, then type, then set identifier.
pub fn compare(left: &SetKey, right: &SetKey) -> Ordering {
    let order = |key: &SetKey| (names::order(&key.0), key.1.clone(), key.2.clone());
    order(left).cmp(&order(right))
}

fn list(call: &mut Call<'_>) -> Answer {
    let zone = segment(call, 1);
    zone_of(call, &zone)?;
    let parameter = |name: &str| call.query.get(name).filter(|text| !text.is_empty());
    let name = parameter("name").map(|name| names::canonical(name));
    if name.is_none() && (parameter("type").is_some() || parameter("identifier").is_some()) {
        return Err(invalid("The input is not valid: a start type or identifier needs a start name."));
    }
    let rest = |name: &str| parameter(name).cloned().unwrap_or_default();
    let from = name.map(|name| (name, rest("type"), rest("identifier")));
    let mut sets: Vec<&Set> = of_zone(call, &zone).map(|object| &object.body).collect();
    sets.retain(|set| from.as_ref().is_none_or(|from| compare(&key(set), from) != Ordering::Less));
    sets.sort_by(|left, right| compare(&key(left), &key(right)));
    let limit = max_items(call, PAGE);
    let next = sets.get(limit).map(|set| key(set));
    let page: Value = sets.iter().take(limit).map(|set| show(set)).collect();
    let identifier = next.as_ref().map(|next| &next.2).filter(|identifier| !identifier.is_empty());
    let answer = json!({
        "ResourceRecordSets": {"ResourceRecordSet": page}, "IsTruncated": next.is_some(), "MaxItems": limit,
        "NextRecordName": next.as_ref().map(|next| &next.0), "NextRecordType": next.as_ref().map(|next| &next.1),
        "NextRecordIdentifier": identifier,
    });
    Ok(reply("ListResourceRecordSetsResponse", answer))
}
