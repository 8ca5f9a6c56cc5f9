//! Instance types, where they are offered, and attributes of the account: look-ups, the same for everybody here. The
//! sandbox knows the families in common use, and offers all of them in every zone.

use serde_json::{Value, json};

use super::filter::Filters;
use super::zones;
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Families: name, architecture, MiB per virtual processor.
const FAMILIES: [(&str, &str, i64); 20] = [
    ("c5", "x86_64", 2048),
    ("c6g", "arm64", 2048),
    ("c6i", "x86_64", 2048),
    ("c7g", "arm64", 2048),
    ("c7i", "x86_64", 2048),
    ("m5", "x86_64", 4096),
    ("m6g", "arm64", 4096),
    ("m6i", "x86_64", 4096),
    ("m7g", "arm64", 4096),
    ("m7i", "x86_64", 4096),
    ("m8g", "arm64", 4096),
    ("r5", "x86_64", 8192),
    ("r6g", "arm64", 8192),
    ("r6i", "x86_64", 8192),
    ("r7g", "arm64", 8192),
    ("r7i", "x86_64", 8192),
    ("t2", "x86_64", 4096),
    ("t3", "x86_64", 4096),
    ("t3a", "x86_64", 4096),
    ("t4g", "arm64", 4096),
];
/// Sizes of the burstable families: name, virtual processors, MiB.
const BURSTABLE: [(&str, i64, i64); 7] = [
    ("nano", 2, 512),
    ("micro", 2, 1024),
    ("small", 2, 2048),
    ("medium", 2, 4096),
    ("large", 2, 8192),
    ("xlarge", 4, 16384),
    ("2xlarge", 8, 32768),
];
/// Sizes of the others: name, virtual processors.
const FIXED: [(&str, i64); 8] = [
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeInstanceTypes" => Some(describe(call)),
        "DescribeInstanceTypeOfferings" => Some(offerings(call)),
        "DescribeAccountAttributes" => Some(attributes(call)),
        _ => None,
    }
}

/// The processor architecture of a type; `None` if there is no such type.
pub fn architecture(kind: &str) -> Option<&'static str> {
    all().find(|known| known.name == kind).map(|known| known.architecture)
}

struct Type {
    name: String,
    architecture: &'static str,
    processors: i64,
    mebibytes: i64,
}

fn all() -> impl Iterator<Item = Type> {
    FAMILIES.into_iter().flat_map(|(family, architecture, per_processor)| {
        let sizes: Vec<(&str, i64, i64)> = match family.starts_with('t') {
            true => BURSTABLE.to_vec(),
            false => FIXED.iter().map(|(size, processors)| (*size, *processors, processors * per_processor)).collect(),
        };
        sizes.into_iter().map(move |(size, processors, mebibytes)| Type {
            name: format!("{family}.{size}"),
            architecture,
            processors,
            mebibytes,
        })
    })
}

fn describe(call: &Call<'_>) -> Answer {
    if call.number("MaxResults").is_some_and(|wanted| !(5..=100).contains(&wanted)) {
        let message = "Value for parameter maxResults is invalid. Expecting a value between 5 and 100.";
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let names = call.texts("InstanceType");
    let unknown: Vec<&str> = names.iter().filter(|name| architecture(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(ApiError::new("InvalidInstanceType", message));
    }
    let filters = Filters::of(
        call,
        &[
            ("processor-info.supported-architecture", "processorInfo.supportedArchitectures"),
            ("vcpu-info.default-vcpus", "vCpuInfo.defaultVCpus"),
            ("memory-info.size-in-mib", "memoryInfo.sizeInMiB"),
            ("burstable-performance-supported", "burstablePerformanceSupported"),
        ],
    );
    let chosen = all().filter(|known| names.is_empty() || names.contains(&known.name));
    let rows = chosen.map(|known| call.object("", &known.name, row(&known)));
    answer(call, "instanceTypeSet", rows, &filters)
}

fn row(known: &Type) -> Value {
    json!({
        "instanceType": known.name, "currentGeneration": !known.name.starts_with("t2."),
        "processorInfo": {"supportedArchitectures": [known.architecture]},
        "vCpuInfo": {"defaultVCpus": known.processors}, "memoryInfo": {"sizeInMiB": known.mebibytes},
        "bareMetal": false, "hypervisor": if known.name.starts_with("t2.") { "xen" } else { "nitro" },
        "burstablePerformanceSupported": known.name.starts_with('t'), "instanceStorageSupported": false,
        "supportedUsageClasses": ["on-demand", "spot"], "supportedRootDeviceTypes": ["ebs"],
        "supportedVirtualizationTypes": ["hvm"], "ebsInfo": {"encryptionSupport": "supported"},
    })
}

fn answer(call: &Call<'_>, set: &str, rows: impl Iterator<Item = Object>, filters: &Filters) -> Answer {
    let rows: Vec<Value> = rows.filter(|row| filters.accept(row)).map(|row| Value::Object(row.body)).collect();
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({set: page, "nextToken": next}).into())
}

fn offerings(call: &Call<'_>) -> Answer {
    let kind = call.text("LocationType").unwrap_or("region");
    let places: Vec<String> = match kind {
        "availability-zone" => zones::of(call.region).into_iter().map(|zone| zone.name).collect(),
        "availability-zone-id" => zones::of(call.region).into_iter().map(|zone| zone.id).collect(),
        _ => vec![call.region.to_owned()],
    };
    let offered = |known: Type| {
        let row = |place: &String| {
            let body = json!({"instanceType": known.name, "locationType": kind, "location": place});
            call.object("", &known.name, body)
        };
        places.iter().map(row).collect::<Vec<_>>()
    };
    answer(call, "instanceTypeOfferingSet", all().flat_map(offered), &Filters::of(call, &[]))
}

/// Accounts of the sandbox have no default VPC.
fn attributes(call: &Call<'_>) -> Answer {
    let known = [
        ("supported-platforms", "VPC"),
        ("default-vpc", "none"),
        ("vpc-max-security-groups-per-interface", "5"),
        ("max-elastic-ips", "5"),
        ("vpc-max-elastic-ips", "5"),
        ("max-instances", "20"),
    ];
    let names = call.texts("AttributeName");
    let chosen = known.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let row =
        |(name, value): &(&str, &str)| json!({"attributeName": name, "attributeValueSet": [{"attributeValue": value}]});
    Ok(json!({"accountAttributeSet": chosen.map(row).collect::<Vec<_>>()}).into())
}
