//! `protect`: the key that every component takes.

use indexmap::IndexMap;

use super::context::{Component, Context};
use super::reader::Read;
use super::tree::Value;
use super::values::boolean;

/// The key in the file. It is the same in all regions: a component is protected as a whole.
pub(crate) const PROTECT: &str = "protect";

/// The components whose block says `protect`, and what it says, by their full names (`bucket.files`).
pub(crate) fn read_protection(cx: &Context<'_>) -> Read<IndexMap<String, bool>> {
    let mut protection = Ok(IndexMap::new());
    for component in Component::ALL {
        let Some(Value::Table(blocks)) = cx.root.get(component.key()).map(|entry| &entry.node.value) else { continue };
        for (name, block) in blocks {
            let Value::Table(block) = &block.node.value else { continue };
            let Some(entry) = block.get(PROTECT) else { continue };
            match (boolean(cx, &entry.node), &mut protection) {
                (Ok(protect), Ok(all)) => drop(all.insert(format!("{}.{name}", component.key()), protect)),
                (Ok(_), Err(_)) => {}
                (Err(reported), all) => *all = Err(reported),
            }
        }
    }
    protection
}
