//! What a blueprint must know of AWS, and what the state knows of it already.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::ec2::{LaunchTemplate, LaunchTemplateSpec, Subnet, SubnetSpec};
use globe_config::{Image, Network, Stack, ZoneSubnets};
use globe_model::{Address, Head, Kind, Record, Region, Scope};
use ipnet::Ipv4Net;

/// Zones, images, and what stands already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts<'h> {
    /// Names of the zones of each region, in the order of the region's address plan.
    pub zones: BTreeMap<Region, Vec<String>>,
    /// AMI ids by region and SSM parameter.
    pub images: BTreeMap<(Region, String), String>,
    /// What was recorded; `None` for commands that look at the file alone.
    head: Option<&'h Head>,
}

impl Facts<'_> {
    /// Stand-ins for commands that do not ask AWS: six zones everywhere, images named after their parameters.
    pub fn nominal(stack: &Stack) -> Self {
        let zones = stack.regions.keys().map(|region| (region.clone(), vec![None; 6])).collect();
        Recorded { zones, ..Recorded::default() }.assumed(stack)
    }

    /// The recorded spec of a resource, if there is one that its kind can read.
    pub fn recorded<K: Kind>(&self, address: &Address) -> Option<K::Spec> {
        spec::<K>(self.head?.records.get(address)?)
    }

    /// The AWS names that recorded resources of a kind have in a scope.
    pub fn names<K: Kind>(&self, scope: &Scope, name: fn(K::Spec) -> String) -> BTreeSet<String> {
        let Some(head) = self.head else { return BTreeSet::new() };
        let first = Address::new(scope.clone(), K::NAME, "");
        let own = head.records.range(first..).map(|(_, record)| record);
        let own = own.take_while(|record| record.address.scope == *scope && record.address.kind == K::NAME);
        own.filter_map(spec::<K>).map(name).collect()
    }

    /// What AWS was last told of a resource, if its kind can read that.
    pub fn applied<K: Kind>(&self, address: &Address) -> Option<K::Desired> {
        Some(self.head?.records.get(address)?.desired.open::<K::Desired>().ok()?.into_owned())
    }

    /// The regions in which a `K` of this name is recorded.
    pub fn regions_of<K: Kind>(&self, name: &str) -> Vec<Region> {
        let records = self.head.into_iter().flat_map(|head| head.records.keys());
        let of = records.filter(|address| address.kind == K::NAME && address.name == name);
        of.filter_map(|address| address.scope.as_region().cloned()).collect()
    }

    /// The recorded outputs of a resource, once it was ready.
    pub fn outputs<K: Kind>(&self, address: &Address) -> Option<K::Outputs> {
        Some(self.head?.records.get(address)?.outputs.as_ref()?.open::<K::Outputs>().ok()?.into_owned())
    }

    /// The recorded AWS identity of a resource.
    pub fn id(&self, address: &Address) -> Option<&str> {
        self.head?.records.get(address).map(|record| record.id.as_str())
    }
}

fn spec<K: Kind>(record: &Record) -> Option<K::Spec> {
    Some(record.spec.open::<K::Spec>().ok()?.into_owned())
}

/// Facts as far as the state has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded<'h> {
    /// The zone of each place in a region's address plan, where a subnet of that place is recorded. An interrupted run
    /// leaves gaps; the places that are taken must not move when they are filled.
    zones: BTreeMap<Region, Vec<Option<String>>>,
    images: BTreeMap<(Region, String), String>,
    head: Option<&'h Head>,
}

/// What is still to be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Regions with gaps.
    pub zones: Vec<Region>,
    /// SSM parameters by region.
    pub images: BTreeMap<Region, Vec<String>>,
}

impl<'h> Recorded<'h> {
    /// Zones of subnets, and images of templates.
    pub fn read(stack: &Stack, head: &'h Head) -> Self {
        let plans: BTreeMap<&Region, Vec<ZoneSubnets>> =
            stack.regions.keys().map(|region| (region, address_plan(stack, region))).collect();
        let zones = plans.iter().map(|(region, plan)| ((*region).clone(), vec![None; plan.len()])).collect();
        let mut recorded = Self { zones, images: BTreeMap::new(), head: Some(head) };
        for record in head.records.values() {
            let Some(region) = record.address.scope.as_region() else { continue };
            match record.address.kind.as_str() {
                Subnet::NAME => {
                    let plan = plans.get(region).map(Vec::as_slice).unwrap_or_default();
                    recorded.place(region, plan, spec::<Subnet>(record));
                }
                LaunchTemplate::NAME => recorded.pin_image(region, spec::<LaunchTemplate>(record)),
                _ => {}
            }
        }
        recorded
    }

