//! Which step waits for which.

use std::collections::{BTreeMap, HashMap};

use globe_model::{Action, Address, Command, Link, Need, ReplaceOrder, Scope, Step};

use crate::Input;
use crate::judge::{Fate, Judged};

/// Steps by address: the one that makes or changes, and those that delete.
#[derive(Default)]
struct Slots {
    up: Option<usize>,
    down: Vec<usize>,
}

/// Fills in `after`.
pub fn link(input: &Input<'_>, judged: &Judged<'_>, steps: &mut [Step]) {
    let mut slots: HashMap<&Address, Slots> = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        let slot = slots.entry(&step.address).or_default();
        match step.action {
            Action::Create | Action::Update | Action::Adopt => slot.up = Some(index),
            Action::Delete | Action::Forget => slot.down.push(index),
        }
    }
    // Whoever used what goes matters to deletes alone, and is a look at every recorded edge.
    let deletes = steps.iter().any(|step| matches!(step.action, Action::Delete | Action::Forget));
    let former = if deletes { former_users(input) } else { BTreeMap::new() };
    let draining = draining(input, &former, steps);
    let links = |(index, step): (usize, &Step)| {
        let mut after = match step.action {
            Action::Create | Action::Update | Action::Adopt => before_making(input, judged, &slots, &step.address),
            Action::Delete | Action::Forget => before_deleting(input, judged, &slots, &former, &step.address),
        };
        after.retain(|link| link.step != index);
        after.sort_unstable();
        after.dedup();
        after
    };
    let all: Vec<Vec<Link>> = steps.iter().enumerate().map(links).collect();
    for (step, after) in steps.iter_mut().zip(all) {
        step.after = after;
    }
    drain_first(input, &draining, steps);
}

fn delete_first(input: &Input<'_>, judged: &Judged<'_>, address: &Address) -> bool {
    let replaced = matches!(judged.fates.get(address), Some(Fate::Replace { .. }));
    let order = input.kinds.get(&address.kind).map(globe_model::ErasedKind::replace_order);
    replaced && order == Some(ReplaceOrder::DeleteFirst)
}

/// A resource is made after everything it refers to, and after its own predecessor where that blocks it.
fn before_making(
    input: &Input<'_>,
    judged: &Judged<'_>,
    slots: &HashMap<&Address, Slots>,
    address: &Address,
) -> Vec<Link> {
    let upstream = input.wanted.get(address).map(|resource| resource.upstream.as_slice()).unwrap_or_default();
    let mut after: Vec<Link> = Vec::new();
    for (upstream, need) in upstream {
        if let Some(step) = slots.get(upstream).and_then(|slot| slot.up) {
            after.push(Link { step, need: *need });
        }
    }
    if delete_first(input, judged, address)
        && let Some(slot) = slots.get(address)
    {
        after.extend(slot.down.iter().map(|step| Link { step: *step, need: Need::Ready }));
    }
    after
}

/// A resource goes after everything that referred to it has gone, or has been changed to refer to something else.
fn before_deleting(
    input: &Input<'_>,
    judged: &Judged<'_>,
    slots: &HashMap<&Address, Slots>,
    former: &BTreeMap<Address, Vec<Address>>,
    address: &Address,
) -> Vec<Link> {
    let ready = |step: usize| Link { step, need: Need::Ready };
    let blocks_successor = delete_first(input, judged, address);
    let mut after = Vec::new();
    if !blocks_successor && let Some(step) = slots.get(address).and_then(|slot| slot.up) {
        after.push(ready(step));
    }
    for user in former.get(address).into_iter().flatten() {
        let Some(slot) = slots.get(user) else { continue };
        after.extend(slot.down.iter().map(|step| ready(*step)));
        // When the successor can only come after this delete, users move over after that, not before this.
        if !blocks_successor && slot.down.is_empty() {
            after.extend(slot.up.map(ready));
        }
    }
    after
}

/// Who referred to whom when it was last recorded, or in the whole file where nothing was recorded.
fn former_users(input: &Input<'_>) -> BTreeMap<Address, Vec<Address>> {
    let mut users: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for (address, record) in &input.head.records {
        let edges = input.kinds.get(&address.kind).and_then(|kind| kind.refs(&record.spec).ok());
        for edge in edges.unwrap_or_default() {
            users.entry(edge.address).or_default().push(address.clone());
        }
    }
    for graph in [input.whole, input.wanted] {
        for resource in graph.resources() {
            for (upstream, _) in &resource.upstream {
                users.entry(upstream.clone()).or_default().push(resource.address.clone());
            }
        }
    }
    users.values_mut().for_each(|list| {
        list.sort();
        list.dedup();
    });
    users
}

fn lingers(input: &Input<'_>, address: &Address) -> bool {
    input.kinds.get(&address.kind).is_some_and(|kind| !kind.lingers().is_zero())
}

/// Deletes that must be over before anything else in a region goes, so that no client is sent to what is half gone.
fn draining(
    input: &Input<'_>,
    former: &BTreeMap<Address, Vec<Address>>,
    steps: &[Step],
) -> BTreeMap<Scope, Vec<usize>> {
    let mut draining: BTreeMap<Scope, Vec<usize>> = BTreeMap::new();
    if input.command != Command::Down {
        return draining;
    }
    let goes = |(_, step): &(usize, &Step)| step.action == Action::Delete && lingers(input, &step.address);
    let mut going: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate().filter(goes) {
        going.entry(&step.address).or_default().push(index);
    }
    for (used, users) in former.iter().filter(|(used, _)| used.scope != Scope::Global) {
        let indices = users.iter().filter_map(|user| going.get(user)).flatten();
        draining.entry(used.scope.clone()).or_default().extend(indices);
    }
    draining.values_mut().for_each(|indices| {
        indices.sort_unstable();
        indices.dedup();
    });
    draining
}

/// Makes deletes in a region wait for the region's draining ones. Whoever waits for another delete there, which waits
/// in its turn, has no need of links of its own: a plan has a link per root, not per pair.
fn drain_first(input: &Input<'_>, draining: &BTreeMap<Scope, Vec<usize>>, steps: &mut [Step]) {
    let waits = |step: &Step| matches!(step.action, Action::Delete | Action::Forget) && !lingers(input, &step.address);
    let roots: Vec<usize> = (0..steps.len())
        .filter(|index| {
            let step = &steps[*index];
            let follows = |link: &Link| {
                steps.get(link.step).is_some_and(|before| waits(before) && before.address.scope == step.address.scope)
            };
            waits(step) && !step.after.iter().any(follows)
        })
        .collect();
    for root in roots {
        let step = &mut steps[root];
        let drain = draining.get(&step.address.scope).into_iter().flatten();
        step.after.extend(drain.filter(|drain| **drain != root).map(|drain| Link { step: *drain, need: Need::Ready }));
        step.after.sort_unstable();
        step.after.dedup();
    }
}
