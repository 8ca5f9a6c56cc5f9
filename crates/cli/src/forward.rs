//! The state as this globe and the file speak of it.

use globe_blueprint::{Recorded, moved};
use globe_config::Stack;
use globe_model::{Address, Head, Highlight, KindTable, Move};
use globe_planner::bring_forward;

use crate::failure::{Exit, Failure};

/// What is recorded, under present addresses.
pub struct Forward {
    /// The head.
    pub head: Head,
    /// What a run must record first.
    pub moves: Vec<Move>,
    /// What the file says has moved, recorded or not.
    pub pairs: Vec<(Address, Address)>,
}

/// Brings a head forward: kinds that only old states have, then what the file says has moved.
///
/// # Errors
/// When the file cannot be expanded.
pub fn forward(head: Head, stack: &Stack, kinds: &KindTable) -> Result<Forward, Failure> {
    let (head, mut moves) = bring_forward(head, kinds.retired(), &[]);
    if stack.moved.is_empty() {
        return Ok(Forward { head, moves, pairs: Vec::new() });
    }
    let pairs = moved(stack, &Recorded::read(stack, &head).assumed(stack));
    let pairs = pairs.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let (head, renamed) = bring_forward(head, &[], &pairs);
    moves.extend(renamed);
    Ok(Forward { head, moves, pairs })
}

/// The addresses that matter: where a person goes once a stack is up.
pub fn highlights(head: &Head, kinds: &KindTable) -> Vec<Highlight> {
    let of = |record: &globe_model::Record| {
        kinds.get(&record.address.kind)?.highlights(&record.address, record.outputs.as_ref()?)
    };
    head.records.values().filter_map(of).flatten().collect()
}
