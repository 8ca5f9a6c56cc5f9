//! Reading the inventory: recorded ids in bulk, then a search for what is wanted and not recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use globe_graph::Graph;
use globe_model::{
    Address, CallError, Candidate, Clock, Cloud, Desired, ErrorClass, Head, Inventory, KindTable, Observation, Outputs,
    Record, Recovery, Scope, Upstream, Wanted, mentions_unknown,
};

use crate::retry::patience;

/// Between two looks at what is not visible yet.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What is to be looked at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// What was recorded.
    pub head: &'a Head,
    /// What the whole file describes.
    pub whole: &'a Graph,
    /// The addresses that the command is about and what they need; `None` is everything.
    pub asked: Option<&'a BTreeSet<Address>>,
    /// Regions that are known not to answer, and how that showed.
    pub silent: &'a BTreeMap<Scope, CallError>,
}

impl Look<'_> {
    /// What is known of an address without asking AWS.
    fn unasked(&self, address: &Address) -> Option<Observation> {
        if self.asked.is_some_and(|asked| !asked.contains(address)) {
            return Some(Observation::Unasked);
        }
        self.silent.get(&address.scope).map(|error| Observation::Unknown(error.clone()))
    }
}

/// Reads everything recorded that was asked for, and looks for everything in `whole` that is not recorded. What cannot
/// be read is an observation too: the inventory never fails whole.
pub async fn observe(cloud: &dyn Cloud, clock: &dyn Clock, kinds: &KindTable, what: Look<'_>) -> Inventory {
    let Look { head, whole, .. } = what;
    let mut inventory = Inventory { at: clock.now(), ..Inventory::default() };
    let unrecorded = whole.resources().map(|resource| &resource.address).filter(|a| !head.records.contains_key(a));
    let aside = head.records.keys().chain(unrecorded);
    inventory.seen.extend(aside.filter_map(|address| Some((address.clone(), what.unasked(address)?))));
    let asked = head.records.values().filter(|record| !inventory.seen.contains_key(&record.address));
    let recorded = asked.map(|record| async { (record.address.clone(), read_recorded(cloud, clock, record).await) });
    let recorded = join_all(recorded).await;
    inventory.seen.extend(recorded);
    let going = head.deposed.iter().map(|record| record.id.as_str());
    let going = going.chain(head.ledger.iter().map(|departing| departing.id.as_str())).collect();
    let recorded = head.records.values();
    let recorded = recorded.map(|record| (record.address.kind.as_str(), &record.address.scope, record.id.as_str()));
    let recorded = recorded.collect();
    let mut search = Search { cloud, kinds, head, whole, going, recorded, inventory, searched: BTreeSet::new() };
    for layer in search.layers() {
        search.layer(layer).await;
    }
    search.inventory
}

/// What was made moments ago and never seen may not be visible yet. Facts: not found is believed of what is older than
/// five minutes; whoever believes it earlier makes a second object.
async fn read_recorded(cloud: &dyn Cloud, clock: &dyn Clock, record: &Record) -> Observation {
    loop {
        let seen = read(cloud, &record.address, &record.id, false).await;
        let age = clock.now().since(record.at);
        let fresh = record.outputs.is_none() && age < patience(ErrorClass::NotYetConsistent);
        if !(fresh && matches!(seen, Observation::Gone { .. })) {
            return seen;
        }
        clock.sleep(LOOK_AGAIN).await;
    }
}

async fn read(cloud: &dyn Cloud, address: &Address, id: &str, discovered: bool) -> Observation {
    match cloud.read(address, id).await {
        Ok(Some(live)) => Observation::Live { id: id.to_owned(), live, discovered },
        Ok(None) => Observation::Gone { id: id.to_owned() },
        Err(error) => Observation::Unknown(error),
    }
}

type Group = (String, Scope);

struct Search<'a> {
    cloud: &'a dyn Cloud,
    kinds: &'a KindTable,
    head: &'a Head,
    whole: &'a Graph,
    /// Ids of what was replaced, or is deleted and leaves slowly: nobody's candidates.
    going: BTreeSet<&'a str>,
    /// Kind, scope and id of what is recorded: its tags may still say the address that it had before it was moved.
    recorded: BTreeSet<(&'a str, &'a Scope, &'a str)>,
    inventory: Inventory,
    searched: BTreeSet<Group>,
}

