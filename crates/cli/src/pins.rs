//! Facts of AWS that the state has pinned: the zones that a stack's subnets are in, the images that its templates have.

use std::collections::BTreeMap;

use globe_blueprint::Facts;
use globe_config::{Image, Stack};
use globe_model::{Head, Record, Region};
use serde_json::Value;

/// What is still to be asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Regions with fewer pinned zones than a network wants.
    pub zones: Vec<Region>,
    /// SSM parameters by region.
    pub images: BTreeMap<Region, Vec<String>>,
}

/// What is recorded: zones of subnets, and images of templates whose source the file still names.
pub fn facts(stack: &Stack, head: &Head, fresh_images: bool) -> Facts {
    let mut facts = Facts::default();
    for record in head.records.values() {
        let Some(region) = record.address.scope.as_region() else { continue };
        match record.address.kind.as_str() {
            "ec2/subnet" => {
                let zones = facts.zones.entry(region.clone()).or_default();
                zones.extend(text(record, "zone").filter(|zone| !zones.contains(zone)));
            }
            "ec2/launch_template" if !fresh_images => {
                let source = text(record, "image_source").unwrap_or_default();
                if let (Some(name), Some(image)) = (source.strip_prefix("ssm:"), text(record, "image_id")) {
                    facts.images.insert((region.clone(), name.to_owned()), image);
                }
            }
            _ => {}
        }
    }
    facts.zones.values_mut().for_each(|zones| zones.sort());
    facts.zones.retain(|region, _| stack.regions.contains_key(region));
    facts
}

fn text(record: &Record, member: &str) -> Option<String> {
    record.spec.get(member).and_then(Value::as_str).map(str::to_owned)
}

/// What `facts` lack for this stack.
pub fn missing(stack: &Stack, facts: &Facts) -> Missing {
    let mut missing = Missing::default();
    for region in stack.regions.keys() {
        let networks = stack.networks.values().filter_map(|networks| networks.get(region));
        let wanted = networks.map(|network| usize::from(network.zones)).max().unwrap_or_default();
        if facts.zones.get(region).map_or(0, Vec::len) < wanted {
            missing.zones.push(region.clone());
        }
    }
    for lookup in stack.lookups() {
        if let Image::Ssm(name) = lookup.image {
            let key = (lookup.region, name);
            if !facts.images.contains_key(&key) {
                let names = missing.images.entry(key.0).or_default();
                if !names.contains(&key.1) {
                    names.push(key.1);
                }
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use globe_model::{Address, Timestamp};
    use serde_json::json;

    use super::*;

    fn stack() -> Stack {
        let text = include_str!("../../../config/globe.toml");
        globe_config::parse("globe.toml", text).expect("the reference stack is valid")
    }

    fn record(kind: &str, name: &str, spec: Value) -> Record {
        let address = Address::new("us-west-2", kind, name);
        let (desired, outputs) = (Value::Null, Value::Null);
        Record { address, id: name.into(), spec, desired, outputs, at: Timestamp::default() }
    }

    #[test]
    fn what_is_recorded_is_not_asked_for_again() {
        let stack = stack();
        let parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
        let mut head = Head::default();
        for zone in ["us-west-2d", "us-west-2a", "us-west-2b", "us-west-2a"] {
            let record = record("ec2/subnet", &format!("s-{zone}"), json!({"zone": zone}));
            head.records.insert(record.address.clone(), record);
        }
        let source = json!({"image_source": format!("ssm:{parameter}"), "image_id": "ami-1"});
        let template = record("ec2/launch_template", "web", source);
        head.records.insert(template.address.clone(), template);
        let west = Region::new("us-west-2");

        let pinned = facts(&stack, &head, false);
        assert_eq!(pinned.zones[&west], ["us-west-2a", "us-west-2b", "us-west-2d"]);
        assert_eq!(pinned.images[&(west.clone(), parameter.to_owned())], "ami-1");
        let asked = missing(&stack, &pinned);
        assert!(!asked.zones.contains(&west) && asked.zones.len() == 3);
        assert!(!asked.images.contains_key(&west) && asked.images.len() == 3);

        let fresh = facts(&stack, &head, true);
        assert!(missing(&stack, &fresh).images.contains_key(&west), "new images are asked for on request");
    }
}
