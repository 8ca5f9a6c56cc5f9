//! What the user chose, and what must come along.

use std::collections::BTreeSet;

use globe_model::{Action, Address, Glob, Link, Notice, PlanReport, Scope, Step};

use crate::Input;
use crate::concern::covers;

/// What the user chose. The default is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these regions, and what is global or tied to them.
    pub scopes: Option<BTreeSet<Scope>>,
    /// Nothing in these regions, whatever it refers to: they were removed on purpose.
    pub aside: BTreeSet<Scope>,
    /// Only addresses that match one of these.
    pub only: Vec<Glob>,
}

/// Keeps chosen steps and those they need; renumbers.
pub fn select(input: &Input<'_>, steps: Vec<Step>, report: &mut PlanReport) -> Vec<Step> {
    let mut keep: Vec<bool> = steps.iter().map(|step| covers(input, &step.address)).collect();
    pull_in(&steps, &mut keep, report);
    for (step, _) in steps.iter().zip(&keep).filter(|(_, keep)| !**keep) {
        report.notices.push(Notice::NotSelected { address: step.address.clone(), action: step.action });
    }
    renumber(steps, &keep)
}

/// A chosen step needs the steps before it, except changes in place: what exists can be referred to as it is.
fn pull_in(steps: &[Step], keep: &mut [bool], report: &mut PlanReport) {
    let mut queue: Vec<usize> = (0..steps.len()).filter(|index| keep[*index]).collect();
    while let Some(index) = queue.pop() {
        let Some(step) = steps.get(index) else { continue };
        let goes = matches!(step.action, Action::Delete | Action::Forget);
        for link in &step.after {
            let (Some(upstream), Some(kept)) = (steps.get(link.step), keep.get_mut(link.step)) else { continue };
            if *kept || (upstream.action == Action::Update && !goes) {
                continue;
            }
            *kept = true;
            queue.push(link.step);
            let (address, needed_by) = (upstream.address.clone(), step.address.clone());
            report.notices.push(Notice::PulledIn { address, needed_by });
        }
    }
    // The two halves of a replacement go together.
    let halves: BTreeSet<&Address> = steps
        .iter()
        .zip(keep.iter())
        .filter(|(step, keep)| **keep && step.replacement)
        .map(|(step, _)| &step.address)
        .collect();
    for (index, step) in steps.iter().enumerate() {
        if step.replacement && halves.contains(&step.address) {
            keep[index] = true;
        }
    }
}

/// The kept steps, with links that follow them.
pub(crate) fn renumber(steps: Vec<Step>, keep: &[bool]) -> Vec<Step> {
    if keep.iter().all(|keep| *keep) {
        return steps;
    }
    let mut count = 0;
    let numbers: Vec<Option<usize>> = keep
        .iter()
        .map(|keep| {
            let number = keep.then_some(count);
            count += usize::from(*keep);
            number
        })
        .collect();
    let moved = |link: &Link| Some(Link { step: (*numbers.get(link.step)?)?, need: link.need });
    let kept = steps.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(step, _)| step);
    kept.map(|step| Step { after: step.after.iter().filter_map(moved).collect(), ..step }).collect()
}
