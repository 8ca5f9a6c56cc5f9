//! The removal of some regions, held to them.

use globe_model::{Action, Command, Notice, Step};

use crate::Input;

/// Refusals for deletes of data outside the regions that a `down` was told to remove. Whatever leads to one, it is not what was
/// asked for, and no flag allows it.
pub fn refusals(input: &Input<'_>, steps: &[Step]) -> Vec<Notice> {
    let Some(chosen) = input.selection.scopes.as_ref().filter(|_| input.command == Command::Down) else {
        return Vec::new();
    };
    let holds_data = |step: &Step| input.kinds.get(&step.address.kind).is_some_and(|kind| kind.holds_data());
    let lost =
        |step: &&Step| step.action == Action::Delete && !chosen.contains(&step.address.scope) && holds_data(step);
    let refused = |step: &Step| {
        let scope = &step.address.scope;
        let reason =
            format!("it holds data and is in {scope}, which is not to be removed; `globe diff` shows why it would go");
        Notice::Refused { address: step.address.clone(), reason }
    };
    steps.iter().filter(lost).map(refused).collect()
}
