//! A stack of which only some regions are in use.

use std::collections::BTreeSet;

use globe_model::Region;

use crate::{Failover, Location, Route, Stack, Table, TableRegions, Target};

impl Stack {
    /// The stack as it is while only `active` regions are in use.
    ///
    /// What names an inactive region goes: a place of a geolocation, an end of a failover, a weight, a table's
    /// member. A geolocation's default (`*`) moves to the primary instead, or to the first region in use, so that nobody is
    /// left without an answer.
    /// A record that no active region answers, and a table without a region, are dropped whole.
    #[must_use]
    pub fn restricted_to(&self, active: &BTreeSet<Region>) -> Stack {
        let keep = |region: &Region| active.contains(region);
        let mut stack = self.clone();
        stack.regions.retain(|region, _| keep(region));
        let fallback = stack.home().clone();
        stack.networks.values_mut().for_each(|network| network.retain(keep));
        stack.load_balancers.values_mut().for_each(|load_balancer| load_balancer.retain(keep));
        stack.services.values_mut().for_each(|service| service.retain(keep));
        stack.buckets.values_mut().for_each(|bucket| bucket.retain(keep));
        stack.tables.retain(|_, table| table.keep(keep));
        stack.records.retain(|_, record| match &mut record.target {
            Target::LoadBalancer { route, .. } => route.keep(keep, &fallback),
            Target::Literal(_) => true,
        });
        stack
    }
}

impl Table {
    /// Drops members; false when none is left.
    fn keep(&mut self, keep: impl Fn(&Region) -> bool) -> bool {
        match &mut self.regions {
            TableRegions::All => true,
            TableRegions::Only(only) => {
                only.retain(|region| keep(region));
                !only.is_empty()
            }
        }
    }
}

impl Route {
    /// Drops what leads to inactive regions; false when nothing is left.
    fn keep(&mut self, keep: impl Fn(&Region) -> bool, fallback: &Region) -> bool {
        match self {
            Self::Simple | Self::Latency => true,
            Self::Geolocation(places) => {
                let lost = places.get_mut(&Location::Default).filter(|region| !keep(region));
                if let Some(region) = lost {
                    *region = fallback.clone();
                }
                places.retain(|_, region| keep(region));
                !places.is_empty()
            }
            Self::Failover(Failover { primary, standby }) => {
                for end in [&mut *primary, &mut *standby] {
                    *end = end.take().filter(|region| keep(region));
                }
                primary.is_some() || standby.is_some()
            }
            Self::Weighted(weights) => {
                weights.retain(|region, _| keep(region));
                !weights.is_empty()
            }
        }
    }
}
