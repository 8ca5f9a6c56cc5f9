//! What is wanted, what was recorded, what is live: in; an immutable plan: out.
//!
//! Pure and synchronous: no clock, no SDK, no SQL. Every change says whether it comes from the file, from drift or
//! from something upstream; everything that is not planned is explained in the report beside the plan.

mod concern;
mod draft;
mod elsewhere;
mod forward;
mod judge;
mod link;
mod lint;
mod protect;
mod select;
mod sweep;
mod unread;
mod unseen;

use std::collections::{BTreeMap, BTreeSet};

use globe_graph::Graph;
use globe_model::{Address, Command, Head, Inventory, KindTable, Move, Outputs, Plan, PlanReport, Region, Scope, Step};

use crate::unseen::Unseen;

pub use concern::concern;
pub use forward::{bring_forward, unfit};
pub use lint::{Flaw, lint};
pub use protect::protector;
pub use select::Selection;
pub use sweep::{Sweep, sweep, without};

/// Everything a plan is made from.
pub struct Input<'a> {
    /// Name of the stack.
    pub stack: &'a str,
    /// AWS account.
    pub account: &'a str,
    /// What the user asked for.
    pub command: Command,
    /// All kinds.
    pub kinds: &'a KindTable,
    /// What is wanted.
    pub wanted: &'a Graph,
    /// Specs of what the whole file describes, wanted now or not: for the edges of unrecorded objects that go.
    pub whole: &'a Graph,
    /// What was recorded, brought forward.
    pub head: &'a Head,
    /// What brought it forward.
    pub moves: &'a [Move],
    /// What is live.
    pub inventory: &'a Inventory,
    /// What the user chose.
    pub selection: &'a Selection,
    /// Regions that this plan removes on purpose.
    pub leaves_down: BTreeSet<Region>,
    /// Regions that this plan brings up.
    pub leaves_up: BTreeSet<Region>,
}

impl<'a> Input<'a> {
    /// The same with what was read.
    #[must_use]
    pub fn with<'b>(&'b self, inventory: &'b Inventory) -> Input<'b>
    where
        'a: 'b,
    {
        Input { inventory, leaves_down: self.leaves_down.clone(), leaves_up: self.leaves_up.clone(), ..*self }
    }
}

/// Makes the plan.
pub fn plan(input: &Input<'_>) -> (Plan, PlanReport) {
    let mut report = PlanReport::default();
    let unseen = Unseen::of(input);
    let mut judged = judge::judge(input, &unseen, &mut report);
    let mut steps = draft::draft(input, &unseen, &mut judged, &mut report);
    link::link(input, &judged, &mut steps);
    let steps = select::select(input, steps, &mut report);
    report.notices.extend(elsewhere::refusals(input, &steps));
    let known = known_outputs(input, &steps, judged);
    let plan = Plan {
        version: Plan::VERSION,
        stack: input.stack.to_owned(),
        account: input.account.to_owned(),
        command: input.command,
        parent: input.head.seq,
        leaves_down: input.leaves_down.clone(),
        leaves_up: input.leaves_up.clone(),
        moves: moves_within(input, &steps),
        protects: protect::protects(input),
        unread: unread::unread(input, &report),
        roles: Default::default(),
        steps,
        known,
    };
    (plan, report)
}

/// The moves in the chosen scopes and in those of the steps: what is done there is recorded under present addresses.
fn moves_within(input: &Input<'_>, steps: &[Step]) -> Vec<Move> {
    let Some(chosen) = &input.selection.scopes else { return input.moves.to_vec() };
    let touched: BTreeSet<&Scope> = steps.iter().map(|step| &step.address.scope).chain(chosen).collect();
    let within = |moved: &&Move| {
        let scope = &moved.record.address.scope;
        *scope == Scope::Global || touched.contains(scope)
    };
    input.moves.iter().filter(within).cloned().collect()
}

/// Outputs of what exists and what a step refers to: the engine lowers with these until a step publishes newer ones.
fn known_outputs(input: &Input<'_>, steps: &[Step], mut judged: judge::Judged<'_>) -> BTreeMap<Address, Outputs> {
    let wanted = steps.iter().filter_map(|step| input.wanted.get(&step.address));
    let upstream = wanted.flat_map(|resource| resource.upstream.iter().map(|(upstream, _)| upstream));
    upstream.filter_map(|address| Some((address.clone(), judged.known.remove(address)?))).collect()
}

#[cfg(test)]
mod tests;
