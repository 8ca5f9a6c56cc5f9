//! A command for some regions, held to them.

use globe_model::{Action, Notice, Scope, Step};

use crate::Input;

/// Refusals for deletes of data in regions that were not chosen. Whatever leads to one, it is not what was asked for, and
/// no flag allows it.
pub fn refusals(input: &Input<'_>, steps: &[Step]) -> Vec<Notice> {
    let Some(chosen) = &input.selection.scopes else { return Vec::new() };
    let holds_data = |step: &Step| input.kinds.get(&step.address.kind).is_some_and(|kind| kind.holds_data());
    let outside = |scope: &Scope| *scope != Scope::Global && !chosen.contains(scope);
    let lost = |step: &&Step| step.action == Action::Delete && outside(&step.address.scope) && holds_data(step);
    let refused = |step: &Step| {
        let scope = &step.address.scope;
        let reason =
            format!("it holds data and is in {scope}, which was not chosen; `globe diff` shows why it would go");
        Notice::Refused { address: step.address.clone(), reason }
    };
    steps.iter().filter(lost).map(refused).collect()
}
