//! What every component's file works with.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::ec2::{RouteTable, Subnet};
use globe_config::Stack;
use globe_config::names::Naming;
use globe_graph::GraphBuilder;
use globe_model::{Address, Kind, Ref, Region, Scope, Tags};

use crate::{BlueprintError, Facts};

/// The three tiers of a network, as subnet names spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Load balancers and NAT gateways.
    Public,
    /// Instances.
    Private,
    /// Databases and caches.
    Data,
}

impl Tier {
    /// As in `main-private-a`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Data => "data",
        }
    }
}

/// A stack on its way to a graph.
pub struct Cx<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Facts of AWS.
    pub facts: &'a Facts<'a>,
    /// How new objects are named.
    pub naming: &'a dyn Naming,
    /// AWS names that are taken, by scope and kind, as far as they were asked for.
    pub taken: RefCell<BTreeMap<(Scope, &'static str), BTreeSet<String>>>,
    /// What was expanded so far.
    pub graph: GraphBuilder,
}

impl<'a> Cx<'a> {
    /// What is added from now on belongs to the component `key.name`.
    pub fn of_component(&mut self, key: &str, name: &str) {
        let component = format!("{key}.{name}");
        let protect = self.stack.protect.get(&component).copied();
        self.graph.of_component(&component, protect);
    }

    /// The user's tags and a name: `{stack}-{name}`.
    pub fn tags(&self, name: &str) -> Tags {
        self.stack.tags.with("Name", format!("{}-{name}", self.stack.name))
    }

    /// The recorded spec of the `K` called `name` in `scope`: what was named at its creation keeps its name.
    pub fn recorded<K: Kind>(&self, scope: impl Into<Scope>, name: &str) -> Option<K::Spec> {
        self.facts.recorded::<K>(&Address::new(scope, K::NAME, name))
    }

    /// The AWS name of the `K` called `name`: as it stands, or one by `rule` that no other has.
    pub fn named<K: Kind>(
        &self,
        (scope, name): (&Scope, &str),
        of: fn(K::Spec) -> String,
        rule: impl FnOnce() -> String,
    ) -> String {
        let recorded = self.recorded::<K>(scope.clone(), name).map(of);
        recorded.unwrap_or_else(|| self.free::<K>(std::slice::from_ref(scope), of, rule()))
    }

    /// This name, or with a number where it is taken in one of the scopes: what moved away has kept it.
    pub fn free<K: Kind>(&self, scopes: &[Scope], of: fn(K::Spec) -> String, rule: String) -> String {
        let is_taken = |name: &str| scopes.iter().any(|scope| self.is_taken::<K>(scope, of, name));
        let mut name = rule.clone();
        let mut number = 2;
        while is_taken(&name) {
            name = format!("{rule}-{number}");
            number += 1;
        }
        name
    }

    fn is_taken<K: Kind>(&self, scope: &Scope, of: fn(K::Spec) -> String, name: &str) -> bool {
        let mut taken = self.taken.borrow_mut();
        let names = taken.entry((scope.clone(), K::NAME)).or_insert_with(|| self.facts.names::<K>(scope, of));
        names.contains(name)
    }

    /// The zones that a network uses in a region: the first of them by name.
    ///
    /// # Errors
    /// When the region has too few.
    pub fn zones(&self, network: &str, region: &Region) -> Result<&'a [String], BlueprintError> {
        let wanted = self.stack.network(network, region).map_or(0, |network| usize::from(network.zones));
        let offered: &'a [String] = self.facts.zones.get(region).map(Vec::as_slice).unwrap_or_default();
        offered.get(..wanted).ok_or_else(|| BlueprintError::TooFewZones {
            network: network.to_owned(),
            region: region.clone(),
            wanted,
            offered: offered.len(),
        })
    }

    /// The subnets of one tier; none where the region has too few zones, which [`Cx::zones`] reports.
    pub fn subnets(&self, network: &str, region: &Region, tier: Tier) -> Vec<Ref<Subnet>> {
        let zones = self.zones(network, region).unwrap_or_default();
        zones.iter().map(|zone| Ref::to(region.clone(), subnet_name(network, tier, zone))).collect()
    }

    /// The tables by which the private tier reaches the world.
    pub fn routes_of(&self, network: &str, region: &Region) -> Vec<Ref<RouteTable>> {
        let zones = self.zones(network, region).unwrap_or_default();
        zones.iter().map(|zone| Ref::to(region.clone(), format!("{network}-private-{}", letter(zone)))).collect()
    }
}

/// `main-private-a`.
pub fn subnet_name(network: &str, tier: Tier, zone: &str) -> String {
    format!("{network}-{}-{}", tier.as_str(), letter(zone))
}

/// `a` of `eu-central-1a`.
pub fn letter(zone: &str) -> String {
    zone.chars().last().map(String::from).unwrap_or_default()
}
