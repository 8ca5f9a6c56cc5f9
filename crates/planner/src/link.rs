//! Which step waits for which.

use std::collections::BTreeMap;

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
pub fn link(input: &Input<'_>, judged: &Judged, steps: &mut [Step]) {
    let mut slots: BTreeMap<Address, Slots> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        let slot = slots.entry(step.address.clone()).or_default();
        match step.action {
            Action::Create | Action::Update | Action::Adopt => slot.up = Some(index),
            Action::Delete | Action::Forget => slot.down.push(index),
        }
    }
    let former = former_users(input);
    let draining = draining(input, &former, steps);
    for (index, step) in steps.iter_mut().enumerate() {
        let mut after = match step.action {
            Action::Create | Action::Update | Action::Adopt => before_making(input, judged, &slots, &step.address),
            Action::Delete | Action::Forget => {
                let mut after = before_deleting(input, judged, &slots, &former, &step.address);
                let drain = draining.get(&step.address.scope).filter(|_| !lingers(input, &step.address));
                after.extend(drain.into_iter().flatten().map(|step| Link { step: *step, need: Need::Ready }));
                after
            }
        };
        after.retain(|link| link.step != index);
        after.sort_unstable();
        after.dedup();
        step.after = after;
    }
}

fn delete_first(input: &Input<'_>, judged: &Judged, address: &Address) -> bool {
    let replaced = matches!(judged.fates.get(address), Some(Fate::Replace { .. }));
    let order = input.kinds.get(&address.kind).map(globe_model::ErasedKind::replace_order);
    replaced && order == Some(ReplaceOrder::DeleteFirst)
}

/// A resource is made after everything it refers to, and after its own predecessor where that blocks it.
fn before_making(input: &Input<'_>, judged: &Judged, slots: &BTreeMap<Address, Slots>, address: &Address) -> Vec<Link> {
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
    judged: &Judged,
    slots: &BTreeMap<Address, Slots>,
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
    for (index, step) in steps.iter().enumerate() {
        if step.action != Action::Delete || !lingers(input, &step.address) {
            continue;
        }
        let used = former.iter().filter(|(_, users)| users.contains(&step.address)).map(|(used, _)| &used.scope);
        for scope in used.filter(|scope| **scope != Scope::Global) {
            draining.entry(scope.clone()).or_default().push(index);
        }
    }
    draining
}
