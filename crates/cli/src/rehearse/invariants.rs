//! What must hold whatever happens; each check has a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use globe_model::{Action, Address, Head, IntentAction, Plan, Step, Summary};
use globe_sandbox::CallLog;
use serde::Serialize;

use super::survey::{Census, Thing};
use super::trace::is_read;
use super::witness::purpose;
use crate::failure::Exit;

/// The checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// A command ends, in whatever time AWS needs.
    Ends,
    /// Where nothing goes wrong nothing fails, and once the faults end the same command succeeds.
    Converges,
    /// No address has two objects.
    OneOfEach,
    /// Nothing that bears the stack's mark is unknown to the journal.
    NoOrphan,
    /// The account holds what it holds after the same commands without faults.
    AsWithoutFaults,
    /// Every mutating call belongs to a step of the plan, or settles an open intent.
    InThePlan,
    /// Every mutating call has a committed intent without an outcome.
    IntentFirst,
    /// Nothing is made before what it refers to.
    UpstreamFirst,
    /// The journal is sound, and nothing is open in it.
    Journal,
    /// Summary and exit code say what happened.
    Truthful,
    /// `diff` changes nothing, and finds nothing where nothing has changed.
    DiffOnlyReads,
    /// After `down` the account is empty.
    NothingLeft,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Which check.
    pub check: Check,
    /// What was found.
    pub what: String,
}

impl Broken {
    /// A finding.
    pub fn new(check: Check, what: impl Into<String>) -> Self {
        Self { check, what: what.into() }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ends => "every command ends",
            Self::Converges => "once the faults end, the same command succeeds",
            Self::OneOfEach => "no address has two objects",
            Self::NoOrphan => "nothing of the stack's is unknown to the journal",
            Self::AsWithoutFaults => "the account holds what it holds without faults",
            Self::InThePlan => "every mutating call belongs to the plan",
            Self::IntentFirst => "every mutating call has an open intent",
            Self::UpstreamFirst => "nothing is made before what it refers to",
            Self::Journal => "the journal is sound",
            Self::Truthful => "summary and exit code say what happened",
            Self::DiffOnlyReads => "`diff` only reads, and finds nothing where nothing has changed",
            Self::NothingLeft => "after `down` the account is empty",
        })
    }
}

/// No address has two objects.
pub fn one_of_each(things: &[Thing]) -> Option<Broken> {
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for thing in things.iter().filter(|thing| !thing.going) {
        if let Some(address) = &thing.address {
            ids.entry(address).or_default().push(&thing.id);
        }
    }
    let (address, ids) = ids.into_iter().find(|(_, ids)| ids.len() > 1)?;
    Some(Broken::new(Check::OneOfEach, format!("{address} is {}", ids.join(" and "))))
}

/// Nothing that bears the stack's mark is unknown to the journal.
pub fn no_orphan(things: &[Thing], head: &Head) -> Option<Broken> {
    let recorded = |thing: &&Thing| {
        let Some(Ok(address)) = thing.address.as_ref().map(|address| address.parse::<Address>()) else { return true };
        head.records.get(&address).is_some_and(|record| record.id.contains(&thing.id) || thing.id.contains(&record.id))
    };
    let orphan = things.iter().filter(|thing| !thing.going).find(|thing| !recorded(thing))?;
    Some(Broken::new(Check::NoOrphan, format!("{} is marked as {}", orphan.id, orphan.address.as_deref()?)))
}

/// The account holds what it holds after the same commands without faults.
pub fn as_without_faults(census: &Census, calm: &Census) -> Option<Broken> {
    let kinds: BTreeSet<_> = census.keys().chain(calm.keys()).collect();
    let differs = kinds.into_iter().find(|kind| census.get(*kind) != calm.get(*kind))?;
    let count = |census: &Census| census.get(differs).copied().unwrap_or_default();
    let (region, kind) = differs;
    let what = format!("{region} has {} {kind} instead of {}", count(census), count(calm));
    Some(Broken::new(Check::AsWithoutFaults, what))
}

