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
        let is = |id: &str| id.contains(&thing.id) || thing.id.contains(id);
        head.records.get(&address).is_some_and(|record| is(&record.id))
            || head.ledger.iter().any(|departing| departing.address == address && is(&departing.id))
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
    let complete = summary.done.len() == plan.steps.len() && !summary.interrupted && plan.is_complete();
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
            head.records.get(address).is_some_and(|record| record.outputs.is_some())
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

#[cfg(test)]
mod tests {
    use globe_model::{Command, Desired, Intent, Outputs, Record, Spec, Timestamp, Token, Unread};

    use super::*;

    fn at(name: &str) -> Address {
        Address::new("us-east-1", "ec2/vpc", name)
    }

    fn thing(id: &str, name: &str) -> Thing {
        let (region, kind) = ("us-east-1".to_owned(), "ec2/vpc".to_owned());
        Thing { region, kind, id: id.to_owned(), address: Some(at(name).to_string()), going: false }
    }

    fn head(name: &str, id: &str) -> Head {
        let (spec, desired, outputs) = (Spec::of(()), Desired::of(()), Some(Outputs::of(())));
        let record = Record { address: at(name), id: id.into(), spec, desired, outputs, at: Timestamp::default() };
        let mut head = Head::default();
        head.records.insert(record.address.clone(), record);
        head
    }

    fn plan(steps: &[(&str, Action)]) -> Plan {
        let step = |(name, action): &(&str, Action)| Step::bare(at(name), *action, None);
        Plan {
            version: Plan::VERSION,
            stack: "s".into(),
            account: "1".into(),
            command: Command::Up,
            parent: 0,
            leaves_down: BTreeSet::new(),
            leaves_up: BTreeSet::new(),
            moves: Vec::new(),
            protects: BTreeMap::new(),
            unread: Vec::new(),
            roles: Default::default(),
            steps: steps.iter().map(step).collect(),
            known: BTreeMap::new(),
        }
    }

    fn call(action: &str, caller: Option<&str>) -> CallLog {
        CallLog {
            at: 0.0,
            service: "ec2".into(),
            region: "us-east-1".into(),
            action: action.into(),
            status: 200,
            code: None,
            fault: None,
            caller: caller.map(str::to_owned),
        }
    }

    #[test]
    fn duplicates_and_orphans_are_seen_and_what_is_going_is_neither() {
        let mut things = vec![thing("vpc-1", "a"), thing("vpc-2", "a")];
        assert_eq!(one_of_each(&things).map(|broken| broken.check), Some(Check::OneOfEach));
        assert_eq!(no_orphan(&things, &head("a", "vpc-1")).map(|broken| broken.check), Some(Check::NoOrphan));
        things[1].going = true;
        assert_eq!((one_of_each(&things), no_orphan(&things, &head("a", "vpc-1"))), (None, None));
        assert!(no_orphan(&things, &Head::default()).is_some(), "the journal knows nothing of it");
    }

    #[test]
    fn what_is_left_is_counted_by_region_and_kind() {
        let census = |count| Census::from([(("r".to_owned(), "k".to_owned()), count)]);
        assert_eq!(as_without_faults(&census(1), &census(1)), None);
        assert!(as_without_faults(&census(2), &census(1)).is_some());
        assert!(as_without_faults(&Census::new(), &census(1)).is_some());
        assert_eq!(nothing_left(&census(1), &Census::new()).map(|broken| broken.check), Some(Check::NothingLeft));
    }

    #[test]
    fn a_call_outside_the_plan_is_seen() {
        let plan = plan(&[("a", Action::Create), ("b", Action::Delete)]);
        let allowed = |caller: Option<&str>| in_the_plan(&[call("CreateVpc", caller)], Some(&plan), &[]).is_none();
        for caller in ["create us-east-1/ec2/vpc/a", "update us-east-1/ec2/vpc/a", "delete us-east-1/ec2/vpc/b"] {
            assert!(allowed(Some(caller)), "{caller}");
        }
        for caller in [None, Some("delete us-east-1/ec2/vpc/a"), Some("create us-east-1/ec2/vpc/c")] {
            assert!(!allowed(caller), "{caller:?}");
        }
        let recovered = [call("CreateVpc", Some("create us-east-1/ec2/vpc/c"))];
        assert_eq!(in_the_plan(&recovered, None, &[at("c")]), None, "an open intent was settled");
        assert_eq!(in_the_plan(&[call("DescribeVpcs", None)], None, &[]), None, "reading is free");
    }

    #[test]
    fn a_summary_that_is_not_true_is_seen() {
        let plan = plan(&[("a", Action::Create)]);
        let done = Summary { done: vec![(at("a"), Action::Create)], ..Summary::default() };
        assert_eq!(truthful(&plan, &done, Exit::Done, &head("a", "vpc-1")), None);
        assert!(truthful(&plan, &done, Exit::Done, &Head::default()).is_some(), "it is not recorded");
        assert!(truthful(&plan, &done, Exit::Partly, &head("a", "vpc-1")).is_some(), "it was done whole");
        let (scope, reason, since) = (at("b").scope, "slow down".to_owned(), Timestamp::default());
        let unread = Unread { scope, silent: false, addresses: [at("b")].into(), reason, since };
        let partial = Plan { unread: vec![unread], ..plan.clone() };
        assert_eq!(truthful(&partial, &done, Exit::Partly, &head("a", "vpc-1")), None);
        assert!(truthful(&partial, &done, Exit::Done, &head("a", "vpc-1")).is_some(), "something was not read");
        assert!(truthful(&plan, &Summary::default(), Exit::Done, &Head::default()).is_some(), "a step is missing");
        let stopped = Summary { not_tried: vec![(at("a"), "stopped".into())], ..Summary::default() };
        assert_eq!(truthful(&plan, &stopped, Exit::Failed, &Head::default()), None);
        assert!(truthful(&plan, &stopped, Exit::Done, &Head::default()).is_some(), "nothing was done");
    }

    #[test]
    fn a_journal_with_something_open_is_unsound() {
        assert_eq!(journal(&head("a", "vpc-1"), &[]), None);
        assert!(journal(&Head::default(), &["a differs".to_owned()]).is_some());
        let mut open = Head::default();
        open.open.push(Intent {
            token: Token::from_text("t"),
            run: "r".into(),
            address: at("a"),
            action: IntentAction::Create,
            id: None,
            spec: None,
            request: None,
        });
        assert!(journal(&open, &[]).is_some());
    }
}
