//! The one admission of every plan, made just now or read from a file: nothing is called, and no plan file is written,
//! before it has passed.

use std::collections::BTreeSet;

use globe_engine::guard;
use globe_graph::Graph;
use globe_model::{
    Action, Address, Cloud, Command, Consent, Glob, Head, HistoryEntry, KindTable, Notice, Plan, PlanReport, Scope,
    Step, Timestamp,
};
use globe_planner::{lint, protector};

use crate::leaving;

/// What a plan is held against.
pub struct Admission<'a> {
    /// AWS as it is now.
    pub cloud: &'a dyn Cloud,
    /// All kinds.
    pub kinds: &'a KindTable,
    /// What is recorded.
    pub head: &'a Head,
    /// What the whole file describes; `None` where the command reads no file for its plan.
    pub whole: Option<&'a Graph>,
    /// The present moment, in AWS's time.
    pub now: Timestamp,
    /// What the command agrees to lose.
    pub consent: &'a Consent,
}

/// A plan that is not of this stack, account or state, or not of this moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It was made for something else.
    #[error("the plan is for stack {stack} in account {account}")]
    OtherStack {
        /// The plan's stack.
        stack: String,
        /// The plan's account.
        account: String,
    },
    /// The state records another account's objects.
    #[error("the state records what is in account {state}, and the file names account {file}")]
    StateOfOtherAccount {
        /// Of the state.
        state: String,
        /// Of the file.
        file: String,
    },
    /// Only `up` takes a plan.
    #[error("the plan was not made for `globe up`")]
    OtherCommand,
    /// It was made from another state.
    #[error("the plan was made from another state than this one: from event {parent}, and this one has only {head}")]
    OtherState {
        /// The plan's parent.
        parent: u64,
        /// The head's number.
        head: u64,
    },
    /// Something has happened where it is about.
    #[error("the plan is out of date: {} changed since it was made", places(.0))]
    Stale(BTreeSet<Scope>),
}

fn places(scopes: &BTreeSet<Scope>) -> String {
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "has" } else { "have" })
}

/// Adds to `report` all that speaks against carrying `plan` out now: what is unsound, what is protected, names that AWS
/// still keeps; and the consent that it needs and the command does not give.
pub async fn admit(admission: &Admission<'_>, plan: &Plan, report: &mut PlanReport) {
    report.notices.extend(flaws(plan));
    report.notices.extend(protected(admission, plan));
    report.notices.extend(leaving::refusals(plan, admission.kinds, admission.now));
    report.notices.extend(guard(admission.cloud, plan, admission.consent).await);
}

/// What the linter finds is refused where it was found.
fn flaws(plan: &Plan) -> Vec<Notice> {
    let flaws = lint(plan).into_iter();
    let notice = |flaw: globe_planner::Flaw| Notice::Refused { address: flaw.address(), reason: flaw.to_string() };
    flaws.map(notice).collect()
}

fn protected(admission: &Admission<'_>, plan: &Plan) -> Vec<Notice> {
    let nothing = Graph::default();
    let whole = admission.whole.unwrap_or(&nothing);
    // What was replaced before the protection was said is not what is protected.
    let current = |step: &&Step| {
        let record = admission.head.records.get(&step.address);
        record.is_none_or(|record| step.id.as_ref() == Some(&record.id))
    };
    let deletes = plan.steps.iter().filter(|step| step.action == Action::Delete).filter(current);
    let refusal = |step: &Step| {
        let component = protector(admission.head, whole, &step.address)?;
        let reason = format!(
            "{component} is protected, and no flag lifts that: write `protect = false` into its block, run `globe up`, \
             and then do this"
        );
        Some(Notice::Refused { address: step.address.clone(), reason })
    };
    deletes.filter_map(refusal).collect()
}

/// Whether the state is of the file's account.
///
/// # Errors
/// When it is not.
pub fn same_account(head: &Head, account: &str) -> Result<(), Misfit> {
    match &head.account {
        Some(state) if state != account => {
            Err(Misfit::StateOfOtherAccount { state: state.clone(), file: account.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Whether a plan that was made earlier is of this stack and state, and nothing has happened since where it is about.
/// `since` are the events after the plan's parent.
///
/// # Errors
/// See [`Misfit`].
pub fn fits(
    plan: &Plan,
    kinds: &KindTable,
    head: &Head,
    (stack, account): (&str, &str),
    since: &[HistoryEntry],
) -> Result<(), Misfit> {
    if plan.stack != stack || plan.account != account {
        return Err(Misfit::OtherStack { stack: plan.stack.clone(), account: plan.account.clone() });
    }
    if plan.command != Command::Up {
        return Err(Misfit::OtherCommand);
    }
    if plan.parent > head.seq {
        return Err(Misfit::OtherState { parent: plan.parent, head: head.seq });
    }
    let about = about(plan, kinds);
    let later = since.iter().filter(|event| event.seq > plan.parent).filter_map(|event| event.address.as_ref());
    let stale: BTreeSet<Scope> = later.map(|address| address.scope.clone()).filter(|s| about.contains(s)).collect();
    if stale.is_empty() { Ok(()) } else { Err(Misfit::Stale(stale)) }
}

/// The scopes that a plan changes, and those of what its steps refer to.
fn about(plan: &Plan, kinds: &KindTable) -> BTreeSet<Scope> {
    let edges = plan.steps.iter().filter_map(|step| kinds.get(&step.address.kind)?.refs(step.spec.as_ref()?).ok());
    let mut scopes: BTreeSet<Scope> = edges.flatten().map(|edge| edge.address.scope).collect();
    scopes.extend(plan.scopes());
    scopes
}

/// Consents that fit nothing which the plan deletes, nor anything that an earlier run deleted: the same command said
/// once more is no mistake.
pub fn idle_consents<'a>(plan: &Plan, consent: &'a Consent, history: &[HistoryEntry]) -> Vec<&'a Glob> {
    let deletes = plan.steps.iter().filter(|step| step.action == Action::Delete).map(|step| &step.address);
    let gone = |event: &&HistoryEntry| matches!(event.what.as_str(), "forgotten" | "deleting" | "postponed");
    let gone = history.iter().filter(gone).filter_map(|event| event.address.as_ref());
    let known: BTreeSet<&Address> = deletes.chain(gone).collect();
    let idle = |glob: &&Glob| !glob.is_everything() && !known.iter().any(|address| glob.matches(address));
    consent.delete_data.iter().filter(idle).collect()
}