    fn place(&mut self, region: &Region, plan: &[ZoneSubnets], subnet: Option<SubnetSpec>) {
        let Some(subnet) = subnet else { return };
        let range = subnet.cidr.parse::<Ipv4Net>().ok();
        let place = plan.iter().position(|place| range.is_some_and(|range| place.all().contains(&range)));
        if let (Some(place), Some(places)) = (place, self.zones.get_mut(region))
            && let Some(slot) = places.get_mut(place)
        {
            *slot = Some(subnet.zone);
        }
    }

    fn pin_image(&mut self, region: &Region, template: Option<LaunchTemplateSpec>) {
        if let Some(template) = template
            && let Some(name) = template.image_source.strip_prefix("ssm:")
        {
            self.images.insert((region.clone(), name.to_owned()), template.image_id);
        }
    }

    /// The same without images: they are to be asked for anew.
    #[must_use]
    pub fn without_images(mut self) -> Self {
        self.images.clear();
        self
    }

    /// What must be asked in these regions.
    pub fn missing(&self, stack: &Stack, regions: &BTreeSet<Region>) -> Missing {
        let gaps = |(region, places): &(&Region, &Vec<Option<String>>)| {
            regions.contains(*region) && places.iter().any(Option::is_none)
        };
        let zones = self.zones.iter().filter(gaps).map(|(region, _)| region.clone()).collect();
        let mut missing = Missing { zones, images: BTreeMap::new() };
        for (region, name) in self.unknown_images(stack).filter(|(region, _)| regions.contains(region)) {
            let names = missing.images.entry(region).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        missing
    }

    fn unknown_images<'s>(&self, stack: &'s Stack) -> impl Iterator<Item = (Region, String)> + use<'_, 's, 'h> {
        let wanted = stack.lookups().into_iter().filter_map(|lookup| match lookup.image {
            Image::Ssm(name) => Some((lookup.region, name)),
            Image::Ami(_) => None,
        });
        wanted.filter(|wanted| !self.images.contains_key(wanted))
    }

    /// Fills a region's gaps with zones that AWS offers, in the order of their names.
    pub fn offer(&mut self, region: &Region, zones: &[String]) {
        let Some(places) = self.zones.get_mut(region) else { return };
        let taken: Vec<String> = places.iter().flatten().cloned().collect();
        let mut free = zones.iter().filter(|zone| !taken.contains(zone));
        for place in places.iter_mut().filter(|place| place.is_none()) {
            *place = free.next().cloned();
        }
    }

    /// Takes in an image that AWS names.
    pub fn image(&mut self, region: &Region, name: &str, id: String) {
        self.images.insert((region.clone(), name.to_owned()), id);
    }

    /// The facts; what is missing is found out by whoever needs it.
    pub fn facts(self) -> Facts<'h> {
        let known = |(region, places): (Region, Vec<Option<String>>)| (region, places.into_iter().flatten().collect());
        Facts { zones: self.zones.into_iter().map(known).collect(), images: self.images, head: self.head }
    }

    /// The facts with stand-ins for all that was neither recorded nor asked for: for regions in which nothing is done.
    pub fn assumed(mut self, stack: &Stack) -> Facts<'h> {
        let regions: Vec<Region> = self.zones.keys().cloned().collect();
        for region in regions {
            let zones: Vec<String> = ('a'..='f').map(|letter| format!("{region}{letter}")).collect();
            self.offer(&region, &zones);
        }
        let images: Vec<(Region, String)> = self.unknown_images(stack).collect();
        for (region, name) in images {
            let stand_in = format!("ssm:{name}");
            self.image(&region, &name, stand_in);
        }
        self.facts()
    }
}

