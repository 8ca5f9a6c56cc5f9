//! The state as this globe and the file speak of it.

use std::borrow::Cow;

use globe_blueprint::{Recorded, moved};
use globe_config::Stack;
use globe_model::{Address, Head, Highlight, KindTable, Move};
use globe_planner::bring_forward;

use crate::failure::{Exit, Failure};

/// What is recorded, under present addresses.
pub struct Forward<'h> {
    /// The head; as it was, where nothing moves.
    pub head: Cow<'h, Head>,
    /// What a run must record first.
    pub moves: Vec<Move>,
    /// What the file says has moved, recorded or not.
    pub pairs: Vec<(Address, Address)>,
}

/// Brings a head forward: kinds that only old states have, then what the file says has moved.
///
/// # Errors
/// When the file cannot be expanded.
pub fn forward<'h>(head: &'h Head, stack: &Stack, kinds: &KindTable) -> Result<Forward<'h>, Failure> {
    let (mut head, mut moves, mut pairs) = (Cow::Borrowed(head), Vec::new(), Vec::new());
    if holds_retired(&head, kinds) {
        let (present, succeeded) = bring_forward(head.into_owned(), kinds.retired(), &[]);
        (head, moves) = (Cow::Owned(present), succeeded);
    }
    if !stack.moved.is_empty() {
        let expanded = moved(stack, &Recorded::read(stack, &head).assumed(stack));
        pairs = expanded.map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        let (present, renamed) = bring_forward(head.into_owned(), &[], &pairs);
        head = Cow::Owned(present);
        moves.extend(renamed);
    }
    Ok(Forward { head, moves, pairs })
}

fn holds_retired(head: &Head, kinds: &KindTable) -> bool {
    let retired = |address: &Address| kinds.retired().iter().any(|retired| retired.kind == address.kind);
    head.records.keys().any(retired) || head.deposed.iter().any(|record| retired(&record.address))
}

/// The addresses that matter: where a person goes once a stack is up.
pub fn highlights(head: &Head, kinds: &KindTable) -> Vec<Highlight> {
    let of = |record: &globe_model::Record| {
        kinds.get(&record.address.kind)?.highlights(&record.address, record.outputs.as_ref()?)
    };
    head.records.values().filter_map(of).flatten().collect()
}
