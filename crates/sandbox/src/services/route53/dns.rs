//! `TestDNSAnswer`: what a resolver would be told. The first set of the name and type answers; an alias is followed within
//! the zone, and one to another service has no data.

use serde_json::{Value, json};

use super::record::{Set, compare, key, of_zone};
use super::{names, reply, text, zone_of};
use crate::call::{Answer, Call};

/// How many aliases are followed.
const DEPTH: usize = 3;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "TestDNSAnswer" => Some(answer(call)),
        _ => None,
    }
}

fn answer(call: &mut Call<'_>) -> Answer {
    let parameter = |name: &str| call.query.get(name).cloned().unwrap_or_default();
    let (zone, name, kind) = (parameter("hostedzoneid"), parameter("recordname"), parameter("recordtype"));
    let found = zone_of(call, &zone)?;
    let server = found.body.get("NameServers").and_then(|servers| servers.get(0)).cloned();
    let mut sets: Vec<&Set> = of_zone(call, &zone).map(|set| &set.body).collect();
    sets.sort_by(|left, right| compare(&key(left), &key(right)));
    let name = names::canonical(&name);
    let known = sets.iter().any(|set| key(set).0 == name);
    let data = resolve(&sets, &zone, &name, &kind, DEPTH);
    let answer = json!({
        "Nameserver": server, "RecordName": name, "RecordType": kind, "Protocol": "UDP",
        "ResponseCode": if known { "NOERROR" } else { "NXDOMAIN" }, "RecordData": {"RecordDataEntry": data},
    });
    Ok(reply("TestDNSAnswerResponse", answer))
}

fn resolve(sets: &[&Set], zone: &str, name: &str, kind: &str, depth: usize) -> Vec<String> {
    let found = sets.iter().find(|set| {
        let (have, of, _) = key(set);
        have == name && of == kind
    });
    let Some(set) = found else { return Vec::new() };
    match set.get("AliasTarget") {
        Some(target) if depth > 0 && text(target, "HostedZoneId") == zone => {
            resolve(sets, zone, text(target, "DNSName"), kind, depth - 1)
        }
        Some(_) => Vec::new(),
        None => {
            let values = set.get("ResourceRecords").and_then(Value::as_array).into_iter().flatten();
            values.map(|value| text(value, "Value").to_owned()).collect()
        }
    }
}
