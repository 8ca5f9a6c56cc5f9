//! What a blueprint must know of AWS.

use std::collections::BTreeMap;

use globe_config::{Image, Stack};
use globe_model::Region;

/// Zones and images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Names of the zones of each region, sorted.
    pub zones: BTreeMap<Region, Vec<String>>,
    /// AMI ids by region and SSM parameter.
    pub images: BTreeMap<(Region, String), String>,
}

impl Facts {
    /// Stand-ins for commands that do not ask AWS: six zones everywhere, images named after their parameters.
    pub fn nominal(stack: &Stack) -> Self {
        let zones = |region: &Region| ('a'..='f').map(|letter| format!("{region}{letter}")).collect();
        let mut facts = Self {
            zones: stack.regions.keys().map(|region| (region.clone(), zones(region))).collect(),
            ..Self::default()
        };
        for lookup in stack.lookups() {
            if let Image::Ssm(name) = lookup.image {
                facts.images.insert((lookup.region, name.clone()), format!("ssm:{name}"));
            }
        }
        facts
    }
}
