//! Regions. Facts: a plain describe leaves out those that the account has not enabled.

use serde_json::{Value, json};

use super::filter::Filters;
use crate::call::{Answer, ApiError, Call};

/// Regions that every account has.
const ALWAYS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
/// Regions that an account must enable first; accounts of the sandbox have not.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeRegions" => Some(describe(call)),
        _ => None,
    }
}

fn describe(call: &Call<'_>) -> Answer {
    let row = |(name, status): (&str, &str)| {
        let endpoint = format!("ec2.{name}.amazonaws.com");
        let body = json!({"regionName": name, "regionEndpoint": endpoint, "optInStatus": status});
        call.object("", name, body)
    };
    let everywhere = ALWAYS.iter().map(|name| (*name, "opt-in-not-required"));
    let regions: Vec<_> = everywhere.chain(OPT_IN.iter().map(|name| (*name, "not-opted-in"))).map(row).collect();
    let names = call.texts("RegionName");
    if let Some(unknown) = names.iter().find(|name| !regions.iter().any(|region| region.id == **name)) {
        return Err(ApiError::new("InvalidParameterValue", format!("Invalid region: [{unknown}]")));
    }
    let all = call.flag("AllRegions") == Some(true) || !names.is_empty();
    let filters = Filters::of(call, &[("endpoint", "regionEndpoint"), ("opt-in-status", "optInStatus")]);
    let chosen = regions.into_iter().filter(|region| names.is_empty() || names.contains(&region.id));
    let enabled = chosen.filter(|region| all || region.text("optInStatus") != "not-opted-in");
    let rows: Vec<Value> =
        enabled.filter(|region| filters.accept(region)).map(|region| Value::Object(region.body)).collect();
    Ok(json!({"regionInfo": rows}).into())
}
