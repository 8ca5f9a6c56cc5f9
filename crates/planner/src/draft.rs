//! From verdicts to steps, without their order.

use std::collections::BTreeSet;

use globe_graph::Resource;
use globe_model::{
    Action, Address, Cause, Change, Desired, FieldChange, NameHold, Notice, Observation, PlanReport, Step, Timestamp,
    Verdict, mentions_unknown,
};

use crate::Input;
use crate::judge::{Fate, Judged};
use crate::unseen::Unseen;

/// The steps, sorted by address; deletes after what makes.
pub fn draft(input: &Input<'_>, unseen: &Unseen, judged: &mut Judged<'_>, report: &mut PlanReport) -> Vec<Step> {
    let mut steps = Vec::new();
    for resource in input.wanted.resources() {
        let Some(fate) = judged.fates.get(&resource.address) else { continue };
        let desired = judged.desired.remove(&resource.address);
        steps.extend(wanted_steps(input, desired, resource, fate));
    }
    steps.extend(unwanted_steps(input, unseen, report));
    let free = input.head.deposed.iter().filter(|record| unseen.frees(&record.address, report));
    steps.extend(free.map(|record| {
        let mut step = Step::bare(record.address.clone(), Action::Delete, Some(record.id.clone()));
        step.replacement = true;
        step.reason = Some("was replaced, and is still to be removed".into());
        step
    }));
    steps.sort_by(|a, b| (&a.address, a.action, &a.id).cmp(&(&b.address, b.action, &b.id)));
    steps
}

fn wanted_steps(input: &Input<'_>, desired: Option<Desired>, resource: &Resource, fate: &Fate) -> Vec<Step> {
    let address = &resource.address;
    let full = move |action, id: Option<&String>| {
        let mut step = Step::bare(address.clone(), action, id.cloned());
        step.spec = Some(resource.spec.clone());
        step.desired = desired;
        step.not_before = (action == Action::Create).then(|| name_kept_until(input, address)).flatten();
        step
    };
    match fate {
        Fate::Keep | Fate::Unclear | Fate::Aside => Vec::new(),
        Fate::Create { vanished } => {
            let mut step = full(Action::Create, None);
            if *vanished {
                step.id = input.head.records.get(address).map(|record| record.id.clone());
                step.reason = Some("was deleted behind globe's back".to_owned());
            }
            vec![step]
        }
        Fate::Change { id, changes, adopt } => {
            let mut step = full(if *adopt { Action::Adopt } else { Action::Update }, Some(id));
            step.changes = causes(input, address, changes);
            step.reason = adopt.then(|| adoption(input, address));
            vec![step]
        }
        Fate::Replace { id, changes, failed } => {
            let mut create = full(Action::Create, None);
            create.replacement = true;
            create.changes = causes(input, address, changes);
            create.reason = failed.as_ref().map(|reason| format!("AWS says that it failed: {reason}"));
            let mut delete = Step::bare(address.clone(), Action::Delete, Some(id.clone()));
            delete.replacement = true;
            vec![create, delete]
        }
    }
}

/// When AWS frees the name of what has left this address.
fn name_kept_until(input: &Input<'_>, address: &Address) -> Option<Timestamp> {
    let left = input.head.ledger.iter().filter(|departing| departing.address == *address);
    left.filter(|departing| departing.name == NameHold::Kept).map(|departing| departing.due).max()
}

fn adoption(input: &Input<'_>, address: &Address) -> String {
    if input.head.records.contains_key(address) {
        "was made by an earlier run that did not see it ready".into()
    } else {
        "exists and bears this stack's mark, but the state does not know it".into()
    }
}

/// Says of every change where it comes from. What the journal recorded is compared with AWS in the same way: a
/// difference that was there to be mended before the file changed is drift, any other is the file's.
fn causes(input: &Input<'_>, address: &Address, changes: &[Change]) -> Vec<FieldChange> {
    let drifted = drift(input, address);
    let cause = |change: &Change| {
        if mentions_unknown(&change.to) {
            Cause::Upstream
        } else if drifted.iter().any(|drift| drift.field == change.field && drift.to == change.to) {
            Cause::Drift
        } else {
            Cause::File
        }
    };
    let typed = |change: &Change| FieldChange {
        field: change.field.clone(),
        from: change.from.clone(),
        to: change.to.clone(),
        cause: cause(change),
    };
    changes.iter().map(typed).collect()
}

/// What AWS has otherwise than the journal recorded.
fn drift(input: &Input<'_>, address: &Address) -> Vec<Change> {
    let (Some(record), Some(kind)) = (input.head.records.get(address), input.kinds.get(&address.kind)) else {
        return Vec::new();
    };
    let Some(Observation::Live { live, .. }) = input.inventory.get(address) else { return Vec::new() };
    match kind.diff(&record.desired, live) {
        Ok(Verdict::Patch { changes, .. } | Verdict::Replace { changes }) => changes,
        // What an older globe recorded and this one cannot read says nothing about drift.
        Ok(Verdict::Same) | Err(_) => Vec::new(),
    }
}

/// Deletes for what is recorded or found, and not wanted.
fn unwanted_steps(input: &Input<'_>, unseen: &Unseen, report: &mut PlanReport) -> Vec<Step> {
    let recorded = input.head.records.keys();
    let addresses: BTreeSet<&Address> = recorded.chain(input.inventory.seen.keys()).collect();
    let unwanted = addresses.into_iter().filter(|address| input.wanted.get(address).is_none());
    unwanted
        .filter_map(|address| unwanted_step(input, address, report).filter(|_| unseen.frees(address, report)))
        .collect()
}

fn unwanted_step(input: &Input<'_>, address: &Address, report: &mut PlanReport) -> Option<Step> {
    let recorded = input.head.records.get(address);
    match (input.inventory.get(address), recorded) {
        (Some(Observation::Live { id, .. }), _) => {
            let mut step = Step::bare(address.clone(), Action::Delete, Some(id.clone()));
            step.reason = removal_reason(input, address, recorded.is_some());
            Some(step)
        }
        (Some(Observation::Unknown(error)), _) => {
            report.notices.push(Notice::Unreadable { address: address.clone(), error: error.clone() });
            None
        }
        (Some(Observation::Ambiguous(candidates)), _) => {
            let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
            let reason = format!("several objects claim this address: {}; delete all but one by hand", ids.join(", "));
            report.notices.push(Notice::Refused { address: address.clone(), reason });
            None
        }
        (Some(Observation::Gone { .. }) | None, Some(record)) => {
            let mut step = Step::bare(address.clone(), Action::Forget, Some(record.id.clone()));
            step.reason = Some("AWS no longer has it".into());
            Some(step)
        }
        (Some(Observation::Unasked), _) | (Some(Observation::Gone { .. }) | None, None) => None,
    }
}

fn removal_reason(input: &Input<'_>, address: &Address, recorded: bool) -> Option<String> {
    match (input.whole.get(address).is_some(), recorded) {
        (true, _) => None,
        (false, true) => Some("is not in the file any more".into()),
        (false, false) => Some("bears this stack's mark, but neither file nor state know it".into()),
    }
}