impl Search<'_> {
    /// Unrecorded resources, in layers: names and parents of a later layer may depend on ids of an earlier one.
    fn layers(&self) -> Vec<Vec<Address>> {
        let mut depth: BTreeMap<&Address, usize> = BTreeMap::new();
        let mut layers: Vec<Vec<Address>> = Vec::new();
        for resource in self.whole.in_order() {
            let upstream = resource.upstream.iter().filter_map(|(upstream, _)| depth.get(upstream)).max();
            let mine = upstream.map_or(0, |deepest| deepest + 1);
            depth.insert(&resource.address, mine);
            let known = self.head.records.contains_key(&resource.address);
            if !known && !self.inventory.seen.contains_key(&resource.address) {
                layers.resize(layers.len().max(mine + 1), Vec::new());
                layers[mine].push(resource.address.clone());
            }
        }
        layers
    }

    async fn layer(&mut self, addresses: Vec<Address>) {
        let mut groups: BTreeMap<Group, Vec<Wanted>> = BTreeMap::new();
        for address in &addresses {
            if let Some(desired) = self.searchable(address) {
                let group = (address.kind.clone(), address.scope.clone());
                groups.entry(group).or_default().push(Wanted { address: address.clone(), desired });
            }
        }
        let cloud = self.cloud;
        let asked = groups.into_iter().map(|(group, wanted)| async move {
            let found = cloud.discover(&group.0, &group.1, &wanted).await;
            (group, wanted, found)
        });
        let mut fresh = Vec::new();
        for (group, wanted, found) in join_all(asked).await {
            fresh.extend(self.take(group, &wanted, found));
        }
        let reads = fresh.into_iter().map(|(address, id)| async move {
            let seen = read(cloud, &address, &id, true).await;
            (address, seen)
        });
        for (address, seen) in join_all(reads).await {
            match seen {
                Observation::Gone { .. } => self.inventory.seen.remove(&address),
                seen => self.inventory.seen.insert(address, seen),
            };
        }
    }

    /// What to search with, unless there is nothing to search for: an object found by name under a parent cannot
    /// exist while the parent does not. Kinds found by tag are asked for once per scope.
    fn searchable(&self, address: &Address) -> Option<Desired> {
        let kind = self.kinds.get(&address.kind)?;
        let by_tag = kind.recovery() != Recovery::Name;
        if by_tag && self.searched.contains(&(address.kind.clone(), address.scope.clone())) {
            return None;
        }
        let spec = &self.whole.get(address)?.spec;
        let lookup = |upstream: &Address| self.outputs(upstream);
        let desired = kind.lower(address, spec, &Upstream::new(&lookup)).ok()?;
        (by_tag || !mentions_unknown(&desired.json().ok()?)).then_some(desired)
    }

    fn outputs(&self, address: &Address) -> Option<Outputs> {
        let kind = self.kinds.get(&address.kind)?;
        if let Some(Observation::Live { live, .. }) = self.inventory.get(address)
            && let Ok(Some(outputs)) = kind.outputs(live)
        {
            return Some(outputs);
        }
        // Of what was not asked for, or does not answer, what was recorded holds.
        let unseen = !matches!(self.inventory.get(address), None | Some(Observation::Gone { .. }));
        let recorded = self.head.records.get(address).filter(|_| unseen);
        Some(recorded.and_then(|record| record.outputs.clone()).unwrap_or_else(|| kind.unknown(address)))
    }

    /// Takes in what a search found; the answer is what is still to be read, by address and id.
    fn take(
        &mut self,
        group: Group,
        wanted: &[Wanted],
        found: Result<Vec<Candidate>, CallError>,
    ) -> BTreeMap<Address, String> {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let unknown = wanted.iter().map(|wanted| (wanted.address.clone(), Observation::Unknown(error.clone())));
                self.inventory.seen.extend(unknown);
                return BTreeMap::new();
            }
        };
        let mut by_address: BTreeMap<Address, Vec<Candidate>> = BTreeMap::new();
        for candidate in found {
            let Address { kind, scope, .. } = &candidate.address;
            let known = self.head.records.contains_key(&candidate.address)
                || self.recorded.contains(&(kind.as_str(), scope, candidate.id.as_str()));
            let going = self.going.contains(candidate.id.as_str());
            if !known && !going {
                by_address.entry(candidate.address.clone()).or_default().push(candidate);
            }
        }
        let mut fresh = BTreeMap::new();
        for (address, candidates) in by_address {
            match candidates.as_slice() {
                [one] => drop(fresh.insert(address, one.id.clone())),
                _ => drop(self.inventory.seen.insert(address, Observation::Ambiguous(candidates))),
            }
        }
        self.searched.insert(group);
        fresh
    }
}
