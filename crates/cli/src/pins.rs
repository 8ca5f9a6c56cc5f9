//! Facts of AWS that the state has pinned: the zones that a stack's subnets are in, the images that its templates have.

use std::collections::BTreeMap;

use globe_blueprint::Facts;
use globe_config::{Image, Network, Stack, ZoneSubnets};
use globe_model::{Head, Record, Region};
use ipnet::Ipv4Net;
use serde_json::Value;

/// What is recorded, as far as it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The zone of each place in a region's address plan, where a subnet of that place is recorded. An interrupted run
    /// leaves gaps; the places that are taken must not move when they are filled.
    places: BTreeMap<Region, Vec<Option<String>>>,
    /// AMI ids by region and SSM parameter.
    images: BTreeMap<(Region, String), String>,
}

/// What is still to be asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Regions with gaps.
    pub zones: Vec<Region>,
    /// SSM parameters by region.
    pub images: BTreeMap<Region, Vec<String>>,
}

/// Zones of subnets, and images of templates whose source the file still names.
pub fn read(stack: &Stack, head: &Head, fresh_images: bool) -> Pins {
    let plans: BTreeMap<&Region, Vec<ZoneSubnets>> =
        stack.regions.keys().map(|region| (region, address_plan(stack, region))).collect();
    let mut pins = Pins::default();
    for (region, plan) in &plans {
        pins.places.insert((*region).clone(), vec![None; plan.len()]);
    }
    for record in head.records.values() {
        let Some(region) = record.address.scope.as_region() else { continue };
        match record.address.kind.as_str() {
            "ec2/subnet" => pins.place(region, plans.get(region).map(Vec::as_slice).unwrap_or_default(), record),
            "ec2/launch_template" if !fresh_images => pins.image(region, record),
            _ => {}
        }
    }
    pins
}

/// The places of a region: those of the network with the most zones.
fn address_plan(stack: &Stack, region: &Region) -> Vec<ZoneSubnets> {
    let zones = stack.networks.values().filter_map(|networks| Some(networks.get(region)?.zones)).max();
    let cidr = stack.regions.get(region).map(|config| config.cidr);
    let plan = zones.zip(cidr).and_then(|(zones, cidr)| Network::subnets(cidr, zones).ok());
    plan.unwrap_or_default()
}

fn text<'a>(record: &'a Record, member: &str) -> Option<&'a str> {
    record.spec.get(member).and_then(Value::as_str)
}

impl Pins {
    fn place(&mut self, region: &Region, plan: &[ZoneSubnets], record: &Record) {
        let range = text(record, "cidr").and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
        let place = plan.iter().position(|place| range.is_some_and(|range| place.all().contains(&range)));
        if let (Some(place), Some(zone)) = (place, text(record, "zone"))
            && let Some(slot) = self.places.get_mut(region).and_then(|places| places.get_mut(place))
        {
            *slot = Some(zone.to_owned());
        }
    }

    fn image(&mut self, region: &Region, record: &Record) {
        let source = text(record, "image_source").unwrap_or_default();
        if let (Some(name), Some(image)) = (source.strip_prefix("ssm:"), text(record, "image_id")) {
            self.images.insert((region.clone(), name.to_owned()), image.to_owned());
        }
    }

    /// What must be asked for this stack.
    pub fn missing(&self, stack: &Stack) -> Missing {
        let gaps = |places: &Vec<Option<String>>| places.iter().any(Option::is_none);
        let zones = self.places.iter().filter(|(_, places)| gaps(places)).map(|(region, _)| region.clone()).collect();
        let mut missing = Missing { zones, images: BTreeMap::new() };
        for lookup in stack.lookups() {
            if let Image::Ssm(name) = lookup.image {
                let key = (lookup.region, name);
                if !self.images.contains_key(&key) {
                    let names = missing.images.entry(key.0).or_default();
                    if !names.contains(&key.1) {
                        names.push(key.1);
                    }
                }
            }
        }
        missing
    }