/// The places of a region: those of the network with the most zones.
fn address_plan(stack: &Stack, region: &Region) -> Vec<ZoneSubnets> {
    let zones = stack.networks.values().filter_map(|networks| Some(networks.get(region)?.zones)).max();
    let cidr = stack.regions.get(region).map(|config| config.cidr);
    let plan = zones.zip(cidr).and_then(|(zones, cidr)| Network::subnets(cidr, zones).ok());
    plan.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use globe_model::{Ref, Tags, Timestamp};

    use super::*;

    const PARAMETER: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

    fn stack() -> Stack {
        let text = include_str!("../../../config/globe.toml");
        globe_config::parse("globe.toml", text).expect("the reference stack is valid")
    }

    fn west() -> Region {
        Region::new("us-west-2")
    }

    fn all(stack: &Stack) -> BTreeSet<Region> {
        stack.regions.keys().cloned().collect()
    }

    fn record<K: Kind>(name: &str, spec: &K::Spec) -> Record {
        Record {
            address: Address::new(west(), K::NAME, name),
            id: name.into(),
            spec: globe_model::Spec::of(spec.clone()),
            desired: globe_model::Desired::of(()),
            outputs: None,
            at: Timestamp::default(),
        }
    }

    /// us-west-2, whose range is 10.1.0.0/16, with these (range, zone) pairs recorded.
    fn head(subnets: &[(&str, &str)]) -> Head {
        let template = LaunchTemplateSpec {
            name: "acme-web".into(),
            image_id: "ami-1".into(),
            image_source: format!("ssm:{PARAMETER}"),
            instance_type: "m6i.large".into(),
            instance_profile: Ref::to("global", "web"),
            security_groups: Vec::new(),
            user_data: None,
            instance_tags: Tags::default(),
            tags: Tags::default(),
        };
        let mut records = vec![record::<LaunchTemplate>("web", &template)];
        for (cidr, zone) in subnets {
            let (vpc, tags) = (Ref::to(west(), "main"), Tags::default());
            let spec = SubnetSpec { vpc, cidr: (*cidr).into(), zone: (*zone).into(), public: false, tags };
            records.push(record::<Subnet>(&cidr.replace('/', "-"), &spec));
        }
        let records = records.into_iter().map(|record| (record.address.clone(), record)).collect();
        Head { records, ..Head::default() }
    }

    #[test]
    fn what_is_recorded_is_not_asked_for_again() {
        let stack = stack();
        let head =
            head(&[("10.1.0.0/20", "us-west-2b"), ("10.1.48.0/21", "us-west-2c"), ("10.1.64.0/20", "us-west-2d")]);
        let recorded = Recorded::read(&stack, &head);
        let missing = recorded.missing(&stack, &all(&stack));
        assert!(!missing.zones.contains(&west()) && missing.zones.len() == 3);
        assert!(!missing.images.contains_key(&west()) && missing.images.len() == 3);
        let fresh = recorded.clone().without_images();
        assert!(
            fresh.missing(&stack, &all(&stack)).images.contains_key(&west()),
            "new images are asked for on request"
        );
        let facts = recorded.facts();
        assert_eq!(facts.zones[&west()], ["us-west-2b", "us-west-2c", "us-west-2d"]);
        assert_eq!(facts.images[&(west(), PARAMETER.to_owned())], "ami-1");
        let address = Address::new(west(), LaunchTemplate::NAME, "web");
        assert_eq!(facts.recorded::<LaunchTemplate>(&address).map(|spec| spec.name).as_deref(), Some("acme-web"));
        assert!(facts.recorded::<Subnet>(&address).is_none(), "of another kind");
    }

    #[test]
    fn regions_in_which_nothing_is_done_are_not_asked() {
        let (stack, head) = (stack(), head(&[]));
        let recorded = Recorded::read(&stack, &head);
        let missing = recorded.missing(&stack, &[west()].into());
        assert_eq!((missing.zones, missing.images.len()), (vec![west()], 0));
        let facts = recorded.assumed(&stack);
        assert!(crate::expand(&stack, &facts, &globe_aws::kind_table()).is_ok(), "stand-ins suffice for a graph");
        assert_eq!(facts.images[&(west(), PARAMETER.to_owned())], "ami-1");
    }

    #[test]
    fn after_an_interruption_nothing_that_exists_moves() {
        let stack = stack();
        // Of the first run, only the second place was recorded.
        let head = head(&[("10.1.32.0/20", "us-west-2b")]);
        let mut recorded = Recorded::read(&stack, &head);
        assert!(recorded.missing(&stack, &all(&stack)).zones.contains(&west()));
        recorded.offer(&west(), &["us-west-2a", "us-west-2b", "us-west-2c", "us-west-2d"].map(str::to_owned));
        assert_eq!(recorded.facts().zones[&west()], ["us-west-2a", "us-west-2b", "us-west-2c"]);
    }
}
