//! What no command may delete.

use std::collections::BTreeMap;

use globe_graph::Graph;
use globe_model::{Address, Command, Head};

use crate::Input;
use crate::concern::covers;

/// The component that protects what is at `address`: as its block says or, where it says nothing or is gone, as it said
/// last. Only `protect = false` in the block lifts it.
pub fn protector(head: &Head, whole: &Graph, address: &Address) -> Option<String> {
    match whole.guard(address).and_then(|guard| Some((guard, guard.protect?))) {
        Some((guard, true)) => Some(guard.component.to_string()),
        Some((_, false)) => None,
        None => head.protected.get(address).filter(|component| !whole.lifts(component)).cloned(),
    }
}

/// What changes in what is recorded of protection.
pub fn protects(input: &Input<'_>) -> BTreeMap<Address, Option<String>> {
    let mut changes = BTreeMap::new();
    if input.command != Command::Up {
        return changes;
    }
    for (address, guard) in input.wanted.guards().filter(|(address, _)| covers(input, address)) {
        let recorded = input.head.protected.get(address).map(String::as_str);
        match guard.protect {
            Some(true) if recorded != Some(&*guard.component) => {
                changes.insert(address.clone(), Some(guard.component.to_string()));
            }
            Some(false) if recorded.is_some() => drop(changes.insert(address.clone(), None)),
            _ => {}
        }
    }
    // Of what has left the file or the region while its component stays: fewer zones, for example.
    let left = input.head.protected.iter().filter(|(address, _)| input.whole.get(address).is_none());
    let lifted = left.filter(|(address, component)| input.whole.lifts(component) && covers(input, address));
    changes.extend(lifted.map(|(address, _)| (address.clone(), None)));
    changes
}
