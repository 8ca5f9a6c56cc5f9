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
    #[error("these steps wait for each other: {}", way(.0))]
    Cycle(Vec<Address>),
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

impl Flaw {
    /// Where it was found.
    pub fn address(&self) -> Address {
        match self {
            Self::DanglingLink(address)
            | Self::Twice(address)
            | Self::NoIdentity(address)
            | Self::Moved(address)
            | Self::NoSpec(address) => address.clone(),
            Self::Cycle(way) => way[0].clone(),
        }
    }
}

fn way(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
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
    Some(Flaw::Cycle(around(plan, stuck, &unmet)))
}

/// From a step that never becomes free back along what it waits for, until a step comes a second time.
fn around(plan: &Plan, stuck: usize, unmet: &[usize]) -> Vec<Address> {
    let mut way = vec![stuck];
    loop {
        let last = way[way.len() - 1];
        let before = plan.steps[last].after.iter().map(|link| link.step);
        // Each of them waits, so each waits for another one that does.
        let Some(next) = before.into_iter().find(|step| unmet.get(*step).is_some_and(|left| *left > 0)) else { break };
        let begun = way.iter().position(|step| *step == next);
        way.push(next);
        if let Some(begun) = begun {
            way.drain(..begun);
            break;
        }
    }
    way.iter().map(|step| plan.steps[*step].address.clone()).collect()
}
