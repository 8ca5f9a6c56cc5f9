//! What no plan may be; the tests run it after every plan, and the engine before every run.

use std::collections::BTreeSet;

use globe_model::{Action, Address, Plan};

/// Something wrong with a plan: a defect of the planner, or a damaged plan file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A link leads nowhere.
    #[error("the step for {0} waits for a step that does not exist")]
    DanglingLink(Address),
    /// Steps wait for each other.
    #[error("the steps wait for each other, {0} among them")]
    Cycle(Address),
    /// The same thing is done twice.
    #[error("{0} is in the plan twice with the same action")]
    Twice(Address),
    /// A delete, update or adoption without an identity.
    #[error("the step for {0} does not say which object it means")]
    NoIdentity(Address),
    /// A record moves to another kind of place, or something is done where it is no more.
    #[error("{0} is to move, and the plan does not fit that")]
    Moved(Address),
    /// A create or update without a spec.
    #[error("the step for {0} does not say what is wanted")]
    NoSpec(Address),
}

/// Finds flaws; an empty answer is a sound plan.
pub fn lint(plan: &Plan) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut seen = BTreeSet::new();
    for step in &plan.steps {
        let address = || step.address.clone();
        if step.after.iter().any(|link| link.step >= plan.steps.len()) {
            flaws.push(Flaw::DanglingLink(address()));
        }
        if !seen.insert((&step.address, step.action, &step.id)) {
            flaws.push(Flaw::Twice(address()));
        }
        if step.action != Action::Create && step.id.is_none() {
            flaws.push(Flaw::NoIdentity(address()));
        }
        if matches!(step.action, Action::Create | Action::Update | Action::Adopt) && step.spec.is_none() {
            flaws.push(Flaw::NoSpec(address()));
        }
    }
    flaws.extend(moves(plan));
    flaws.extend(cycle(plan));
    flaws
}

/// What moves stays in its scope, and whatever is done is done at present addresses.
fn moves(plan: &Plan) -> impl Iterator<Item = Flaw> {
    let reached: BTreeSet<&Address> = plan.moves.iter().map(|moved| &moved.record.address).collect();
    let left: BTreeSet<&Address> = plan.moves.iter().map(|moved| &moved.from).collect();
    let away = move |address: &&Address| left.contains(*address) && !reached.contains(*address);
    let stale = plan.steps.iter().map(|step| &step.address).filter(away);
    let astray = plan.moves.iter().filter(|moved| moved.from.scope != moved.record.address.scope);
    stale.chain(astray.map(|moved| &moved.from)).map(|address| Flaw::Moved(address.clone()))
}

/// Takes steps away whose links are all met; what is left at the end waits for itself. Every link is looked at once.
fn cycle(plan: &Plan) -> Option<Flaw> {
    let count = plan.steps.len();
    let mut unmet = vec![0_usize; count];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, step) in plan.steps.iter().enumerate() {
        for link in step.after.iter().filter(|link| link.step < count) {
            unmet[index] += 1;
            followers[link.step].push(index);
        }
    }
    let mut free: Vec<usize> = (0..count).filter(|index| unmet[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for follower in &followers[index] {
            unmet[*follower] -= 1;
            if unmet[*follower] == 0 {
                free.push(*follower);
            }
        }
    }
    let stuck = (0..count).find(|index| unmet[*index] > 0)?;
    plan.steps.get(stuck).map(|step| Flaw::Cycle(step.address.clone()))
}
