//! What is wanted, what was recorded, what is live: in; an immutable plan: out.
//!
//! Pure and synchronous: no clock, no SDK, no SQL. Every change says whether it comes from the file, from drift or
//! from something upstream; everything that is not planned is explained in the report beside the plan.

mod draft;
mod judge;
mod link;
mod lint;
mod region;
mod select;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use globe_graph::Graph;
use globe_model::{Address, Command, DataPolicy, Head, Inventory, KindTable, Plan, PlanReport, Region, Step};
use serde_json::Value;

pub use lint::{Flaw, lint};
pub use region::{RegionEdge, edges_into};
pub use select::{Glob, Selection};
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
    /// What was recorded.
    pub head: &'a Head,
    /// What is live.
    pub inventory: &'a Inventory,
    /// What the user chose.
    pub selection: &'a Selection,
    /// Whether deletes may destroy data.
    pub data: DataPolicy,
    /// Regions that this plan removes on purpose.
    pub leaves_down: BTreeSet<Region>,
    /// Regions that this plan brings up.
    pub leaves_up: BTreeSet<Region>,
}

/// Makes the plan.
pub fn plan(input: &Input<'_>) -> (Plan, PlanReport) {
    let mut report = PlanReport::default();
    let mut judged = judge::judge(input, &mut report);
    let mut steps = draft::draft(input, &mut judged, &mut report);
    link::link(input, &judged, &mut steps);
    let steps = select::select(input, steps, &mut report);
    let known = known_outputs(input, &steps, judged);
    let plan = Plan {
        version: Plan::VERSION,
        stack: input.stack.to_owned(),
        account: input.account.to_owned(),
        command: input.command,
        parent: input.head.seq,
        data: input.data,
        leaves_down: input.leaves_down.clone(),
        leaves_up: input.leaves_up.clone(),
        roles: Default::default(),
        steps,
        known,
    };
    (plan, report)
}

/// Outputs of what exists and what a step refers to: the engine lowers with these until a step publishes newer ones.
fn known_outputs(input: &Input<'_>, steps: &[Step], mut judged: judge::Judged<'_>) -> BTreeMap<Address, Value> {
    let wanted = steps.iter().filter_map(|step| input.wanted.get(&step.address));
    let upstream = wanted.flat_map(|resource| resource.upstream.iter().map(|(upstream, _)| upstream));
    upstream.filter_map(|address| Some((address.clone(), judged.known.remove(address)?))).collect()
}

#[cfg(test)]
mod tests;
