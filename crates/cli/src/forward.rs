//! The state as this globe and the file speak of it.

use globe_config::Stack;
use globe_model::{Head, KindTable, Move};
use globe_planner::bring_forward;

/// What is recorded, under present addresses.
pub struct Forward {
    /// The head.
    pub head: Head,
    /// What a run must record first.
    pub moves: Vec<Move>,
}

/// Brings a head forward: kinds that only old states have, then what the file says has moved.
pub fn forward(head: Head, _stack: &Stack, kinds: &KindTable) -> Forward {
    let (head, moves) = bring_forward(head, kinds.retired(), &[]);
    Forward { head, moves }
}
