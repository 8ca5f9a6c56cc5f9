//! What record sets must look like, alone and beside each other.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use super::change::Sets;
use super::record::{Set, SetKey};
use super::{invalid, names, text};
use crate::call::ApiError;

/// Members that make a set other than simple, and what their policy is called.
const POLICIES: [(&str, &str); 5] = [
    ("Weight", "weighted"),
    ("Region", "latency"),
    ("Failover", "failover"),
    ("GeoLocation", "geolocation"),
    ("MultiValueAnswer", "multivalue answer"),
];

/// Africa, Antarctica, Asia, Europe, Oceania, North and South America.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "OC", "NA", "SA"];

/// The policy's member and name; `None` for a simple set.
fn policy(set: &Set) -> Option<(&'static str, &'static str)> {
    POLICIES.into_iter().find(|(member, _)| set.contains_key(*member))
}

/// `[name='www.example.com.', type='A', set identifier='x']`.
pub fn bracketed((name, kind, identifier): &SetKey) -> String {
    match identifier.as_str() {
        "" => format!("[name='{name}', type='{kind}']"),
        identifier => format!("[name='{name}', type='{kind}', set identifier='{identifier}']"),
    }
}

/// Whether a set makes sense by itself.
///
/// # Errors
/// `InvalidInput`.
pub fn shape(set: &Set) -> Result<(), ApiError> {
    let has = |member: &str| set.contains_key(member);
    let plain = has("TTL") && has("ResourceRecords");
    let mixed = has("AliasTarget") && (has("TTL") || has("ResourceRecords"));
    if mixed || plain == has("AliasTarget") {
        return Err(invalid(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]",
        ));
    }
    if POLICIES.iter().filter(|(member, _)| has(member)).count() > 1 {
        return Err(invalid("Invalid request: A resource record set can have one routing policy only."));
    }
    if policy(set).is_some() != has("SetIdentifier") {
        return Err(invalid("Invalid request: A routing policy needs a SetIdentifier, and the reverse."));
    }
    if set.get("Weight").and_then(Value::as_u64).is_some_and(|weight| weight > 255) {
        return Err(invalid("Invalid request: Weight must be between 0 and 255."));
    }
    let continent = set.get("GeoLocation").and_then(|place| place.get("ContinentCode")?.as_str());
    if let Some(unknown) = continent.filter(|code| !CONTINENTS.contains(code)) {
        return Err(invalid(format!("Invalid request: {unknown} is no continent.")));
    }
    match set.get("GeoLocation") {
        Some(place) if place.get("ContinentCode").is_some() == place.get("CountryCode").is_some() => {
            Err(invalid("Invalid request: A geolocation is either a continent or a country."))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the set `key` in a zone that would then hold `sets`.
pub fn contradictions(zone: &str, apex: &str, sets: &Sets, key: &SetKey) -> Vec<String> {
    let Some(set) = sets.get(key) else { return Vec::new() };
    let others = sets.iter().filter(|(other, _)| other.0 == key.0 && *other != key);
    let mut problems: Vec<String> =
        others.filter_map(|(other, with)| beside(apex, (key, set), (other, with))).collect();
    let (name, kind, _) = key;
    problems.extend(astray(zone, sets, kind, set));
    if !names::within(name, apex) {
        problems.push(format!("RRSet with DNS name {name} is not permitted in zone {apex}"));
    }
    if kind == "CNAME" && name == apex {
        problems.push(format!("RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"));
    }
    let primary = set.get("Failover").and_then(Value::as_str) == Some("PRIMARY");
    if primary && !set.contains_key("HealthCheckId") && !set.contains_key("AliasTarget") {
        problems.push(format!("A non-alias primary RRSet {} needs an associated health check", bracketed(key)));
    }
    let values = set.get("ResourceRecords").and_then(Value::as_array).into_iter().flatten();
    problems.extend(values.filter_map(|value| illegal(kind, text(value, "Value"))));
    problems
}

/// What is wrong with an alias to another record of its zone: that must be there, and of the same type.
fn astray(zone: &str, sets: &Sets, kind: &str, set: &Set) -> Option<String> {
    let target = set.get("AliasTarget")?;
    let name = names::canonical(text(target, "DNSName"));
    let there = sets.keys().any(|(other, type_of, _)| *other == name && type_of == kind);
    (text(target, "HostedZoneId") == zone && !there).then(|| {
        format!(
            "Tried to create an alias that targets {name}, type {kind} in zone {zone}, but that target was not found"
        )
    })
}

/// What keeps one set from existing beside another of the same name.
fn beside(apex: &str, (key, set): (&SetKey, &Set), (other, with): (&SetKey, &Set)) -> Option<String> {
    let (name, kind, identifier) = key;
    if kind != &other.1 {
        let excludes = kind == "CNAME" || other.1 == "CNAME";
        return excludes.then(|| {
            format!(
                "RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {apex}"
            )
        });
    }
    let refused = |why: &str| {
        let named = format!("RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier}");
        Some(format!("{named} cannot be created as {why}"))
    };
    match (policy(set), policy(with)) {
        (None, _) => refused("other RRSets exist with the same name and type."),
        (Some((_, mine)), theirs) if theirs.map(|(_, name)| name) != Some(mine) => {
            refused(&format!("a non-{mine} set exists with the same name and type."))
        }
        (Some((member @ ("Region" | "Failover" | "GeoLocation"), mine)), _) if set.get(member) == with.get(member) => {
            refused(&format!("another RRSet exists with the same name, type and {mine} value."))
        }
        _ => None,
    }
}

/// What is wrong with one value.
fn illegal(kind: &str, value: &str) -> Option<String> {
    let legal = match kind {
        "A" => value.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => value.parse::<Ipv6Addr>().is_ok(),
        "TXT" | "SPF" => value.len() >= 2 && value.starts_with('"') && value.ends_with('"'),
        _ => !value.is_empty(),
    };
    let problem = format!("Invalid Resource Record: 'FATAL problem: {kind}RRDATANotValid encountered with '{value}''");
    (!legal).then_some(problem)
}

/// What a zone needs at its apex whatever else it holds.
pub fn apex(apex: &str, sets: &Sets) -> Vec<String> {
    let missing = |kind: &&str| !sets.contains_key(&(apex.to_owned(), (*kind).to_owned(), String::new()));
    let problem = |kind: &str| format!("A HostedZone must contain a {kind} record for the zone itself.");
    ["NS", "SOA"].iter().filter(|kind| missing(kind)).map(|kind| problem(kind)).collect()
}