/// After `down` the account is empty.
pub fn nothing_left(census: &Census, before: &Census) -> Option<Broken> {
    let broken = as_without_faults(census, before)?;
    Some(Broken { check: Check::NothingLeft, ..broken })
}

/// Every mutating call belongs to a step, or to an address whose open intent was settled.
pub fn in_the_plan(calls: &[CallLog], plan: Option<&Plan>, recovered: &[Address]) -> Option<Broken> {
    let mut allowed: BTreeSet<String> =
        recovered.iter().map(|address| purpose(IntentAction::Create, address)).collect();
    for step in plan.into_iter().flat_map(|plan| &plan.steps) {
        allowed.extend(covered(step).iter().map(|action| purpose(*action, &step.address)));
    }
    let belongs = |call: &CallLog| call.caller.as_ref().is_some_and(|caller| allowed.contains(caller));
    let stray = calls.iter().find(|call| !is_read(&call.action) && !belongs(call))?;
    let caller = stray.caller.as_deref().unwrap_or("no step at all");
    let what = format!("{} in {} was called for {caller}", stray.action, stray.region);
    Some(Broken::new(Check::InThePlan, what))
}

fn covered(step: &Step) -> &'static [IntentAction] {
    match step.action {
        Action::Create => &[IntentAction::Create, IntentAction::Update],
        Action::Update | Action::Adopt => &[IntentAction::Update],
        Action::Delete => &[IntentAction::Delete],
        Action::Forget => &[],
    }
}

/// Each step is accounted for once; the exit code fits; what is said to be done is in the journal.
pub fn truthful(plan: &Plan, summary: &Summary, exit: Exit, head: &Head) -> Option<Broken> {
    let untrue = |what: String| Some(Broken::new(Check::Truthful, what));
    let mut balance: BTreeMap<&Address, i64> = BTreeMap::new();
    for step in &plan.steps {
        *balance.entry(&step.address).or_default() += 1;
    }
    let told = summary.done.iter().map(|(address, _)| address);
    let told = told.chain(summary.failed.iter().map(|failure| &failure.address));
    for address in told.chain(summary.not_tried.iter().map(|(address, _)| address)) {
        *balance.entry(address).or_default() -= 1;
    }
    if let Some((address, _)) = balance.iter().find(|(_, count)| **count != 0) {
        return untrue(format!("{address} is in the plan and in the summary a different number of times"));
    }
    let complete = summary.done.len() == plan.steps.len() && !summary.interrupted;
    if (exit == Exit::Done) != complete {
        return untrue(format!(
            "{} of {} steps are done, and the exit is {exit:?}",
            summary.done.len(),
            plan.steps.len()
        ));
    }
    let unrecorded = summary.done.iter().find(|(address, action)| !is_recorded(head, address, *action))?;
    untrue(format!("{:?} of {} is said to be done, and the journal does not know", unrecorded.1, unrecorded.0))
}

fn is_recorded(head: &Head, address: &Address, action: Action) -> bool {
    match action {
        Action::Create | Action::Update | Action::Adopt => {
            head.records.get(address).is_some_and(|record| !record.outputs.is_null())
        }
        // The other half of a replacement may be recorded.
        Action::Delete | Action::Forget => true,
    }
}

/// Nothing is open, and what is derived is what the events say.
pub fn journal(head: &Head, differences: &[String]) -> Option<Broken> {
    let unsound = |what: String| Some(Broken::new(Check::Journal, what));
    if let Some(difference) = differences.first() {
        return unsound(difference.clone());
    }
    if let Some(intent) = head.open.first() {
        return unsound(format!("{:?} of {} is still open", intent.action, intent.address));
    }
    let deposed = head.deposed.first()?;
    unsound(format!("{} of {} was replaced and is still there", deposed.id, deposed.address))
}