    /// The facts, with gaps filled by what AWS offers where it was asked, and by stand-ins elsewhere.
    pub fn fill_or_stand_in(self, stack: &Stack, offered: &BTreeMap<Region, Vec<String>>) -> Facts {
        let mut nominal = Facts::nominal(stack);
        nominal.zones.extend(offered.iter().map(|(region, zones)| (region.clone(), zones.clone())));
        let facts = self.fill(&nominal.zones);
        nominal.images.extend(facts.images);
        Facts { images: nominal.images, ..facts }
    }

    /// The facts, with gaps filled by what AWS offers, in the order of its names.
    pub fn fill(self, offered: &BTreeMap<Region, Vec<String>>) -> Facts {
        let fill = |(region, places): (Region, Vec<Option<String>>)| {
            let offered = offered.get(&region).map(Vec::as_slice).unwrap_or_default();
            let mut free = offered.iter().filter(|zone| !places.iter().flatten().any(|taken| taken == *zone));
            let zones = places.iter().filter_map(|place| place.clone().or_else(|| free.next().cloned())).collect();
            (region, zones)
        };
        Facts { zones: self.places.into_iter().map(fill).collect(), images: self.images }
    }
}

#[cfg(test)]
mod tests {
    use globe_model::{Address, Timestamp};
    use serde_json::json;

    use super::*;

    const PARAMETER: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

    fn stack() -> Stack {
        let text = include_str!("../../../config/globe.toml");
        globe_config::parse("globe.toml", text).expect("the reference stack is valid")
    }

    /// us-west-2, whose range is 10.1.0.0/16, with these (range, zone) pairs recorded.
    fn head(subnets: &[(&str, &str)]) -> Head {
        let mut head = Head::default();
        let template = json!({"image_source": format!("ssm:{PARAMETER}"), "image_id": "ami-1"});
        let mut specs = vec![("ec2/launch_template", "web".to_owned(), template)];
        for (cidr, zone) in subnets {
            specs.push(("ec2/subnet", (*cidr).to_owned(), json!({"cidr": cidr, "zone": zone})));
        }
        for (kind, name, spec) in specs {
            let address = Address::new("us-west-2", kind, name.replace('/', "-"));
            let (desired, outputs) = (Value::Null, Value::Null);
            let record = Record { address, id: name, spec, desired, outputs, at: Timestamp::default() };
            head.records.insert(record.address.clone(), record);
        }
        head
    }

    fn west() -> Region {
        Region::new("us-west-2")
    }

    #[test]
    fn what_is_recorded_is_not_asked_for_again() {
        let stack = stack();
        let all = [("10.1.0.0/20", "us-west-2b"), ("10.1.48.0/21", "us-west-2c"), ("10.1.64.0/20", "us-west-2d")];
        let pins = read(&stack, &head(&all), false);
        let missing = pins.missing(&stack);
        assert!(!missing.zones.contains(&west()) && missing.zones.len() == 3);
        assert!(!missing.images.contains_key(&west()) && missing.images.len() == 3);
        let facts = pins.fill(&BTreeMap::new());
        assert_eq!(facts.zones[&west()], ["us-west-2b", "us-west-2c", "us-west-2d"]);
        assert_eq!(facts.images[&(west(), PARAMETER.to_owned())], "ami-1");
        let fresh = read(&stack, &head(&all), true);
        assert!(fresh.missing(&stack).images.contains_key(&west()), "new images are asked for on request");
    }

    #[test]
    fn after_an_interruption_nothing_that_exists_moves() {
        let stack = stack();
        // Of the first run, only the second place was recorded.
        let pins = read(&stack, &head(&[("10.1.32.0/20", "us-west-2b")]), false);
        assert!(pins.missing(&stack).zones.contains(&west()));
        let offered = ["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"].map(str::to_owned).to_vec();
        let facts = pins.fill(&BTreeMap::from([(west(), offered)]));
        assert_eq!(facts.zones[&west()], ["us-west-2a", "us-west-2b", "us-west-2c"]);
    }
}
