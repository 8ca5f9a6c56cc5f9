//! Regions and availability zones, which are facts of AWS rather than objects of an account.

use serde_json::{Value, json};

use super::filter::wildcard;
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;

/// One availability zone.
pub struct Zone {
    /// `eu-central-1a`.
    pub name: String,
    /// `euc1-az1`: the same place for every account.
    pub id: String,
}

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeAvailabilityZones" => Some(describe(call)),
        _ => None,
    }
}

/// Zones of a region: us-east-1 has six, us-west-2 four, all others three here.
pub fn of(region: &str) -> Vec<Zone> {
    let count = match region {
        "us-east-1" => 6,
        "us-west-2" => 4,
        _ => 3,
    };
    let zone = |(index, letter): (usize, char)| Zone {
        name: format!("{region}{letter}"),
        id: format!("{}-az{}", short(region), index + 1),
    };
    ('a'..='z').take(count).enumerate().map(zone).collect()
}

/// `eu-central-1` as `euc1`: the prefix of zone ids.
fn short(region: &str) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let initials: String = match parts.next() {
        Some("northeast") => "ne".into(),
        Some("northwest") => "nw".into(),
        Some("southeast") => "se".into(),
        Some("southwest") => "sw".into(),
        Some(side) => side.chars().take(1).collect(),
        None => String::new(),
    };
    format!("{area}{initials}{}", parts.next().unwrap_or_default())
}

/// The zone that a create names by name or id, or the region's first.
pub fn resolve(call: &Call<'_>) -> Result<Zone, ApiError> {
    let (name, id) = (call.text("AvailabilityZone"), call.text("AvailabilityZoneId"));
    let chosen = |zone: &Zone| name.is_none_or(|name| zone.name == name) && id.is_none_or(|id| zone.id == id);
    of(call.region).into_iter().find(chosen).ok_or_else(|| {
        let named = name.or(id).unwrap_or_default();
        ApiError::new("InvalidParameterValue", format!("Value ({named}) for parameter availabilityZone is invalid."))
    })
}

fn describe(call: &mut Call<'_>) -> Answer {
    let row = |zone: Zone| {
        json!({
            "zoneName": zone.name, "zoneId": zone.id, "zoneState": "available", "zoneType": "availability-zone",
            "regionName": call.region, "optInStatus": "opt-in-not-required", "groupName": call.region,
            "networkBorderGroup": call.region, "messageSet": [],
        })
    };
    let filters = call.list("Filter");
    let accepted = |row: &Value| filters.iter().all(|filter| accept(filter, row));
    let rows: Vec<Value> = of(call.region).into_iter().map(row).filter(accepted).collect();
    Ok(json!({"availabilityZoneInfo": rows}).into())
}

fn accept(filter: &Value, row: &Value) -> bool {
    let member = match filter.get("Name").and_then(Value::as_str).unwrap_or_default() {
        "zone-name" => "zoneName",
        "zone-id" => "zoneId",
        "state" => "zoneState",
        "zone-type" => "zoneType",
        "opt-in-status" => "optInStatus",
        "region-name" => "regionName",
        "group-name" => "groupName",
        _ => return false,
    };
    let have = row.get(member).and_then(Value::as_str).unwrap_or_default();
    as_list(filter.get("Value")).iter().any(|pattern| wildcard(pattern.as_str().unwrap_or_default(), have))
}
