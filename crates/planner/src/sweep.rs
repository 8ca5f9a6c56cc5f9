//! What earlier runs left to be deleted, as a plan.

use std::collections::{BTreeMap, BTreeSet};

use globe_model::{
    Action, Address, Command, Head, KindTable, Link, Move, Need, Outputs, Plan, Record, Scope, Step, Timestamp,
};
use serde_json::Value;

use crate::select::renumber;

/// What a clean-up is planned from.
pub struct Sweep<'a> {
    /// Name of the stack.
    pub stack: &'a str,
    /// AWS account.
    pub account: &'a str,
    /// All kinds.
    pub kinds: &'a KindTable,
    /// What was recorded, brought forward.
    pub head: &'a Head,
    /// What brought it forward.
    pub moves: &'a [Move],
    /// The present moment, in AWS's time.
    pub now: Timestamp,
}

/// Plans the deletes that were decided earlier: of replaced objects that nothing uses any more, of objects whose delete
/// AWS has accepted and that were not seen gone, and of the ledger's entries that are due. Makes and changes nothing.
///
/// Also answers the replaced objects that are still in use: only an `up` can move their users.
pub fn sweep(input: &Sweep<'_>) -> (Plan, Vec<Address>) {
    let (mut steps, used) = replaced(input);
    steps.extend(accepted(input));
    steps.extend(due(input));
    steps.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    link(input, &mut steps);
    let scopes: BTreeSet<&Scope> = steps.iter().map(|step| &step.address.scope).collect();
    let moves = input.moves.iter().filter(|moved| scopes.contains(&moved.record.address.scope)).cloned().collect();
    let plan = Plan {
        version: Plan::VERSION,
        stack: input.stack.to_owned(),
        account: input.account.to_owned(),
        command: Command::Gc,
        parent: input.head.seq,
        leaves_down: BTreeSet::new(),
        leaves_up: BTreeSet::new(),
        moves,
        protects: BTreeMap::new(),
        unread: Vec::new(),
        roles: Default::default(),
        steps,
        known: BTreeMap::new(),
    };
    (plan, used)
}

/// The plan without the steps at `refused`, and without those that wait for one of them: what stays keeps what it uses.
pub fn without(plan: Plan, refused: &BTreeSet<Address>) -> Plan {
    let mut kept: Vec<bool> = plan.steps.iter().map(|step| !refused.contains(&step.address)).collect();
    let waits = |step: &Step, kept: &[bool]| step.after.iter().any(|link| !kept[link.step]);
    while let Some(index) = (0..kept.len()).find(|index| kept[*index] && waits(&plan.steps[*index], &kept)) {
        kept[index] = false;
    }
    Plan { steps: renumber(plan.steps, &kept), ..plan }
}

fn delete(address: &Address, id: &str, reason: &str) -> Step {
    let mut step = Step::bare(address.clone(), Action::Delete, Some(id.to_owned()));
    step.reason = Some(reason.to_owned());
    step
}

fn replaced(input: &Sweep<'_>) -> (Vec<Step>, Vec<Address>) {
    let (used, free): (Vec<&Record>, Vec<&Record>) =
        input.head.deposed.iter().partition(|record| is_used(input, record) && !is_accepted(input, record));
    let step = |record: &&Record| {
        let mut step = delete(&record.address, &record.id, "was replaced, and is still to be removed");
        step.replacement = true;
        step
    };
    (free.iter().map(step).collect(), used.iter().map(|record| record.address.clone()).collect())
}

fn is_accepted(input: &Sweep<'_>, record: &Record) -> bool {
    input.head.deleting.contains(&(record.address.clone(), record.id.clone()))
}

/// Whether a current resource was last told of this very object and not of its successor.
fn is_used(input: &Sweep<'_>, old: &Record) -> bool {
    let mut own = identities(old);
    if let Some(successor) = input.head.records.get(&old.address) {
        let new = identities(successor);
        own.retain(|text| !new.contains(text));
    }
    input.head.records.values().filter(|record| refers(input, record, &old.address)).any(|record| {
        let mut told = BTreeSet::new();
        // What cannot be read may name it.
        let Ok(desired) = record.desired.json() else { return true };
        texts(&desired, &mut told);
        !told.is_disjoint(&own)
    })
}

/// The id of an object, and all texts of its outputs.
fn identities(record: &Record) -> BTreeSet<String> {
    let mut found = BTreeSet::from([record.id.clone()]);
    if let Some(Ok(outputs)) = record.outputs.as_ref().map(Outputs::json) {
        texts(&outputs, &mut found);
    }
    found
}

fn refers(input: &Sweep<'_>, record: &Record, to: &Address) -> bool {
    let edges = input.kinds.get(&record.address.kind).and_then(|kind| kind.refs(&record.spec).ok());
    edges.unwrap_or_default().iter().any(|edge| edge.address == *to)
}

/// All texts in a value.
fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(members) => members.values().for_each(|member| texts(member, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn accepted(input: &Sweep<'_>) -> Vec<Step> {
    let current = input.head.records.values().filter(|record| is_accepted(input, record));
    let reason = "AWS has accepted its delete; whether it has gone was not seen";
    current.map(|record| delete(&record.address, &record.id, reason)).collect()
}

fn due(input: &Sweep<'_>) -> Vec<Step> {
    let due = input.head.ledger.iter().filter(|departing| departing.due <= input.now);
    let step = |departing: &globe_model::Departing| {
        let mut step = delete(&departing.address, &departing.id, "AWS was to have finished with it by now");
        step.not_before = Some(departing.due);
        step
    };
    due.map(step).collect()
}

/// Users go before what they use.
fn link(input: &Sweep<'_>, steps: &mut [Step]) {
    let record = |step: &Step| {
        let deposed = input.head.deposed.iter().find(|record| step.id.as_deref() == Some(record.id.as_str()));
        deposed.or_else(|| input.head.records.get(&step.address)).filter(|record| record.address == step.address)
    };
    let records: Vec<Option<&Record>> = steps.iter().map(record).collect();
    for step in steps {
        let users = records.iter().enumerate();
        let users = users.filter(|(_, user)| user.is_some_and(|user| refers(input, user, &step.address)));
        step.after = users.map(|(index, _)| Link { step: index, need: Need::Ready }).collect();
    }
}
