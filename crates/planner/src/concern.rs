//! What a command is about, and what must be read to plan it.

use std::collections::BTreeSet;

use globe_model::{Address, Command, Scope};

use crate::Input;

/// Whether the command is about what is at `address`.
///
/// A resource belongs to a region when it is in it, refers to it, or is global: in `up` whatever it is, in `down` when
/// it goes or changes with the region.
pub fn covers(input: &Input<'_>, address: &Address) -> bool {
    if input.selection.aside.contains(&address.scope) {
        return false;
    }
    let only = &input.selection.only;
    let named = only.is_empty() || only.iter().any(|glob| glob.matches(address));
    named && input.selection.scopes.as_ref().is_none_or(|scopes| touches(input, scopes, address))
}

fn touches(input: &Input<'_>, scopes: &BTreeSet<Scope>, address: &Address) -> bool {
    let wanted = input.wanted.get(address);
    if scopes.contains(&address.scope) {
        return true;
    }
    if address.scope == Scope::Global && (input.command == Command::Up || wanted.is_none()) {
        return true;
    }
    // What the file says of it changes with the regions: a policy that names a bucket of the region that goes.
    let whole = input.whole.get(address);
    if input.command == Command::Down && wanted.is_some_and(|wanted| whole.is_none_or(|all| all.spec != wanted.spec)) {
        return true;
    }
    edges(input, address).iter().any(|upstream| scopes.contains(&upstream.scope))
}

/// What a resource refers to: as it was recorded, and as the file has it.
pub fn edges(input: &Input<'_>, address: &Address) -> BTreeSet<Address> {
    let record = input.head.records.get(address);
    let kind = input.kinds.get(&address.kind);
    let recorded = record.and_then(|record| kind?.refs(&record.spec).ok()).unwrap_or_default();
    let graphs = [input.wanted, input.whole].into_iter().filter_map(|graph| graph.get(address));
    let wanted = graphs.flat_map(|resource| resource.upstream.iter().map(|(upstream, _)| upstream.clone()));
    recorded.into_iter().map(|edge| edge.address).chain(wanted).collect()
}

/// The addresses that must be read: what the command is about, `besides`, and all that these need. `None` is
/// everything.
pub fn concern(input: &Input<'_>, besides: &BTreeSet<Address>) -> Option<BTreeSet<Address>> {
    if input.selection.scopes.is_none() && input.selection.only.is_empty() {
        return None;
    }
    let addresses = input.head.records.keys().chain(input.whole.resources().map(|resource| &resource.address));
    let mut asked: BTreeSet<Address> = besides.clone();
    asked.extend(addresses.filter(|address| covers(input, address)).cloned());
    let mut queue: Vec<Address> = asked.iter().cloned().collect();
    while let Some(address) = queue.pop() {
        let new: Vec<Address> = edges(input, &address).into_iter().filter(|edge| !asked.contains(edge)).collect();
        asked.extend(new.iter().cloned());
        queue.extend(new);
    }
    Some(asked)
}
